// SPDX-License-Identifier: BSD-3-Clause
#include <malloc.h>

#include "command_line.h"

namespace {

// Large buffers come and go with every operator of a network. glibc would give each back to the kernel, which
// then clears it anew for the next: up to a fifth of the time.
void KeepFreedMemory() {
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
}

}  // namespace

int main(int argc, char** argv) {
  KeepFreedMemory();
  std::vector<std::unique_ptr<vantage::Command>> commands;
  commands.push_back(vantage::MakeSynthesizeCommand());
  commands.push_back(vantage::MakeReconstructCommand());
  commands.push_back(vantage::MakeTuplesCommand());
  commands.push_back(vantage::MakeTrainCommand());
  commands.push_back(vantage::MakeWhitenCommand());
  commands.push_back(vantage::MakeExtractCommand());
  commands.push_back(vantage::MakeMergeCommand());
  commands.push_back(vantage::MakeEvaluateCommand());
  commands.push_back(vantage::MakeConvertCommand());
  commands.push_back(vantage::MakeInfoCommand());
  return vantage::RunProgram(argc, argv, commands);
}

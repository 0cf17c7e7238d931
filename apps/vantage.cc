// SPDX-License-Identifier: BSD-3-Clause
#include <cstdio>
#include <cstdlib>

#include "command_line.h"
#include "vantage/util/memory.h"

int main(int argc, char** argv) {
  vantage::KeepFreedMemory();
  std::vector<std::unique_ptr<vantage::Command>> commands;
  commands.push_back(vantage::MakeSynthesizeCommand());
  commands.push_back(vantage::MakeReconstructCommand());
  commands.push_back(vantage::MakeTuplesCommand());
  commands.push_back(vantage::MakeTrainCommand());
  commands.push_back(vantage::MakeWhitenCommand());
  commands.push_back(vantage::MakeExtractCommand());
  commands.push_back(vantage::MakeMergeCommand());
  commands.push_back(vantage::MakeSearchCommand());
  commands.push_back(vantage::MakePairsCommand());
  commands.push_back(vantage::MakeEvaluateCommand());
  commands.push_back(vantage::MakeReportCommand());
  commands.push_back(vantage::MakeConvertCommand());
  commands.push_back(vantage::MakeInfoCommand());
  const int code = vantage::RunProgram(argc, argv, commands);
#ifndef __SANITIZE_ADDRESS__
  // LibTorch's destructors unregister thousands of operators one by one.
  std::fflush(nullptr);
  std::_Exit(code);
#endif
  return code;
}

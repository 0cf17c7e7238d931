// SPDX-License-Identifier: BSD-3-Clause
#include <cstdio>
#include <cstdlib>

#include "command_line.h"
#include "vantage/run_context.h"

int main(int argc, char** argv) {
  vantage::KeepFreedMemory();
  std::vector<std::unique_ptr<vantage::cli::Command>> commands;
  commands.push_back(vantage::cli::MakeSynthesizeCommand());
  commands.push_back(vantage::cli::MakeReconstructCommand());
  commands.push_back(vantage::cli::MakeTuplesCommand());
  commands.push_back(vantage::cli::MakeTrainCommand());
  commands.push_back(vantage::cli::MakeWhitenCommand());
  commands.push_back(vantage::cli::MakeExtractCommand());
  commands.push_back(vantage::cli::MakeMergeCommand());
  commands.push_back(vantage::cli::MakeSearchCommand());
  commands.push_back(vantage::cli::MakePairsCommand());
  commands.push_back(vantage::cli::MakeEvaluateCommand());
  commands.push_back(vantage::cli::MakeReportCommand());
  commands.push_back(vantage::cli::MakeConvertCommand());
  commands.push_back(vantage::cli::MakeInfoCommand());
  const int code = vantage::cli::RunProgram(argc, argv, commands);
#ifndef __SANITIZE_ADDRESS__
  // LibTorch's destructors unregister thousands of operators one by one.
  std::fflush(nullptr);
  std::_Exit(code);
#endif
  return code;
}

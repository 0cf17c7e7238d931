// SPDX-License-Identifier: BSD-3-Clause
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
  return vantage::RunProgram(argc, argv, commands);
}

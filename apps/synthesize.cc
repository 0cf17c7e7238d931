// SPDX-License-Identifier: BSD-3-Clause
#include "synthetic/synthetic.h"

#include <nlohmann/json.hpp>

#include "command_line.h"
#include "session.h"
#include "util/string.h"
#include "vantage/error.h"

namespace vantage::cli {
namespace {

class SynthesizeCommand : public Command {
 public:
  SynthesizeCommand() { Declare(description_, options_); }

  std::string Name() const override { return "synthesize"; }
  std::string Summary() const override {
    return "Render synthetic landmarks: photos, exact COLMAP models and a benchmark";
  }

  void AddArguments(CommandLine& line) override {
    line.Option("-o,--output", output_, "Folder for the dataset", /*required=*/true);
    line.Options(description_);
    line.Example("vantage synthesize -o scenes --seed 1");
  }

  void Run(Session& session) override {
    const synthetic::SyntheticSummary summary =
        synthetic::SynthesizeDataset(options_, output_, session.context());
    session.PrintResult({{"output", output_},
                         {"scenes", summary.scenes},
                         {"photos", summary.photos},
                         {"written", summary.written}},
                        StrCat(output_, ": ", summary.photos, " photos, ", summary.scenes, " landmarks; ",
                               summary.written, " photos written now\n"));
  }

 private:
  std::string output_;
  synthetic::SyntheticOptions options_;
  OptionsDescription description_;
};

}  // namespace

std::unique_ptr<Command> MakeSynthesizeCommand() { return std::make_unique<SynthesizeCommand>(); }

}  // namespace vantage::cli

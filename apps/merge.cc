// SPDX-License-Identifier: BSD-3-Clause
#include <nlohmann/json.hpp>

#include "command_line.h"
#include "descriptor_files/descriptor_output.h"
#include "session.h"
#include "util/string.h"
#include "vantage/descriptors.h"

namespace vantage::cli {
namespace {

class MergeCommand : public Command {
 public:
  MergeCommand() {
    Declare(description_, format_);
    Declare(description_, options_);
  }

  std::string Name() const override { return "merge"; }
  std::string Summary() const override {
    return "Put descriptor files together, such as the shards of a run";
  }

  void AddArguments(CommandLine& line) override {
    line.Positional("SHARDS", shards_, "Descriptor files (.npy, .h5); numbered shards in any order");
    line.Option("-o,--output", output_, "NAME of the files to write", /*required=*/true);
    line.Options(description_);
    line.Example("vantage merge shard-1.npy shard-2.npy -o descriptors");
  }

  void Run(Session& session) override {
    descriptor_files::CheckDescriptorOutput(output_, format_, session.Rules(shards_));
    const MergedDescriptors merged =
        MergeDescriptors({shards_.begin(), shards_.end()}, options_, session.context());
    WriteDescriptors(merged.file, output_, format_);
    const Descriptors& descriptors = merged.file.descriptors;
    std::string text = StrCat(descriptors.size(), " descriptors of ", descriptors.dimension(),
                              " dimensions from ", shards_.size(), " files: ", output_, "\n");
    if (!merged.file.failed.empty()) {
      text += StrCat(merged.file.failed.size(), " photos had none\n");
    }
    if (!merged.missing_shards.empty()) {
      text += StrCat(merged.missing_shards.size(), " shards were missing\n");
    }
    session.PrintResult({{"output", output_},
                         {"files", shards_.size()},
                         {"photos", descriptors.size()},
                         {"dimension", descriptors.dimension()},
                         {"failed", merged.file.failed.size()},
                         {"missing_shards", merged.missing_shards}},
                        text);
  }

 private:
  std::vector<std::string> shards_;
  std::string output_;
  DescriptorFormat format_;
  MergeOptions options_;
  OptionsDescription description_;
};

}  // namespace

std::unique_ptr<Command> MakeMergeCommand() { return std::make_unique<MergeCommand>(); }

}  // namespace vantage::cli

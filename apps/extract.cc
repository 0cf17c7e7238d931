// SPDX-License-Identifier: BSD-3-Clause
#include <nlohmann/json.hpp>

#include "command_line.h"
#include "descriptor_files/descriptor_output.h"
#include "model_arguments.h"
#include "session.h"
#include "util/check.h"
#include "vantage/describer.h"
#include "vantage/descriptors.h"

namespace vantage::cli {
namespace {

class ExtractCommand : public Command {
 public:
  ExtractCommand() { Declare(format_description_, format_); }

  std::string Name() const override { return "extract"; }
  std::string Summary() const override {
    return "Describe photos: one vector each, to NAME.npy and NAME.json or to NAME.h5";
  }

  void AddArguments(CommandLine& line) override {
    model_.AddTo(line, "MODEL", "Model");
    line.Positional("PHOTOS", photos_, "Folders, lists of paths (.txt), or photos");
    line.Option("-o,--output", output_, "NAME of the files to write", /*required=*/true);
    line.Options(format_description_);
    line.Option("--shard", shard_,
                "i/n: only the i-th of n blocks of the list, for n machines; see vantage merge");
    line.Flag("--restart", restart_, "Describe all photos anew, including those of an interrupted run");
    line.Example("vantage extract model.pth photos/ -o descriptors");
  }

  void Run(Session& session) override {
    std::vector<std::string> inputs = photos_;
    inputs.push_back(model_.path);
    descriptor_files::CheckDescriptorOutput(output_, format_, session.Rules(inputs));
    const std::string store_path = output_ + ".partial";
    const Model model = model_.Read(session);
    const Describer describer(model, model_.descriptor);
    NamedPhotos photos = ListPhotos(photos_);
    DescriptorProvenance provenance = model_.Provenance(model);
    if (!shard_.empty()) {
      const Shard shard = ParseShard(shard_);
      photos = SelectShard(photos, shard);
      VANTAGE_CHECK(!photos.names.empty(), "shard ", shard_, " has no photo");
      provenance.other["shard"] = nlohmann::json({{"index", shard.index}, {"count", shard.count}}).dump();
    }
    descriptor_files::CheckDescriptorNames(output_, format_, photos.names);
    if (restart_) DescriptorStore::Discard(store_path);
    DescriptorStore store(store_path);
    DescriptorFile file = ExtractNamedPhotos(describer, std::move(photos), session.context(), &store);
    file.provenance = provenance;
    WriteDescriptors(file, output_, format_);
    store.Remove();
    PrintSummary(session, file);
  }

 private:
  void PrintSummary(Session& session, const DescriptorFile& file) const {
    std::string text = StrCat(file.descriptors.size(), " photos described, ", file.descriptors.dimension(),
                              " dimensions each: ", output_, "\n");
    if (!file.failed.empty()) text += StrCat(file.failed.size(), " photos skipped:\n");
    nlohmann::json failed = nlohmann::json::array();
    for (const FailedPhoto& photo : file.failed) {
      text += StrCat("  ", photo.reason, "\n");
      failed.push_back({{"name", photo.name}, {"reason", photo.reason}});
    }
    session.PrintResult({{"output", output_},
                         {"photos", file.descriptors.size()},
                         {"dimension", file.descriptors.dimension()},
                         {"failed", failed}},
                        text);
  }

  ModelArguments model_;
  std::vector<std::string> photos_;
  std::string output_;
  std::string shard_;
  bool restart_ = false;
  DescriptorFormat format_;
  OptionsDescription format_description_;
};

}  // namespace

std::unique_ptr<Command> MakeExtractCommand() { return std::make_unique<ExtractCommand>(); }

}  // namespace vantage::cli

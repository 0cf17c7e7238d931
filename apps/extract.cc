// SPDX-License-Identifier: BSD-3-Clause
#include <nlohmann/json.hpp>

#include "command_line.h"
#include "model_arguments.h"
#include "session.h"
#include "vantage/search/descriptors.h"
#include "vantage/util/error.h"

namespace vantage {
namespace {

class ExtractCommand : public Command {
 public:
  std::string Name() const override { return "extract"; }
  std::string Summary() const override {
    return "Describe photos: one vector each, to NAME.npy and NAME.json";
  }

  void Declare(CommandLine& line) override {
    model_.Declare(line, "MODEL", "Model");
    line.Positional("PHOTOS", photos_, "Folders, lists of paths (.txt), or photos");
    line.Option("-o,--output", output_, "NAME of the files to write", /*required=*/true);
    line.Example("vantage extract model.pth photos/ -o descriptors");
  }

  void Run(Session& session) override {
    const Model model = model_.Read(session);
    NamedPhotos photos = ListPhotos(photos_);
    const ExtractedDescriptors extracted =
        ExtractModelDescriptors(model, photos.requests, model_.descriptor, session.context());
    DescriptorFile file;
    file.provenance = model_.Provenance(model).dump();
    std::vector<bool> failed(photos.names.size());
    for (const FailedRequest& photo : extracted.failed) {
      failed[static_cast<size_t>(photo.index)] = true;
      file.failed.push_back({photos.names[static_cast<size_t>(photo.index)], photo.reason});
    }
    std::vector<int64_t> rows;
    for (size_t i = 0; i < failed.size(); ++i) {
      if (!failed[i]) rows.push_back(static_cast<int64_t>(i));
    }
    VANTAGE_CHECK(!rows.empty(), "none of the ", photos.names.size(), " photos could be read");
    file.descriptors = SelectRows({std::move(photos.names), extracted.values}, rows);
    WriteDescriptors(file, output_);
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
};

}  // namespace

std::unique_ptr<Command> MakeExtractCommand() { return std::make_unique<ExtractCommand>(); }

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#include <filesystem>
#include <nlohmann/json.hpp>

#include "command_line.h"
#include "session.h"
#include "vantage/nn/torch_value.h"
#include "vantage/search/descriptors.h"
#include "vantage/serialize/torch_file.h"
#include "vantage/sfm/colmap_model.h"
#include "vantage/tuples/training_set.h"
#include "vantage/util/error.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

json DescribeSparseModel(const fs::path& path) {
  const Reconstruction model = ReadColmapModel(path);
  const ReconstructionSummary summary = Summarize(model);
  return {{"kind", "COLMAP model"},
          {"cameras", model.cameras.size()},
          {"images", summary.images},
          {"points", summary.points},
          {"mean_track_length", summary.mean_track_length},
          {"mean_reprojection_error", summary.mean_reprojection_error}};
}

json DescribeTrainingSet(const fs::path& path) {
  const TrainingSet set = ReadTrainingSet(path);
  json result = {{"kind", "training set"}};
  for (const Split split : {Split::kTrain, Split::kVal}) {
    const TrainingSetSummary s = Summarize(set, split);
    result[SplitName(split)] = {{"scenes", s.scenes},
                                {"photos", s.photos},
                                {"queries", s.queries},
                                {"candidates_per_query", s.candidates_per_query}};
  }
  return result;
}

json DescribeDescriptors(const fs::path& path) {
  const DescriptorFile file = ReadDescriptors(path);
  return {{"kind", "descriptors"},
          {"photos", file.descriptors.size()},
          {"dimension", file.descriptors.dimension()},
          {"failed", file.failed.size()},
          {"provenance", json::parse(file.provenance)}};
}

// What a PyTorch file holds, told without building a network.
json DescribeTorchFile(const fs::path& path) {
  const TorchFile file(path);
  const PickleValue* dict = file.root().Find("state_dict");
  const bool checkpoint = dict != nullptr;
  if (dict == nullptr) dict = &file.root();
  int64_t tensors = 0;
  int64_t elements = 0;
  for (size_t i = 0; i + 1 < dict->items.size(); i += 2) {
    if (!TorchFile::IsTensor(*dict->items[i + 1])) continue;
    ++tensors;
    elements += file.Tensor(*dict->items[i + 1], dict->items[i]->text).ElementCount();
  }
  json result = {
      {"kind", checkpoint ? "checkpoint" : "weights"}, {"tensors", tensors}, {"elements", elements}};
  if (const PickleValue* meta = file.root().Find("meta")) {
    json facts = ToJson(*meta);
    if (const PickleValue* whitenings = meta->Find("Lw")) {
      facts["Lw"] = json::array();
      for (size_t i = 0; i + 1 < whitenings->items.size(); i += 2)
        facts["Lw"].push_back(whitenings->items[i]->text);
    }
    result["meta"] = facts;
  }
  if (const PickleValue* epoch = file.root().Find("epoch")) result["epoch"] = ToJson(*epoch);
  return result;
}

void AppendLines(const json& value, const std::string& indent, std::string& text) {
  for (const auto& [key, item] : value.items()) {
    if (item.is_object()) {
      text += StrCat(indent, key, ":\n");
      AppendLines(item, indent + "  ", text);
    } else {
      text += StrCat(indent, key, ": ", item.is_string() ? item.get<std::string>() : item.dump(), "\n");
    }
  }
}

class InfoCommand : public Command {
 public:
  std::string Name() const override { return "info"; }
  std::string Summary() const override {
    return "Tell what a model, training set, descriptor file or sparse model holds";
  }

  void Declare(CommandLine& line) override {
    line.Positional("FILE", path_, "File, or folder of a COLMAP model");
    line.Example("vantage info model.pth");
  }

  void Run(Session& session) override {
    const json result = Examine();
    std::string text;
    AppendLines(result, "", text);
    session.PrintResult(result, text);
  }

 private:
  json Examine() const {
    VANTAGE_CHECK(fs::exists(path_), path_, ": no such file or folder");
    if (fs::is_directory(path_)) return DescribeSparseModel(path_);
    const std::string extension = ToLower(fs::path(path_).extension().string());
    if (extension == ".db") return DescribeTrainingSet(path_);
    if (extension == ".npy") return DescribeDescriptors(path_);
    return DescribeTorchFile(path_);
  }

  std::string path_;
};

}  // namespace

std::unique_ptr<Command> MakeInfoCommand() { return std::make_unique<InfoCommand>(); }

}  // namespace vantage

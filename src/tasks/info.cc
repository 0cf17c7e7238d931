// SPDX-License-Identifier: BSD-3-Clause
#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "descriptors/provenance_json.h"
#include "image/codecs/codec.h"
#include "nn/model_info_json.h"
#include "nn/system_info.h"
#include "tasks/model_arguments.h"
#include "tasks/task.h"
#include "tasks/training_set_facts.h"
#include "training_set/cirtorch_import.h"
#include "util/check.h"
#include "vantage/colmap.h"
#include "vantage/descriptors.h"
#include "vantage/image.h"
#include "vantage/model.h"
#include "vantage/position.h"
#include "vantage/training.h"
#include "vantage/training_set.h"

namespace vantage::tasks {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

json InfoOfSparseModel(const fs::path& path) {
  const Reconstruction model = ReadColmapModel(path);
  const ReconstructionSummary summary = Summarize(model);
  return {{"kind", "COLMAP model"},
          {"cameras", model.cameras.size()},
          {"images", summary.images},
          {"points", summary.points},
          {"mean_track_length", summary.mean_track_length},
          {"mean_reprojection_error", summary.mean_reprojection_error}};
}

json InfoOfColmapDatabase(const fs::path& path) {
  const DatabaseSummary summary = SummarizeColmapDatabase(path);
  return {{"kind", "COLMAP database"},
          {"cameras", summary.cameras},
          {"images", summary.images},
          {"keypoints", summary.keypoints},
          {"matched_pairs", summary.matched_pairs},
          {"verified_pairs", summary.verified_pairs},
          {"inliers", summary.inliers}};
}

json InfoOfTrainingSet(const fs::path& path) {
  const bool pickle = training_set::IsPicklePath(path);
  const TrainingSet set = pickle ? ReadCirtorchPickle(path) : ReadTrainingSet(path);
  json result = {{"kind", pickle ? "training set of cirtorch" : "training set"}};
  for (const Split split : {Split::kTrain, Split::kVal}) result[SplitName(split)] = FactsOf(set, split);
  return result;
}

json InfoOfDescriptors(const fs::path& path, const std::string& names) {
  const DescriptorFile file = ReadDescriptors(path, {.names = names});
  return {{"kind", "descriptors"},
          {"photos", file.descriptors.size()},
          {"dimension", file.descriptors.dimension()},
          {"failed", file.failed.size()},
          {"provenance", ToJson(file.provenance)}};
}

json InfoOfPhoto(const fs::path& path) {
  const ImageHeader header = ReadImageHeader(path);
  constexpr std::array kColors = {"grey", "RGB", "palette", "CMYK"};  // in the order of ImageColor
  json info = {{"kind", "photo"},
               {"format", header.format},
               {"width", header.width},
               {"height", header.height},
               {"exif_orientation", header.exif_orientation},
               {"color", kColors.at(static_cast<size_t>(header.color))},
               {"alpha", header.has_alpha},
               {"bit_depth", header.bit_depth}};
  if (const std::optional<GeoPosition> position = ReadPosition(path))
    info["position"] = {{"latitude", position->latitude}, {"longitude", position->longitude}};
  return info;
}

json InfoOfSystem() {
  json result = ToJson(nn::ReadSystemInfo());
  for (const Codec& codec : Codecs()) result["photo_formats"][codec.name] = codec.extensions;
  result["photo_formats_missing"] = image::MissingFormats();
  result["gradients_between_gpus"] = HasNccl() ? "NCCL" : "over the CPU";
  return result;
}

std::string ValueText(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_null()) return "none";
  if (value.is_array() && !value.empty() && value[0].is_string())
    return Join(value.get<std::vector<std::string>>(), ", ");
  return value.dump();
}

// The values of an object on one line.
std::string RowText(const json& row) {
  std::vector<std::string> values;
  for (const auto& [key, value] : row.items()) values.push_back(ValueText(value));
  return Join(values, "  ");
}

void AppendLines(const json& value, const std::string& indent, std::string& text) {
  for (const auto& [key, item] : value.items()) {
    if (item.is_object()) {
      text += StrCat(indent, key, ":\n");
      AppendLines(item, indent + "  ", text);
    } else if (item.is_array() && !item.empty() && item[0].is_object()) {
      text += StrCat(indent, key, ":\n");
      for (const json& row : item) text += StrCat(indent, "  ", RowText(row), "\n");
    } else {
      text += StrCat(indent, key, ": ", ValueText(item), "\n");
    }
  }
}

class InfoCall : public TaskCall {
 public:
  void Declare(Arguments& arguments) override {
    arguments.Input("[FILE]", path_, "File, or folder of a COLMAP model");
    arguments.Input("--names", names_,
                    "Text file with the names of a .npy's rows, one per line, if no .json has them");
    arguments.Option("--tensors", all_tensors_, "List all of a model's tensors with their shapes and types");
    DeclareState(arguments, wish_);
  }

  Result Run(const Call& /*call*/) override {
    Result result = Result::Of(Examine());
    json facts = result.values;
    facts.erase("kind");
    result.Line("kind: {kind}");
    AppendLines(facts, "", result.text);
    return result;
  }

 private:
  json Examine() const {
    if (path_.empty()) {
      if (all_tensors_) throw UsageError("--tensors: name a model's file");
      return InfoOfSystem();
    }
    VANTAGE_CHECK(fs::exists(path_), path_, ": no such file or folder");
    if (fs::is_directory(path_)) return InfoOfSparseModel(path_);
    const std::string extension = ToLower(fs::path(path_).extension().string());
    if (IsColmapDatabase(path_)) return InfoOfColmapDatabase(path_);
    if (extension == ".db" || training_set::IsPicklePath(path_)) return InfoOfTrainingSet(path_);
    if (IsDescriptorPath(path_)) return InfoOfDescriptors(path_, names_);
    if (image::FindCodec(image::ReadHead(path_)) != nullptr) return InfoOfPhoto(path_);
    return ToJson(ReadModelInfo(path_, wish_), all_tensors_);
  }

  std::string path_;
  std::string names_;
  bool all_tensors_ = false;
  NetWish wish_;
};

}  // namespace

Task InfoRow() {
  return {.name = "info",
          .section = Section::kFiles,
          .summary =
              "Show what a model, training set, descriptor file, photo, sparse model or COLMAP database "
              "contains; without a file, what vantage can compute with and read on this machine",
          .examples = {"vantage info model.pth", "vantage info"},
          .make = MakeCall<InfoCall>};
}

}  // namespace vantage::tasks

// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "nn/layouts/layout.h"
#include "nn/model_file.h"
#include "nn/model_meta.h"
#include "nn/model_source.h"
#include "serialize/safetensors.h"
#include "util/check.h"
#include "util/hash.h"
#include "util/log.h"
#include "util/rethrow.h"
#include "vantage/run_context.h"

namespace vantage::nn {
namespace {

at::Tensor ToTensor(const Eigen::MatrixXd& matrix) {
  Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> rows = matrix;
  return at::from_blob(rows.data(), {rows.rows(), rows.cols()}, at::kDouble).clone();
}

std::string_view BytesOf(const at::Tensor& tensor) {
  return {static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes()};
}

// Calls `use` with "ss" or "ms" and each whitening that is present.
template <typename Use>
void ForEachWhitening(const ModelWhitening& whitening, const Use& use) {
  if (whitening.single_scale) use("ss", *whitening.single_scale);
  if (whitening.multi_scale) use("ms", *whitening.multi_scale);
}

TorchDict StateDict(const NamedTensors& tensors) {
  TorchDict state;
  state.ordered = true;
  for (const auto& [name, tensor] : tensors) state.Set(name, {tensor});
  return state;
}

TorchDict WhiteningsDict(const ModelParts& model) {
  TorchDict all;
  for (const auto& [name, whitening] : model.whitenings) {
    TorchDict both;
    ForEachWhitening(whitening, [&](const char* scales, const Whitening& one) {
      TorchDict dict;
      dict.Set("m", {ToTensor(one.mean)});
      dict.Set("P", {ToTensor(one.projection)});
      both.Set(scales, {std::move(dict)});
    });
    all.Set(name, {std::move(both)});
  }
  return all;
}

// What the Transformers library asks for in a safetensors file.
const std::pair<const std::string, std::string> kFormatOfTensors = {"format", "pt"};

bool IsSafetensors(const std::filesystem::path& path) {
  return ToLower(path.extension().string()) == ".safetensors";
}

void WriteTensors(const NamedTensors& tensors, const std::map<std::string, std::string>& metadata,
                  const std::filesystem::path& path) {
  if (!IsSafetensors(path)) return WriteTorchFile({StateDict(tensors)}, path);
  std::vector<serialize::SafetensorsEntry> entries;
  for (const auto& [name, tensor] : tensors)
    entries.push_back({name, TypeOf(tensor), tensor.sizes().vec(), BytesOf(tensor)});
  serialize::WriteSafetensors(path, std::move(entries), metadata);
}

void WriteSafetensorsModel(const ModelParts& model, const std::filesystem::path& path) {
  NamedTensors tensors = TensorsOf(model.net);
  for (const auto& [name, whitening] : model.whitenings) {
    ForEachWhitening(whitening, [&, &key = name](const char* scales, const Whitening& one) {
      const std::string prefix = StrCat(kSafetensorsWhitening, key, ".", scales);
      tensors.emplace_back(prefix + ".m", ToTensor(one.mean));
      tensors.emplace_back(prefix + ".P", ToTensor(one.projection));
    });
  }
  const std::string meta = MetaOf(model).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  WriteTensors(tensors, {kFormatOfTensors, {kSafetensorsMeta, meta}}, path);
}

}  // namespace

void WriteModelAs(const ModelParts& model, const std::string& format, const std::filesystem::path& path) try {
  if (format == "safetensors" && !IsSafetensors(path)) {
    throw UsageError(StrCat(path.string(), ": a safetensors file's name ends in .safetensors"));
  }
  if (format == "checkpoint") return WriteModel(model, path);
  if (format == "safetensors") return WriteSafetensorsModel(model, path);
  for (const LayoutRow& row : Layouts()) {
    if (row.format == nullptr || format != row.format) continue;
    WriteTensors(row.from_own(model), {kFormatOfTensors}, path);
    if (!model.whitenings.empty())
      LogInfo(path.string(), ": the format ", format, " holds no learned whitening");
    return;
  }
  throw UsageError(
      StrCat("unknown format '", format, "' of a model; known are ", Join(Model::Formats(), ", ")));
} catch (...) {
  RethrowAsError();
}

std::string FormatsHelp() {
  std::vector<std::string> texts = {"checkpoint (cirtorch's schema)", "safetensors"};
  for (const LayoutRow& row : Layouts()) {
    if (row.format != nullptr) texts.push_back(StrCat(row.format, " (weights ", row.format_help, ")"));
  }
  return Join(texts, ", ");
}

void WriteModel(const ModelParts& model, const std::filesystem::path& path, const TorchDict& more) try {
  if (IsSafetensors(path)) {
    VANTAGE_CHECK(more.items.empty(), path.string(), ": a safetensors file holds no state of training");
    return WriteSafetensorsModel(model, path);
  }
  TorchValue meta = FromJson(MetaOf(model));
  if (!model.whitenings.empty()) std::get<TorchDict>(meta.data).Set("Lw", {WhiteningsDict(model)});
  TorchDict file;
  file.Set("meta", std::move(meta));
  file.Set("state_dict", {StateDict(TensorsOf(model.net))});
  for (const auto& item : more.items) file.items.push_back(item);
  WriteTorchFile({std::move(file)}, path);
} catch (...) {
  RethrowAsError();
}

std::string WeightsSha256(const Network& net) {
  Sha256Digest digest;
  net.Visit([&](const std::string& name, const at::Tensor& tensor, TensorRole) {
    const at::Tensor data = tensor.detach().cpu().contiguous();
    digest.Add(StrCat(name, " ", serialize::ElementTypeName(TypeOf(data)), " ",
                      serialize::ShapeText(data.sizes().vec()), "\n"));
    digest.Add(BytesOf(data));
  });
  return digest.Hex();
}

}  // namespace vantage::nn

namespace vantage {

std::vector<std::string> Model::Formats() {
  std::vector<std::string> names = {"checkpoint", "safetensors"};
  for (const nn::LayoutRow& row : nn::Layouts()) {
    if (row.format != nullptr) names.emplace_back(row.format);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#include "nn/model_source.h"

#include <algorithm>
#include <memory>
#include <string_view>

#include "nn/find_network.h"
#include "nn/layouts/matconvnet_source.h"
#include "nn/torch_source.h"
#include "serialize/json.h"
#include "serialize/mat_file.h"
#include "serialize/safetensors.h"
#include "util/check.h"
#include "util/index.h"

namespace vantage::nn {
namespace {

ModelSource OpenSafetensors(const std::filesystem::path& path, const std::string& state) {
  const auto file = std::make_shared<const serialize::SafetensorsFile>(path);
  ModelSource source;
  source.path = file->source();
  source.format = "safetensors";
  const auto meta = file->metadata().find(kSafetensorsMeta);
  const bool has_meta = meta != file->metadata().end();
  if (has_meta) source.meta = serialize::ParseJson(meta->second, source.path + ": __metadata__: meta");
  std::vector<PlacedTensor> all;
  for (const serialize::SafetensorsFile::Tensor& tensor : file->tensors()) {
    SourceTensor entry{tensor.name, tensor.type, tensor.shape,
                       [file, tensor](std::span<char> elements) { file->Read(tensor, elements); }};
    if (has_meta && tensor.name.starts_with(kSafetensorsWhitening)) {
      entry.name = tensor.name.substr(std::string_view(kSafetensorsWhitening).size());
      source.whitenings[entry.name] = entry;
    } else {
      all.push_back({"", std::move(entry), ""});
    }
  }
  FindNetwork(std::move(all), state, source);
  return source;
}

ModelSource Open(const std::filesystem::path& path, const std::string& state) {
  const std::string extension = ToLower(path.extension().string());
  const InputFile file(path);
  if (serialize::MatFile::LooksLikeMat(file) || extension == ".mat") {
    if (!state.empty())
      throw UsageError(StrCat(path.string(), ": a MATLAB file has no dictionaries (--state)"));
    return OpenMatConvNet(path);
  }
  if (serialize::SafetensorsFile::LooksLikeSafetensors(file) || extension == ".safetensors")
    return OpenSafetensors(path, state);
  return OpenTorchSource(path, state);
}

}  // namespace

ModelSource OpenModelSource(const std::filesystem::path& path, const NetWish& wish) {
  ModelSource source = Open(path, wish.state);
  if (source.tensors.empty() && !source.unreadable.empty()) {
    throw Error(StrCat(source.path, ": ", source.unreadable.begin()->second));
  }
  if (source.tensors.empty()) {
    std::vector<std::string> others;
    for (const auto& [key, what] : source.place.ignored) {
      constexpr size_t kMostNamed = 5;
      if (others.size() < kMostNamed) others.push_back(StrCat("'", key, "' is a ", what));
    }
    throw Error(StrCat(source.path, ": holds no tensors of a network", others.empty() ? "" : ": ",
                       Join(others, ", ")));
  }
  RenameTensors(wish.rename, source);
  return source;
}

size_t BytesOf(const SourceTensor& tensor) {
  const std::optional<int64_t> count = serialize::CountElements(tensor.shape);
  int64_t bytes = 0;
  VANTAGE_CHECK(count && !__builtin_mul_overflow(*count, serialize::ElementSize(tensor.type), &bytes), "'",
                tensor.name, "' of ", serialize::ShapeText(tensor.shape), " has too many elements");
  return ToIndex(bytes);
}

void CopyElements(const std::string& name, std::string_view bytes, std::span<char> elements) {
  VANTAGE_CHECK(elements.size() == bytes.size(), "'", name, "' has ", bytes.size(), " bytes, not ",
                elements.size());
  std::copy(bytes.begin(), bytes.end(), elements.begin());
}

void ReadParts(const std::vector<SourceTensor>& parts, std::span<char> elements) {
  for (const SourceTensor& part : parts) {
    const size_t size = BytesOf(part);
    VANTAGE_CHECK(size <= elements.size(), "'", part.name, "' of ", serialize::ShapeText(part.shape),
                  " is larger than its place");
    part.read(elements.first(size));
    elements = elements.subspan(size);
  }
  VANTAGE_CHECK(elements.empty(), "the parts of '", parts.empty() ? "" : parts.back().name, "' lack ",
                elements.size(), " bytes");
}

SourceTensor InMemory(const std::string& name, serialize::ElementType type, std::vector<int64_t> shape,
                      std::string_view bytes) {
  auto owned = std::make_shared<const std::string>(bytes);
  return {name, type, std::move(shape),
          [name, owned](std::span<char> elements) { CopyElements(name, *owned, elements); }};
}

SourceTensor Zeros(const std::string& name, std::vector<int64_t> shape, serialize::ElementType type) {
  return {name, type, std::move(shape),
          [](std::span<char> elements) { std::fill(elements.begin(), elements.end(), '\0'); }};
}

std::pair<std::string, std::string> WhiteningOf(const std::string& key) {
  const size_t part = key.rfind('.');
  const size_t scales = part == key.npos || part == 0 ? key.npos : key.rfind('.', part - 1);
  if (scales == key.npos) return {key, ""};
  return {key.substr(0, scales), key.substr(scales + 1, part - scales - 1)};
}

std::string CurrentName(const std::string& name) {
  if (!name.empty() && name[0] >= '0' && name[0] <= '9') return "features." + name;
  const size_t layer = name.find(".denselayer");
  if (layer == name.npos) return name;
  for (const char* old : {".norm.", ".conv."}) {  // "....denselayer1.norm.1.weight"
    const size_t at = name.find(old, layer);
    if (at != name.npos) return name.substr(0, at + 5) + name.substr(at + 6);
  }
  return name;
}

TensorShapes ShapesOf(const ModelSource& source) {
  TensorShapes shapes;
  for (const SourceTensor& tensor : source.tensors) shapes[CurrentName(tensor.name)] = tensor.shape;
  return shapes;
}

}  // namespace vantage::nn

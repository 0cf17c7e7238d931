// SPDX-License-Identifier: BSD-3-Clause
#include "nn/model_source.h"

#include <memory>

#include "nn/layouts/matconvnet_source.h"
#include "serialize/json.h"
#include "serialize/mat_file.h"
#include "serialize/safetensors.h"
#include "serialize/torch_file.h"
#include "util/check.h"

namespace vantage::nn {
namespace {

using nlohmann::json;

SourceTensor FromTorch(const std::shared_ptr<const serialize::TorchFile>& file,
                       const serialize::PickleValue& value, const std::string& name,
                       const std::string& place) {
  VANTAGE_CHECK(serialize::TorchFile::IsTensor(value), file->source(), ": '", place, "' is a ",
                serialize::KindName(value), ", not a tensor");
  const serialize::TensorRecord record = file->Tensor(value, place);
  return {name, record.type, record.shape, [file, record] { return file->Read(record); }};
}

SourceTensor FromNumpy(const serialize::PickleValue& value, const std::string& name,
                       const std::string& what) {
  auto array = std::make_shared<const serialize::NpyArray>(serialize::ToNumpyArray(value, what));
  VANTAGE_CHECK(array->dtype == "<f8" || array->dtype == "<f4", what, ": a NumPy array of ", array->dtype);
  return {name, array->dtype == "<f8" ? serialize::ElementType::kFloat64 : serialize::ElementType::kFloat32,
          array->shape, [array] { return array->data; }};
}

// meta['Lw'] = {NAME: {'ss': {'m', 'P'}, 'ms': {'m', 'P'}}}, as NumPy arrays or tensors.
void AddWhitenings(const std::shared_ptr<const serialize::TorchFile>& file, const serialize::PickleValue& all,
                   ModelSource& source) {
  for (size_t i = 0; i + 1 < all.items.size(); i += 2) {
    const std::string& name = serialize::ToText(*all.items[i], source.path + ": meta: Lw");
    for (const char* scales : {"ss", "ms"}) {
      const serialize::PickleValue* whitening = all.items[i + 1]->Find(scales);
      if (whitening == nullptr) continue;
      for (const char* part : {"m", "P"}) {
        const std::string key = StrCat(name, ".", scales, ".", part);
        const std::string place = "meta: Lw: " + key;
        const serialize::PickleValue& value =
            serialize::Member(*whitening, part, StrCat(source.path, ": ", place));
        source.whitenings[key] = serialize::IsNumpyArray(value)
                                     ? FromNumpy(value, key, StrCat(source.path, ": ", place))
                                     : FromTorch(file, value, key, place);
      }
    }
  }
}

ModelSource OpenTorch(const std::filesystem::path& path) {
  const auto file = std::make_shared<const serialize::TorchFile>(path);
  ModelSource source;
  source.path = file->source();
  source.format = file->is_zip() ? "PyTorch zip" : "PyTorch before 1.6";
  const serialize::PickleValue& root = file->root();
  const serialize::PickleValue* state = &root;
  for (const char* key : {"state_dict", "model_state_dict"}) {  // cirtorch's, CosPlace's checkpoints
    if (const serialize::PickleValue* found = root.Find(key)) state = found;
  }
  source.is_state_dict = state == &root;
  VANTAGE_CHECK(state->is(serialize::PickleValue::Kind::kDict), source.path, ": holds a ",
                serialize::KindName(*state), ", not a state dictionary");
  for (size_t i = 0; i + 1 < state->items.size(); i += 2) {
    const std::string& name = serialize::ToText(*state->items[i], source.path + ": name of a tensor");
    source.tensors.push_back(FromTorch(file, *state->items[i + 1], name, name));
  }
  if (source.is_state_dict) return source;
  if (const serialize::PickleValue* meta = root.Find("meta")) {
    source.meta = ToJson(*meta, source.path + ": meta");
    if (const serialize::PickleValue* whitenings = meta->Find("Lw")) AddWhitenings(file, *whitenings, source);
  }
  for (const char* key : {"epoch", "epoch_num"}) {
    if (const serialize::PickleValue* epoch = root.Find(key))
      source.epoch = ToJson(*epoch, source.path + ": epoch");
  }
  source.has_optimizer = root.Find("optimizer") != nullptr || root.Find("optimizer_state_dict") != nullptr;
  return source;
}

ModelSource OpenSafetensors(const std::filesystem::path& path) {
  const auto file = std::make_shared<const serialize::SafetensorsFile>(path);
  ModelSource source;
  source.path = file->source();
  source.format = "safetensors";
  const auto meta = file->metadata().find(kSafetensorsMeta);
  source.is_state_dict = meta == file->metadata().end();
  if (!source.is_state_dict)
    source.meta = serialize::ParseJson(meta->second, source.path + ": __metadata__: meta");
  for (const serialize::SafetensorsFile::Tensor& tensor : file->tensors()) {
    SourceTensor entry{tensor.name, tensor.type, tensor.shape, [file, tensor] { return file->Read(tensor); }};
    if (!source.is_state_dict && tensor.name.starts_with(kSafetensorsWhitening)) {
      entry.name = tensor.name.substr(std::string_view(kSafetensorsWhitening).size());
      source.whitenings[entry.name] = entry;
    } else {
      source.tensors.push_back(std::move(entry));
    }
  }
  return source;
}

ModelSource Open(const std::filesystem::path& path) {
  const std::string extension = ToLower(path.extension().string());
  const InputFile file(path);
  if (serialize::MatFile::LooksLikeMat(file) || extension == ".mat") return OpenMatConvNet(path);
  if (serialize::SafetensorsFile::LooksLikeSafetensors(file) || extension == ".safetensors")
    return OpenSafetensors(path);
  return OpenTorch(path);
}

}  // namespace

ModelSource OpenModelSource(const std::filesystem::path& path) {
  ModelSource source = Open(path);
  VANTAGE_CHECK(!source.tensors.empty(), source.path, ": holds no tensors of a network");
  return source;
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

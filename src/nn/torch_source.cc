// SPDX-License-Identifier: BSD-3-Clause
#include "nn/torch_source.h"

#include <algorithm>
#include <array>
#include <memory>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "nn/find_network.h"
#include "nn/layouts/dirtorch.h"
#include "serialize/torch_file.h"
#include "util/check.h"

namespace vantage::nn {
namespace {

using File = std::shared_ptr<const serialize::TorchFile>;
using serialize::PickleValue;
using Kind = PickleValue::Kind;

// Keys of cirtorch's and this project's checkpoints whose dictionaries hold tensors of no network.
constexpr std::string_view kMeta = "meta";
constexpr std::string_view kOwnTraining = "vantage_training";
constexpr std::array<std::string_view, 2> kEpochs = {"epoch", "epoch_num"};
constexpr std::array<std::string_view, 3> kOptimizers = {"optimizer", "optimizer_state_dict",
                                                         "optimizer_states"};

SourceTensor FromTorch(const File& file, const PickleValue& value, const std::string& name,
                       const std::string& place) {
  const serialize::TensorRecord record = file->Tensor(value, place);
  return {name, record.type, record.shape,
          [file, record](std::span<char> elements) { file->Read(record, elements); }};
}

SourceTensor FromNumpy(const PickleValue& value, const std::string& name, const std::string& what) {
  const serialize::NpyArray array = serialize::ToNumpyArray(value, what);
  VANTAGE_CHECK(array.dtype == "<f8" || array.dtype == "<f4", what, ": a NumPy array of ", array.dtype);
  const bool is_double = array.dtype == "<f8";
  return InMemory(name, is_double ? serialize::ElementType::kFloat64 : serialize::ElementType::kFloat32,
                  array.shape, array.data);
}

// meta['Lw'] = {NAME: {'ss': {'m', 'P'}, 'ms': {'m', 'P'}}}, as NumPy arrays or tensors.
void AddWhitenings(const File& file, const PickleValue& all, ModelSource& source) {
  for (size_t i = 0; i + 1 < all.items.size(); i += 2) {
    const std::string& name = serialize::ToText(*all.items[i], source.path + ": meta: Lw");
    for (const char* scales : {"ss", "ms"}) {
      const PickleValue* whitening = all.items[i + 1]->Find(scales);
      if (whitening == nullptr) continue;
      for (const char* part : {"m", "P"}) {
        const std::string key = StrCat(name, ".", scales, ".", part);
        const std::string place = "meta: Lw: " + key;
        const PickleValue& value = serialize::Member(*whitening, part, StrCat(source.path, ": ", place));
        source.whitenings[key] = serialize::IsNumpyArray(value)
                                     ? FromNumpy(value, key, StrCat(source.path, ": ", place))
                                     : FromTorch(file, value, key, place);
      }
    }
  }
}

// The tensors in a file's dictionaries.
class TensorsOfDictionaries {
 public:
  explicit TensorsOfDictionaries(const File& file) : file_(file) { Add(file->root(), "", 0); }

  std::vector<PlacedTensor> Take() && { return std::move(tensors_); }
  // Keys of the file's own dictionary whose values are, or hold, what was found.
  const std::set<std::string>& keys() const { return keys_; }

 private:
  static bool HoldsTensors(const PickleValue& dictionary) {
    for (size_t i = 1; i < dictionary.items.size(); i += 2) {
      if (serialize::TorchFile::IsTensor(*dictionary.items[i])) return true;
    }
    return false;
  }

  // Adds the tensors of a dictionary and of those in it, and what is in a tensor's place beside tensors.
  void Add(const PickleValue& dictionary, const std::string& keys, int depth) {
    // Nothing nests deeper or names networks longer; of an optimiser's state only parameters would be found.
    constexpr int kMostDepth = 8;
    constexpr size_t kLongestKey = 200;
    if (depth > kMostDepth || dictionary.Find("param_groups") != nullptr || !seen_.insert(&dictionary).second)
      return;
    const bool holds_tensors = HoldsTensors(dictionary);
    for (size_t i = 0; i + 1 < dictionary.items.size(); i += 2) {
      const PickleValue& key = *dictionary.items[i];
      const PickleValue& value = *dictionary.items[i + 1];
      if (!key.is(Kind::kString) || (depth == 0 && (key.text == kMeta || key.text == kOwnTraining))) continue;
      const size_t before = tensors_.size();
      if (value.is(Kind::kDict)) {
        if (key.text.size() <= kLongestKey)
          Add(value, keys.empty() ? key.text : keys + "." + key.text, depth + 1);
      } else if (holds_tensors) {
        AddTensor(value, keys, key.text);
      }
      if (depth == 0 && tensors_.size() > before) keys_.insert(key.text);
    }
  }

  void AddTensor(const PickleValue& value, const std::string& keys, const std::string& name) {
    constexpr size_t kMostTensors = 65536;
    VANTAGE_CHECK(tensors_.size() < kMostTensors, file_->source(), ": holds more than ", kMostTensors,
                  " tensors");
    try {
      tensors_.push_back({keys, FromTorch(file_, value, name, name), ""});
    } catch (const Error& error) {
      const std::string what = error.what();
      const std::string where = file_->source() + ": ";
      tensors_.push_back({keys, {name, {}, {}, {}}, what.substr(what.starts_with(where) ? where.size() : 0)});
    }
  }

  File file_;
  std::vector<PlacedTensor> tensors_;
  std::set<std::string> keys_;
  std::set<const PickleValue*> seen_;
};

template <size_t kSize>
bool IsOneOf(const std::array<std::string_view, kSize>& keys, const std::string& key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

}  // namespace

ModelSource OpenTorchSource(const std::filesystem::path& path, const std::string& state) {
  const auto file = std::make_shared<const serialize::TorchFile>(path);
  ModelSource source;
  source.path = file->source();
  source.format = file->is_zip() ? "PyTorch zip" : "PyTorch before 1.6";
  const PickleValue& root = file->root();
  VANTAGE_CHECK(root.is(Kind::kDict), source.path, ": holds a ", serialize::KindName(root),
                ", not a state dictionary");
  TensorsOfDictionaries found(file);
  const std::set<std::string> used = found.keys();
  for (size_t i = 0; i + 1 < root.items.size(); i += 2) {
    const PickleValue& key = *root.items[i];
    const PickleValue& value = *root.items[i + 1];
    if (!key.is(Kind::kString) || used.contains(key.text) || key.text == kOwnTraining) continue;
    if (key.text == kMeta) {
      source.meta = ToJson(value, source.path + ": meta");
      if (const PickleValue* whitenings = value.Find("Lw")) AddWhitenings(file, *whitenings, source);
    } else if (IsOneOf(kEpochs, key.text)) {
      source.epoch = ToJson(value, source.path + ": epoch");
    } else if (IsOneOf(kOptimizers, key.text)) {
      source.has_optimizer = true;
    } else {
      source.place.ignored[key.text] = serialize::KindName(value);
    }
  }
  FindNetwork(std::move(found).Take(), state, source);
  if (source.meta.is_null() && DescribeDirtorch(root, source)) {
    for (const char* key : {"model_options", "pca", "preprocess"}) source.place.ignored.erase(key);
  }
  return source;
}

}  // namespace vantage::nn

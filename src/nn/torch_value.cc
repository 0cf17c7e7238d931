// SPDX-License-Identifier: BSD-3-Clause
#include "nn/torch_value.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <nlohmann/json.hpp>

#include "serialize/zip.h"
#include "util/check.h"

namespace vantage::nn {
namespace {

using nlohmann::json;

struct ScalarTypeRow {
  at::ScalarType type;
  serialize::ElementType element;
  const char* storage;  // Python's class
};

constexpr ScalarTypeRow kScalarTypes[] = {
    {at::kFloat, serialize::ElementType::kFloat32, "FloatStorage"},
    {at::kDouble, serialize::ElementType::kFloat64, "DoubleStorage"},
    {at::kHalf, serialize::ElementType::kFloat16, "HalfStorage"},
    {at::kBFloat16, serialize::ElementType::kBfloat16, "BFloat16Storage"},
    {at::kLong, serialize::ElementType::kInt64, "LongStorage"},
    {at::kInt, serialize::ElementType::kInt32, "IntStorage"},
    {at::kShort, serialize::ElementType::kInt16, "ShortStorage"},
    {at::kChar, serialize::ElementType::kInt8, "CharStorage"},
    {at::kByte, serialize::ElementType::kUint8, "ByteStorage"},
    {at::kBool, serialize::ElementType::kBool, "BoolStorage"},
};

const ScalarTypeRow& RowOf(const at::Tensor& tensor) {
  const auto* row =
      std::find_if(std::begin(kScalarTypes), std::end(kScalarTypes),
                   [&](const ScalarTypeRow& known) { return known.type == tensor.scalar_type(); });
  VANTAGE_CHECK(row != std::end(kScalarTypes),
                "a tensor of a type that is not written: ", c10::toString(tensor.scalar_type()));
  return *row;
}

// Pickles values and collects the tensors, whose data go into entries of their own.
class ValuePickler {
 public:
  void Write(const TorchValue& value) {
    std::visit([this](const auto& data) { WriteData(data); }, value.data);
  }

  std::string Finish() && { return std::move(writer_).Finish(); }
  const std::vector<at::Tensor>& tensors() const { return tensors_; }

 private:
  void WriteData(std::monostate) { writer_.None(); }
  void WriteData(bool value) { writer_.Bool(value); }
  void WriteData(int64_t value) { writer_.Int(value); }
  void WriteData(double value) { writer_.Float(value); }
  void WriteData(const std::string& value) { writer_.String(value); }

  void WriteData(const std::vector<TorchValue>& list) {
    writer_.EmptyList();
    writer_.Mark();
    for (const TorchValue& item : list) Write(item);
    writer_.Appends();
  }

  void WriteData(const TorchDict& dict) {
    if (dict.ordered) {
      writer_.Global("collections", "OrderedDict");
      writer_.EmptyTuple();
      writer_.Reduce();
    } else {
      writer_.EmptyDict();
    }
    writer_.Mark();
    for (const auto& [key, item] : dict.items) {
      Write(key);
      Write(item);
    }
    writer_.SetItems();
  }

  // torch._utils._rebuild_tensor_v2(storage, offset, shape, strides, requires_grad, OrderedDict())
  void WriteData(const at::Tensor& tensor) {
    const at::Tensor data = tensor.detach().cpu().contiguous();
    writer_.Global("torch._utils", "_rebuild_tensor_v2");
    writer_.Mark();
    writer_.Mark();
    writer_.String("storage");
    writer_.Global("torch", RowOf(data).storage);
    writer_.String(std::to_string(tensors_.size()));
    writer_.String("cpu");
    writer_.Int(data.numel());
    writer_.Tuple();
    writer_.PersistentId();
    writer_.Int(0);
    WriteTuple(data.sizes());
    WriteTuple(data.strides());
    writer_.Bool(false);
    writer_.Global("collections", "OrderedDict");
    writer_.EmptyTuple();
    writer_.Reduce();
    writer_.Tuple();
    writer_.Reduce();
    tensors_.push_back(data);
  }

  void WriteTuple(at::IntArrayRef values) {
    writer_.Mark();
    for (const int64_t value : values) writer_.Int(value);
    writer_.Tuple();
  }

  serialize::PickleWriter writer_;
  std::vector<at::Tensor> tensors_;
};

}  // namespace

TorchDict::TorchDict() = default;
TorchDict::TorchDict(const TorchDict& other) = default;
TorchDict::TorchDict(TorchDict&& other) noexcept = default;
TorchDict& TorchDict::operator=(const TorchDict& other) = default;
TorchDict& TorchDict::operator=(TorchDict&& other) noexcept = default;
TorchDict::~TorchDict() = default;

void TorchDict::Set(std::string key, TorchValue value) {
  items.emplace_back(TorchValue{std::move(key)}, std::move(value));
}

void WriteTorchFile(const TorchValue& value, const std::filesystem::path& path) {
  const at::NoGradGuard no_grad;
  ValuePickler pickler;
  pickler.Write(value);
  const std::string pickle = std::move(pickler).Finish();

  AtomicFile file(path);
  serialize::ZipWriter zip(file);
  zip.Add("archive/data.pkl", pickle);
  zip.Add("archive/byteorder", "little");
  for (size_t i = 0; i < pickler.tensors().size(); ++i) {
    const at::Tensor& tensor = pickler.tensors()[i];
    zip.Add("archive/data/" + std::to_string(i),
            {static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes()});
  }
  zip.Add("archive/version", "3\n");
  zip.Finish();
  file.Commit();
}

at::Tensor ReadTensor(const serialize::TorchFile& file, const serialize::PickleValue& value,
                      const std::string& what) {
  const serialize::TensorRecord record = file.Tensor(value, what);
  return MakeTensor(record.type, record.shape,
                    [&](std::span<char> elements) { file.Read(record, elements); });
}

at::Tensor MakeTensor(serialize::ElementType type, const std::vector<int64_t>& shape,
                      const std::function<void(std::span<char> elements)>& read) {
  const auto* row = std::find_if(std::begin(kScalarTypes), std::end(kScalarTypes),
                                 [&](const ScalarTypeRow& known) { return known.element == type; });
  const at::NoGradGuard no_grad;
  at::Tensor tensor = at::empty(shape, row->type);
  read({static_cast<char*>(tensor.mutable_data_ptr()), tensor.nbytes()});
  return tensor;
}

serialize::ElementType TypeOf(const at::Tensor& tensor) { return RowOf(tensor).element; }

TorchValue FromJson(const json& value) {
  if (value.is_boolean()) return {value.get<bool>()};
  if (value.is_number_integer()) return {value.get<int64_t>()};
  if (value.is_number()) return {value.get<double>()};
  if (value.is_string()) return {value.get<std::string>()};
  if (value.is_array()) {
    std::vector<TorchValue> list;
    for (const json& item : value) list.push_back(FromJson(item));
    return {std::move(list)};
  }
  if (value.is_object()) {
    TorchDict dict;
    for (const auto& [key, item] : value.items()) dict.Set(key, FromJson(item));
    return {std::move(dict)};
  }
  return {};
}

}  // namespace vantage::nn

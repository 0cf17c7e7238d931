// SPDX-License-Identifier: BSD-3-Clause
#include "serialize/torch_file.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "util/check.h"
#include "util/index.h"

namespace vantage::serialize {
namespace {

using Kind = PickleValue::Kind;

struct StorageRow {
  ElementType type;
  const char* storage;  // Python's class
};

constexpr std::array<StorageRow, 10> kStorages = {{{ElementType::kFloat32, "torch.FloatStorage"},
                                                   {ElementType::kFloat64, "torch.DoubleStorage"},
                                                   {ElementType::kFloat16, "torch.HalfStorage"},
                                                   {ElementType::kBfloat16, "torch.BFloat16Storage"},
                                                   {ElementType::kInt64, "torch.LongStorage"},
                                                   {ElementType::kInt32, "torch.IntStorage"},
                                                   {ElementType::kInt16, "torch.ShortStorage"},
                                                   {ElementType::kInt8, "torch.CharStorage"},
                                                   {ElementType::kUint8, "torch.ByteStorage"},
                                                   {ElementType::kBool, "torch.BoolStorage"}}};

// Null if there is none.
const StorageRow* FindStorage(const std::string& storage_class) {
  const auto* row = std::find_if(kStorages.begin(), kStorages.end(),
                                 [&](const StorageRow& known) { return storage_class == known.storage; });
  return row == kStorages.end() ? nullptr : row;
}

// Limit for the pickles of a file, which do not contain the tensors' data.
constexpr uint64_t kMaxPickleSize = uint64_t{64} << 20;
// Keys of storages are short numbers. Comparing long keys for each of millions of tensors would take hours.
constexpr size_t kMaxKeySize = 64;
// An expanded tensor may have more elements than its storage, but no model's has more than this.
constexpr int64_t kMaxExpandedElements = int64_t{1} << 24;

// The number that starts an old file: 0x1950a86a20f9469cfc6c, little-endian.
constexpr std::string_view kLegacyMagic("\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 10);

// Copies a tensor's elements out of its storage, in C order.
void Gather(const TensorRecord& tensor, const std::string& storage, std::span<char> elements) {
  const auto size = ToIndex(ElementSize(tensor.type));
  const auto count = ToIndex(*CountElements(tensor.shape));
  std::vector<int64_t> index(tensor.shape.size());
  int64_t from = tensor.offset;
  for (size_t i = 0; i < count; ++i) {
    std::memcpy(elements.data() + i * size, storage.data() + ToIndex(from) * size, size);
    for (size_t d = index.size(); d-- > 0;) {  // next index; the last dimension counts fastest
      if (tensor.shape[d] == 1) continue;      // its stride is arbitrary
      from += tensor.strides[d];
      if (++index[d] < tensor.shape[d]) break;
      from -= tensor.strides[d] * tensor.shape[d];
      index[d] = 0;
    }
  }
}

// Whether the tensor's elements are in C order in the storage, without gaps.
bool IsContiguous(const TensorRecord& tensor) {
  int64_t stride = 1;
  for (size_t d = tensor.shape.size(); d-- > 0;) {
    if (tensor.shape[d] != 1 && tensor.strides[d] != stride) return false;
    stride *= tensor.shape[d];
  }
  return true;
}

}  // namespace

TorchFile::TorchFile(const std::filesystem::path& path) : source_(path.string()), file_(path) {
  if (ZipReader::LooksLikeZip(file_)) {
    ReadZip();
  } else {
    ReadLegacy();
  }
}

void TorchFile::ReadZip() {
  zip_ = std::make_unique<ZipReader>(file_);
  constexpr std::string_view kPickleName = "/data.pkl";
  for (const auto& [name, entry] : zip_->entries()) {
    if (name.size() > kPickleName.size() && name.substr(name.size() - kPickleName.size()) == kPickleName) {
      prefix_ = name.substr(0, name.size() - kPickleName.size() + 1);
      VANTAGE_CHECK(entry.size <= kMaxPickleSize, source_, ": '", name, "' has ", entry.size,
                    " bytes, more than any model's");
    }
  }
  VANTAGE_CHECK(!prefix_.empty(), source_, ": a zip archive without data.pkl: not written by torch.save");
  if (zip_->entries().count(prefix_ + "byteorder") == 1) {
    VANTAGE_CHECK(zip_->Read(prefix_ + "byteorder") == "little", source_,
                  ": was written on a big-endian machine");
  }
  const std::string pickle = zip_->Read(prefix_ + "data.pkl");
  document_ = std::make_unique<PickleDocument>(
      pickle, PickleOptions{.source = source_ + ": data.pkl", .keeps_unknown = true});
}

// The file has five pickles: a magic number, the protocol version, facts about the system that wrote it, the
// object, and the keys of the storages. The storages follow: for each an int64 number of elements, then the
// elements.
void TorchFile::ReadLegacy() {
  const std::string head = file_.ReadAt(0, std::min(file_.size(), kMaxPickleSize));
  const PickleOptions options{.source = source_, .keeps_unknown = true};
  uint64_t offset = 0;
  const auto next = [&] {
    auto document = std::make_unique<PickleDocument>(std::string_view(head).substr(offset), options);
    offset += document->size();
    return document;
  };
  VANTAGE_CHECK(head.find(kLegacyMagic) < 8, source_,
                ": not a PyTorch file (neither a zip archive nor the older format's magic number)");
  next();
  next();
  next();
  document_ = next();
  const auto keys = next();
  const std::vector<std::string> names = ToTexts(keys->root(), source_ + ": storage keys");

  // The element sizes are in the pickled object, where tensors refer to their storages.
  std::map<std::string, uint64_t> element_sizes;
  std::map<std::string, std::string> classes;  // of storages that are of no known type
  document_->ForEach([&](const PickleValue& value) {
    if (!value.is(Kind::kPersistent) || value.items[0]->items.size() < 5) return;
    const std::string& key = value.items[0]->items[2]->text;
    VANTAGE_CHECK(key.size() <= kMaxKeySize, source_, ": a storage's key has ", key.size(), " bytes");
    const std::string& storage_class = value.items[0]->items[1]->text;
    const StorageRow* row = FindStorage(storage_class);
    if (row != nullptr) element_sizes[key] = static_cast<uint64_t>(ElementSize(row->type));
    if (row == nullptr) classes.try_emplace(key, storage_class);
  });
  for (const std::string& name : names) {
    VANTAGE_CHECK(element_sizes.count(name) == 1, source_, ": storage '", name, "' is of the unknown type '",
                  classes[name], "'");
    uint64_t elements = 0;
    file_.ReadAt(offset, &elements, sizeof(elements));
    offset += sizeof(elements);
    const uint64_t size = element_sizes[name];
    VANTAGE_CHECK(elements <= (file_.size() - offset) / size, source_, ": storage '", name, "' at offset ",
                  offset, " announces ", elements, " elements, more than the file's ", file_.size(),
                  " bytes hold");
    legacy_storages_[name] = {offset, elements * size};
    offset += elements * size;
  }
}

bool TorchFile::IsTensor(const PickleValue& value) {
  if (!value.is(Kind::kObject)) return false;
  if (value.text == "torch._utils._rebuild_parameter")
    return !value.items.empty() && IsTensorObject(*value.items[0]);
  return IsTensorObject(value);
}

bool TorchFile::IsTensorObject(const PickleValue& value) {
  return value.is(Kind::kObject) &&
         (value.text == "torch._utils._rebuild_tensor_v2" || value.text == "torch._utils._rebuild_tensor");
}

TensorRecord TorchFile::Tensor(const PickleValue& value, const std::string& what) const {
  const std::string place = StrCat(source_, ": ", what);
  VANTAGE_CHECK(IsTensor(value), place, ": is a ", KindName(value), ", not a tensor");
  const PickleValue& tensor = IsTensorObject(value) ? value : *value.items[0];
  VANTAGE_CHECK(tensor.items.size() >= 4 && tensor.items[0]->is(Kind::kPersistent), place,
                ": a malformed tensor");
  const auto& id = tensor.items[0]->items[0]->items;  // "storage", class, key, location, number of elements
  VANTAGE_CHECK(id.size() >= 5, place, ": a malformed storage");

  TensorRecord record;
  const StorageRow* row = FindStorage(id[1]->text);
  VANTAGE_CHECK(row != nullptr, place, ": storage of the unknown type '", id[1]->text, "'");
  record.type = row->type;
  record.storage = ToText(*id[2], place);
  record.storage_elements = ToInteger(*id[4], place);
  VANTAGE_CHECK(id.size() == 5 || id[5]->is(Kind::kNone), place, ": a view of a storage");
  record.offset = ToInteger(*tensor.items[1], place + ": offset");
  record.shape = ToIntegers(*tensor.items[2], place + ": shape");
  record.strides = ToIntegers(*tensor.items[3], place + ": strides");
  VANTAGE_CHECK(record.shape.size() == record.strides.size() && record.shape.size() <= 16, place, ": ",
                record.shape.size(), " sizes and ", record.strides.size(), " strides");

  int64_t count = 1;
  int64_t last = record.offset;  // the last element that the tensor touches
  bool overflow = record.offset < 0 || record.storage_elements < 0;
  for (size_t i = 0; i < record.shape.size() && !overflow; ++i) {
    overflow = record.shape[i] < 0 || record.strides[i] < 0 ||
               __builtin_mul_overflow(count, record.shape[i], &count);
    int64_t reach = 0;
    overflow = overflow ||
               __builtin_mul_overflow(std::max<int64_t>(record.shape[i] - 1, 0), record.strides[i], &reach) ||
               __builtin_add_overflow(last, reach, &last);
  }
  VANTAGE_CHECK(!overflow && (count == 0 || last < record.storage_elements) &&
                    count <= std::max(record.storage_elements, kMaxExpandedElements),
                place, ": a tensor that reaches outside its storage of ", record.storage_elements,
                " elements");
  const uint64_t size = StorageSize(record);
  VANTAGE_CHECK(static_cast<uint64_t>(record.storage_elements) <=
                    size / static_cast<uint64_t>(ElementSize(record.type)),
                place, ": storage '", record.storage, "' has ", size, " bytes, fewer than its ",
                record.storage_elements, " elements of ", ElementTypeName(record.type), " take");
  return record;
}

size_t TensorRecord::bytes() const { return ToIndex(*CountElements(shape) * ElementSize(type)); }

uint64_t TorchFile::StorageSize(const TensorRecord& tensor) const {
  if (zip_) {
    const auto found = zip_->entries().find(prefix_ + "data/" + tensor.storage);
    VANTAGE_CHECK(found != zip_->entries().end(), source_, ": storage '", tensor.storage, "' is missing");
    return found->second.size;
  }
  const auto found = legacy_storages_.find(tensor.storage);
  VANTAGE_CHECK(found != legacy_storages_.end(), source_, ": storage '", tensor.storage, "' is missing");
  return found->second.size;
}

void TorchFile::ReadStorage(const TensorRecord& tensor, std::span<char> bytes) const {
  if (zip_) return zip_->Read(prefix_ + "data/" + tensor.storage, bytes.data(), bytes.size());
  file_.ReadAt(legacy_storages_.at(tensor.storage).offset, bytes.data(), bytes.size());
}

void TorchFile::Read(const TensorRecord& tensor, std::span<char> elements) const {
  VANTAGE_CHECK(elements.size() == tensor.bytes(), source_, ": room for ", elements.size(),
                " bytes of a tensor of ", ShapeText(tensor.shape));
  if (elements.empty()) return;
  const uint64_t size = StorageSize(tensor);
  const bool is_contiguous = IsContiguous(tensor);
  if (is_contiguous && elements.size() == size) return ReadStorage(tensor, elements);
  std::string storage(size, '\0');
  ReadStorage(tensor, storage);
  if (!is_contiguous) return Gather(tensor, storage, elements);
  storage.copy(elements.data(), elements.size(), ToIndex(tensor.offset * ElementSize(tensor.type)));
}

}  // namespace vantage::serialize

// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>

#include "serialize/pickle.h"
#include "util/check.h"
#include "util/index.h"
#include "util/string.h"

namespace vantage::serialize {
namespace {

using Kind = PickleValue::Kind;

bool IsOneOf(const std::string& text, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), text) != names.end();
}

const std::vector<const PickleValue*> kNoItems;

bool IsSequence(const PickleValue& value) {
  return value.is(Kind::kList) || value.is(Kind::kTuple) || value.is(Kind::kSet);
}

[[noreturn]] void FailKind(const PickleValue& value, const std::string& what, std::string_view wanted) {
  throw Error(StrCat(what, ": is a ", KindName(value), ", not ", wanted));
}

// numpy.dtype('i8', False, True) with state (3, '<', ...) -> "<i8".
std::string NumpyDtype(const PickleValue& value, const std::string& what) {
  if (!value.is(Kind::kObject) || value.text != "numpy.dtype" || value.items.empty()) {
    FailKind(value, what, "a NumPy dtype");
  }
  std::string order = "<";
  if (value.state != nullptr && value.state->items.size() > 1) order = ToText(*value.state->items[1], what);
  VANTAGE_CHECK(order == "<" || order == "|", what, ": NumPy byte order '", order, "' is not supported");
  const std::string& code = ToText(*value.items[0], what);
  return (code.size() == 2 && code[1] == '1' ? "|" : "<") + code;
}

// Bytes an element: 4 for "<f4"; 0 if the type is not a plain number.
uint64_t ItemSize(const std::string& dtype) {
  return dtype.size() == 3 && dtype[2] >= '1' && dtype[2] <= '8' ? static_cast<uint64_t>(dtype[2] - '0') : 0;
}

NpyArray ScalarArray(const PickleValue& value, const std::string& what) {
  NpyArray array{NumpyDtype(*value.items[0], what), {1}, value.items[1]->text};
  VANTAGE_CHECK(ItemSize(array.dtype) > 0 && array.data.size() == ItemSize(array.dtype), what,
                ": a malformed NumPy scalar");
  return array;
}

// The elements of an array whose data are in Fortran order: the first index counts fastest.
std::string InCOrder(const NpyArray& array, uint64_t item_size) {
  const std::vector<int64_t>& shape = array.shape;
  std::vector<uint64_t> strides(shape.size(), item_size);
  for (size_t d = 1; d < shape.size(); ++d) strides[d] = strides[d - 1] * static_cast<uint64_t>(shape[d - 1]);
  std::vector<int64_t> index(shape.size());
  std::string ordered(array.data.size(), '\0');
  uint64_t from = 0;
  for (uint64_t to = 0; to < ordered.size(); to += item_size) {
    std::copy_n(array.data.data() + from, item_size, ordered.data() + to);
    for (size_t d = shape.size(); d-- > 0;) {  // next index; the last dimension counts fastest
      from += strides[d];
      if (++index[d] < shape[d]) break;
      from -= strides[d] * static_cast<uint64_t>(shape[d]);
      index[d] = 0;
    }
  }
  return ordered;
}

bool IsFromBuffer(const PickleValue& value) {
  return value.is(Kind::kObject) &&
         IsOneOf(value.text, {"numpy.core.numeric._frombuffer", "numpy._core.numeric._frombuffer"});
}

// The parts that both forms of a pickled array have.
struct NumpyParts {
  std::vector<int64_t> shape;
  const PickleValue* dtype;
  bool is_fortran;
  const PickleValue* data;
};

// _reconstruct with the state (version, shape, dtype, Fortran order, bytes), or, in protocol 5,
// _frombuffer(bytes, dtype, shape, order).
NumpyParts PartsOf(const PickleValue& value, const std::string& what) {
  if (!IsNumpyArray(value)) FailKind(value, what, "a NumPy array");
  const bool from_buffer = IsFromBuffer(value);
  const auto& parts = from_buffer ? value.items : value.state == nullptr ? kNoItems : value.state->items;
  VANTAGE_CHECK(parts.size() == (from_buffer ? 4U : 5U), what, ": a NumPy array without its state");
  const PickleValue& shape = *parts[from_buffer ? 2 : 1];
  if (!IsSequence(shape)) FailKind(shape, what + ": shape", "a tuple");
  if (from_buffer) {
    const std::string& order = ToText(*parts[3], what + ": order");
    VANTAGE_CHECK(order == "C" || order == "F", what, ": a NumPy array in the order '", order, "'");
    return {ToIntegers(shape, what), parts[1], order == "F", parts[0]};
  }
  return {ToIntegers(shape, what), parts[2], parts[3]->integer != 0, parts[4]};
}

// A NumPy array of strings, or a Python list. "<U5" has five characters of four bytes, "|S5" of one byte;
// zeros at the end are padding.
std::vector<std::string> NumpyTexts(const PickleValue& value, const std::string& what) {
  const NumpyParts parts = PartsOf(value, what);
  const PickleValue& data = *parts.data;
  if (data.is(Kind::kList)) return ToTexts(data, what);
  const std::string dtype = NumpyDtype(*parts.dtype, what);
  const size_t unit = dtype[1] == 'U' ? 4 : dtype[1] == 'S' ? 1 : 0;
  VANTAGE_CHECK(unit > 0 && dtype.size() <= 8, what, ": a NumPy array of type ", dtype, ", not of strings");
  const auto length =
      ToIndex(std::max(1LL, ParseInteger(std::string_view(dtype).substr(2), what + ": NumPy type")));
  const std::vector<int64_t>& shape = parts.shape;
  VANTAGE_CHECK(shape.size() == 1 && data.text.size() % (length * unit) == 0 &&
                    shape[0] == static_cast<int64_t>(data.text.size() / (length * unit)),
                what, ": a NumPy array of type ", dtype, " whose ", data.text.size(),
                " bytes do not fill its shape");
  std::vector<std::string> texts;
  for (size_t at = 0; at < data.text.size(); at += length * unit) {
    std::string text;
    for (size_t i = 0; i < length; ++i) {
      const std::string_view character = std::string_view(data.text).substr(at + i * unit, unit);
      VANTAGE_CHECK(
          character.find_first_not_of('\0', 1) == character.npos && static_cast<uint8_t>(character[0]) < 0x80,
          what, ": NumPy strings of other than ASCII are not supported");
      text += character[0];
    }
    text.erase(text.find_last_not_of('\0') + 1);
    texts.push_back(std::move(text));
  }
  return texts;
}

}  // namespace

const PickleValue* PickleValue::Find(std::string_view key) const {
  if (!is(Kind::kDict)) return nullptr;
  for (size_t i = 0; i + 1 < items.size(); i += 2) {
    if (items[i]->is(Kind::kString) && items[i]->text == key) return items[i + 1];
  }
  return nullptr;
}

std::string KindName(const PickleValue& value) {
  switch (value.kind) {
    case Kind::kNone:
      return "None";
    case Kind::kBool:
      return "bool";
    case Kind::kInt:
    case Kind::kBigInt:
      return "int";
    case Kind::kFloat:
      return "float";
    case Kind::kString:
      return "str";
    case Kind::kBytes:
      return "bytes";
    case Kind::kList:
      return "list";
    case Kind::kTuple:
      return "tuple";
    case Kind::kSet:
      return "set";
    case Kind::kDict:
      return "dict";
    case Kind::kGlobal:
      return value.text;
    case Kind::kObject:
      return value.text + " object";
    case Kind::kPersistent:
      return "persistent object";
  }
  return "?";
}

const std::vector<std::string>& NumpyGlobals() {
  static const std::vector<std::string> kGlobals = {
      "numpy.core.multiarray._reconstruct",
      "numpy._core.multiarray._reconstruct",
      "numpy.core.numeric._frombuffer",
      "numpy._core.numeric._frombuffer",
      "numpy.core.multiarray.scalar",
      "numpy._core.multiarray.scalar",
      "numpy.ndarray",
      "numpy.dtype",
      "_codecs.encode",
      "__builtin__.bytes",
  };
  return kGlobals;
}

// multiarray.scalar(dtype, bytes)
bool IsNumpyScalar(const PickleValue& value) {
  return value.is(Kind::kObject) &&
         IsOneOf(value.text, {"numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar"}) &&
         value.items.size() == 2;
}

bool IsNumpyArray(const PickleValue& value) {
  if (IsFromBuffer(value)) return true;
  return value.is(Kind::kObject) &&
         IsOneOf(value.text, {"numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct"});
}

NpyArray ToNumpyArray(const PickleValue& value, const std::string& what) {
  const NumpyParts parts = PartsOf(value, what);
  NpyArray array;
  array.shape = parts.shape;
  array.dtype = NumpyDtype(*parts.dtype, what);
  VANTAGE_CHECK(parts.data->is(Kind::kBytes) || parts.data->is(Kind::kString), what,
                ": a NumPy array of objects");
  array.data = parts.data->text;
  const int64_t count = array.size();
  const uint64_t item_size = ItemSize(array.dtype);
  VANTAGE_CHECK(item_size > 0 && count >= 0 && array.data.size() % item_size == 0 &&
                    static_cast<uint64_t>(count) == array.data.size() / item_size,
                what, ": a NumPy array of type ", array.dtype, " whose ", array.data.size(),
                " bytes do not fill its shape");
  if (parts.is_fortran && array.shape.size() > 1) array.data = InCOrder(array, item_size);
  return array;
}

int64_t ToInteger(const PickleValue& value, const std::string& what) {
  if (IsNumpyScalar(value)) return ScalarArray(value, what).As<int64_t>()[0];
  if (!value.is(Kind::kInt) && !value.is(Kind::kBool)) FailKind(value, what, "an integer");
  return value.integer;
}

double ToNumber(const PickleValue& value, const std::string& what) {
  if (IsNumpyScalar(value)) return ScalarArray(value, what).As<double>()[0];
  if (value.is(Kind::kInt)) return static_cast<double>(value.integer);
  if (!value.is(Kind::kFloat)) FailKind(value, what, "a number");
  return value.number;
}

const std::string& ToText(const PickleValue& value, const std::string& what) {
  if (!value.is(Kind::kString) && !value.is(Kind::kBytes)) FailKind(value, what, "a string");
  return value.text;
}

std::vector<int64_t> ToIntegers(const PickleValue& value, const std::string& what) {
  if (IsNumpyArray(value)) return ToNumpyArray(value, what).As<int64_t>();
  if (!IsSequence(value)) FailKind(value, what, "a list of integers");
  std::vector<int64_t> integers;
  integers.reserve(value.items.size());
  for (const PickleValue* item : value.items) integers.push_back(ToInteger(*item, what));
  return integers;
}

std::vector<double> ToNumbers(const PickleValue& value, const std::string& what) {
  if (IsNumpyArray(value)) return ToNumpyArray(value, what).As<double>();
  if (!IsSequence(value)) FailKind(value, what, "a list of numbers");
  std::vector<double> numbers;
  numbers.reserve(value.items.size());
  for (const PickleValue* item : value.items) numbers.push_back(ToNumber(*item, what));
  return numbers;
}

std::vector<std::string> ToTexts(const PickleValue& value, const std::string& what) {
  if (IsNumpyArray(value)) return NumpyTexts(value, what);
  if (!IsSequence(value)) FailKind(value, what, "a list of strings");
  std::vector<std::string> texts;
  texts.reserve(value.items.size());
  for (const PickleValue* item : value.items) texts.push_back(ToText(*item, what));
  return texts;
}

const PickleValue& Member(const PickleValue& dictionary, std::string_view key, const std::string& what) {
  const PickleValue* value = dictionary.Find(key);
  if (value == nullptr) {
    throw Error(StrCat(what, ": a ", KindName(dictionary), " without the key '", key, "'"));
  }
  return *value;
}

}  // namespace vantage::serialize

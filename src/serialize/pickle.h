// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "serialize/npy.h"

namespace vantage::serialize {

// A value of a Python pickle, as data: reading a pickle runs no code. A call that Python would make is kept
// as a kObject with the callable's name and its arguments.
struct PickleValue {
  enum class Kind {
    kNone,
    kBool,
    kInt,         // integer
    kBigInt,      // text: little-endian two's complement
    kFloat,       // number
    kString,      // text: UTF-8
    kBytes,       // text
    kList,        // items
    kTuple,       // items
    kSet,         // items
    kDict,        // items: key, value, key, value, ...
    kGlobal,      // text: "module.name"
    kObject,      // text: "module.name" of the callable; items: its arguments; state
    kPersistent,  // items: the one value that stands for an object outside the pickle
  };

  Kind kind = Kind::kNone;
  int64_t integer = 0;
  double number = 0;
  std::string text;
  std::vector<const PickleValue*> items;
  const PickleValue* state = nullptr;

  bool is(Kind other) const { return kind == other; }
  // The dictionary's value for the string key, or null.
  const PickleValue* Find(std::string_view key) const;
};

// "int", "dict", "torch._utils._rebuild_tensor_v2 object", ...
std::string KindName(const PickleValue& value);

struct PickleOptions {
  // Name of the source in error messages.
  std::string source;
  // The globals that readers understand, as "module.name".
  std::vector<std::string> allowed_globals;
  // Maximum number of values of one pickle. It bounds the memory that a hostile pickle can use.
  int64_t max_values = 8'000'000;
  // Whether other globals, and what a call of them would make, become opaque values: kGlobal and kObject, of
  // which nothing but the name is known; items that are added to such an object are dropped. False: another
  // global is an error that names it.
  bool keeps_unknown = false;
};

// A parsed pickle, which owns its values. Values may be shared and, in a hostile file, form cycles. Parsing
// uses at most 512 bytes of memory for each byte of the pickle.
class PickleDocument {
 public:
  // Parses one pickle, protocols 0 to 5, from the start of `bytes`. Throws Error naming the source and the
  // byte offset if the pickle is malformed, truncated, too large, or names a global that is refused.
  PickleDocument(std::string_view bytes, const PickleOptions& options);

  const PickleValue& root() const { return *root_; }
  // Size of the pickle in bytes, including its last opcode.
  uint64_t size() const { return size_; }
  // Calls visit for every value, in the order of creation.
  template <typename Visit>
  void ForEach(const Visit& visit) const {
    for (const PickleValue& value : values_) visit(value);
  }

 private:
  std::deque<PickleValue> values_;
  const PickleValue* root_ = nullptr;
  uint64_t size_ = 0;
};

// The globals of pickled NumPy arrays and scalars.
const std::vector<std::string>& NumpyGlobals();

// True if the value is a pickled NumPy scalar or array, respectively.
bool IsNumpyScalar(const PickleValue& value);
bool IsNumpyArray(const PickleValue& value);

// The NumPy array, in C order. Throws Error naming `what` if it is malformed.
NpyArray ToNumpyArray(const PickleValue& value, const std::string& what);

// Typed data from pickles; lists, tuples and NumPy arrays are all accepted. Each function throws Error
// naming `what` and the type that was found instead. Each uses at most 512 bytes of memory for each byte of
// the pickle, the document's memory included.
int64_t ToInteger(const PickleValue& value, const std::string& what);
double ToNumber(const PickleValue& value, const std::string& what);
const std::string& ToText(const PickleValue& value, const std::string& what);
std::vector<int64_t> ToIntegers(const PickleValue& value, const std::string& what);
std::vector<double> ToNumbers(const PickleValue& value, const std::string& what);
std::vector<std::string> ToTexts(const PickleValue& value, const std::string& what);
// The dictionary's value for `key`. Throws Error if the key is missing.
const PickleValue& Member(const PickleValue& dictionary, std::string_view key, const std::string& what);

// Converts dictionaries, lists, strings, numbers, booleans, None, and NumPy's scalars and short
// one-dimensional arrays. Any other value becomes null; keys that are not strings are omitted. Throws Error
// naming `what` if the value contains itself or expands to more than a million values.
nlohmann::json ToJson(const PickleValue& value, const std::string& what);

// Writes a protocol 2 pickle, opcode by opcode.
class PickleWriter {
 public:
  PickleWriter();

  void None();
  void Bool(bool value);
  void Int(int64_t value);
  void Float(double value);
  void String(std::string_view utf8);
  void Global(std::string_view module, std::string_view name);
  void EmptyTuple();
  void EmptyList();
  void EmptyDict();
  // Write Mark, then the items, then Tuple, Appends or SetItems.
  void Mark();
  void Tuple();     // mark, items -> tuple
  void Appends();   // list, mark, items -> list
  void SetItems();  // dictionary, mark, key, value, ... -> dictionary
  void Reduce();    // callable, tuple -> object
  void PersistentId();

  // Ends the pickle and returns its bytes.
  std::string Finish() &&;

 private:
  std::string bytes_;
};

}  // namespace vantage::serialize

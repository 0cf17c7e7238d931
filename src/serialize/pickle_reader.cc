// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <unordered_map>

#include "serialize/pickle.h"
#include "util/index.h"
#include "util/string.h"

namespace vantage::serialize {
namespace {

using Kind = PickleValue::Kind;

// Python's pickle machine, reduced to building data. Lib/pickletools.py describes each opcode.
class Machine {
 public:
  Machine(std::string_view bytes, const PickleOptions& options, std::deque<PickleValue>& values)
      : bytes_(bytes), options_(options), values_(values) {}

  const PickleValue* Run() {
    for (;;) {
      opcode_offset_ = offset_;
      const char opcode = Read(1)[0];
      if (opcode == '.') return Pop();
      Step(opcode);
    }
  }

  uint64_t offset() const { return offset_; }

 private:
  template <typename... Args>
  [[noreturn]] void Fail(const Args&... what) const {
    throw Error(StrCat(options_.source, ": pickle at offset ", opcode_offset_, ": ", what...));
  }

  std::string_view Read(uint64_t size) {
    if (size > bytes_.size() - offset_)
      Fail("truncated: ", size, " bytes wanted, ", bytes_.size() - offset_, " left");
    const std::string_view part = bytes_.substr(offset_, size);
    offset_ += size;
    return part;
  }

  std::string_view ReadLine() {
    const size_t end = bytes_.find('\n', offset_);
    if (end == bytes_.npos) Fail("truncated: a line has no end");
    std::string_view line = Read(end + 1 - offset_);
    line.remove_suffix(1);
    return line;
  }

  template <typename T>
  T ReadNumber() {
    T value;
    std::memcpy(&value, Read(sizeof(T)).data(), sizeof(T));
    return value;
  }

  PickleValue* Make(Kind kind) {
    if (std::ssize(values_) >= options_.max_values) {
      Fail("more than ", options_.max_values, " values");
    }
    PickleValue& value = values_.emplace_back();
    value.kind = kind;
    return &value;
  }

  // Limits the values that opcodes copy. Otherwise a pickle of few bytes could fill any memory by repeating
  // them. Pickles that programs write copy far less than one value a byte.
  void Charge(uint64_t copied) {
    copied_ += copied;
    const uint64_t limit = std::min(static_cast<uint64_t>(options_.max_values), uint64_t{bytes_.size()});
    if (copied_ > limit)
      Fail("refers to the same values so often that their copies are more than ", limit, " values");
  }

  PickleValue* MakeText(Kind kind, std::string_view text) {
    PickleValue* value = Make(kind);
    value->text = text;
    return value;
  }

  void Push(PickleValue* value) { stack_.push_back(value); }

  // Charges for the text, since readers copy it at each reference.
  void PushAgain(PickleValue* value) {
    Charge(value->text.size() / sizeof(PickleValue));
    Push(value);
  }

  PickleValue* Top() {
    if (stack_.empty() || stack_.size() <= Floor()) Fail("a value is missing on the stack");
    return stack_.back();
  }

  PickleValue* Pop() {
    PickleValue* value = Top();
    stack_.pop_back();
    return value;
  }

  // Opcodes cannot pop values below the latest mark.
  size_t Floor() const { return marks_.empty() ? 0 : marks_.back(); }

  std::vector<const PickleValue*> PopToMark() {
    if (marks_.empty()) Fail("no mark");
    const size_t floor = marks_.back();
    marks_.pop_back();
    std::vector<const PickleValue*> items(stack_.begin() + static_cast<std::ptrdiff_t>(floor), stack_.end());
    stack_.resize(floor);
    return items;
  }

  void PushInt(int64_t integer) {
    PickleValue* value = Make(Kind::kInt);
    value->integer = integer;
    Push(value);
  }

  void PushBool(bool truth) {
    PickleValue* value = Make(Kind::kBool);
    value->integer = truth ? 1 : 0;
    Push(value);
  }

  void PushFloat(double number) {
    PickleValue* value = Make(Kind::kFloat);
    value->number = number;
    Push(value);
  }

  // Little-endian two's complement of any length.
  void PushLong(std::string_view bytes) {
    if (bytes.size() > 8) return Push(MakeText(Kind::kBigInt, bytes));
    uint64_t bits = !bytes.empty() && (bytes.back() & 0x80) != 0 ? ~uint64_t{0} : 0;
    std::memcpy(&bits, bytes.data(), bytes.size());
    PushInt(static_cast<int64_t>(bits));
  }

  void PushDecimal(std::string_view line) {
    if (!line.empty() && line.back() == 'L') line.remove_suffix(1);
    int64_t value = 0;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), value);
    if (error != std::errc() || end != line.data() + line.size())
      Fail("'", line.substr(0, 40), "' is not an integer");
    PushInt(value);
  }

  void PushDecimalFloat(std::string_view line) {
    double value = 0;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), value);
    if (error != std::errc() || end != line.data() + line.size())
      Fail("'", line.substr(0, 40), "' is not a number");
    PushFloat(value);
  }

  // A Python 2 string literal: 'a\n\x00'.
  void PushQuoted(std::string_view line) {
    if (line.size() < 2 || line.front() != line.back() || (line.front() != '\'' && line.front() != '"')) {
      Fail("a string without quotes");
    }
    line = line.substr(1, line.size() - 2);
    std::string text;
    for (size_t i = 0; i < line.size(); ++i) {
      if (line[i] != '\\' || i + 1 == line.size()) {
        text += line[i];
        continue;
      }
      const char escape = line[++i];
      if (escape == 'x' && i + 2 < line.size()) {
        unsigned int code = 0;
        std::from_chars(line.data() + i + 1, line.data() + i + 3, code, 16);
        text += static_cast<char>(code);
        i += 2;
      } else {
        text += escape == 'n' ? '\n' : escape == 't' ? '\t' : escape == 'r' ? '\r' : escape;
      }
    }
    Push(MakeText(Kind::kString, text));
  }

  // Protocol 0's Unicode: raw-unicode-escape, of which \uXXXX is decoded.
  void PushRawUnicode(std::string_view line) {
    std::string text;
    for (size_t i = 0; i < line.size(); ++i) {
      unsigned int code = static_cast<unsigned char>(line[i]);
      if (line[i] == '\\' && i + 5 < line.size() && line[i + 1] == 'u') {
        std::from_chars(line.data() + i + 2, line.data() + i + 6, code, 16);
        i += 5;
      }
      AppendUtf8(text, code);
    }
    Push(MakeText(Kind::kString, text));
  }

  static void AppendUtf8(std::string& text, unsigned int code) {
    if (code < 0x80) {
      text += static_cast<char>(code);
    } else if (code < 0x800) {
      text += static_cast<char>(0xc0 | code >> 6);
      text += static_cast<char>(0x80 | (code & 0x3f));
    } else {
      text += static_cast<char>(0xe0 | code >> 12);
      text += static_cast<char>(0x80 | (code >> 6 & 0x3f));
      text += static_cast<char>(0x80 | (code & 0x3f));
    }
  }

  void PushGlobal(std::string_view module, std::string_view name) {
    const std::string full = StrCat(module, ".", name);
    const auto& allowed = options_.allowed_globals;
    if (!options_.keeps_unknown && std::find(allowed.begin(), allowed.end(), full) == allowed.end()) {
      Fail("names the global '", full, "', which is not among those read here; nothing was run");
    }
    Push(MakeText(Kind::kGlobal, full));
  }

  void PushTuple(std::vector<const PickleValue*> items) {
    PickleValue* value = Make(Kind::kTuple);
    value->items = std::move(items);
    Push(value);
  }

  void PushItems(Kind kind) {
    auto items = PopToMark();
    if (kind == Kind::kDict && items.size() % 2 != 0) Fail("a dictionary with a key and no value");
    PickleValue* value = Make(kind);
    value->items = std::move(items);
    Push(value);
  }

  void Extend(Kind kind, const std::vector<const PickleValue*>& items) {
    PickleValue* target = Top();
    if (options_.keeps_unknown && target->is(Kind::kObject)) return;
    if (target->kind != kind) Fail("items for a ", KindName(*target));
    if (kind == Kind::kDict && items.size() % 2 != 0) Fail("a dictionary with a key and no value");
    target->items.insert(target->items.end(), items.begin(), items.end());
  }

  // Nothing is called: plain data are made here, other results are described as objects.
  void Reduce(const PickleValue& callable, const PickleValue& arguments) {
    const bool is_callable =
        callable.is(Kind::kGlobal) || (options_.keeps_unknown && callable.is(Kind::kObject));
    if (!is_callable || !arguments.is(Kind::kTuple)) {
      Fail("a call of a ", KindName(callable), " with a ", KindName(arguments));
    }
    if (callable.text == "collections.OrderedDict") return PushOrderedDict(arguments);
    if (callable.text == "_codecs.encode") return PushEncoded(arguments);
    if (callable.text == "__builtin__.bytes") return PushNoBytes(arguments);
    Charge(arguments.items.size() + callable.text.size() / sizeof(PickleValue));
    PickleValue* value = MakeText(Kind::kObject, callable.text);
    value->items = arguments.items;
    Push(value);
  }

  void PushOrderedDict(const PickleValue& arguments) {
    PickleValue* value = Make(Kind::kDict);
    if (!arguments.items.empty()) {
      Charge(2 * arguments.items[0]->items.size());
      for (const PickleValue* pair : arguments.items[0]->items) {
        if (pair->items.size() != 2) Fail("an OrderedDict of something else than pairs");
        value->items.insert(value->items.end(), pair->items.begin(), pair->items.end());
      }
    }
    Push(value);
  }

  // Python 3 writes bytes in protocol 2 as a call of _codecs.encode with a Latin-1 string.
  void PushEncoded(const PickleValue& arguments) {
    if (arguments.items.empty() || !arguments.items[0]->is(Kind::kString))
      Fail("_codecs.encode of no string");
    const std::string& utf8 = arguments.items[0]->text;
    Charge(utf8.size() / sizeof(PickleValue));
    std::string latin1;
    for (size_t i = 0; i < utf8.size(); ++i) {
      const auto lead = static_cast<unsigned char>(utf8[i]);
      if (lead >= 0xc0 && i + 1 < utf8.size()) {
        latin1 += static_cast<char>((lead & 0x03) << 6 | (utf8[++i] & 0x3f));
      } else {
        latin1 += utf8[i];
      }
    }
    Push(MakeText(Kind::kBytes, latin1));
  }

  // Python 3 writes empty bytes in protocols 0 to 2 as a call of bytes without arguments.
  void PushNoBytes(const PickleValue& arguments) {
    if (!arguments.items.empty()) Fail("bytes of ", arguments.items.size(), " arguments");
    Push(Make(Kind::kBytes));
  }

  void PushPersistent(PickleValue* id) {
    PickleValue* value = Make(Kind::kPersistent);
    value->items = {id};
    Push(value);
  }

  void Get(uint64_t index) {
    const auto found = memo_.find(index);
    if (found == memo_.end()) Fail("memo ", index, " was never put");
    PushAgain(found->second);
  }

  void Put(uint64_t index) { memo_[index] = Top(); }

  uint64_t LineIndex() {
    PushDecimal(ReadLine());
    return static_cast<uint64_t>(Pop()->integer);
  }

  void Step(char opcode);

  std::string_view bytes_;
  const PickleOptions& options_;
  std::deque<PickleValue>& values_;
  uint64_t offset_ = 0;
  uint64_t opcode_offset_ = 0;
  uint64_t copied_ = 0;
  std::vector<PickleValue*> stack_;
  std::vector<size_t> marks_;
  std::unordered_map<uint64_t, PickleValue*> memo_;
};

void Machine::Step(char opcode) {
  switch (opcode) {
    case '\x80': {  // PROTO
      const auto protocol = ReadNumber<uint8_t>();
      if (protocol > 5) Fail("protocol ", int{protocol}, " is not known");
      return;
    }
    case '\x95':  // FRAME
      Read(8);
      return;
    case '(':
      return marks_.push_back(stack_.size());
    case '0':  // POP
      if (!marks_.empty() && stack_.size() == marks_.back()) {
        marks_.pop_back();
      } else {
        Pop();
      }
      return;
    case '1':  // POP_MARK
      PopToMark();
      return;
    case '2':  // DUP
      return PushAgain(Top());
    case 'N':
      return Push(Make(Kind::kNone));
    case '\x88':
      return PushBool(true);
    case '\x89':
      return PushBool(false);
    case 'I': {
      const std::string_view line = ReadLine();
      if (line == "00" || line == "01") return PushBool(line == "01");
      return PushDecimal(line);
    }
    case 'L':
      return PushDecimal(ReadLine());
    case 'J':
      return PushInt(ReadNumber<int32_t>());
    case 'K':
      return PushInt(ReadNumber<uint8_t>());
    case 'M':
      return PushInt(ReadNumber<uint16_t>());
    case '\x8a':  // LONG1
      return PushLong(Read(ReadNumber<uint8_t>()));
    case '\x8b':  // LONG4
      return PushLong(Read(ReadNumber<uint32_t>()));
    case 'F':
      return PushDecimalFloat(ReadLine());
    case 'G':
      return PushFloat(std::bit_cast<double>(__builtin_bswap64(ReadNumber<uint64_t>())));
    case 'S':
      return PushQuoted(ReadLine());
    case 'T':  // BINSTRING
      return Push(MakeText(Kind::kString, Read(ReadNumber<uint32_t>())));
    case 'U':  // SHORT_BINSTRING
      return Push(MakeText(Kind::kString, Read(ReadNumber<uint8_t>())));
    case 'V':
      return PushRawUnicode(ReadLine());
    case 'X':  // BINUNICODE
      return Push(MakeText(Kind::kString, Read(ReadNumber<uint32_t>())));
    case '\x8c':  // SHORT_BINUNICODE
      return Push(MakeText(Kind::kString, Read(ReadNumber<uint8_t>())));
    case '\x8d':  // BINUNICODE8
      return Push(MakeText(Kind::kString, Read(ReadNumber<uint64_t>())));
    case 'B':  // BINBYTES
      return Push(MakeText(Kind::kBytes, Read(ReadNumber<uint32_t>())));
    case 'C':  // SHORT_BINBYTES
      return Push(MakeText(Kind::kBytes, Read(ReadNumber<uint8_t>())));
    case '\x8e':  // BINBYTES8
    case '\x96':  // BYTEARRAY8
      return Push(MakeText(Kind::kBytes, Read(ReadNumber<uint64_t>())));
    case ']':
      return Push(Make(Kind::kList));
    case '}':
      return Push(Make(Kind::kDict));
    case ')':
      return Push(Make(Kind::kTuple));
    case '\x8f':
      return Push(Make(Kind::kSet));
    case 'l':
      return PushItems(Kind::kList);
    case 'd':
      return PushItems(Kind::kDict);
    case 't':
      return PushTuple(PopToMark());
    case '\x91':  // FROZENSET
      return PushItems(Kind::kSet);
    case '\x85':
    case '\x86':
    case '\x87': {  // TUPLE1 to TUPLE3
      std::vector<const PickleValue*> items(ToIndex(opcode - '\x85') + 1);
      for (size_t i = items.size(); i-- > 0;) items[i] = Pop();
      return PushTuple(std::move(items));
    }
    case 'a': {
      const PickleValue* item = Pop();
      return Extend(Kind::kList, {item});
    }
    case 'e': {
      const auto items = PopToMark();
      return Extend(Kind::kList, items);
    }
    case '\x90': {  // ADDITEMS
      const auto items = PopToMark();
      return Extend(Kind::kSet, items);
    }
    case 's': {
      const PickleValue* value = Pop();
      const PickleValue* key = Pop();
      return Extend(Kind::kDict, {key, value});
    }
    case 'u': {
      const auto items = PopToMark();
      return Extend(Kind::kDict, items);
    }
    case 'c': {
      const std::string_view module = ReadLine();
      return PushGlobal(module, ReadLine());
    }
    case '\x93': {  // STACK_GLOBAL
      const PickleValue* name = Pop();
      const PickleValue* module = Pop();
      return PushGlobal(module->text, name->text);
    }
    case 'R':
    case '\x81': {  // REDUCE, NEWOBJ
      const PickleValue* arguments = Pop();
      const PickleValue* callable = Pop();
      return Reduce(*callable, *arguments);
    }
    case '\x92': {  // NEWOBJ_EX: keyword arguments are dropped
      Pop();
      const PickleValue* arguments = Pop();
      const PickleValue* callable = Pop();
      return Reduce(*callable, *arguments);
    }
    case 'b': {  // BUILD
      const PickleValue* state = Pop();
      Top()->state = state;
      return;
    }
    case 'P':
      return PushPersistent(MakeText(Kind::kString, ReadLine()));
    case 'Q':
      return PushPersistent(Pop());
    case 'p':
      return Put(LineIndex());
    case 'q':
      return Put(ReadNumber<uint8_t>());
    case 'r':
      return Put(ReadNumber<uint32_t>());
    case '\x94':  // MEMOIZE
      return Put(memo_.size());
    case 'g':
      return Get(LineIndex());
    case 'h':
      return Get(ReadNumber<uint8_t>());
    case 'j':
      return Get(ReadNumber<uint32_t>());
    default:
      Fail("opcode ", int{static_cast<unsigned char>(opcode)}, " is not supported");
  }
}

}  // namespace

PickleDocument::PickleDocument(std::string_view bytes, const PickleOptions& options) {
  Machine machine(bytes, options, values_);
  root_ = machine.Run();
  size_ = machine.offset();
}

}  // namespace vantage::serialize

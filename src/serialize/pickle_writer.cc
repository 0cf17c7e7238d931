// SPDX-License-Identifier: BSD-3-Clause
#include <bit>
#include <limits>

#include "serialize/pickle.h"
#include "util/string.h"

namespace vantage::serialize {
namespace {

template <typename T>
void AppendNumber(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

}  // namespace

PickleWriter::PickleWriter() : bytes_("\x80\x02") {}

void PickleWriter::None() { bytes_ += 'N'; }

void PickleWriter::Bool(bool value) { bytes_ += value ? '\x88' : '\x89'; }

void PickleWriter::Int(int64_t value) {
  if (value >= 0 && value <= 0xff) {
    bytes_ += 'K';
    AppendNumber(bytes_, static_cast<uint8_t>(value));
  } else if (value >= std::numeric_limits<int32_t>::min() && value <= std::numeric_limits<int32_t>::max()) {
    bytes_ += 'J';
    AppendNumber(bytes_, static_cast<int32_t>(value));
  } else {
    bytes_ += '\x8a';
    bytes_ += '\x08';
    AppendNumber(bytes_, value);
  }
}

void PickleWriter::Float(double value) {
  bytes_ += 'G';
  AppendNumber(bytes_, __builtin_bswap64(std::bit_cast<uint64_t>(value)));
}

void PickleWriter::String(std::string_view utf8) {
  bytes_ += 'X';
  AppendNumber(bytes_, static_cast<uint32_t>(utf8.size()));
  bytes_ += utf8;
}

void PickleWriter::Global(std::string_view module, std::string_view name) {
  bytes_ += StrCat('c', module, '\n', name, '\n');
}

void PickleWriter::EmptyTuple() { bytes_ += ')'; }
void PickleWriter::EmptyList() { bytes_ += ']'; }
void PickleWriter::EmptyDict() { bytes_ += '}'; }
void PickleWriter::Mark() { bytes_ += '('; }
void PickleWriter::Tuple() { bytes_ += 't'; }
void PickleWriter::Appends() { bytes_ += 'e'; }
void PickleWriter::SetItems() { bytes_ += 'u'; }
void PickleWriter::Reduce() { bytes_ += 'R'; }
void PickleWriter::PersistentId() { bytes_ += 'Q'; }

std::string PickleWriter::Finish() && {
  bytes_ += '.';
  return std::move(bytes_);
}

}  // namespace vantage::serialize

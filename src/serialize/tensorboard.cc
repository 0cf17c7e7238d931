// SPDX-License-Identifier: BSD-3-Clause
#include "serialize/tensorboard.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <system_error>

#include "util/check.h"
#include "util/file.h"

namespace vantage::serialize {
namespace {

namespace fs = std::filesystem;

constexpr char kEventsBeginning[] = "events.out.tfevents.";

constexpr std::array<uint32_t, 256> MakeCrcTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78U : 0U);
    table[i] = crc;
  }
  return table;
}
constexpr std::array<uint32_t, 256> kCrcTable = MakeCrcTable();

template <typename Integer>
std::string LittleEndian(Integer value) {
  std::string bytes;
  for (size_t i = 0; i < sizeof(value); ++i) bytes += static_cast<char>(value >> (8 * i) & 0xFF);
  return bytes;
}

std::string MaskedCrc(std::string_view bytes) {
  return LittleEndian<uint32_t>(std::rotr(Crc32c(bytes), 15) + 0xA282EAD8U);
}

// Protocol buffers' wire format: each field is its number and type, then its value.
std::string Varint(uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>((value & 0x7F) | 0x80);
  return bytes + static_cast<char>(value);
}
std::string VarintField(int number, int64_t value) {
  return static_cast<char>(number << 3 | 0) + Varint(static_cast<uint64_t>(value));
}
std::string DoubleField(int number, double value) {
  return static_cast<char>(number << 3 | 1) + LittleEndian(std::bit_cast<uint64_t>(value));
}
std::string BytesField(int number, std::string_view value) {
  return static_cast<char>(number << 3 | 2) + Varint(value.size()).append(value);
}
std::string FloatField(int number, float value) {
  return static_cast<char>(number << 3 | 5) + LittleEndian(std::bit_cast<uint32_t>(value));
}

// The field numbers are from event.proto and summary.proto.
std::string EventRecord(int64_t step, const std::string& content) {
  const std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
  return TfRecord(DoubleField(1, now.count()) + VarintField(2, step) + content);
}
std::string FileVersion() { return BytesField(3, "brain.Event:2"); }
std::string ScalarSummary(std::string_view tag, float value) {
  return BytesField(5, BytesField(1, BytesField(1, tag) + FloatField(2, value)));
}
std::string SessionStart() { return BytesField(7, VarintField(1, 1)); }

// The current second, or one second after the latest in the folder's file names, whichever is later.
int64_t SecondsForName(const fs::path& folder) {
  int64_t seconds =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
          .count();
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(kEventsBeginning)) continue;
    const char* digits = name.data() + std::string_view(kEventsBeginning).size();
    int64_t other = 0;
    // Ten digits, since names are compared as text.
    const bool is_time = std::from_chars(digits, name.data() + name.size(), other).ec == std::errc{};
    if (is_time && other < 9'999'999'999) seconds = std::max(seconds, other + 1);
  }
  return seconds;
}

std::string HostName() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  return name.data();
}

}  // namespace

uint32_t Crc32c(std::string_view bytes) {
  uint32_t crc = ~0U;
  for (const char byte : bytes) crc = (crc >> 8) ^ kCrcTable[(crc ^ static_cast<unsigned char>(byte)) & 0xFF];
  return ~crc;
}

std::string TfRecord(std::string_view data) {
  const std::string length = LittleEndian<uint64_t>(data.size());
  return StrCat(length, MaskedCrc(length), data, MaskedCrc(data));
}

TensorBoardFile::TensorBoardFile(const fs::path& folder, int64_t first_step) {
  std::error_code error;
  fs::create_directories(folder, error);
  VANTAGE_CHECK(!error, folder.string(), ": cannot be made: ", error.message());
  path_ =
      folder / StrCat(kEventsBeginning, SecondsForName(folder), ".", HostName(), ".", ::getpid(), ".vantage");
  descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
  VANTAGE_CHECK(descriptor_ >= 0, path_.string(),
                ": cannot be written: ", std::generic_category().message(errno));
  buffer_ = EventRecord(0, FileVersion()) + EventRecord(first_step, SessionStart());
}

TensorBoardFile::~TensorBoardFile() { ::close(descriptor_); }

void TensorBoardFile::AddScalar(std::string_view tag, double value, int64_t step) {
  buffer_ += EventRecord(step, ScalarSummary(tag, static_cast<float>(value)));
}

void TensorBoardFile::Flush() {
  WriteAll(descriptor_, buffer_, path_);
  buffer_.clear();
}

}  // namespace vantage::serialize

// SPDX-License-Identifier: BSD-3-Clause
#include "fuzz/checksums.h"

#include <zlib.h>

#include <cstring>

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace vantage::fuzz {
namespace {

template <typename T>
T Load(const uint8_t* data) {
  T value;
  std::memcpy(&value, data, sizeof(T));
  return value;
}

uint32_t Crc(const uint8_t* data, size_t size) {
  return static_cast<uint32_t>(::crc32(0, data, static_cast<uInt>(size)));
}

}  // namespace

// APPNOTE.TXT 6.3, section 4.3.12: each directory entry names its checksum, size and local header.
void RepairZip(uint8_t* data, size_t size) {
  for (size_t entry = 0; entry + 46 <= size; ++entry) {
    if (std::memcmp(data + entry, "PK\x01\x02", 4) != 0) continue;
    const size_t length = Load<uint32_t>(data + entry + 24);
    const size_t header = Load<uint32_t>(data + entry + 42);
    if (header + 30 > size) continue;
    const size_t content =
        header + 30 + Load<uint16_t>(data + header + 26) + Load<uint16_t>(data + header + 28);
    if (content > size || length > size - content) continue;
    const uint32_t crc = Crc(data + content, length);
    std::memcpy(data + entry + 16, &crc, sizeof(crc));
  }
}

// PNG, third edition, section 5.3: length, type, data, checksum of type and data, numbers big-endian.
void RepairPng(uint8_t* data, size_t size) {
  if (size < 8 || std::memcmp(data, "\x89PNG", 4) != 0) return;
  for (size_t chunk = 8; chunk + 12 <= size;) {
    const size_t length = __builtin_bswap32(Load<uint32_t>(data + chunk));
    if (length > size - chunk - 12) return;
    const uint32_t crc = __builtin_bswap32(Crc(data + chunk + 4, length + 4));
    std::memcpy(data + chunk + 8 + length, &crc, sizeof(crc));
    chunk += length + 12;
  }
}

size_t MutateAndRepair(uint8_t* data, size_t size, size_t max_size, unsigned int seed,
                       void (*repair)(uint8_t* data, size_t size)) {
  size = LLVMFuzzerMutate(data, size, max_size);
  if (seed % 4 != 0) repair(data, size);
  return size;
}

}  // namespace vantage::fuzz

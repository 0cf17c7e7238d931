// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/image.h"

#include "fuzz/checksums.h"
#include "fuzz/harness.h"

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned int seed) {
  return vantage::fuzz::MutateAndRepair(data, size, max_size, seed, vantage::fuzz::RepairPng);
}

// A JPEG or PNG. Few pixels are allowed, so that many inputs a second are tried.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace vantage;
  constexpr int64_t kMaxPixels = 1 << 18;
  const std::string_view bytes = fuzz::View(data, size);
  const fuzz::MemoryBound bound{.bytes_per_byte = 4, .fixed = (20 << 20) + 24 * kMaxPixels};
  fuzz::Run(bytes, bound,
            [&] { DecodeImage(bytes, "input", {.apply_exif_orientation = true, .max_pixels = kMaxPixels}); });
  return 0;
}

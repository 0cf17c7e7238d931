// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/image.h"

#include "fuzz/checksums.h"
#include "fuzz/harness.h"
#include "image/codecs/codec.h"

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned int seed) {
  return vantage::fuzz::MutateAndRepair(data, size, max_size, seed, vantage::fuzz::RepairPng);
}

// A photo of the format VANTAGE_FUZZ_CODEC. Few pixels are allowed, so that many inputs a second are tried.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace vantage;
  constexpr int64_t kMaxPixels = 1 << 18;
  const std::string_view bytes = fuzz::View(data, size);
  const Codec* codec = image::FindCodec(bytes);
  if (codec == nullptr || codec->name != VANTAGE_FUZZ_CODEC) return -1;
  const fuzz::MemoryBound bound{
      .bytes_per_byte = 4,
      .fixed = static_cast<uint64_t>(codec->fixed_bytes + codec->bytes_per_pixel * kMaxPixels)};
  const int enough_pixels = size % 2 == 0 ? 0 : 16;
  const DecodeOptions options{
      .apply_exif_orientation = true, .max_pixels = kMaxPixels, .enough_pixels = enough_pixels};
  fuzz::Run(bytes, bound, [&] { DecodeImage(bytes, "input", options); });
  return 0;
}

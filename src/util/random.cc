// SPDX-License-Identifier: BSD-3-Clause
#include "util/random.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "util/index.h"

namespace vantage {
namespace {

constexpr uint64_t kGoldenRatio = 0x9e3779b97f4a7c15;

}  // namespace

uint64_t MixBits(uint64_t value) {
  value ^= value >> 30;
  value *= 0xbf58476d1ce4e5b9;
  value ^= value >> 27;
  value *= 0x94d049bb133111eb;
  value ^= value >> 31;
  return value;
}

uint64_t Fnv1a64(std::string_view bytes) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : bytes) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3;
  }
  return hash;
}

RandomStream::RandomStream(uint64_t seed, std::string_view purpose, std::initializer_list<uint64_t> indices)
    : key_(MixBits(seed + kGoldenRatio) ^ Fnv1a64(purpose)) {
  for (const uint64_t index : indices) key_ = MixBits(key_ + kGoldenRatio) ^ MixBits(index + 1);
  key_ = MixBits(key_ + kGoldenRatio);
}

uint64_t RandomStream::Next() { return MixBits(key_ + ++counter_ * kGoldenRatio); }

double RandomStream::Uniform() { return static_cast<double>(Next() >> 11) * 0x1p-53; }

double RandomStream::Uniform(double low, double high) { return low + (high - low) * Uniform(); }

uint64_t RandomStream::Below(uint64_t bound) {
  // Draws again for values in the last, incomplete multiple of `bound`, so that the result is uniform.
  const uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
  uint64_t value = Next();
  while (value >= limit) value = Next();
  return value % bound;
}

double RandomStream::Normal() {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - Uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * Uniform());
}

std::vector<int64_t> RandomStream::Sample(int64_t n, int64_t count) {
  std::vector<int64_t> items(ToIndex(n));
  std::iota(items.begin(), items.end(), int64_t{0});
  const auto kept = ToIndex(std::clamp<int64_t>(count, 0, n));
  for (size_t i = 0; i < kept; ++i) std::swap(items[i], items[i + Below(items.size() - i)]);
  items.resize(kept);
  return items;
}

}  // namespace vantage

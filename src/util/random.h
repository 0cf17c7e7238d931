// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

namespace vantage {

// Random numbers that depend only on a seed, a purpose and indices (an epoch, a step, an image). Results do
// not depend on the number of threads, the platform, or where a run was resumed. Counter-based: the n-th
// value is SplitMix64's finaliser of key + n * golden ratio.
class RandomStream {
 public:
  RandomStream(uint64_t seed, std::string_view purpose, std::initializer_list<uint64_t> indices = {});

  // 64 uniform bits.
  uint64_t Next();
  // Uniform in [0, 1), 53 bits.
  double Uniform();
  // Uniform in [low, high).
  double Uniform(double low, double high);
  // Uniform in 0 .. bound - 1, without bias; bound at least 1.
  uint64_t Below(uint64_t bound);
  // True with this probability.
  bool Chance(double probability) { return Uniform() < probability; }
  // Standard normal (Box-Muller).
  double Normal();

  // Fisher-Yates.
  template <typename T>
  void Shuffle(std::vector<T>& items) {
    for (size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[Below(i)]);
  }

  // The first `count` of a random permutation of 0 .. n - 1; all n if count is larger.
  std::vector<int64_t> Sample(int64_t n, int64_t count);

 private:
  uint64_t key_ = 0;
  uint64_t counter_ = 0;
};

// SplitMix64's finaliser: a bijection of 64-bit numbers that maps neighbours far apart.
uint64_t MixBits(uint64_t value);

// 64-bit FNV-1a.
uint64_t Fnv1a64(std::string_view bytes);

}  // namespace vantage

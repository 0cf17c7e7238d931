// SPDX-License-Identifier: BSD-3-Clause
// Weights of 22 bits are split into high bits and low 11 bits, both of which fit 16 bits; two neighbouring
// inputs at a time are multiplied with each and added (vpmaddwd), and the sums are joined at the end. All of
// it is exact in 32 bits, so the bytes are those of the portable kernels.
#include "image/resample.h"

#include "util/simd.h"

#ifdef VANTAGE_AVX2
#include <immintrin.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "util/index.h"

#define VANTAGE_AVX2_INLINE VANTAGE_AVX2 __attribute__((always_inline)) inline

namespace vantage::image {
namespace {

constexpr int kLowBits = 11;
// Rows that the horizontal pass takes at a time, so that one weight serves four vectors of pixels.
constexpr size_t kRowGroup = 8;
// Two neighbouring pixels of one row: red, green, blue and nothing, each of the left and of the right pixel,
// 16 bits.
constexpr size_t kPairBytes = 16;
constexpr size_t kVectorBytes = 32;

// The weights of two neighbouring inputs, 16 bits each, the first one in the low half.
struct WeightPair {
  int32_t high = 0;
  int32_t low = 0;
};

struct PairSpan {
  int first = 0;  // input; each pair covers two inputs
  std::vector<WeightPair> pairs;
};

// Pairs of output `position` that begin at the input `first`, at most the span's own first.
// Precondition: weights are below 16 in size. Normalised Lanczos weights stay near 1.
PairSpan PairsFrom(int first, const ResampleWeights& weights, int position) {
  const auto [span_first, count] = weights.spans[ToIndex(position)];
  PairSpan span = {first, std::vector<WeightPair>(ToIndex(span_first + count - first + 1) / 2)};
  for (int j = 0; j < count; ++j) {
    const int at = span_first + j - first;
    const int shift = at % 2 * 16;
    const int32_t weight = weights.Of(position)[j];
    WeightPair& pair = span.pairs[ToIndex(at) / 2];
    pair.high |= static_cast<int32_t>((static_cast<uint32_t>(weight >> kLowBits) & 0xffffU) << shift);
    pair.low |= static_cast<int32_t>((static_cast<uint32_t>(weight) & ((1U << kLowBits) - 1)) << shift);
  }
  return span;
}

// Eight sums of 32 bits.
struct Sum {
  __m256i high;
  __m256i low;
};

VANTAGE_AVX2_INLINE Sum Zero() { return {_mm256_setzero_si256(), _mm256_setzero_si256()}; }

VANTAGE_AVX2_INLINE void Add(__m256i inputs, __m256i high, __m256i low, Sum& sum) {
  sum.high = _mm256_add_epi32(sum.high, _mm256_madd_epi16(inputs, high));
  sum.low = _mm256_add_epi32(sum.low, _mm256_madd_epi16(inputs, low));
}

VANTAGE_AVX2_INLINE __m256i Round(const Sum& sum) {
  const __m256i half = _mm256_set1_epi32(1 << (kWeightBits - 1));
  const __m256i joined = _mm256_add_epi32(_mm256_slli_epi32(sum.high, kLowBits), sum.low);
  return _mm256_srai_epi32(_mm256_add_epi32(joined, half), kWeightBits);
}

// Four sums as bytes, in the order in which unpacking bytes twice separates them.
VANTAGE_AVX2_INLINE __m256i Pack(const Sum& a, const Sum& b, const Sum& c, const Sum& d) {
  return _mm256_packus_epi16(_mm256_packs_epi32(Round(a), Round(b)), _mm256_packs_epi32(Round(c), Round(d)));
}

VANTAGE_AVX2_INLINE __m256i Load(const uint8_t* from) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
}

VANTAGE_AVX2_INLINE void Store(__m256i vector, void* to) {
  _mm256_storeu_si256(static_cast<__m256i*>(to), vector);
}

// Writes the pairs of a row into `pairs`, kRowGroup * kPairBytes from one to the next.
VANTAGE_AVX2 void SpreadRow(const uint8_t* row, int width, uint8_t* pairs) {
  const __m128i places = _mm_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1);
  std::array<uint8_t, 8> last{};  // 8 bytes are read at a time; the last pixels have only 3 or 6
  for (int x = 0; x < width; x += 2, row += 6, pairs += kRowGroup * kPairBytes) {
    const uint8_t* from = row;
    if (x + 2 >= width) {
      std::memcpy(last.data(), row, 3 * ToIndex(width - x));
      from = last.data();
    }
    const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(pairs), _mm_shuffle_epi8(bytes, places));
  }
}

// One pixel of kRowGroup rows, 32 bits a row, of which 24 count.
using PixelColumn = std::array<uint32_t, kRowGroup>;

VANTAGE_AVX2_INLINE PixelColumn ResampleColumn(const uint8_t* pairs, const PairSpan& span) {
  const uint8_t* column = pairs + ToIndex(span.first / 2) * kRowGroup * kPairBytes;
  Sum rows01 = Zero();
  Sum rows23 = Zero();
  Sum rows45 = Zero();
  Sum rows67 = Zero();
  for (const WeightPair& weights : span.pairs) {
    const __m256i high = _mm256_set1_epi32(weights.high);
    const __m256i low = _mm256_set1_epi32(weights.low);
    Add(Load(column), high, low, rows01);
    Add(Load(column + kVectorBytes), high, low, rows23);
    Add(Load(column + 2 * kVectorBytes), high, low, rows45);
    Add(Load(column + 3 * kVectorBytes), high, low, rows67);
    column += kRowGroup * kPairBytes;
  }
  // Packing leaves the even rows in the lower half.
  const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  PixelColumn pixels;
  Store(_mm256_permutevar8x32_epi32(Pack(rows01, rows23, rows45, rows67), order), pixels.data());
  return pixels;
}

VANTAGE_AVX2 void ResampleRowGroup(const uint8_t* pairs, const std::vector<PairSpan>& spans,
                                   const std::array<uint8_t*, kRowGroup>& to) {
  const size_t last = spans.size() - 1;
  for (size_t x = 0; x < last; ++x) {
    const PixelColumn pixels = ResampleColumn(pairs, spans[x]);
    // The fourth byte is overwritten by the next pixel.
    for (size_t r = 0; r < kRowGroup; ++r) std::memcpy(to[r] + 3 * x, &pixels[r], 4);
  }
  const PixelColumn pixels = ResampleColumn(pairs, spans[last]);
  for (size_t r = 0; r < kRowGroup; ++r) std::memcpy(to[r] + 3 * last, &pixels[r], 3);
}

Image ResampleHorizontally(const Image& image, const ResampleWeights& weights) {
  Image out = MakeImage(weights.OutputSize(), image.height);
  std::vector<PairSpan> spans;
  for (int x = 0; x < out.width; ++x)
    spans.push_back(PairsFrom(weights.spans[ToIndex(x)].first / 2 * 2, weights, x));
  std::vector<uint8_t> pairs(ToIndex(image.width + 1) / 2 * kRowGroup * kPairBytes);
  for (int y = 0; y < image.height; y += int{kRowGroup}) {
    std::array<uint8_t*, kRowGroup> to{};
    for (size_t r = 0; r < kRowGroup; ++r) {
      const int row =
          std::min(y + static_cast<int>(r), image.height - 1);  // rows past the end repeat the last one
      SpreadRow(image.Row(row), image.width, pairs.data() + r * kPairBytes);
      to[r] = out.Row(row);
    }
    ResampleRowGroup(pairs.data(), spans, to);
  }
  return out;
}

// kVectorBytes bytes of one output row.
VANTAGE_AVX2_INLINE void ResampleBlock(const Image& image, const PairSpan& span, size_t at, uint8_t* to) {
  const __m256i zero = _mm256_setzero_si256();
  Sum a = Zero();
  Sum b = Zero();
  Sum c = Zero();
  Sum d = Zero();
  int row = span.first;
  for (const WeightPair& weights : span.pairs) {
    const __m256i upper = Load(image.Row(row) + at);
    // Past the end any row will do: its weight is 0.
    const __m256i lower = Load(image.Row(std::min(row + 1, image.height - 1)) + at);
    const __m256i left = _mm256_unpacklo_epi8(upper, lower);
    const __m256i right = _mm256_unpackhi_epi8(upper, lower);
    const __m256i high = _mm256_set1_epi32(weights.high);
    const __m256i low = _mm256_set1_epi32(weights.low);
    Add(_mm256_unpacklo_epi8(left, zero), high, low, a);
    Add(_mm256_unpackhi_epi8(left, zero), high, low, b);
    Add(_mm256_unpacklo_epi8(right, zero), high, low, c);
    Add(_mm256_unpackhi_epi8(right, zero), high, low, d);
    row += 2;
  }
  Store(Pack(a, b, c, d), to);
}

VANTAGE_AVX2 void ResampleRow(const Image& image, const PairSpan& span, size_t row_size, uint8_t* to) {
  for (size_t block = 0; block < row_size; block += kVectorBytes) {
    const size_t at = std::min(block, row_size - kVectorBytes);
    ResampleBlock(image, span, at, to + at);
  }
}

Image ResampleVertically(const Image& image, const ResampleWeights& weights) {
  const size_t row_size = ToIndex(image.width) * 3;
  if (row_size < kVectorBytes) return PortableResampleKernels().vertically(image, weights);
  Image out = MakeImage(image.width, weights.OutputSize());
  for (int y = 0; y < out.height; ++y) {
    const PairSpan span = PairsFrom(weights.spans[ToIndex(y)].first, weights, y);
    ResampleRow(image, span, row_size, out.Row(y));
  }
  return out;
}

}  // namespace

const ResampleKernels* Avx2ResampleKernels() {
  static constexpr ResampleKernels kKernels = {ResampleHorizontally, ResampleVertically};
  return UsedSimdLevel() == SimdLevel::kAvx2 ? &kKernels : nullptr;
}

}  // namespace vantage::image

#else

namespace vantage::image {

const ResampleKernels* Avx2ResampleKernels() { return nullptr; }

}  // namespace vantage::image

#endif

// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <numbers>

#include "vantage/image/image.h"
#include "vantage/util/error.h"

// Where the processor has AVX2 the inner loops use it, whatever the rest is compiled for.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define VANTAGE_WITH_AVX2 __attribute__((target_clones("avx2", "default")))
#else
#define VANTAGE_WITH_AVX2
#endif

namespace vantage {
namespace {

constexpr double kLanczosLobes = 3.0;
// Pillow's reducing_gap: the box reduction leaves at least this ratio to Lanczos.
constexpr double kReducingGap = 2.0;
// Weights are fixed-point numbers with so many bits behind the point.
constexpr int kWeightBits = 22;
// Rows that the horizontal pass takes at a time, so that one weight serves a vector of pixels.
constexpr int kRowGroup = 8;
constexpr int kPixelBytes = 4;  // of a pixel there: red, green, blue and one that nobody reads
constexpr int kGroupBytes = kPixelBytes * kRowGroup;

double Lanczos(double x) {
  const auto sinc = [](double t) {
    return t == 0 ? 1.0 : std::sin(std::numbers::pi * t) / (std::numbers::pi * t);
  };
  return -kLanczosLobes <= x && x < kLanczosLobes ? sinc(x) * sinc(x / kLanczosLobes) : 0.0;
}

// For each output position: the first input position and the weights from there on.
struct Weights {
  struct Span {
    int first = 0;
    int count = 0;
  };
  std::vector<Span> spans;
  std::vector<int32_t> values;  // `stride` for each output position
  int stride = 0;
};

// Resampling of the input interval [0, input_length) to `output_size` positions; `input_size` pixels exist.
Weights LanczosWeights(int input_size, float input_length, int output_size) {
  const double scale = static_cast<double>(input_length) / output_size;
  const double filter_scale = std::max(1.0, scale);
  const double support = kLanczosLobes * filter_scale;
  Weights weights;
  weights.stride = static_cast<int>(std::ceil(support)) * 2 + 1;
  weights.spans.resize(static_cast<size_t>(output_size));
  weights.values.resize(static_cast<size_t>(output_size) * static_cast<size_t>(weights.stride));
  std::vector<double> row(static_cast<size_t>(weights.stride));
  for (int i = 0; i < output_size; ++i) {
    const double center = (i + 0.5) * scale;
    const int first = std::max(0, static_cast<int>(center - support + 0.5));
    const int last = std::min(input_size, static_cast<int>(center + support + 0.5));
    double sum = 0;
    for (int j = first; j < last; ++j) {
      const double weight = Lanczos((j - center + 0.5) * (1.0 / filter_scale));
      row[static_cast<size_t>(j - first)] = weight;
      sum += weight;
    }
    weights.spans[static_cast<size_t>(i)] = {first, last - first};
    int32_t* out = weights.values.data() + static_cast<size_t>(i) * static_cast<size_t>(weights.stride);
    for (int j = 0; j < last - first; ++j) {
      const double weight = (sum != 0 ? row[static_cast<size_t>(j)] / sum : row[static_cast<size_t>(j)]);
      out[j] = static_cast<int32_t>((weight < 0 ? -0.5 : 0.5) + weight * (1 << kWeightBits));
    }
  }
  return weights;
}

inline uint8_t FromFixedPoint(int32_t sum) {
  return static_cast<uint8_t>(std::clamp(sum >> kWeightBits, 0, 255));
}

// `rows` holds kRowGroup rows as columns of kGroupBytes; so does `out`.
VANTAGE_WITH_AVX2 void ResampleRowGroup(const uint8_t* rows, const Weights& weights, uint8_t* out) {
  for (size_t i = 0; i < weights.spans.size(); ++i) {
    int32_t sums[kGroupBytes];
    for (int32_t& sum : sums) sum = 1 << (kWeightBits - 1);
    const int32_t* weight = weights.values.data() + i * static_cast<size_t>(weights.stride);
    const uint8_t* column = rows + static_cast<size_t>(weights.spans[i].first) * kGroupBytes;
    for (int j = 0; j < weights.spans[i].count; ++j, column += kGroupBytes) {
      for (int k = 0; k < kGroupBytes; ++k) sums[k] += weight[j] * column[k];
    }
    for (int k = 0; k < kGroupBytes; ++k)
      out[i * kGroupBytes + static_cast<size_t>(k)] = FromFixedPoint(sums[k]);
  }
}

Image ResampleHorizontally(const Image& image, float input_length, int width) {
  const Weights weights = LanczosWeights(image.width, input_length, width);
  Image out = MakeImage(width, image.height);
  std::vector<uint8_t> columns(static_cast<size_t>(image.width) * kGroupBytes);
  std::vector<uint8_t> resampled(static_cast<size_t>(width) * kGroupBytes);
  for (int y = 0; y < image.height; y += kRowGroup) {
    const int count = std::min(kRowGroup, image.height - y);
    for (int r = 0; r < count; ++r) {
      const uint8_t* row = image.Row(y + r);
      uint8_t* column = columns.data() + kPixelBytes * r;
      for (int x = 0; x + 1 < image.width; ++x, column += kGroupBytes) std::memcpy(column, row + 3 * x, 4);
      std::memcpy(column, row + 3 * (image.width - 1), 3);  // the last one has no byte behind it
    }
    ResampleRowGroup(columns.data(), weights, resampled.data());
    for (int r = 0; r < count; ++r) {
      uint8_t* row = out.Row(y + r);
      const uint8_t* column = resampled.data() + kPixelBytes * r;
      for (int x = 0; x + 1 < width; ++x, column += kGroupBytes) std::memcpy(row + 3 * x, column, 4);
      std::memcpy(row + 3 * (width - 1), column, 3);
    }
  }
  return out;
}

VANTAGE_WITH_AVX2 void AddWeightedRow(const uint8_t* row, int32_t weight, size_t size, int32_t* sums) {
  for (size_t i = 0; i < size; ++i) sums[i] += weight * row[i];
}

VANTAGE_WITH_AVX2 void FinishRow(const int32_t* sums, size_t size, uint8_t* row) {
  for (size_t i = 0; i < size; ++i) row[i] = FromFixedPoint(sums[i]);
}

Image ResampleVertically(const Image& image, float input_length, int height) {
  const Weights weights = LanczosWeights(image.height, input_length, height);
  Image out = MakeImage(image.width, height);
  const size_t row_size = static_cast<size_t>(image.width) * 3;
  std::vector<int32_t> sums(row_size);
  for (int y = 0; y < height; ++y) {
    std::fill(sums.begin(), sums.end(), 1 << (kWeightBits - 1));
    const Weights::Span span = weights.spans[static_cast<size_t>(y)];
    for (int j = 0; j < span.count; ++j) {
      const int32_t weight =
          weights
              .values[static_cast<size_t>(y) * static_cast<size_t>(weights.stride) + static_cast<size_t>(j)];
      AddWeightedRow(image.Row(span.first + j), weight, row_size, sums.data());
    }
    FinishRow(sums.data(), row_size, out.Row(y));
  }
  return out;
}

// Pillow's reduce: each output pixel is the mean of a block of input pixels, fewer at the right and bottom
// edges.
Image ReduceByBoxes(const Image& image, int factor_x, int factor_y) {
  Image out = MakeImage((image.width + factor_x - 1) / factor_x, (image.height + factor_y - 1) / factor_y);
  for (int y = 0; y < out.height; ++y) {
    const int first_y = y * factor_y;
    const int last_y = std::min(image.height, first_y + factor_y);
    for (int x = 0; x < out.width; ++x) {
      const int first_x = x * factor_x;
      const int last_x = std::min(image.width, first_x + factor_x);
      const auto count = static_cast<uint32_t>((last_x - first_x) * (last_y - first_y));
      std::array<uint32_t, 3> sums = {count / 2, count / 2, count / 2};
      for (int from_y = first_y; from_y < last_y; ++from_y) {
        const uint8_t* row = image.Row(from_y);
        for (int from_x = first_x; from_x < last_x; ++from_x) {
          for (size_t c = 0; c < 3; ++c) sums[c] += row[3 * static_cast<size_t>(from_x) + c];
        }
      }
      // 2^24 / count in single precision, as Pillow divides.
      const auto multiplier = static_cast<uint32_t>(4294967296.0F / static_cast<float>(count * 256));
      for (size_t c = 0; c < 3; ++c) {
        out.Row(y)[3 * static_cast<size_t>(x) + c] = static_cast<uint8_t>((sums[c] * multiplier) >> 24);
      }
    }
  }
  return out;
}

// floor or ceiling of the number, at least 1: whichever has the smaller error, floor if equal.
template <typename ErrorOf>
int RoundAspect(double number, ErrorOf error_of) {
  const double low = std::floor(number);
  const double high = std::ceil(number);
  return std::max(1, static_cast<int>(error_of(high) < error_of(low) ? high : low));
}

}  // namespace

ImageSize ThumbnailSize(int width, int height, int size) {
  VANTAGE_CHECK(size >= 1, "a thumbnail of ", size, " pixels");
  if (width <= size && height <= size) return {width, height};
  const double aspect = static_cast<double>(width) / height;
  if (aspect <= 1.0) {
    return {RoundAspect(size * aspect, [&](double n) { return std::abs(aspect - n / size); }), size};
  }
  return {size,
          RoundAspect(size / aspect, [&](double n) { return n == 0 ? 0.0 : std::abs(aspect - size / n); })};
}

Image Thumbnail(const Image& image, int size) {
  const ImageSize target = ThumbnailSize(image.width, image.height, size);
  if (target.width == image.width && target.height == image.height) return image;
  return ResizeLanczos(image, target.width, target.height);
}

Image ResizeLanczos(const Image& image, int width, int height) {
  const int factor_x = std::max(1, static_cast<int>(static_cast<double>(image.width) / width / kReducingGap));
  const int factor_y =
      std::max(1, static_cast<int>(static_cast<double>(image.height) / height / kReducingGap));
  const Image* source = &image;
  Image reduced;
  auto length_x = static_cast<float>(image.width);
  auto length_y = static_cast<float>(image.height);
  if (factor_x > 1 || factor_y > 1) {
    reduced = ReduceByBoxes(image, factor_x, factor_y);
    length_x = static_cast<float>(static_cast<double>(image.width) / factor_x);
    length_y = static_cast<float>(static_cast<double>(image.height) / factor_y);
    source = &reduced;
  }
  Image resampled;
  if (width != source->width || length_x != static_cast<float>(width)) {
    resampled = ResampleHorizontally(*source, length_x, width);
    source = &resampled;
  }
  if (height != source->height || length_y != static_cast<float>(height)) {
    return ResampleVertically(*source, length_y, height);
  }
  return *source;
}

}  // namespace vantage

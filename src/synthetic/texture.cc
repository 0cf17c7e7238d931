// SPDX-License-Identifier: BSD-3-Clause
#include "synthetic/texture.h"

#include "util/index.h"

namespace vantage::synthetic {
namespace {

Eigen::Array4f Load(const uint8_t* texel) {
  return {static_cast<float>(texel[0]), static_cast<float>(texel[1]), static_cast<float>(texel[2]),
          static_cast<float>(texel[3])};
}

}  // namespace

Texture::Texture(const Canvas& canvas, bool wraps) : density_(canvas.density()), wraps_(wraps) {
  levels_.push_back({canvas.columns(), canvas.rows(), canvas.texels()});
  while (levels_.back().columns > 1 || levels_.back().rows > 1) levels_.push_back(Half(levels_.back()));
}

Texture::Level Texture::Half(const Level& level) {
  Level half;
  half.columns = std::max(1, level.columns / 2);
  half.rows = std::max(1, level.rows / 2);
  half.texels.resize(ToIndex(half.columns) * ToIndex(half.rows) * 4);
  uint8_t* out = half.texels.data();
  for (int y = 0; y < half.rows; ++y) {
    const int y1 = std::min(2 * y + 1, level.rows - 1);
    for (int x = 0; x < half.columns; ++x, out += 4) {
      const int x1 = std::min(2 * x + 1, level.columns - 1);
      const uint8_t* from[] = {level.At(2 * x, 2 * y), level.At(x1, 2 * y), level.At(2 * x, y1),
                               level.At(x1, y1)};
      for (int c = 0; c < 4; ++c) {
        out[c] = static_cast<uint8_t>((from[0][c] + from[1][c] + from[2][c] + from[3][c] + 2) / 4);
      }
    }
  }
  return half;
}

int Texture::Place(int index, int size) const {
  // The size of a texture that wraps is a power of two.
  return wraps_ ? index & (size - 1) : std::clamp(index, 0, size - 1);
}

Eigen::Array4f Texture::Bilinear(const Level& level, float x, float y) const {
  const float left = std::floor(x);
  const float bottom = std::floor(y);
  const int x0 = Place(static_cast<int>(left), level.columns);
  const int x1 = Place(static_cast<int>(left) + 1, level.columns);
  const int y0 = Place(static_cast<int>(bottom), level.rows);
  const int y1 = Place(static_cast<int>(bottom) + 1, level.rows);
  const float fx = x - left;
  const float fy = y - bottom;
  const Eigen::Array4f low = Load(level.At(x0, y0)) * (1 - fx) + Load(level.At(x1, y0)) * fx;
  const Eigen::Array4f high = Load(level.At(x0, y1)) * (1 - fx) + Load(level.At(x1, y1)) * fx;
  return low * (1 - fy) + high * fy;
}

Eigen::Array4f Texture::Sample(double u, double v, float level) const {
  const float top = static_cast<float>(levels_.size() - 1);
  const float clamped = std::clamp(level, 0.0F, top);
  const auto fine = static_cast<size_t>(clamped);
  const float blend = clamped - static_cast<float>(fine);
  const auto at = [&](size_t index) {
    const double scale = density_ / static_cast<double>(size_t{1} << index);
    return Bilinear(levels_[index], static_cast<float>(u * scale - 0.5), static_cast<float>(v * scale - 0.5));
  };
  if (blend < 0.02F || fine + 1 == levels_.size()) return at(fine);
  return at(fine) * (1 - blend) + at(fine + 1) * blend;
}

uint8_t Texture::Opacity(double u, double v, int level) const {
  const auto index = ToIndex(std::clamp(level, 0, static_cast<int>(levels_.size()) - 1));
  const double scale = density_ / static_cast<double>(size_t{1} << index);
  const int x = Place(static_cast<int>(std::floor(u * scale)), levels_[index].columns);
  const int y = Place(static_cast<int>(std::floor(v * scale)), levels_[index].rows);
  return levels_[index].At(x, y)[3];
}

Texture PaintTexture(const TextureRecipe& recipe, double density) {
  double allowed = std::clamp(density, 1.0, recipe.max_density);
  if (recipe.wraps) {
    // Sheets are square; a power of two of texels on each side.
    int size = 8;
    while (size < recipe.width * allowed) size *= 2;
    if (size > recipe.width * recipe.max_density) size /= 2;
    allowed = size / recipe.width;
  }
  Canvas canvas(recipe.width, recipe.height, allowed, recipe.transparent);
  recipe.paint(canvas);
  return Texture(canvas, recipe.wraps);
}

}  // namespace vantage::synthetic

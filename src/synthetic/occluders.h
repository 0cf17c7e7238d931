// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <vector>

#include "synthetic/raster.h"

namespace vantage::synthetic {

// What happens to stand there when a photo is taken.
struct Occluders {
  std::vector<Surface> surfaces;  // their textures are numbered from 0
  std::vector<TextureRecipe> recipes;
};

// People, cars, lamp posts, signs and trees: cut-outs that stand upright on the ground and face the camera.
// `amount`: 0 none, 1 usual, more for more.
Occluders DrawOccluders(const Place& place, const View& view, double amount, RandomStream& random);

// Paints one of them, its foot at the lower edge, into a transparent canvas.
enum class OccluderKind { kPerson, kCar, kLamp, kSign, kTree };
void PaintOccluder(Canvas& canvas, OccluderKind kind, const NoiseField& noise, RandomStream& random);

}  // namespace vantage::synthetic

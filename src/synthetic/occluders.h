// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <vector>

#include "synthetic/raster.h"

namespace vantage::synthetic {

// Objects that are in front of the camera in one photo only.
struct Occluders {
  std::vector<Surface> surfaces;  // textures are numbered from 0: indices into `recipes`
  std::vector<TextureRecipe> recipes;
};

// Draws people, cars, lamp posts, signs and trees: upright cut-outs on the ground that face the camera.
// amount: 0 none, 1 usual; larger values give more.
Occluders DrawOccluders(const Place& place, const View& view, double amount, RandomStream& random);

// Paints one occluder into a transparent canvas, its foot at the lower edge.
enum class OccluderKind { kPerson, kCar, kLamp, kSign, kTree };
void PaintOccluder(Canvas& canvas, OccluderKind kind, const NoiseField& noise, RandomStream& random);

}  // namespace vantage::synthetic

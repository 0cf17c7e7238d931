// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "synthetic/place.h"
#include "synthetic/points.h"
#include "synthetic/synthetic.h"

namespace vantage::synthetic {

// A scene and everything that it was made from, for tests.
struct DetailedScene {
  SyntheticScene scene;
  Place place;
  std::vector<View> views;
  std::vector<std::vector<Surface>> occluders;  // of each view
};

DetailedScene MakeDetailedScene(const SyntheticSceneOptions& options, const RunContext& context);

}  // namespace vantage::synthetic

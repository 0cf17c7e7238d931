// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <vector>

#include "synthetic/openings.h"
#include "synthetic/ornaments.h"

namespace vantage::synthetic {

enum class FacadeRole { kFront, kSide, kTower, kNave };

// A wall, seen from outside. Metres.
struct FacadeSpec {
  FacadeRole role = FacadeRole::kSide;
  double width = 10;
  double height = 8;  // from the base to the eaves
  double gable = 0;   // from the eaves to the gable's top; 0: no gable
};

struct FacadeLayout {
  FacadeSpec spec;
  std::vector<Opening> openings;
  std::vector<Ornament> ornaments;
  std::vector<double> pilasters;       // u of each one's middle line
  std::vector<double> string_courses;  // v of each one's lower edge
  std::vector<Extent> balconies;       // windows with a balcony in front
};

// Places the doors, windows and ornaments of a wall.
FacadeLayout LayOutFacade(const FacadeSpec& spec, const Look& look, RandomStream& random);

// Paints the wall, its openings, ornaments and weathering.
void PaintFacade(Canvas& canvas, const FacadeLayout& layout, const Look& look, const NoiseField& noise,
                 RandomStream& random);

}  // namespace vantage::synthetic

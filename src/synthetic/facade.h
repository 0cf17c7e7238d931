// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <vector>

#include "synthetic/openings.h"
#include "synthetic/ornaments.h"

namespace vantage::synthetic {

enum class FacadeRole { kFront, kSide, kTower, kNave };

// One wall, seen from outside. Metres.
struct FacadeSpec {
  FacadeRole role = FacadeRole::kSide;
  double width = 10;
  double height = 8;  // to the eaves
  double gable = 0;   // from the eaves to the top of the gable; 0: none
};

struct FacadeLayout {
  FacadeSpec spec;
  std::vector<Opening> openings;
  std::vector<Ornament> ornaments;
  std::vector<double> pilasters;       // u of their middle lines
  std::vector<double> string_courses;  // v of their lower edges
  std::vector<Extent> balconies;       // in front of these windows
};

// Where the doors, windows and ornaments of a wall are.
FacadeLayout LayOutFacade(const FacadeSpec& spec, const Look& look, RandomStream& random);

// Wall, openings, ornaments and weather.
void PaintFacade(Canvas& canvas, const FacadeLayout& layout, const Look& look, const NoiseField& noise,
                 RandomStream& random);

}  // namespace vantage::synthetic

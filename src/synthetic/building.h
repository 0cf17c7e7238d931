// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "synthetic/facade.h"
#include "synthetic/place.h"

namespace vantage::synthetic {

// Sheets that the small parts of a building are cut from.
struct Materials {
  int wall = 0;
  int trim = 0;
  int roof = 0;
  int wood = 0;
};
Materials AddMaterials(PlaceBuilder& builder, const Look& look);

// A box of walls under a roof, in its frame from (0, 0) to (width, depth); the front is at y = 0.
struct Block {
  double width = 10;
  double depth = 10;
  double height = 8;  // to the eaves
  RoofKind roof = RoofKind::kGable;
  bool ridge_along_depth = false;  // of a gable roof: the front then has the gable
  FacadeRole front = FacadeRole::kFront;
  FacadeRole sides = FacadeRole::kSide;
  bool battlements = false;
  bool spire = false;
  double max_density = 80;  // of the walls' textures, texels per metre
};

// Adds walls, roof, and what stands out of them: cornice, pilasters, balconies, chimneys, dormers.
void AddBlock(PlaceBuilder& builder, const Frame& frame, const Block& block, const Look& look,
              const Materials& materials);

// Covers the block: used by AddBlock.
void AddRoof(PlaceBuilder& builder, const Frame& frame, const Block& block, const Look& look,
             const Materials& materials);

// From the eaves to the ridge. Metres.
double RoofRise(const Block& block, const Look& look);

}  // namespace vantage::synthetic

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "synthetic/facade.h"
#include "synthetic/place.h"

namespace vantage::synthetic {

// Texture sheets for a building's small parts: indices of PlaceBuilder::AddSheet.
struct Materials {
  int wall = 0;
  int trim = 0;
  int roof = 0;
  int wood = 0;
};
Materials AddMaterials(PlaceBuilder& builder, const Look& look);

// A box of walls under a roof, from (0, 0) to (width, depth) in its frame; the front is at y = 0. Metres.
struct Block {
  double width = 10;
  double depth = 10;
  double height = 8;  // from the base to the eaves
  RoofKind roof = RoofKind::kGable;
  bool ridge_along_depth = false;  // for a gable roof: puts the gable at the front
  FacadeRole front = FacadeRole::kFront;
  FacadeRole sides = FacadeRole::kSide;
  bool battlements = false;
  bool spire = false;
  double max_density = 80;  // of the walls' textures, texels per metre
};

// Adds walls, roof, and what projects from them: cornice, pilasters, balconies, chimneys, dormers.
void AddBlock(PlaceBuilder& builder, const Frame& frame, const Block& block, const Look& look,
              const Materials& materials);

// Adds the block's roof; used by AddBlock.
void AddRoof(PlaceBuilder& builder, const Frame& frame, const Block& block, const Look& look,
             const Materials& materials);

// Height of the roof from the eaves to the ridge. Metres.
double RoofRise(const Block& block, const Look& look);

}  // namespace vantage::synthetic

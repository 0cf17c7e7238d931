// SPDX-License-Identifier: BSD-3-Clause
#include "synthetic/landmark.h"

#include <numbers>

#include "synthetic/building.h"
#include "synthetic/furniture.h"

namespace vantage::synthetic {
namespace {

// Composes a landmark out of blocks. Its front wall is near y = -depth / 2.
class LandmarkBuilder {
 public:
  LandmarkBuilder(PlaceBuilder& builder, const Look& look)
      : builder_(builder), random_(builder.random()), look_(look), materials_(AddMaterials(builder, look)) {
    width_ = look.style.width.Draw(random_);
    depth_ = random_.Uniform(0.5, 0.75) * width_;
    height_ = look.floors * look.floor_height + random_.Uniform(0.2, 0.8);
    roof_ = look.style.roofs[random_.Below(look.style.roofs.size())];
    battlements_ = random_.Chance(look.style.battlements);
  }

  void Build() {
    switch (look_.style.massings[random_.Below(look_.style.massings.size())]) {
      case Massing::kHall:
        BuildHall();
        break;
      case Massing::kChurch:
        BuildChurch();
        break;
      case Massing::kPalace:
        BuildPalace();
        break;
      case Massing::kTowered:
        BuildTowered();
        break;
      case Massing::kCourt:
        BuildCourt();
        break;
    }
    builder_.SetExtent(0.5 * std::hypot(width_, std::min(depth_, 0.75 * width_)), height_);
    const int monuments = static_cast<int>(random_.Below(3));
    for (int i = 0; i < monuments; ++i) {
      const double x = random_.Uniform(-0.6, 0.6) * width_;
      const double y = -0.5 * depth_ - random_.Uniform(5, 9);
      AddMonument(builder_, {{x, y, 0}, random_.Uniform(-0.4, 0.4)}, materials_);
    }
    AddStreetFurniture(builder_, 0.55 * width_, width_ + 6, look_, materials_);
  }

 private:
  Block MainBlock(double width, double depth, double height) const {
    Block block;
    block.width = width;
    block.depth = depth;
    block.height = height;
    block.roof = roof_;
    block.battlements = battlements_;
    return block;
  }

  void Add(const Block& block, double x, double y) {
    AddBlock(builder_, {{x, y, 0}, 0}, block, look_, materials_);
  }

  void AddEntrance(double x, double y, double width) {
    if (random_.Chance(look_.style.portico)) {
      const double portico = std::min(random_.Uniform(5, 10), 0.8 * width);
      AddPortico(builder_, {{x - 0.5 * portico, y, 0}, 0}, portico,
                 random_.Uniform(1.0, 1.9) * look_.floor_height, look_, materials_);
      if (random_.Chance(0.7)) AddSteps(builder_, {{x - 0.5 * portico, y, 0}, 0}, portico, 2, materials_);
    } else if (random_.Chance(0.5)) {
      AddSteps(builder_, {{x - 1.5, y + 1.5, 0}, 0}, 3, 1 + static_cast<int>(random_.Below(3)), materials_);
    }
  }

  void AddTower(double x, double y, double size, double height) {
    Block tower;
    tower.width = size;
    tower.depth = size;
    tower.height = height;
    tower.front = FacadeRole::kTower;
    tower.sides = FacadeRole::kTower;
    tower.spire = look_.style.roofs[0] != RoofKind::kFlat && random_.Chance(0.85);
    tower.roof = tower.spire ? RoofKind::kGable : RoofKind::kFlat;
    tower.battlements = battlements_ || random_.Chance(0.3);
    Add(tower, x, y);
  }

  // A lower block at a random side.
  void AddAnnex() {
    const double side = random_.Chance(0.5) ? 1 : -1;
    Block annex =
        MainBlock(random_.Uniform(0.25, 0.45) * width_, random_.Uniform(0.5, 0.8) * depth_,
                  std::max(3.0, height_ - look_.floor_height * (1 + static_cast<double>(random_.Below(2)))));
    annex.front = FacadeRole::kSide;
    annex.battlements = false;
    annex.ridge_along_depth = random_.Chance(0.3);
    const double x = side > 0 ? 0.5 * width_ - 0.1 : -0.5 * width_ - annex.width + 0.1;
    Add(annex, x, random_.Uniform(-0.45, 0.1) * depth_);
  }

  void BuildHall() {
    Block hall = MainBlock(width_, depth_, height_);
    hall.ridge_along_depth = random_.Chance(0.3);
    Add(hall, -0.5 * width_, -0.5 * depth_);
    AddEntrance(random_.Uniform(-0.2, 0.2) * width_, -0.5 * depth_, width_);
    if (random_.Chance(0.7)) AddAnnex();
  }

  void BuildPalace() {
    const double middle = random_.Uniform(0.3, 0.42) * width_;
    const double wing = 0.5 * (width_ - middle);
    const double forward = random_.Uniform(0.4, 1.8);
    Block center = MainBlock(middle, depth_ + forward, height_ + random_.Uniform(0.8, 2.5));
    center.ridge_along_depth = true;
    Add(center, -0.5 * middle, -0.5 * depth_ - forward);
    Block side = MainBlock(wing + 0.1, depth_, height_);
    side.front = FacadeRole::kSide;
    Add(side, -0.5 * width_, -0.5 * depth_);
    side.height *= random_.Uniform(0.85, 1.0);
    Add(side, 0.5 * middle - 0.1, -0.5 * depth_);
    AddEntrance(0, -0.5 * depth_ - forward, middle);
  }

  void BuildTowered() {
    Add(MainBlock(width_, depth_, height_), -0.5 * width_, -0.5 * depth_);
    const double size = random_.Uniform(3.6, 5.6);
    const double tower = height_ + random_.Uniform(4, 10);
    const double place = random_.Chance(0.5) ? 0 : random_.Chance(0.5) ? 1 : -1;
    const double x = 0.5 * place * (width_ - size) - 0.5 * size + 0.3 * place;
    AddTower(x, -0.5 * depth_ - random_.Uniform(0.3, 1.5), size, tower);
    if (random_.Chance(0.4)) AddAnnex();
  }

  void BuildCourt() {
    Block main = MainBlock(width_, 0.8 * depth_, height_);
    Add(main, -0.5 * width_, 0);
    Block wing =
        MainBlock(random_.Uniform(0.28, 0.4) * width_, depth_, height_ * random_.Uniform(0.75, 1.15));
    wing.ridge_along_depth = true;
    const double side = random_.Chance(0.5) ? 1 : -1;
    Add(wing, side > 0 ? 0.5 * width_ - wing.width + 0.3 : -0.5 * width_ - 0.3, -0.9 * depth_);
    if (random_.Chance(0.35))
      AddTower(-side * 0.3 * width_ - 2, -2, random_.Uniform(3.5, 4.5), height_ + random_.Uniform(3, 7));
    AddEntrance(-side * 0.15 * width_, 0, 0.5 * width_);
  }

  void BuildChurch() {
    const double nave_width = random_.Uniform(0.5, 0.65) * width_;
    const double nave_height = 1.1 * height_;
    Block nave = MainBlock(nave_width, 1.3 * width_, nave_height);
    nave.roof = RoofKind::kGable;
    nave.ridge_along_depth = true;
    nave.front = FacadeRole::kNave;
    nave.sides = FacadeRole::kNave;
    nave.battlements = false;
    const double front = -0.33 * width_;
    Add(nave, -0.5 * nave_width, front);
    depth_ = 1.2 * width_;
    const double aisle = random_.Uniform(2.2, 3.5);
    if (random_.Chance(0.7)) {
      Block block = MainBlock(aisle + 0.1, 1.1 * width_, 0.45 * nave_height);
      block.roof = RoofKind::kFlat;
      block.front = FacadeRole::kSide;
      block.sides = FacadeRole::kNave;
      Add(block, -0.5 * nave_width - aisle, front + 1);
      Add(block, 0.5 * nave_width - 0.1, front + 1);
    }
    const double size = random_.Uniform(4, 5.5);
    const double tower = nave_height + random_.Uniform(4, 9);
    const uint64_t kind = random_.Below(3);
    if (kind == 0) {
      AddTower(-0.5 * nave_width - size + 0.4, front - 0.4, size, tower);
      AddTower(0.5 * nave_width - 0.4, front - 0.4, size, tower * random_.Uniform(0.85, 1.0));
    } else if (kind == 1) {
      const double side = random_.Chance(0.5) ? 1 : -1;
      AddTower(side > 0 ? 0.5 * nave_width - 0.4 : -0.5 * nave_width - size + 0.4,
               front + random_.Uniform(-0.5, 2), size, tower);
    } else {
      AddTower(-0.5 * size, front - size + 0.5, size, tower);
    }
  }

  PlaceBuilder& builder_;
  RandomStream& random_;
  const Look& look_;
  const Materials materials_;
  double width_ = 15;
  double depth_ = 10;
  double height_ = 9;
  RoofKind roof_ = RoofKind::kGable;
  bool battlements_ = false;
};

}  // namespace

Place MakePlace(const Style& style, const RandomStream& random) {
  PlaceBuilder builder(random);
  const Look look = DrawLook(style, builder.random());
  LandmarkBuilder landmark(builder, look);
  landmark.Build();
  AddSurroundings(builder, 22, look);
  return std::move(builder).Build();
}

}  // namespace vantage::synthetic

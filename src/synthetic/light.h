// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <Eigen/Core>

#include "synthetic/canvas.h"
#include "synthetic/noise.h"
#include "util/random.h"

namespace vantage::synthetic {

// The light of one photo. Colours are linear amounts of light, not values as stored in photos.
struct Light {
  Eigen::Vector3d sun_direction = Eigen::Vector3d::UnitZ();  // unit vector towards the sun
  Color sun = Color::Zero();
  Color sky = Color::Ones();     // sky light, from above
  Color ground = Color::Zero();  // light reflected by the ground, from below
  Color horizon = Color::Ones();
  Color zenith = Color::Ones();
  Color cloud = Color::Ones();
  double cloudiness = 0.5;  // 0 clear, 1 overcast
  double haze = 0.001;      // 1 / metres
  double cloud_u = 0;       // offset into the noise field of clouds
  double cloud_v = 0;

  // Light that falls on a face with this normal. lit: the part of the sun that reaches it, [0, 1].
  Color Irradiance(const Eigen::Vector3d& normal, double lit) const;
};

// Draws weather and hour. variety 0: always a clear noon; 1: from noon to dusk, from clear to overcast and
// hazy.
Light DrawLight(double variety, RandomStream& random);

// Colour of the sky in a direction.
Color SkyColor(const Light& light, const NoiseField& noise, const Eigen::Vector3d& direction);

}  // namespace vantage::synthetic

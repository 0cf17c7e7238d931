// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <Eigen/Core>

#include "synthetic/canvas.h"
#include "synthetic/noise.h"
#include "util/random.h"

namespace vantage::synthetic {

// The light of one photo; amounts of light, not of colour as stored.
struct Light {
  Eigen::Vector3d sun_direction = Eigen::Vector3d::UnitZ();  // to the sun
  Color sun = Color::Zero();
  Color sky = Color::Ones();     // from above
  Color ground = Color::Zero();  // from below
  Color horizon = Color::Ones();
  Color zenith = Color::Ones();
  Color cloud = Color::Ones();
  double cloudiness = 0.5;  // 0 clear, 1 overcast
  double haze = 0.001;      // 1 / metres
  double cloud_u = 0;       // where in the field of clouds the place is
  double cloud_v = 0;

  // Falling on a face of that normal; `lit` is how much of the sun reaches it.
  Color Irradiance(const Eigen::Vector3d& normal, double lit) const;
};

// Weather and hour. variety 0: a fair noon for all; 1: from noon to dusk, from clear to overcast and hazy.
Light DrawLight(double variety, RandomStream& random);

// What is seen of the sky in the direction.
Color SkyColor(const Light& light, const NoiseField& noise, const Eigen::Vector3d& direction);

}  // namespace vantage::synthetic

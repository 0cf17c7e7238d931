// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "synthetic/render.h"
#include "util/random.h"
#include "vantage/image.h"

namespace vantage::synthetic {

// What a camera and its owner make of the light.
struct Development {
  double exposure = 1;            // factor on the metered light
  Color balance = Color::Ones();  // factors of white balance
  double contrast = 1;            // slope about middle grey
  double saturation = 1;          // 0: grey
  double blur = 0;                // of lens and focus: standard deviation, pixels
  double vignette = 0;            // loss of light at the corners, 0 .. 1
  double noise = 0;               // standard deviation in grey levels of 255
  int jpeg_quality = 90;
};

// light: how far exposure, colour and contrast stray; sensor: blur, noise and compression. 0 nothing, 1 as in
// holiday snaps.
Development DrawDevelopment(double light, double sensor, RandomStream& random);

// Meters, blurs, grades and adds noise.
Image Develop(const Radiance& radiance, const Development& development, RandomStream& random);

}  // namespace vantage::synthetic

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "synthetic/render.h"
#include "util/random.h"
#include "vantage/image.h"

namespace vantage::synthetic {

// Parameters that turn light into a photo: camera and editing.
struct Development {
  double exposure = 1;            // factor on the metered light
  Color balance = Color::Ones();  // factors of white balance
  double contrast = 1;            // slope around middle grey
  double saturation = 1;          // 0: grey; 1: unchanged
  double blur = 0;                // of lens and focus: standard deviation in pixels
  double vignette = 0;            // loss of light at the corners, in [0, 1]
  double noise = 0;               // standard deviation in grey levels of 255
  int jpeg_quality = 90;
};

// Draws a development. light: variation of exposure, colour and contrast; sensor: blur, noise and
// compression. 0: none; 1: as in holiday photos.
Development DrawDevelopment(double light, double sensor, RandomStream& random);

// Meters, blurs and grades the light, and adds noise.
Image Develop(const Radiance& radiance, const Development& development, RandomStream& random);

}  // namespace vantage::synthetic

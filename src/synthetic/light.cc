// SPDX-License-Identifier: BSD-3-Clause
#include "synthetic/light.h"

#include <numbers>

namespace vantage::synthetic {

Color Light::Irradiance(const Eigen::Vector3d& normal, double lit) const {
  const auto up = static_cast<float>(0.5 + 0.5 * normal.z());
  const auto facing = static_cast<float>(std::max(0.0, normal.dot(sun_direction)) * lit);
  return sky * up + ground * (1 - up) + sun * facing;
}

Light DrawLight(double variety, RandomStream& random) {
  Light light;
  // The sun is mostly on the side that the front faces (-y). Its light is warmer the lower it is.
  const double azimuth = -0.5 * std::numbers::pi + random.Uniform(-1, 1) * (0.4 + 1.3 * variety);
  const double elevation = 0.9 - variety * random.Uniform(0, 0.78);
  light.sun_direction = {std::cos(azimuth) * std::cos(elevation), std::sin(azimuth) * std::cos(elevation),
                         std::sin(elevation)};
  const double low = std::clamp(1 - elevation / 0.5, 0.0, 1.0);
  light.cloudiness = std::clamp(0.35 + variety * random.Uniform(-0.5, 0.75), 0.0, 1.0);
  const double clear = std::clamp(1.25 - 1.5 * light.cloudiness, 0.0, 1.0);
  const Color sun_color = Mix(Color(1.0F, 0.95F, 0.86F), Color(1.0F, 0.62F, 0.32F), low);
  light.sun = sun_color * static_cast<float>(1.5 * clear * (1 - 0.45 * low));
  const double gloom = variety * random.Uniform(0, 0.4) * low;
  const Color sky_color = Mix(Color(0.62F, 0.72F, 0.90F), Color(0.78F, 0.79F, 0.80F), light.cloudiness);
  light.sky = sky_color * static_cast<float>((0.62 + 0.25 * light.cloudiness) * (1 - gloom));
  light.ground = 0.3F * light.sky + 0.12F * light.sun;
  light.zenith = Mix(Color(0.18F, 0.36F, 0.72F), Color(0.55F, 0.57F, 0.60F), light.cloudiness) *
                 static_cast<float>(1 - gloom);
  light.horizon = Mix(Color(0.66F, 0.76F, 0.88F), Color(0.78F, 0.79F, 0.80F), light.cloudiness);
  light.horizon =
      Mix(light.horizon, Color(0.95F, 0.66F, 0.42F), 0.7 * low * clear) * static_cast<float>(1 - gloom);
  light.cloud =
      Mix(Color(0.95F, 0.95F, 0.96F), Color(0.62F, 0.63F, 0.66F), light.cloudiness * random.Uniform());
  light.cloud = Mix(light.cloud, Color(0.95F, 0.70F, 0.55F), 0.5 * low) * static_cast<float>(1 - gloom);
  light.haze = 0.0006 + variety * variety * std::pow(random.Uniform(), 3.0) * 0.012;
  light.cloud_u = random.Uniform(0, 200);
  light.cloud_v = random.Uniform(0, 200);
  return light;
}

Color SkyColor(const Light& light, const NoiseField& noise, const Eigen::Vector3d& direction) {
  const double height = std::max(0.0, direction.z());
  const Color clear = Mix(light.horizon, light.zenith, std::sqrt(height));
  const double reach = 1.6 / (height + 0.12);
  const double density =
      noise.Fractal(reach * direction.x() + light.cloud_u, reach * direction.y() + light.cloud_v, 5) +
      1.6 * light.cloudiness - 0.75;
  const double cover = std::clamp(1.8 * density, 0.0, 1.0) * std::clamp(height / 0.08, 0.0, 1.0);
  const double shade = std::clamp(1.05 - 0.35 * density, 0.6, 1.05);
  return Mix(clear, light.cloud * static_cast<float>(shade), cover);
}

}  // namespace vantage::synthetic

// SPDX-License-Identifier: BSD-3-Clause
#include "synthetic/scene.h"

#include <algorithm>
#include <cmath>

#include "synthetic/exif.h"
#include "synthetic/landmark.h"
#include "synthetic/occluders.h"
#include "synthetic/render.h"
#include "synthetic/sensor.h"
#include "synthetic/views.h"
#include "util/check.h"
#include "util/index.h"
#include "util/rethrow.h"
#include "util/string.h"

namespace vantage::synthetic {
namespace {

constexpr int kSamples = 2;          // a side of a pixel
constexpr double kLeastDensity = 5;  // texels per metre, for textures that the estimate does not see

// The density that each texture needs for the views, in texels per metre.
std::vector<double> NeededDensities(std::span<const Surface> surfaces, size_t texture_count,
                                    std::span<const View> views) {
  std::vector<double> densities(texture_count, kLeastDensity);
  for (const View& view : views) {
    const View small = Reduced(view, 160);
    std::vector<ProjectedSurface> projected;
    for (const Surface& surface : surfaces) projected.push_back(ProjectSurface(surface, small));
    const ItemBuffer buffer = Rasterize(surfaces, projected, {}, small, 1);
    for (size_t i = 0; i < buffer.items.size(); ++i) {
      if (buffer.items[i] == kNoItem) continue;
      double& density = densities[ToIndex(surfaces[buffer.items[i]].texture)];
      density = std::max(density, 1.1 * view.focal * buffer.inverse_depths[i]);
    }
  }
  return densities;
}

std::vector<Texture> PaintTextures(std::span<const Surface> surfaces, std::span<const TextureRecipe> recipes,
                                   std::span<const View> views, const RunContext& context) {
  const std::vector<double> densities = NeededDensities(surfaces, recipes.size(), views);
  std::vector<Texture> textures;
  textures.reserve(recipes.size());
  for (size_t i = 0; i < recipes.size(); ++i) {
    context.CheckCancelled();
    textures.push_back(PaintTexture(recipes[i], densities[i]));
  }
  return textures;
}

// The input of the rendering of one photo.
struct Stage {
  std::vector<Surface> surfaces;  // permanent ones first
  std::vector<Texture> textures;
};

// Renders and develops a photo of the stage. The buffer holds what each sample sees.
SyntheticPhoto TakePhoto(const Stage& stage, const NoiseField& noise, const SyntheticViewOptions& options,
                         const View& view, std::span<const ProjectedSurface> projected,
                         const ItemBuffer& buffer, RandomStream& random) {
  const Light light = DrawLight(options.light, random);
  const Development development = DrawDevelopment(options.light, options.sensor, random);
  const Radiance radiance = Shade(stage.surfaces, projected, stage.textures, view, buffer, light, noise);
  SyntheticPhoto photo;
  photo.image = Develop(radiance, development, random);
  photo.jpeg_quality = development.jpeg_quality;
  return photo;
}

}  // namespace

DetailedScene MakeDetailedScene(const SyntheticSceneOptions& options, const RunContext& context) {
  const auto seed = static_cast<uint64_t>(options.seed);
  DetailedScene detailed;
  detailed.place = MakePlace(Styles()[ToIndex(options.style)], RandomStream(seed, "synthetic place"));
  RandomStream view_random(seed, "synthetic views");
  detailed.views = DrawViews(detailed.place, options.views, options.photos, options.image_size, view_random);
  const Place& place = detailed.place;
  Stage stage{place.surfaces, PaintTextures(place.surfaces, place.recipes, detailed.views, context)};

  std::vector<SeenItems> seen;
  std::vector<std::string> names;
  for (int i = 0; i < options.photos; ++i) {
    context.CheckCancelled();
    const View& view = detailed.views[ToIndex(i)];
    RandomStream random(seed, "synthetic photo", {static_cast<uint64_t>(i)});
    Occluders occluders = DrawOccluders(place, view, options.views.occlusion, random);
    const std::vector<double> densities =
        NeededDensities(occluders.surfaces, occluders.recipes.size(), std::span(&view, 1));
    for (Surface& surface : occluders.surfaces) {
      const auto own = ToIndex(surface.texture);
      surface.texture = static_cast<int>(stage.textures.size());
      stage.textures.push_back(PaintTexture(occluders.recipes[own], densities[own]));
      stage.surfaces.push_back(surface);
    }
    std::vector<ProjectedSurface> projected;
    projected.reserve(stage.surfaces.size());
    for (const Surface& surface : stage.surfaces) projected.push_back(ProjectSurface(surface, view));
    ItemBuffer buffer = Rasterize(stage.surfaces, projected, stage.textures, view, kSamples);
    SyntheticPhoto photo = TakePhoto(stage, *place.noise, options.views, view, projected, buffer, random);
    photo.name = FormatPadded(i, 4) + ".jpg";
    photo.focal_length_35mm = static_cast<int>(std::lround(35 * view.focal / options.image_size));
    names.push_back(photo.name);
    detailed.scene.photos.push_back(std::move(photo));
    buffer.inverse_depths = {};
    seen.push_back({view, std::move(buffer)});
    detailed.occluders.push_back(std::move(occluders.surfaces));
    stage.surfaces.resize(place.surfaces.size());
    stage.textures.erase(stage.textures.begin() + static_cast<ptrdiff_t>(place.recipes.size()),
                         stage.textures.end());
  }
  RandomStream point_random(seed, "synthetic points");
  detailed.scene.truth =
      SamplePoints(place.surfaces, stage.textures, seen, names, options.points_per_photo, point_random);
  return detailed;
}

int SyntheticStyleCount() { return static_cast<int>(Styles().size()); }

std::string SyntheticStyleName(int style) {
  VANTAGE_CHECK(style >= 0 && style < SyntheticStyleCount(), "there is no synthetic style ", style,
                "; there are ", SyntheticStyleCount());
  return Styles()[ToIndex(style)].name;
}

std::string EncodeSyntheticPhoto(const SyntheticPhoto& photo) {
  return WithExifFocalLength(EncodeJpeg(photo.image, photo.jpeg_quality), photo.focal_length_35mm);
}

SyntheticScene MakeSyntheticScene(const SyntheticSceneOptions& options, const RunContext& context) try {
  CheckOptions(options);
  return MakeDetailedScene(options, context).scene;
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage::synthetic

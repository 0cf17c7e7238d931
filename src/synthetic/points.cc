// SPDX-License-Identifier: BSD-3-Clause
#include "synthetic/points.h"

#include <cmath>
#include <optional>
#include <string>

#include "util/index.h"

namespace vantage::synthetic {
namespace {

// Smallest distance of a point from the edges of photos, in pixels.
constexpr double kMargin = 2;

struct SurfacePlace {
  uint16_t item = kNoItem;
  Eigen::Vector2d uv;
};

// Draws a sample of the view. Returns the place of the surface there, if the surface is permanent.
std::optional<SurfacePlace> DrawPlace(std::span<const Surface> permanent, const SeenItems& seen,
                                      RandomStream& random) {
  const ItemBuffer& buffer = seen.buffer;
  const int x = static_cast<int>(random.Below(static_cast<uint64_t>(buffer.columns)));
  const int y = static_cast<int>(random.Below(static_cast<uint64_t>(buffer.rows)));
  const uint16_t item = buffer.items[buffer.Index(x, y)];
  if (item == kNoItem || item >= permanent.size()) return std::nullopt;
  const ProjectedSurface form = ProjectSurface(permanent[item], seen.view);
  return SurfacePlace{item, form.UvAt((x + 0.5) / buffer.samples, (y + 0.5) / buffer.samples)};
}

// The position of the point in the photo, if the view sees it.
std::optional<Eigen::Vector2d> Observe(const SeenItems& seen, uint16_t item, const Eigen::Vector3d& point) {
  const Eigen::Vector3d in_camera = seen.view.cam_from_world * point;
  if (in_camera.z() <= 0) return std::nullopt;
  const Eigen::Vector3d place = seen.view.Project(in_camera);
  if (place.x() < kMargin || place.y() < kMargin || place.x() > seen.view.width - kMargin ||
      place.y() > seen.view.height - kMargin) {
    return std::nullopt;
  }
  const ItemBuffer& buffer = seen.buffer;
  const int x = static_cast<int>(place.x() * buffer.samples);
  const int y = static_cast<int>(place.y() * buffer.samples);
  for (int dy = -1; dy <= 1; ++dy) {
    for (int dx = -1; dx <= 1; ++dx) {
      if (buffer.items[buffer.Index(x + dx, y + dy)] != item) return std::nullopt;
    }
  }
  return Eigen::Vector2d(place.head<2>());
}

void AddCameras(Reconstruction& model, std::span<const SeenItems> views, std::span<const std::string> names) {
  const int simple_radial = CameraModelByName("SIMPLE_RADIAL", "synthetic scenes").id;
  for (size_t i = 0; i < views.size(); ++i) {
    const View& view = views[i].view;
    const auto number = static_cast<uint32_t>(i + 1);
    model.cameras[CameraId{number}] = {CameraId{number},
                                       simple_radial,
                                       static_cast<uint64_t>(view.width),
                                       static_cast<uint64_t>(view.height),
                                       {view.focal, 0.5 * view.width, 0.5 * view.height, 0}};
    RegisteredImage image;
    image.id = ImageId{number};
    image.camera = CameraId{number};
    image.name = names[i];
    image.cam_from_world = view.cam_from_world;
    model.images[image.id] = std::move(image);
  }
}

}  // namespace

Reconstruction SamplePoints(std::span<const Surface> permanent, std::span<const Texture> textures,
                            std::span<const SeenItems> views, std::span<const std::string> names,
                            int per_view, RandomStream& random) {
  Reconstruction model;
  AddCameras(model, views, names);
  uint64_t next_id = 1;
  for (const SeenItems& source : views) {
    for (int i = 0; i < per_view; ++i) {
      const std::optional<SurfacePlace> drawn = DrawPlace(permanent, source, random);
      if (!drawn) continue;
      const Surface& surface = permanent[drawn->item];
      ScenePoint point;
      point.id = PointId{next_id};
      point.position = surface.At(drawn->uv);
      std::vector<std::pair<ImageId, Eigen::Vector2d>> seen;
      for (size_t k = 0; k < views.size(); ++k) {
        const auto place = Observe(views[k], drawn->item, point.position);
        if (place) seen.emplace_back(ImageId{static_cast<uint32_t>(k + 1)}, *place);
      }
      if (seen.size() < 2) continue;
      const Eigen::Vector2d uv = drawn->uv + surface.texture_offset;
      const Eigen::Array4f color = textures[ToIndex(surface.texture)].Sample(uv.x(), uv.y(), 0);
      for (size_t c = 0; c < 3; ++c)
        point.color[c] = static_cast<uint8_t>(color[static_cast<Eigen::Index>(c)]);
      for (const auto& [id, place] : seen) {
        std::vector<Observation>& observations = model.images.at(id).observations;
        point.track.push_back({id, static_cast<uint32_t>(observations.size())});
        observations.push_back({place.x(), place.y(), point.id});
      }
      model.points[point.id] = std::move(point);
      ++next_id;
    }
  }
  return model;
}

}  // namespace vantage::synthetic

// SPDX-License-Identifier: BSD-3-Clause
#include "synthetic/scene.h"

#include <algorithm>
#include <limits>

#include "testing/files.h"
#include "util/file.h"
#include "util/subprocess.h"
#include "vantage/colmap.h"
#include "vantage/image.h"

namespace vantage::synthetic {
namespace {

using synthetic::DetailedScene;
using synthetic::MakeDetailedScene;
using synthetic::Surface;
using synthetic::View;
using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::TemporaryFolder;

SyntheticSceneOptions SmallScene(int style, int64_t seed) {
  SyntheticSceneOptions options;
  options.style = style;
  options.seed = seed;
  options.photos = 6;
  options.image_size = 160;
  options.points_per_photo = 60;
  return options;
}

class EachStyle : public ::testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(All, EachStyle, ::testing::Range(0, SyntheticStyleCount()),
                         [](const auto& style) { return SyntheticStyleName(style.param); });

TEST_P(EachStyle, ObservationsAreTheProjectionsOfTheirPoints) {
  const SyntheticScene scene = MakeSyntheticScene(SmallScene(GetParam(), 3));
  const Reconstruction& truth = scene.truth;
  ASSERT_EQ(truth.images.size(), 6U);
  EXPECT_GT(truth.points.size(), 60U);
  for (const auto& [id, point] : truth.points) {
    EXPECT_GE(point.track.size(), 2U);
    for (const TrackElement& element : point.track) {
      const RegisteredImage& image = truth.images.at(element.image);
      const Camera& camera = truth.cameras.at(image.camera);
      const Observation& observation = image.observations.at(element.observation);
      EXPECT_EQ(observation.point, id);
      const Eigen::Vector3d p = image.cam_from_world * point.position;
      EXPECT_NEAR(camera.parameters[0] * p.x() / p.z() + camera.parameters[1], observation.x, 1e-9);
      EXPECT_NEAR(camera.parameters[0] * p.y() / p.z() + camera.parameters[2], observation.y, 1e-9);
      EXPECT_GT(observation.x, 0);
      EXPECT_GT(observation.y, 0);
      EXPECT_LT(observation.x, static_cast<double>(camera.width));
      EXPECT_LT(observation.y, static_cast<double>(camera.height));
    }
  }
}

// What a ray hits, found without the rasteriser.
struct Hit {
  const Surface* surface = nullptr;
  double depth = std::numeric_limits<double>::infinity();
  bool through_cut_out = false;  // a cut-out is before it, whose texture decides whether it covers the hit
};

bool IsInside(const Surface& surface, const Eigen::Vector2d& uv) {
  for (size_t i = 0; i < surface.outline.size(); ++i) {
    const Eigen::Vector2d a = surface.outline[i];
    const Eigen::Vector2d edge = surface.outline[(i + 1) % surface.outline.size()] - a;
    const Eigen::Vector2d to = uv - a;
    if (edge.x() * to.y() - edge.y() * to.x() < 0) return false;
  }
  return true;
}

Hit CastRay(const std::vector<const Surface*>& surfaces, const Eigen::Vector3d& center,
            const Eigen::Vector3d& direction) {
  Hit hit;
  double cut_out = hit.depth;
  for (const Surface* surface : surfaces) {
    const Eigen::Vector3d normal = surface->Normal();
    const double slope = normal.dot(direction);
    if (slope == 0 || (slope > 0 && !surface->two_sided)) continue;
    const double depth = normal.dot(surface->origin - center) / slope;
    if (depth <= 1e-6) continue;
    const Eigen::Vector3d at = center + depth * direction - surface->origin;
    if (!IsInside(*surface, {surface->u_axis.dot(at), surface->v_axis.dot(at)})) continue;
    if (surface->cut_out) {
      cut_out = std::min(cut_out, depth);
    } else if (depth < hit.depth) {
      hit.surface = surface;
      hit.depth = depth;
    }
  }
  hit.through_cut_out = cut_out < hit.depth;
  return hit;
}

// Whether rays through the point's projection or next to it hit another surface than the point's: a strict
// depth test may then not see the point.
bool SomethingElseShows(const std::vector<const Surface*>& surfaces, const View& view,
                        const Eigen::Vector3d& point) {
  std::vector<const Surface*> holders;
  for (const Surface* surface : surfaces) {
    const Eigen::Vector3d at = point - surface->origin;
    const bool in_plane = std::abs(surface->Normal().dot(at)) < 1e-9;
    if (in_plane && IsInside(*surface, {surface->u_axis.dot(at), surface->v_axis.dot(at)}))
      holders.push_back(surface);
  }
  if (holders.size() != 1) return true;
  const Eigen::Vector3d place = view.Project(view.cam_from_world * point);
  const Eigen::Vector3d center = view.cam_from_world.Center();
  const Eigen::Matrix3d world_from_camera = view.cam_from_world.rotation.conjugate().toRotationMatrix();
  // The photo is sampled at two by two places of each pixel: those around the projection decide.
  for (int dy = -1; dy <= 1; ++dy) {
    for (int dx = -1; dx <= 1; ++dx) {
      const double x = 0.5 * (std::floor(2 * place.x()) + dx + 0.5);
      const double y = 0.5 * (std::floor(2 * place.y()) + dy + 0.5);
      const Eigen::Vector3d ray = world_from_camera * view.Ray(x, y);
      const Hit hit = CastRay(surfaces, center, ray);
      if (hit.through_cut_out || hit.surface != holders[0]) return true;
    }
  }
  return false;
}

TEST_P(EachStyle, VisibilityIsWhatRaysSay) {
  SyntheticSceneOptions options = SmallScene(GetParam(), 5);
  options.views.occlusion = 2;
  const DetailedScene detailed = MakeDetailedScene(options, {});
  const Reconstruction& truth = detailed.scene.truth;
  int64_t seen = 0;
  int64_t hidden = 0;
  for (size_t k = 0; k < detailed.views.size(); ++k) {
    const View& view = detailed.views[k];
    const ImageId image{static_cast<uint32_t>(k + 1)};
    std::vector<const Surface*> surfaces;
    for (const Surface& surface : detailed.place.surfaces) surfaces.push_back(&surface);
    for (const Surface& surface : detailed.occluders[k]) surfaces.push_back(&surface);
    const Eigen::Vector3d center = view.cam_from_world.Center();
    for (const auto& [id, point] : truth.points) {
      const Eigen::Vector3d in_camera = view.cam_from_world * point.position;
      if (in_camera.z() <= 0) continue;
      const Eigen::Vector3d place = view.Project(in_camera);
      const bool inside =
          place.x() > 3 && place.y() > 3 && place.x() < view.width - 3 && place.y() < view.height - 3;
      if (!inside) continue;
      const bool observed = std::any_of(point.track.begin(), point.track.end(),
                                        [&](const TrackElement& element) { return element.image == image; });
      if (observed) {
        ++seen;
        EXPECT_GT(CastRay(surfaces, center, point.position - center).depth, 1 - 1e-3)
            << "an opaque surface hides point " << static_cast<uint64_t>(id) << " from view " << k;
      } else {
        ++hidden;
        EXPECT_TRUE(SomethingElseShows(surfaces, view, point.position))
            << "nothing hides point " << static_cast<uint64_t>(id) << " from view " << k;
      }
    }
  }
  EXPECT_GT(seen, 300);
  EXPECT_GT(hidden, 50);
}

TEST(SyntheticScenes, AreAFunctionOfTheirOptions) {
  const SyntheticScene one = MakeSyntheticScene(SmallScene(1, 7));
  const SyntheticScene same = MakeSyntheticScene(SmallScene(1, 7));
  const SyntheticScene other = MakeSyntheticScene(SmallScene(1, 8));
  for (size_t i = 0; i < one.photos.size(); ++i) {
    EXPECT_EQ(EncodeSyntheticPhoto(one.photos[i]), EncodeSyntheticPhoto(same.photos[i]));
    EXPECT_NE(EncodeSyntheticPhoto(one.photos[i]), EncodeSyntheticPhoto(other.photos[i]));
  }
}

TEST(SyntheticScenes, OptionsOutOfRangeAreRefused) {
  SyntheticSceneOptions options = SmallScene(0, 0);
  options.style = 99;
  EXPECT_THAT(ErrorOf([&] { MakeSyntheticScene(options); }), HasSubstr("style"));
  options = SmallScene(0, 0);
  options.views.arc = 5;
  EXPECT_THAT(ErrorOf([&] { MakeSyntheticScene(options); }), HasSubstr("views.arc"));
  RunContext context;
  context.is_cancelled = [] { return true; };
  EXPECT_THROW(MakeSyntheticScene(SmallScene(0, 0), context), Interrupted);
}

// End to end: COLMAP's model of the photos agrees with the scene that they were rendered from.
TEST(SyntheticScenes, ColmapFindsTheCameras) {
  try {
    CaptureCommand({"colmap", "help"});
  } catch (const Error&) {
    GTEST_SKIP() << "needs the program colmap: run scripts/setup";
  }
  SyntheticSceneOptions options;
  options.seed = 3;
  options.style = 2;
  options.photos = 14;
  options.image_size = 448;
  options.views.zoom = 1.6;
  const SyntheticScene scene = MakeSyntheticScene(options);
  const TemporaryFolder folder;
  RunContext one_thread;  // with more threads COLMAP's result varies
  one_thread.threads = 1;
  for (const SyntheticPhoto& photo : scene.photos) {
    WriteFile(folder / "photos/landmark" / photo.name, EncodeSyntheticPhoto(photo));
  }
  const std::vector<SceneOutcome> outcomes =
      ReconstructScenes(folder / "photos", folder / "models", {}, one_thread);
  ASSERT_EQ(outcomes.size(), 1U);
  ASSERT_EQ(outcomes[0].status, "done");
  EXPECT_FALSE(outcomes[0].was_done);
  const Reconstruction model = ReadColmapModel(folder / "models/landmark/sparse/0");
  EXPECT_GE(model.images.size(), 13U);  // nine tenths of 14
  Eigen::AlignedBox3d box;
  for (const auto& [id, image] : scene.truth.images) box.extend(image.cam_from_world.Center());
  const std::vector<double> errors = CameraCenterErrors(model, scene.truth);
  ASSERT_EQ(errors.size(), model.images.size());
  EXPECT_LT(*std::max_element(errors.begin(), errors.end()), 0.02 * box.diagonal().norm());
  // Finished scenes are not reconstructed again.
  const std::vector<SceneOutcome> again =
      ReconstructScenes(folder / "photos", folder / "models", {}, one_thread);
  EXPECT_TRUE(again.at(0).was_done);
  EXPECT_EQ(again.at(0).registered, outcomes[0].registered);
}

}  // namespace
}  // namespace vantage::synthetic

// SPDX-License-Identifier: BSD-3-Clause
#include "util/check.h"
#include "vantage/colmap.h"

namespace vantage {

Similarity AlignPoints(const std::vector<Eigen::Vector3d>& from, const std::vector<Eigen::Vector3d>& to) {
  VANTAGE_CHECK(from.size() == to.size() && from.size() >= 3, "an alignment needs three or more points, not ",
                from.size());
  Eigen::Matrix3Xd from_3N(3, from.size());
  Eigen::Matrix3Xd to_3N(3, to.size());
  for (size_t i = 0; i < from.size(); ++i) {
    from_3N.col(static_cast<Eigen::Index>(i)) = from[i];
    to_3N.col(static_cast<Eigen::Index>(i)) = to[i];
  }
  const Eigen::Matrix4d transform = Eigen::umeyama(from_3N, to_3N, /*with_scaling=*/true);
  VANTAGE_CHECK(transform.allFinite(), "the points to align coincide");
  Similarity similarity;
  similarity.scale = transform.block<3, 1>(0, 0).norm();
  similarity.rotation = transform.block<3, 3>(0, 0) / similarity.scale;
  similarity.translation = transform.block<3, 1>(0, 3);
  return similarity;
}

std::vector<double> CameraCenterErrors(const Reconstruction& model, const Reconstruction& truth) {
  std::map<std::string, Eigen::Vector3d> true_centers;
  for (const auto& [id, image] : truth.images) true_centers[image.name] = image.cam_from_world.Center();
  std::vector<Eigen::Vector3d> from;
  std::vector<Eigen::Vector3d> to;
  for (const auto& [id, image] : model.images) {
    const auto found = true_centers.find(image.name);
    if (found == true_centers.end()) continue;
    from.push_back(image.cam_from_world.Center());
    to.push_back(found->second);
  }
  const Similarity similarity = AlignPoints(from, to);
  std::vector<double> errors;
  for (size_t i = 0; i < from.size(); ++i) errors.push_back((similarity * from[i] - to[i]).norm());
  return errors;
}

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "mining/tuple_miner.h"
#include "vantage/mining.h"
#include "vantage/photos.h"

namespace vantage::mining {

// Descriptors of photos, each stored once. Photos that cannot be read are left out.
class DescriptorPool {
 public:
  DescriptorPool(const PhotoSource& all, const std::vector<PhotoId>& photos, const DescribePhotos& describe,
                 const RunContext& context) {
    std::vector<int64_t> places;
    for (const PhotoId photo : photos) places.push_back(static_cast<int64_t>(photo));
    ExtractedDescriptors extracted = describe(SelectedPhotos(all, std::move(places)), context);
    std::set<int64_t> failed;
    for (FailedRequest& request : extracted.failed) {
      failed.insert(request.index);
      failed_.push_back(std::move(request.reason));
    }
    values_ = std::move(extracted.values);
    Eigen::Index row = 0;  // moved up in place: the matrix may be most of the memory
    for (size_t i = 0; i < photos.size(); ++i) {
      if (failed.count(static_cast<int64_t>(i)) == 1) continue;
      row_of_[photos[i]] = row;
      if (row != static_cast<Eigen::Index>(i)) values_.row(row) = values_.row(static_cast<Eigen::Index>(i));
      ++row;
    }
  }

  bool Has(PhotoId photo) const { return row_of_.count(photo) == 1; }
  const std::vector<std::string>& failed() const { return failed_; }

  // Descriptors of the first `count` photos that could be read.
  auto First(size_t count) const { return values_.topRows(static_cast<Eigen::Index>(count)); }

  double Distance(PhotoId a, PhotoId b) const {
    return (values_.row(row_of_.at(a)) - values_.row(row_of_.at(b))).cast<double>().norm();
  }

  // Root mean square of the distances between pairs of the first `count` photos. NaN for fewer than two
  // photos, or if a descriptor is not finite.
  double Spread(size_t count) const {
    if (count < 2) return std::numeric_limits<double>::quiet_NaN();
    const auto rows = First(count).cast<double>();
    const Eigen::RowVectorXd mean = rows.colwise().mean();
    double sum = 0;
    for (Eigen::Index i = 0; i < rows.rows(); ++i) sum += (rows.row(i) - mean).squaredNorm();
    return std::sqrt(2 * sum / (static_cast<double>(count) - 1));
  }

  DescriptorMatrix Rows(const std::vector<PhotoId>& photos) const {
    DescriptorMatrix rows(static_cast<Eigen::Index>(photos.size()), values_.cols());
    for (size_t i = 0; i < photos.size(); ++i) {
      rows.row(static_cast<Eigen::Index>(i)) = values_.row(row_of_.at(photos[i]));
    }
    return rows;
  }

 private:
  DescriptorMatrix values_;
  std::map<PhotoId, Eigen::Index> row_of_;
  std::vector<std::string> failed_;
};

inline std::vector<SceneId> ScenesOf(const TrainingSet& set, const std::vector<PhotoId>& photos) {
  std::vector<SceneId> scenes;
  for (const PhotoId photo : photos) scenes.push_back(set.photos[IndexOf(photo)].scene);
  return scenes;
}

}  // namespace vantage::mining

// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/descriptors.h"

#include <algorithm>
#include <cmath>

#include "util/index.h"
#include "util/log.h"

namespace vantage {
namespace {

constexpr float kNormEpsilon = 1e-6F;

}  // namespace

Descriptors SelectRows(const Descriptors& descriptors, const std::vector<int64_t>& rows) {
  Descriptors selected;
  selected.values.resize(static_cast<Eigen::Index>(rows.size()), descriptors.dimension());
  for (size_t i = 0; i < rows.size(); ++i) {
    selected.names.push_back(descriptors.names.at(ToIndex(rows[i])));
    selected.values.row(static_cast<Eigen::Index>(i)) = descriptors.values.row(rows[i]);
  }
  return selected;
}

void NormalizeRows(DescriptorMatrix& values) {
  for (Eigen::Index i = 0; i < values.rows(); ++i) values.row(i) /= values.row(i).norm() + kNormEpsilon;
}

void UnusualLengths::Add(const Eigen::Ref<const DescriptorMatrix>& values) {
  constexpr float kTolerance = 0.01F;  // float16 has a smaller error
  rows_ += values.rows();
  for (const float length : Eigen::VectorXf(values.rowwise().norm())) {
    if (length == 0 || std::abs(length - 1) <= kTolerance) continue;
    shortest_ = count_ == 0 ? length : std::min(shortest_, length);
    longest_ = std::max(longest_, length);
    ++count_;
  }
}

void UnusualLengths::Warn(const std::string& source) const {
  if (count_ == 0) return;
  LogWarning(source, ": ", count_, " of ", rows_, " descriptors are not of unit length but ", shortest_,
             " to ", longest_,
             ", so that inner products rank by length too; --normalise divides each by its length");
}

void WarnUnlessUnitLength(const Eigen::Ref<const DescriptorMatrix>& values, const std::string& source) {
  UnusualLengths lengths;
  lengths.Add(values);
  lengths.Warn(source);
}

}  // namespace vantage

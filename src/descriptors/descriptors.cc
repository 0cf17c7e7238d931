// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/descriptors.h"

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

int64_t CountNotUnitLength(const Eigen::Ref<const DescriptorMatrix>& values) {
  constexpr float kTolerance = 0.01F;  // float16 has a smaller error
  const Eigen::VectorXf lengths = values.rowwise().norm();
  return (lengths.array() != 0 && (lengths.array() - 1).abs() > kTolerance).count();
}

void WarnOfLengths(int64_t not_unit, int64_t rows, const std::string& source) {
  if (not_unit == 0) return;
  LogWarning(source, ": ", not_unit, " of ", rows,
             " descriptors are not of unit length, so that inner products rank by length too; divide each by "
             "its length first");
}

void WarnUnlessUnitLength(const Eigen::Ref<const DescriptorMatrix>& values, const std::string& source) {
  WarnOfLengths(CountNotUnitLength(values), values.rows(), source);
}

}  // namespace vantage

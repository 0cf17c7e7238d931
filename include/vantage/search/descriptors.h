// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <Eigen/Core>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

namespace vantage {

// Rows are vectors: N x D.
using DescriptorMatrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Global descriptors of photos: what extraction makes, and search, whitening and evaluation take.
struct Descriptors {
  std::vector<std::string> names;  // N, of the photos
  DescriptorMatrix values;         // N x D, rows of unit length

  int64_t size() const { return values.rows(); }
  int64_t dimension() const { return values.cols(); }
};

// The rows named by `rows`, in that order.
Descriptors SelectRows(const Descriptors& descriptors, const std::vector<int64_t>& rows);

// Divides each row by its length + 1e-6 (cirtorch's l2n, and its whitening, add the epsilon to the norm).
void NormalizeRows(DescriptorMatrix& values);

// A photo that has no descriptor, and why.
struct FailedPhoto {
  std::string name;
  std::string reason;
};

// What NAME.json holds beside NAME.npy.
struct DescriptorFile {
  Descriptors descriptors;
  std::vector<FailedPhoto> failed;
  // What made them, as JSON text: model, its hash, image size, scales, whitening.
  std::string provenance = "{}";
};

// Writes PATH.npy (N x D float32) and PATH.json. `path` may end in .npy.
void WriteDescriptors(const DescriptorFile& file, const std::filesystem::path& path);

// Reads them back. Throws Error naming the file where either is missing or malformed, the numbers of names
// and rows differ, names repeat, or a value is not finite.
DescriptorFile ReadDescriptors(const std::filesystem::path& path);

}  // namespace vantage

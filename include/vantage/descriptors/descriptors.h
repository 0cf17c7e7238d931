// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <Eigen/Core>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "vantage/config/options_description.h"
#include "vantage/descriptors/descriptor_provenance.h"
#include "vantage/util/output.h"

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

// Rows whose length is neither 1, within 0.01, nor 0.
int64_t CountNotUnitLength(const Eigen::Ref<const DescriptorMatrix>& values);
// Logs a warning that names `source` and how many of its rows these are, if any: inner products rank by
// length too.
void WarnUnlessUnitLength(const Eigen::Ref<const DescriptorMatrix>& values, const std::string& source);
void WarnOfLengths(int64_t not_unit, int64_t rows, const std::string& source);

// A photo that has no descriptor, and why.
struct FailedPhoto {
  std::string name;
  std::string reason;
};

// What a descriptor file holds.
struct DescriptorFile {
  Descriptors descriptors;
  std::vector<FailedPhoto> failed;
  DescriptorProvenance provenance;
};

// How descriptors are written.
struct DescriptorFormat {
  // npy: NAME.npy (N x D) and NAME.json. h5: NAME.h5, one HDF5 file in hloc's layout. auto: as the path ends;
  // npy where it ends in neither.
  std::string container = "auto";
  // Half the size; values are rounded to the nearest float16 (to even), a relative error of up to 2^-11.
  bool float16 = false;
};

void Declare(OptionsDescription& description, DescriptorFormat& format);

// True where the path ends in .npy, .json, .h5 or .hdf5.
bool IsDescriptorPath(const std::filesystem::path& path);

// Writes descriptors. `path` may go without its extension. Each file appears whole or not at all. Throws
// UsageError where the format is not what the path ends in; Error where a file cannot be written, a value is
// beyond float16, or a name cannot name an HDF5 group.
void WriteDescriptors(const DescriptorFile& file, const std::filesystem::path& path,
                      const DescriptorFormat& format = {});

// Checks before any work that WriteDescriptors may write there: format, ending, and each file by CheckOutput.
// Throws UsageError or Error.
void CheckDescriptorOutput(const std::filesystem::path& path, const DescriptorFormat& format,
                           const OutputRules& rules);

// Checks before any work that WriteDescriptors can write descriptors of these names there. Throws Error.
void CheckDescriptorNames(const std::filesystem::path& path, const DescriptorFormat& format,
                          const std::vector<std::string>& names);

// Reads what WriteDescriptors wrote, and what others wrote in these layouts: float16, float32 or float64. A
// path with none of their extensions is an HDF5 file if it begins as one, else stands for NAME.npy or
// NAME.h5, whichever is there. Rows of an HDF5 file of others, as hloc's, come in the order of their names.
// Values are converted block by block: beside the result there is no second copy of them. Throws Error naming
// the file where one is missing or malformed, the numbers of names and rows differ, names repeat, or a value
// is not finite.
DescriptorFile ReadDescriptors(const std::filesystem::path& path);

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
// Global descriptors of photos (module descriptors), and their files (module descriptor_files: reading,
// writing, merging, DescriptorDatabase).
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "vantage/options.h"
#include "vantage/run_context.h"

namespace vantage {

// What made the descriptors of a file. A field that the file does not name is empty.
struct DescriptorProvenance {
  std::optional<std::string> vantage;       // version
  std::optional<std::string> model;         // path
  std::optional<std::string> model_sha256;  // of the model's file
  std::optional<std::string> architecture;
  std::optional<std::string> pooling;
  std::optional<int64_t> image_size;  // longest side, pixels
  std::optional<bool> apply_exif_orientation;
  std::optional<std::vector<double>> scales;
  std::optional<std::string> whitening;  // name; "" or "none": none
  std::optional<int64_t> dimension;      // that is kept of the whitening; 0: all
  std::optional<std::string> decode;
  std::optional<std::string> precision;
  std::optional<int64_t> batch_pixels;
  // Other keys, or values of another type than above, as JSON text: "super_global", "shard",
  // "missing_shards", what other programs add.
  std::map<std::string, std::string> other;

  bool operator==(const DescriptorProvenance&) const = default;
};

// How two files were made differently.
struct ProvenanceDifferences {
  // Descriptors cannot be compared: another model, pooling, whitening, dimension or precision.
  std::vector<std::string> errors;
  // They can, but rankings suffer: another image size, scales, EXIF turning, decoding; other programs' keys.
  std::vector<std::string> warnings;
  // Nothing to compare descriptors by: version, batch size, path of the same model, what only one file names.
  std::vector<std::string> notes;
};

// Each difference in words, as "their image sizes differ (362 and 1024)".
ProvenanceDifferences CompareProvenance(const DescriptorProvenance& a, const DescriptorProvenance& b);

// Throws Error if the descriptors of two files cannot be compared; logs one warning if that costs accuracy.
// Both name the files and both values.
void CheckComparable(const DescriptorProvenance& provenance, const std::string& source,
                     const DescriptorProvenance& other, const std::string& other_source);

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

// A photo of a list that has no descriptor.
struct FailedRequest {
  int64_t index = 0;  // of the request
  std::string reason;
};

// Descriptors of a list of photos.
struct ExtractedDescriptors {
  DescriptorMatrix values;  // a row for each request; zero where it failed
  std::vector<FailedRequest> failed;
};

// What a descriptor file holds.
struct DescriptorFile {
  Descriptors descriptors;
  std::vector<FailedPhoto> failed;
  DescriptorProvenance provenance;
};

// How descriptors are written: docs/reference/extract.md explains each option.
struct DescriptorFormat {
  std::string container = "auto";  // --format
  // Values are rounded to the nearest float16 (to even), a relative error of up to 2^-11.
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

// Reads what WriteDescriptors wrote, and what others wrote in these layouts: float16, float32 or float64. A
// path with none of their extensions is an HDF5 file if it begins as one, else stands for NAME.npy or
// NAME.h5, whichever is there. Rows of an HDF5 file of others, as hloc's, come in the order of their names.
// Values are converted block by block: beside the result there is no second copy of them. Throws Error naming
// the file where one is missing or malformed, the numbers of names and rows differ, names repeat, or a value
// is not finite.
DescriptorFile ReadDescriptors(const std::filesystem::path& path);

namespace descriptor_files {
class DescriptorReader;
}

// A descriptor file that is read block by block, for databases larger than memory. What was read stays in the
// system's page cache, as it would with a mapped file; but a file that is cut meanwhile is an Error and not
// the end of the process.
class DescriptorDatabase {
 public:
  // Reads the names, not the values. Throws Error as ReadDescriptors does for what they show.
  explicit DescriptorDatabase(const std::filesystem::path& path);
  ~DescriptorDatabase();
  DescriptorDatabase(DescriptorDatabase&&) noexcept;

  const std::filesystem::path& path() const;
  const std::vector<std::string>& names() const;
  const DescriptorProvenance& provenance() const;
  int64_t size() const;
  int64_t dimension() const;

  // Rows first .. first + count - 1. From any thread. Throws Error naming the row where a value is not
  // finite.
  DescriptorMatrix Read(int64_t first, int64_t count) const;
  // True once. What reads the whole database then looks at the rows' lengths; see WarnOfLengths.
  bool ClaimLengths() const;
  // The rows in the order of `rows`.
  DescriptorMatrix ReadRows(const std::vector<int64_t>& rows) const;

 private:
  std::unique_ptr<descriptor_files::DescriptorReader> reader_;
};

// docs/reference/merge.md explains each option.
struct MergeOptions {
  bool partial = false;
};

void Declare(OptionsDescription& description, MergeOptions& options);

struct MergedDescriptors {
  DescriptorFile file;
  std::vector<int64_t> missing_shards;  // numbers, from 1; empty unless MergeOptions::partial
};

// Puts descriptor files of one model and one way of extraction after each other.
//
// Shards of one run carry {"shard": {"index": i, "count": n}}, i = 1 .. n, in their provenance. They come in
// the order of their numbers, whatever the order of `paths`; as each holds a contiguous part of the list of
// photos, the result is what one run over all photos would have written. "shard" is left out of the result's
// provenance; shards that were missing are listed there as "missing_shards". Files without it come in the
// order of `paths`.
//
// Memory: the result and a block of rows. Throws Error that names the file where one cannot be read, differs
// from the first in dimension or in what made it (the key and both values; the model's path may differ where
// its hash does not), repeats a name, is one shard twice, or where a shard is missing.
MergedDescriptors MergeDescriptors(const std::vector<std::filesystem::path>& paths,
                                   const MergeOptions& options = {}, const RunContext& context = {});

}  // namespace vantage

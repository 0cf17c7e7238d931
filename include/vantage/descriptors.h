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

// How the descriptors of a file were made. Fields that the file does not name are empty.
struct DescriptorProvenance {
  std::optional<std::string> vantage;       // version
  std::optional<std::string> model;         // path
  std::optional<std::string> model_sha256;  // of the model's file
  std::optional<std::string> architecture;
  std::optional<std::string> head;           // as Choice::Text writes it
  std::optional<std::string> preprocessing;  // as ToText(Preprocessing) writes it
  std::optional<bool> apply_exif_orientation;
  std::optional<std::vector<double>> scales;
  std::optional<std::string> whitening;  // name; "" or "none": none
  std::optional<int64_t> dimension;      // dimensions kept of the whitening; 0: all
  std::optional<std::string> decode;
  std::optional<std::string> precision;
  std::optional<int64_t> batch_pixels;
  // JSON text of other keys ("super_global", "shard", "missing_shards", keys that other programs add), and of
  // the keys above if the value has another type.
  std::map<std::string, std::string> other;

  bool operator==(const DescriptorProvenance&) const = default;
};

// Differences between the provenances of two files.
struct ProvenanceDifferences {
  // Descriptors cannot be compared: another model, architecture, head, whitening, dimension or precision.
  std::vector<std::string> errors;
  // They can, but rankings get worse: another image size, scales, EXIF orientation, decoding, or other
  // programs' keys.
  std::vector<std::string> warnings;
  // No effect on comparing: version, batch size, path of the same model, keys that only one file names.
  std::vector<std::string> notes;
};

// Puts each difference into words: "their scales differ (1 and 1,0.5)".
ProvenanceDifferences CompareProvenance(const DescriptorProvenance& a, const DescriptorProvenance& b);

// Throws Error if the descriptors of two files cannot be compared. Logs one warning if comparing them costs
// accuracy. Both messages name the files and both values.
void CheckComparable(const DescriptorProvenance& provenance, const std::string& source,
                     const DescriptorProvenance& other, const std::string& other_source);

// One vector per row: N x D.
using DescriptorMatrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Global descriptors of photos: what extraction makes, and what search, whitening and evaluation read.
struct Descriptors {
  std::vector<std::string> names;  // of the photos, N
  DescriptorMatrix values;         // N x D, rows of unit length

  int64_t size() const { return values.rows(); }
  int64_t dimension() const { return values.cols(); }
};

// The rows with these numbers, in this order.
Descriptors SelectRows(const Descriptors& descriptors, const std::vector<int64_t>& rows);

// Divides each row by its length + 1e-6; cirtorch's l2n and whitening add the same epsilon to the norm.
void NormalizeRows(DescriptorMatrix& values);

// Rows whose length is neither 0 nor within 0.01 of 1. Inner products rank by length too if there are any.
class UnusualLengths {
 public:
  // Adds rows of the descriptors, which may come in blocks.
  void Add(const Eigen::Ref<const DescriptorMatrix>& values);
  int64_t count() const { return count_; }
  // Logs a warning that names `source`, the number of such rows and the range of their lengths, if there are
  // any.
  void Warn(const std::string& source) const;

 private:
  int64_t rows_ = 0;
  int64_t count_ = 0;
  float shortest_ = 0;
  float longest_ = 0;
};
// UnusualLengths::Warn for descriptors in memory.
void WarnUnlessUnitLength(const Eigen::Ref<const DescriptorMatrix>& values, const std::string& source);

// A photo without descriptor, and why.
struct FailedPhoto {
  std::string name;
  std::string reason;
};

// A photo of a list without descriptor.
struct FailedRequest {
  int64_t index = 0;  // of the request
  std::string reason;
};

// Descriptors of a list of photos.
struct ExtractedDescriptors {
  DescriptorMatrix values;  // one row per request; zeros if it failed
  std::vector<FailedRequest> failed;
};

// What a descriptor file holds.
struct DescriptorFile {
  Descriptors descriptors;
  std::vector<FailedPhoto> failed;
  DescriptorProvenance provenance;
  // After extraction: what the folders of photos held and was left out, as PhotoFolder::LeftOutCounts counts
  // it. Not in files.
  std::map<std::string, int64_t> left_out = {};
};

// How descriptors are written: docs/reference/extract.md explains each option.
struct DescriptorFormat {
  std::string container = "auto";  // --format
  // Rounds values to the nearest float16 (ties to even); the relative error is at most 2^-11.
  bool float16 = false;
};

void Declare(OptionsDescription& description, DescriptorFormat& format);

// True if the path ends in .npy, .json, .h5 or .hdf5.
bool IsDescriptorPath(const std::filesystem::path& path);

// Writes descriptors. `path` may omit the extension. Each file appears whole or not at all. Throws UsageError
// if the format is not the one of the path's extension; Error if a file cannot be written, a value is out of
// float16's range, or a name cannot be an HDF5 group.
void WriteDescriptors(const DescriptorFile& file, const std::filesystem::path& path,
                      const DescriptorFormat& format = {});

// How a descriptor file of another program is read.
struct DescriptorReading {
  // Text file with the name of each row, one per line, for a .npy; NAME.json is not read then. "": NAME.json
  // has the names.
  std::string names;
  // Divides each row by its length. Rows of zeros stay as they are.
  bool normalise = false;
};

// Reads descriptor files that WriteDescriptors or other programs wrote in these layouts, in float16, float32
// or float64; a .npy may be big-endian or in Fortran order, and datasets of HDF5 may be chunked and
// compressed with gzip. A path without one of their extensions is an HDF5 file if its content starts like
// one; otherwise it stands for NAME.npy or NAME.h5, whichever is there. Rows of other programs' HDF5 files,
// such as hloc's, come in the order of their names. Values are converted block by block, without a second
// copy of all of them. Throws UsageError if names are given for an HDF5 file, which has its own; Error naming
// the file if one is missing or malformed, the numbers of names and rows differ, names repeat, or a value is
// not finite.
DescriptorFile ReadDescriptors(const std::filesystem::path& path, const DescriptorReading& reading = {});

namespace descriptor_files {
class DescriptorReader;
}

// A descriptor file that is read block by block, for databases larger than memory. The system's page cache
// keeps what was read, as for a mapped file. Unlike with a mapped file, truncating the file meanwhile is an
// Error and does not kill the process.
class DescriptorDatabase {
 public:
  // Reads the names, not the values. Throws Error as ReadDescriptors does, except for values that are not
  // finite.
  explicit DescriptorDatabase(const std::filesystem::path& path, const DescriptorReading& reading = {});
  ~DescriptorDatabase();
  DescriptorDatabase(DescriptorDatabase&&) noexcept;

  const std::filesystem::path& path() const;
  const std::vector<std::string>& names() const;
  const DescriptorProvenance& provenance() const;
  const std::vector<FailedPhoto>& failed() const;
  int64_t size() const;
  int64_t dimension() const;

  // Rows first .. first + count - 1. May be called from any thread. Throws Error naming the row if a value is
  // not finite.
  DescriptorMatrix Read(int64_t first, int64_t count) const;
  // True on the first call only. Whoever gets true and reads the whole database checks the rows' lengths and
  // warns of unusual ones, so that there is one warning.
  bool ClaimLengths() const;
  // The rows with these numbers, in this order.
  DescriptorMatrix ReadRows(const std::vector<int64_t>& rows) const;

 private:
  std::unique_ptr<descriptor_files::DescriptorReader> reader_;
};

// docs/reference/merge.md explains each option.
struct MergeOptions {
  bool partial = false;
  // DescriptorReading::names of each file, in the order of the files; empty: each has its own.
  std::vector<std::string> names;
  bool normalise = false;  // DescriptorReading::normalise
};

void Declare(OptionsDescription& description, MergeOptions& options);

struct MergedDescriptors {
  DescriptorFile file;
  std::vector<int64_t> missing_shards;  // numbers, from 1; empty unless MergeOptions::partial
};

// Concatenates descriptor files that were made by one model in one way.
//
// Shards of one run have {"shard": {"index": i, "count": n}}, i = 1 .. n, in their provenance. They are
// ordered by index, whatever the order of `paths`. Each holds a contiguous part of the list of photos, so the
// result equals that of one run over all photos. The result's provenance has no "shard"; it lists missing
// shards as "missing_shards". Files without "shard" stay in the order of `paths`.
//
// Memory: the result and a block of rows. Throws Error naming the file if one cannot be read, differs from
// the first in dimension or provenance (the message has the key and both values; the model's path may differ
// if its hash does not), repeats a name, is the same shard as another file, is not a shard although others
// are, or if a shard is missing. Throws UsageError if `paths` is empty, or if there are names but not for
// each path.
MergedDescriptors MergeDescriptors(const std::vector<std::filesystem::path>& paths,
                                   const MergeOptions& options = {}, const RunContext& context = {});

}  // namespace vantage

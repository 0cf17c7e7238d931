// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "vantage/config/options_description.h"
#include "vantage/descriptors/descriptors.h"
#include "vantage/search/pairs.h"
#include "vantage/util/photo_finder.h"
#include "vantage/util/run_context.h"

namespace vantage {

// Two rows of descriptors, the smaller first.
using RowPair = std::pair<int64_t, int64_t>;
using NamePair = std::pair<std::string, std::string>;

struct PairRecallOptions {
  // Two photos are covisible where a sparse model has them observe at least so many of the same points.
  // COLMAP itself asks for 15 matches that agree. At least 1.
  int64_t min_shared_points = 15;
};
void Declare(OptionsDescription& description, PairRecallOptions& options);

// How many of the pairs worth matching are among some that are matched.
struct PairRecall {
  int64_t covisible = 0;   // pairs that are
  int64_t pairs = 0;       // that are matched
  int64_t exhaustive = 0;  // pairs of all the photos
  int64_t found = 0;       // covisible pairs among those matched

  double Recall() const;  // found / covisible; NaN where none is
  double Precision() const;
  double Saved() const;  // share of the exhaustive pairs that need not be matched
};

// Pairs in either order, each counted once. photos: how many there are.
PairRecall RecallOfPairs(const std::vector<RowPair>& pairs, const std::vector<RowPair>& covisible,
                         int64_t photos);

// Finds rows of descriptors by names of models and lists of pairs.
class DescribedPhotos {
 public:
  explicit DescribedPhotos(const Descriptors& photos);

  // `name` is that of a descriptor, or that after `scene` and a slash.
  std::optional<int64_t> Row(const std::string& name, const std::string& scene) const;
  // The rows of pairs whose photos both have a descriptor.
  std::vector<RowPair> Rows(const std::vector<NamePair>& pairs, const std::string& scene) const;

 private:
  PhotoFinder finder_;
};

struct RecallAtK {
  int64_t k = 0;
  PairRecall recall;
};

// What ProposePairs finds with k = 1, 2, 5, 10, 20, 50, ... below the number of photos, and with the options'
// own k; the other options as they are.
std::vector<RecallAtK> RecallByK(const Descriptors& photos, const std::vector<RowPair>& covisible,
                                 const PairOptions& options, const RunContext& context = {});

// Reads two names a line, as FormatPairs writes them. Throws Error naming file and line.
std::vector<NamePair> ReadNamePairs(const std::filesystem::path& path);

}  // namespace vantage

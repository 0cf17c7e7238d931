// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/search.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "util/index.h"
#include "util/rethrow.h"
#include "util/string.h"
#include "vantage/error.h"

namespace vantage {
namespace {

using Pairs = std::vector<RowPair>;

void AddNeighborPairs(const DescriptorMatrix& descriptors, const PairOptions& options,
                      const RunContext& context, Pairs& pairs) {
  std::vector<int64_t> described;
  for (Eigen::Index row = 0; row < descriptors.rows(); ++row) {
    if (!descriptors.row(row).isZero(0)) described.push_back(row);
  }
  const DescriptorMatrix rows = descriptors(described, Eigen::all);
  Pairs found;
  const auto neighbors = NearestNeighbors(rows, rows, options.k + 1, context);
  for (size_t i = 0; i < neighbors.size(); ++i) {
    int64_t taken = 0;
    for (const Neighbor& neighbor : neighbors[i]) {
      if (neighbor.index == static_cast<int64_t>(i) || taken == options.k) continue;
      ++taken;
      if (options.min_score > -1 && static_cast<double>(neighbor.score) < options.min_score) continue;
      found.push_back(std::minmax(described[i], described[ToIndex(neighbor.index)]));
    }
  }
  if (options.mutual) {
    // A mutual pair was found twice, once from each photo.
    std::sort(found.begin(), found.end());
    for (size_t i = 1; i < found.size(); ++i) {
      if (found[i] == found[i - 1]) pairs.push_back(found[i]);
    }
  } else {
    pairs.insert(pairs.end(), found.begin(), found.end());
  }
}

void AddSequentialPairs(const std::vector<std::string>& names, int64_t count, Pairs& pairs) {
  std::map<std::string, std::vector<int64_t>> folders;
  for (size_t row = 0; row < names.size(); ++row) {
    const size_t slash = names[row].rfind('/');
    folders[slash == std::string::npos ? "" : names[row].substr(0, slash)].push_back(
        static_cast<int64_t>(row));
  }
  for (auto& [folder, rows] : folders) {
    std::sort(rows.begin(), rows.end(),
              [&](int64_t a, int64_t b) { return NaturallyBefore(names[ToIndex(a)], names[ToIndex(b)]); });
    for (size_t i = 0; i < rows.size(); ++i) {
      const size_t end = std::min(rows.size(), i + 1 + ToIndex(count));
      for (size_t j = i + 1; j < end; ++j) pairs.push_back(std::minmax(rows[i], rows[j]));
    }
  }
}

void SortUnique(Pairs& pairs) {
  std::sort(pairs.begin(), pairs.end());
  pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
}

}  // namespace

void Declare(OptionsDescription& description, PairOptions& options) {
  description.Add("k", options.k, "Nearest photos that each photo is paired with").AtLeast(0);
  description.Add("mutual", options.mutual, "Keep only pairs of photos that are among each other's nearest");
  description.Add("min_score", options.min_score, "Keep only pairs with at least this inner product")
      .Range(-1, 1);
  description
      .Add("sequential", options.sequential, "Pair each photo also with this many that follow it by name")
      .AtLeast(0);
}

Pairs ProposePairs(const Descriptors& photos, const PairOptions& options, const RunContext& context) try {
  CheckOptions(options);
  Pairs pairs;
  AddNeighborPairs(photos.values, options, context, pairs);
  if (options.sequential > 0) AddSequentialPairs(photos.names, options.sequential, pairs);
  SortUnique(pairs);
  return pairs;
} catch (...) {
  RethrowAsError();
}

std::vector<std::pair<std::string, std::string>> ProposeQueryPairs(const Descriptors& queries,
                                                                   const DescriptorDatabase& database,
                                                                   const PairOptions& options,
                                                                   const RunContext& context) try {
  CheckOptions(options);
  if (options.mutual || options.sequential > 0) {
    throw UsageError("--mutual, --sequential: are of pairs within the database, not with --queries");
  }
  const OwnRows own = RowsOfSameNames(queries.names, database.names());
  std::map<int64_t, size_t> query_of_row;
  for (size_t q = 0; q < own.size(); ++q) {
    if (own[q]) query_of_row.emplace(*own[q], q);
  }
  std::set<std::pair<size_t, int64_t>> seen;
  std::vector<std::pair<std::string, std::string>> pairs;
  const auto neighbors = NearestNeighbors(queries.values, database, options.k + 1, context);
  for (size_t q = 0; q < neighbors.size(); ++q) {
    if (queries.values.row(static_cast<Eigen::Index>(q)).isZero(0)) continue;
    const std::optional<int64_t> own_row = own.empty() ? std::nullopt : own[q];
    int64_t taken = 0;
    for (const Neighbor& neighbor : neighbors[q]) {
      if (neighbor.index == own_row || taken == options.k) continue;
      ++taken;
      if (options.min_score > -1 && static_cast<double>(neighbor.score) < options.min_score) continue;
      // Skips a pair that was already found from its other photo.
      const auto other = query_of_row.find(neighbor.index);
      if (own_row && other != query_of_row.end() && seen.contains({other->second, *own_row})) continue;
      if (!seen.insert({q, neighbor.index}).second) continue;
      pairs.emplace_back(queries.names[q], database.names()[ToIndex(neighbor.index)]);
    }
  }
  return pairs;
} catch (...) {
  RethrowAsError();
}

Pairs NeighborPairs(const DescriptorMatrix& descriptors, int64_t k, const RunContext& context) {
  Pairs pairs;
  AddNeighborPairs(descriptors, {.k = k}, context, pairs);
  SortUnique(pairs);
  return pairs;
}

void CheckPairNames(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const bool is_comment = name.starts_with('#');
    if (!is_comment && !name.empty() && name.find_first_of(" \t\r\n\v\f") == name.npos) continue;
    throw UsageError(StrCat(
        "pairs: the name '", name, "' ",
        is_comment ? "begins with #, which COLMAP takes for a comment"
                   : "has white space, which ends a name for COLMAP and hloc",
        "; rename the photo, or let 'vantage reconstruct --pairs-from' match, which renames such photos"));
  }
}

std::string FormatPairs(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::string text;
  for (const auto& [a, b] : pairs) {
    CheckPairNames({a, b});
    text += StrCat(a, " ", b, "\n");
  }
  return text;
}

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/search.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "util/index.h"
#include "util/lines.h"
#include "util/rethrow.h"
#include "util/string.h"
#include "vantage/error.h"

namespace vantage {
namespace {

using Pairs = std::vector<RowPair>;

// The nearest of each row that is described, best first. Indices are places in `rows`.
struct Nearest {
  std::vector<int64_t> rows;
  std::vector<std::vector<Neighbor>> neighbors;
};

Nearest FindNearest(const DescriptorMatrix& descriptors, int64_t k, const RunContext& context) {
  Nearest nearest;
  if (k == 0) return nearest;
  for (Eigen::Index row = 0; row < descriptors.rows(); ++row) {
    if (!descriptors.row(row).isZero(0)) nearest.rows.push_back(row);
  }
  const DescriptorMatrix described = descriptors(nearest.rows, Eigen::all);
  nearest.neighbors = NearestNeighbors(described, described, k + 1, context);  // one is the row itself
  return nearest;
}

// k: at most that of FindNearest.
void AddNeighborPairs(const Nearest& nearest, int64_t k, const PairOptions& options, Pairs& pairs) {
  Pairs found;
  for (size_t i = 0; i < nearest.neighbors.size(); ++i) {
    int64_t taken = 0;
    for (const Neighbor& neighbor : nearest.neighbors[i]) {
      if (taken == k) break;
      if (neighbor.index == static_cast<int64_t>(i)) continue;
      ++taken;
      if (options.min_score > -1 && static_cast<double>(neighbor.score) < options.min_score) continue;
      found.push_back(std::minmax(nearest.rows[i], nearest.rows[ToIndex(neighbor.index)]));
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

std::vector<Pairs> ProposePairsByK(const Descriptors& photos, const std::vector<int64_t>& ks,
                                   const PairOptions& options, const RunContext& context) try {
  CheckOptions(options);
  if (ks.empty()) return {};
  const Nearest nearest = FindNearest(photos.values, *std::max_element(ks.begin(), ks.end()), context);
  std::vector<Pairs> all;
  for (const int64_t k : ks) {
    Pairs& pairs = all.emplace_back();
    AddNeighborPairs(nearest, k, options, pairs);
    if (options.sequential > 0) AddSequentialPairs(photos.names, options.sequential, pairs);
    SortUnique(pairs);
  }
  return all;
} catch (...) {
  RethrowAsError();
}

Pairs ProposePairs(const Descriptors& photos, const PairOptions& options, const RunContext& context) {
  return ProposePairsByK(photos, {options.k}, options, context)[0];
}

namespace {

using NamePairs = std::vector<std::pair<std::string, std::string>>;
using Neighbors = std::vector<std::vector<Neighbor>>;

// nearest: finds the k nearest of each query in the database with these names.
NamePairs QueryPairs(const Descriptors& queries, const std::vector<std::string>& names,
                     const PairOptions& options, const std::function<Neighbors(int64_t k)>& nearest) {
  CheckOptions(options);
  if (options.mutual || options.sequential > 0) {
    throw UsageError("--mutual, --sequential: are of pairs within the database, not with queries");
  }
  const OwnRows own = RowsOfSameNames(queries.names, names);
  std::map<int64_t, size_t> query_of_row;
  for (size_t q = 0; q < own.size(); ++q) {
    if (own[q]) query_of_row.emplace(*own[q], q);
  }
  std::set<std::pair<size_t, int64_t>> seen;
  NamePairs pairs;
  const Neighbors neighbors = nearest(options.k + 1);
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
      pairs.emplace_back(queries.names[q], names[ToIndex(neighbor.index)]);
    }
  }
  return pairs;
}

}  // namespace

NamePairs ProposeQueryPairs(const Descriptors& queries, const DescriptorDatabase& database,
                            const PairOptions& options, const RunContext& context) try {
  return QueryPairs(queries, database.names(), options,
                    [&](int64_t k) { return NearestNeighbors(queries.values, database, k, context); });
} catch (...) {
  RethrowAsError();
}

NamePairs ProposeQueryPairs(const Descriptors& queries, const Descriptors& database,
                            const PairOptions& options, const RunContext& context) try {
  return QueryPairs(queries, database.names, options,
                    [&](int64_t k) { return NearestNeighbors(queries.values, database.values, k, context); });
} catch (...) {
  RethrowAsError();
}

Pairs NeighborPairs(const DescriptorMatrix& descriptors, int64_t k, const RunContext& context) {
  Pairs pairs;
  AddNeighborPairs(FindNearest(descriptors, k, context), k, {}, pairs);
  SortUnique(pairs);
  return pairs;
}

std::string FormatPairs(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::string text;
  for (const auto& [a, b] : pairs) {
    for (const std::string& name : {a, b}) {
      if (!IsWord(name))
        throw UsageError(StrCat("a list of pairs cannot hold the name '", name,
                                "', which has white space or a leading #, or is empty"));
    }
    text += StrCat(a, " ", b, "\n");
  }
  return text;
}

}  // namespace vantage

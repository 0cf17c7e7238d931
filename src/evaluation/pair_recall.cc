// SPDX-License-Identifier: BSD-3-Clause
#include "evaluation/described_photos.h"
#include "vantage/evaluation.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <set>
#include <sstream>

#include "util/check.h"
#include "util/lines.h"

namespace vantage {
namespace {

double Share(int64_t part, int64_t whole) {
  return whole == 0 ? std::numeric_limits<double>::quiet_NaN()
                    : static_cast<double>(part) / static_cast<double>(whole);
}

std::vector<RowPair> Ordered(const std::vector<RowPair>& pairs) {
  std::vector<RowPair> ordered;
  for (const auto& [a, b] : pairs) ordered.push_back(std::minmax({a, b}));
  std::sort(ordered.begin(), ordered.end());
  ordered.erase(std::unique(ordered.begin(), ordered.end()), ordered.end());
  return ordered;
}

// 1, 2, 5, ... 100 below the number of photos, and `own`.
std::vector<int64_t> Ks(int64_t photos, int64_t own) {
  std::set<int64_t> ks = {own};
  for (const int64_t k : {1, 2, 5, 10, 20, 50, 100}) {
    if (k < photos) ks.insert(k);
  }
  return {ks.begin(), ks.end()};
}

}  // namespace

void Declare(OptionsDescription& description, PairRecallOptions& options) {
  description
      .Add("min_shared_points", options.min_shared_points,
           "Fewest points that two photos share in a sparse model to count as covisible")
      .AtLeast(1);
}

double PairRecall::Recall() const { return Share(found, covisible); }
double PairRecall::Precision() const { return Share(found, pairs); }
double PairRecall::Saved() const { return Share(exhaustive - pairs, exhaustive); }

PairRecall RecallOfPairs(const std::vector<RowPair>& pairs, const std::vector<RowPair>& covisible,
                         int64_t photos) {
  const std::vector<RowPair> matched = Ordered(pairs);
  const std::vector<RowPair> wanted = Ordered(covisible);
  std::vector<RowPair> found;
  std::set_intersection(wanted.begin(), wanted.end(), matched.begin(), matched.end(),
                        std::back_inserter(found));
  return {std::ssize(wanted), std::ssize(matched), photos * (photos - 1) / 2, std::ssize(found)};
}

evaluation::DescribedPhotos::DescribedPhotos(const std::vector<std::string>& names)
    : finder_({names.begin(), names.end()}) {}

std::optional<int64_t> evaluation::DescribedPhotos::Row(const std::string& name,
                                                        const std::string& scene) const {
  const std::optional<int64_t> row = finder_.FindExact(name);
  return row ? row : finder_.FindExact(StrCat(scene, "/", name));
}

std::vector<RowPair> evaluation::DescribedPhotos::Rows(const std::vector<NamePair>& pairs,
                                                       const std::string& scene) const {
  std::vector<RowPair> rows;
  for (const auto& [a, b] : pairs) {
    const std::optional<int64_t> row_a = Row(a, scene);
    const std::optional<int64_t> row_b = Row(b, scene);
    if (row_a && row_b) rows.push_back(std::minmax({*row_a, *row_b}));
  }
  return rows;
}

std::vector<RecallAtK> RecallByK(const Descriptors& photos, const std::vector<RowPair>& covisible,
                                 const PairOptions& options, const RunContext& context) {
  CheckOptions(options);
  const std::vector<int64_t> ks = Ks(photos.size(), options.k);
  std::vector<RecallAtK> recalls;
  for (const auto& pairs : ProposePairsByK(photos, ks, options, context))
    recalls.push_back({ks[recalls.size()], RecallOfPairs(pairs, covisible, photos.size())});
  return recalls;
}

std::vector<NamePair> ReadNamePairs(const std::filesystem::path& path) {
  std::vector<NamePair> pairs;
  for (const auto& [text, number] : ReadLines(path)) {
    std::istringstream words(text);
    NamePair pair;
    std::string rest;
    VANTAGE_CHECK(words >> pair.first >> pair.second && !(words >> rest), path.string(), ":", number,
                  ": not two names");
    pairs.push_back(std::move(pair));
  }
  return pairs;
}

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/mining.h"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <set>
#include <span>
#include <utility>

#include "mining/similarities.h"
#include "nn/intra_op_threads.h"
#include "util/check.h"
#include "util/index.h"
#include "util/parallel.h"
#include "util/random.h"
#include "util/rethrow.h"

namespace vantage {
namespace {

constexpr int64_t kAnchorsPerBlock = 128;

// A row in an anchor's ranking.
struct Ranked {
  float similarity = 0;
  int64_t row = -1;  // -1: none

  bool IsBefore(const Ranked& other) const {
    return other.row < 0 || similarity > other.similarity ||
           (similarity == other.similarity && row < other.row);
  }
};

// The rows of an anchor's ranking that triplets are made of.
struct Ranking {
  Ranked negative;           // the first of another class
  Ranked positive_before;    // the last of the anchor's class before it
  Ranked positive_after;     // the first after it
  int64_t ranks_behind = 0;  // ranks of positive_after behind the negative
};

// Scans the similarities three times, which is faster than sorting them.
Ranking Rank(int64_t anchor, std::span<const float> similarities, const std::vector<SceneId>& classes) {
  const SceneId own = classes[ToIndex(anchor)];
  Ranking ranking;
  const auto for_each = [&](const auto& use) {
    for (size_t i = 0; i < similarities.size(); ++i) {
      if (static_cast<int64_t>(i) == anchor || !std::isfinite(similarities[i])) continue;
      use(Ranked{similarities[i], static_cast<int64_t>(i)}, classes[i] == own);
    }
  };
  for_each([&](const Ranked& other, bool is_same) {
    if (!is_same && other.IsBefore(ranking.negative)) ranking.negative = other;
  });
  if (ranking.negative.row < 0) return ranking;
  for_each([&](const Ranked& other, bool is_same) {
    if (!is_same) return;
    Ranked& before = ranking.positive_before;
    if (other.IsBefore(ranking.negative)) {
      if (before.row < 0 || before.IsBefore(other)) before = other;
    } else if (other.IsBefore(ranking.positive_after)) {
      ranking.positive_after = other;
    }
  });
  if (ranking.positive_after.row < 0) return ranking;
  for_each([&](const Ranked& other, bool) {
    const bool is_between = !other.IsBefore(ranking.negative) && other.IsBefore(ranking.positive_after);
    ranking.ranks_behind += is_between ? 1 : 0;
  });
  return ranking;
}

// Draws one row of another class and one of the anchor's class.
Ranking DrawAtRandom(int64_t anchor, const std::vector<int64_t>& rows, const std::vector<SceneId>& classes,
                     RandomStream random) {
  Ranking drawn;
  uint64_t same = 0;
  uint64_t other = 0;
  for (const int64_t row : rows) {
    if (row == anchor) continue;
    const bool is_same = classes[ToIndex(row)] == classes[ToIndex(anchor)];
    uint64_t& seen = is_same ? same : other;
    if (random.Below(++seen) == 0) (is_same ? drawn.positive_after : drawn.negative).row = row;
  }
  return drawn;
}

// Decides for each anchor, in their order, whether its triplet is taken.
class Selection {
 public:
  Selection(const Eigen::Ref<const DescriptorMatrix>& descriptors, const std::vector<SceneId>& classes,
            double margin, const TripletRoundOptions& options)
      : descriptors_(descriptors), classes_(classes), margin_(margin), options_(options) {}

  // wants_semi_hard: take the positive before the negative, if there is one. rank_threshold: for a hard
  // positive.
  void Offer(int64_t anchor, const Ranking& ranking, bool wants_semi_hard, int64_t rank_threshold) {
    TripletStatistics& statistics = mined_.statistics;
    ++statistics.anchors;
    if (ranking.negative.row < 0) return Count(statistics.no_negative);
    const bool is_semi_hard = wants_semi_hard && ranking.positive_before.row >= 0;
    const Ranked& positive = is_semi_hard ? ranking.positive_before : ranking.positive_after;
    if (positive.row < 0) return Count(statistics.no_positive);
    if (!is_semi_hard && ranking.ranks_behind >= rank_threshold) return Count(statistics.behind_threshold);
    const Triplet triplet{anchor, positive.row, ranking.negative.row, Distance(anchor, positive.row),
                          Distance(anchor, ranking.negative.row)};
    const double loss = margin_ + triplet.positive_distance * triplet.positive_distance -
                        triplet.negative_distance * triplet.negative_distance;
    const double step = std::clamp<double>(std::floor(loss / TripletStatistics::kLossStep) + 1, 0,
                                           TripletStatistics::kLossSteps + 1);
    ++statistics.losses[static_cast<size_t>(step)];
    if (!(loss > options_.lowest_loss && loss < options_.highest_loss))
      return Count(statistics.outside_window);
    const SceneId own = classes_[ToIndex(anchor)];
    if (options_.one_per_class && used_.count(own) == 1) return Count(statistics.same_class);
    if (static_cast<int>(mined_.triplets.size()) >= options_.triplets) return Count(statistics.beyond_count);
    used_.insert(own);
    mined_.triplets.push_back(triplet);
    ++(is_semi_hard ? statistics.semi_hard : statistics.hard);
  }

  MinedTriplets Take() { return std::move(mined_); }

 private:
  static void Count(int64_t& counter) { ++counter; }

  double Distance(int64_t a, int64_t b) const {
    return (descriptors_.row(a) - descriptors_.row(b)).cast<double>().norm();
  }

  const Eigen::Ref<const DescriptorMatrix>& descriptors_;
  const std::vector<SceneId>& classes_;
  double margin_;
  const TripletRoundOptions& options_;
  std::set<SceneId> used_;  // classes of the triplets' anchors
  MinedTriplets mined_;
};

void CheckSizes(const Eigen::Ref<const DescriptorMatrix>& descriptors, const std::vector<SceneId>& classes) {
  VANTAGE_CHECK(descriptors.rows() == std::ssize(classes),
                "mining: the numbers of descriptors and classes differ");
}

}  // namespace

void Declare(OptionsDescription& description, TripletRoundOptions& options) {
  description.Add("pool", options.pool, "Photos drawn for a round").Range(2, 1 << 20);
  description.Add("per_class", options.per_class, "Most photos of a class drawn for a round")
      .Range(2, 1 << 20);
  description.Add("lowest_loss", options.lowest_loss, "Triplets of a lower loss are left out as too easy")
      .Range(-10, 10);
  description.Add("highest_loss", options.highest_loss, "Triplets of a higher loss are left out as too hard")
      .Range(-10, 10);
  description.Add("one_per_class", options.one_per_class,
                  "At most one triplet of each anchor's class a round");
  description.Add("triplets", options.triplets, "Most triplets of a round").AtLeast(1);
}

std::string TripletStatistics::Text() const {
  std::string steps;
  for (const int64_t count : losses) steps += StrCat(steps.empty() ? "" : " ", count);
  return StrCat(anchors, " anchors: ", semi_hard, " semi-hard and ", hard,
                " hard triplets; left out: ", no_negative, " without negative, ", no_positive,
                " without positive, ", behind_threshold, " behind the rank threshold, ", outside_window,
                " outside the loss window, ", same_class, " of a class that has one, ", beyond_count,
                " beyond the count; by loss in steps of ", kLossStep, " from below 0: ", steps);
}

MinedTriplets DrawTriplets(const Eigen::Ref<const DescriptorMatrix>& descriptors,
                           const std::vector<SceneId>& classes, double margin,
                           const RandomMiningOptions& options, uint64_t seed, uint64_t key,
                           const RunContext& context) try {
  CheckOptions(options);
  CheckSizes(descriptors, classes);
  Selection selection(descriptors, classes, margin, options.round);
  std::vector<int64_t> finite;
  for (int64_t row = 0; row < descriptors.rows(); ++row) {
    if (descriptors.row(row).allFinite()) finite.push_back(row);
  }
  for (int64_t anchor = 0; anchor < descriptors.rows(); ++anchor) {
    context.CheckCancelled();
    const RandomStream random(seed, "random triplets", {key, static_cast<uint64_t>(anchor)});
    selection.Offer(anchor, DrawAtRandom(anchor, finite, classes, random), /*wants_semi_hard=*/false,
                    /*rank_threshold=*/1);
  }
  return selection.Take();
} catch (...) {
  RethrowAsError();
}

MinedTriplets MineTriplets(const Eigen::Ref<const DescriptorMatrix>& descriptors,
                           const std::vector<SceneId>& classes, double margin,
                           const DifficultyMiningOptions& options, uint64_t seed, uint64_t key,
                           const RunContext& context) try {
  CheckOptions(options);
  CheckSizes(descriptors, classes);
  const int64_t rows = descriptors.rows();
  std::vector<Ranking> rankings(ToIndex(rows));
  std::mutex mutex;
  int64_t done = 0;
  const nn::IntraOpThreads one_thread_a_block(1);
  ParallelFor((rows + kAnchorsPerBlock - 1) / kAnchorsPerBlock, context.ThreadCount(), [&](int64_t block) {
    one_thread_a_block.Enter();
    context.CheckCancelled();
    const int64_t first = block * kAnchorsPerBlock;
    const int64_t count = std::min(kAnchorsPerBlock, rows - first);
    DescriptorMatrix similarities;
    mining::Similarities(descriptors.middleRows(first, count), descriptors, similarities);
    for (int64_t i = 0; i < count; ++i) {
      rankings[ToIndex(first + i)] = Rank(first + i, {similarities.row(i).data(), ToIndex(rows)}, classes);
    }
    const std::scoped_lock lock(mutex);
    done += count;
    context.Report({"finding triplets", done, rows, ""});
  });
  Selection selection(descriptors, classes, margin, options.round);
  for (int64_t anchor = 0; anchor < rows; ++anchor) {
    RandomStream random(seed, "semi-hard", {key, static_cast<uint64_t>(anchor)});
    selection.Offer(anchor, rankings[ToIndex(anchor)], random.Chance(options.semi_hard_probability),
                    options.rank_threshold);
  }
  return selection.Take();
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#include "train/learn_whitening.h"
#include "vantage/training.h"

#include <algorithm>
#include <array>
#include <utility>

#include "descriptors/descriptor_rows.h"
#include "nn/descriptor_net.h"
#include "numerics/pca.h"
#include "util/check.h"
#include "util/index.h"
#include "util/log.h"
#include "util/random.h"
#include "util/rethrow.h"
#include "util/string.h"
#include "vantage/describer.h"
#include "vantage/run_context.h"
#include "vantage/training_set.h"

namespace vantage {
namespace {

// A way of learning a whitening: the name in the options, and what distinguishes it.
struct WhiteningMethod {
  const char* name;
  bool is_pca = false;               // from all descriptors; if not, from matching pairs
  bool divides_by_deviation = true;  // PCA only: whether components are divided by their deviations
  bool is_of_paper = false;          // LearnWhiteningOfPaper; if not, LearnWhitening
};

constexpr std::array<WhiteningMethod, 4> kMethods{{
    {.name = "learned"},
    {.name = "learned-paper", .is_of_paper = true},
    {.name = "pca", .is_pca = true},
    {.name = "pca-rotation", .is_pca = true, .divides_by_deviation = false},
}};

const WhiteningMethod& MethodOf(const LearnWhiteningOptions& options) {
  const auto* const method = std::find_if(kMethods.begin(), kMethods.end(),
                                          [&](const auto& one) { return one.name == options.method; });
  VANTAGE_CHECK(method != kMethods.end(), "method: '", options.method, "' is no way of whitening");
  return *method;
}

std::vector<std::string> MethodNames() {
  std::vector<std::string> names;
  for (const WhiteningMethod& method : kMethods) names.emplace_back(method.name);
  return names;
}

}  // namespace

void Declare(OptionsDescription& description, LearnWhiteningOptions& options) {
  description
      .Add("method", options.method,
           "learned: from matching pairs, as the code of TPAMI 2019; learned-paper: as the paper; pca: from "
           "all descriptors; pca-rotation: pca, components not divided by their deviations")
      .OneOf(MethodNames());
  description.Add("min_overlap", options.min_overlap, "Least share of the query's points that a pair shares")
      .Range(0, 1);
  description
      .Add("max_scale_change", options.max_scale_change, "Largest change of scale in a pair, either way")
      .AtLeast(1);
  description
      .Add("pairs_per_query", options.pairs_per_query,
           "Most pairs of a query; each query has the same weight. 0: all, and each pair has the same "
           "weight, as in the paper's code")
      .AtLeast(0);
  description.Add("shrinkage", options.shrinkage,
                  "learned: shrinkage of the pairs' covariance towards a sphere, 0 (as in the paper) to 1; "
                  "auto: the best for scenes that are left out");
  description.Add("dimension", options.dimension, "Dimensions to keep; 0: all").AtLeast(0).Flag("dim");
  description
      .Add("pca_exact_up_to", options.pca_exact_up_to,
           "pca with --dim: components are exact for at most this many descriptors or dimensions; for more "
           "they are found by iteration")
      .AtLeast(1);
  description.Add("pca_passes", options.pca_passes, "pca: passes of the iteration over the descriptors")
      .Range(1, 100);
  description
      .Add("memory", options.memory,
           "pca: memory for descriptors, MiB; more of them are stored in a temporary file")
      .AtLeast(1);
  description.Add("scratch", options.scratch, "Folder of the temporary file; default: the output's");
}

namespace {

// Largest dimension of descriptors for which a covariance matrix is computed: 512 MiB.
constexpr int64_t kLargestCovariance = 8192;
// Bytes of descriptors that are computed before they are written to disk.
constexpr int64_t kDescribedAtATime = int64_t{1} << 27;

// Descriptors of the photos that could be read, and the row of each photo.
struct DescribedSet {
  DescriptorMatrix values;
  std::vector<int64_t> row_of;  // of each photo; -1: failed
  std::vector<int64_t> scenes;  // of each row
  std::vector<std::string> failed;
};

DescribedSet DescribeSet(const Describer& describer, const TrainingSet& set,
                         const std::filesystem::path& photo_root, size_t first, size_t count,
                         const RunContext& context, DescriptorStore* store) {
  std::vector<PhotoRequest> requests;
  for (size_t i = first; i < first + count; ++i) {
    requests.push_back({PhotoPath(set, PhotoId{static_cast<int64_t>(i)}, photo_root), std::nullopt});
  }
  ExtractedDescriptors extracted =
      ExtractDescriptors(describer, PhotoFiles(std::move(requests)), context, store);
  DescribedSet described;
  described.row_of.assign(count, 0);
  for (const FailedRequest& failed : extracted.failed) {
    described.row_of[ToIndex(failed.index)] = -1;
    described.failed.push_back(failed.reason);
  }
  for (size_t i = 0; i < count; ++i) {
    if (described.row_of[i] < 0) continue;
    described.row_of[i] = std::ssize(described.scenes);
    // Moves rows in place, because the matrix may fill most of the memory.
    const auto row = static_cast<Eigen::Index>(i);
    if (row != described.row_of[i]) extracted.values.row(described.row_of[i]) = extracted.values.row(row);
    described.scenes.push_back(static_cast<int64_t>(set.photos[first + i].scene));
  }
  extracted.values.conservativeResize(static_cast<Eigen::Index>(described.scenes.size()), Eigen::NoChange);
  described.values = std::move(extracted.values);
  return described;
}

numerics::PcaOptions PcaOf(const LearnWhiteningOptions& options) {
  return {.dimension = options.dimension,
          .whiten = MethodOf(options).divides_by_deviation,
          .exact_up_to = options.pca_exact_up_to,
          .passes = options.pca_passes};
}

// Learns from all descriptors, without pairs and without all of them in memory.
Whitening LearnPcaOnDisk(const Describer& describer, const TrainingSet& set,
                         const std::filesystem::path& photo_root, const LearnWhiteningOptions& options,
                         const RunContext& context, DescriptorStore* store, LearnedWhitening& learned) {
  namespace fs = std::filesystem;
  const size_t at_a_time = ToIndex(
      std::max<int64_t>(1, kDescribedAtATime / describer.dimension() / static_cast<int64_t>(sizeof(float))));
  descriptors::ScratchDescriptors scratch(
      options.scratch.empty() ? fs::temp_directory_path() : fs::path(options.scratch), describer.dimension());
  learned.failed.clear();
  for (size_t first = 0; first < set.photos.size(); first += at_a_time) {
    const size_t count = std::min(at_a_time, set.photos.size() - first);
    RunContext of_part = context;
    of_part.on_progress = [&](const Progress& progress) {
      context.Report({progress.task, static_cast<int64_t>(first) + progress.done, std::ssize(set.photos),
                      progress.note});
    };
    const DescribedSet part = DescribeSet(describer, set, photo_root, first, count, of_part, store);
    scratch.Append(part.values);
    learned.failed.insert(learned.failed.end(), part.failed.begin(), part.failed.end());
  }
  learned.photos = scratch.size();
  return numerics::LearnPca(scratch.rows(), PcaOf(options), context);
}

// Whether the set has overlaps of photos. cirtorch's sets have none.
bool KnowsOverlap(const TrainingSet& set) {
  return std::any_of(set.queries.begin(), set.queries.end(), [](const TrainingQuery& query) {
    return std::any_of(query.candidates.begin(), query.candidates.end(),
                       [](const CandidatePositive& candidate) { return candidate.overlap > 0; });
  });
}

MatchingPairs PairsOf(const TrainingSet& set, const std::vector<int64_t>& row_of,
                      const LearnWhiteningOptions& options) {
  MatchingPairs pairs;
  const bool knows_overlap = KnowsOverlap(set);
  for (const TrainingQuery& query : set.queries) {
    if (row_of[IndexOf(query.photo)] < 0) continue;
    std::vector<int64_t> positives;
    const auto add = [&](PhotoId photo) {
      if (row_of[IndexOf(photo)] >= 0) positives.push_back(row_of[IndexOf(photo)]);
    };
    if (!knows_overlap) add(query.positive);
    for (const CandidatePositive& candidate : query.candidates) {
      if (IsModerateViewpointChange(candidate, options.min_overlap, options.max_scale_change))
        add(candidate.photo);
    }
    const auto count = std::ssize(positives);
    const int64_t most = options.pairs_per_query > 0 ? options.pairs_per_query : count;
    std::vector<int64_t> drawn =
        RandomStream(0, "whitening pairs", {IndexOf(query.photo)}).Sample(count, most);
    std::sort(drawn.begin(), drawn.end());
    for (const int64_t i : drawn) {
      pairs.queries.push_back(row_of[IndexOf(query.photo)]);
      pairs.positives.push_back(positives[ToIndex(i)]);
      if (options.pairs_per_query > 0)
        pairs.weights.push_back(1 / static_cast<double>(std::min(count, most)));
    }
  }
  return pairs;
}

// The shrinkage in the options; none if it is to be chosen.
std::optional<double> NamedShrinkage(const LearnWhiteningOptions& options) {
  if (options.shrinkage == "auto") return std::nullopt;
  try {
    const double value = ParseDouble(options.shrinkage, "shrinkage");
    if (value >= 0 && value <= 1) return value;
  } catch (const Error&) {  // said below
  }
  throw UsageError(StrCat("shrinkage: '", options.shrinkage, "' is neither auto nor a number in [0, 1]"));
}

double ShrinkageOf(const DescribedSet& described, const MatchingPairs& pairs,
                   const LearnWhiteningOptions& options, const RunContext& context,
                   std::optional<ShrinkageChoice>& choice) {
  if (const std::optional<double> named = NamedShrinkage(options)) return *named;
  choice = ChooseShrinkage(described.values, pairs, described.scenes,
                           {.dimension = options.dimension, .is_of_paper = MethodOf(options).is_of_paper},
                           context);
  const bool is_worse = choice->is_measured && choice->map < choice->unwhitened_map;
  Log(is_worse || !choice->is_measured ? LogLevel::kWarning : LogLevel::kInfo,
      StrCat("whitening: ", Summary(*choice)));
  for (const auto& [shrinkage, map] : choice->curve)
    LogInfo("whitening: shrinkage ", FormatShortest(shrinkage), ": mAP ", FormatFixed(100 * map, 2));
  return choice->shrinkage;
}

Whitening Learn(const DescribedSet& described, const MatchingPairs& pairs,
                const LearnWhiteningOptions& options, const RunContext& context,
                std::optional<ShrinkageChoice>& choice) {
  if (MethodOf(options).is_pca) return numerics::LearnPca(described.values, PcaOf(options), context);
  VANTAGE_CHECK(!pairs.queries.empty(), "the training set has no pair to learn a whitening from");
  const double shrinkage = ShrinkageOf(described, pairs, options, context, choice);
  if (MethodOf(options).is_of_paper) {
    return LearnWhiteningOfPaper(described.values, pairs, described.scenes, shrinkage);
  }
  return LearnWhitening(described.values, pairs, shrinkage);
}

}  // namespace

LearnedWhitening train::LearnWhiteningFromTuples(const nn::DescriptorNet& net, const TrainingSet& set,
                                                 const std::filesystem::path& photo_root,
                                                 const ExtractOptions& extract,
                                                 const LearnWhiteningOptions& options,
                                                 const RunContext& context, DescriptorStore* store) try {
  CheckOptions(options);
  NamedShrinkage(options);
  VANTAGE_CHECK(options.dimension <= net.dimension(), "a whitening of ", options.dimension,
                " dimensions: the network has ", net.dimension());
  const bool is_pca = MethodOf(options).is_pca;
  VANTAGE_CHECK(net.dimension() <= kLargestCovariance || (is_pca && options.dimension > 0), "descriptors of ",
                net.dimension(), " dimensions: more than ", kLargestCovariance,
                " can be whitened only by pca, with a dimension");
  const int64_t bytes = std::ssize(set.photos) * net.dimension() * int64_t{sizeof(float)};
  LearnedWhitening learned;
  const auto learn_at = [&](const std::vector<double>& scales, std::optional<ShrinkageChoice>& choice) {
    ExtractOptions at_scales = extract;
    at_scales.scales = scales;
    const Describer describer(net, at_scales);
    if (is_pca && bytes > (int64_t{options.memory} << 20)) {
      return LearnPcaOnDisk(describer, set, photo_root, options, context, store, learned);
    }
    DescribedSet described = DescribeSet(describer, set, photo_root, 0, set.photos.size(), context, store);
    const MatchingPairs pairs = PairsOf(set, described.row_of, options);
    learned.photos = described.values.rows();
    learned.pairs = std::ssize(pairs.queries);
    learned.failed = std::move(described.failed);
    return TruncateWhitening(Learn(described, pairs, options, context, choice), options.dimension);
  };
  learned.whitening.single_scale = learn_at(
      extract.scales.size() == 1 ? extract.scales : std::vector<double>{1}, learned.single_scale_shrinkage);
  if (extract.scales.size() > 1) {
    learned.whitening.multi_scale = learn_at(extract.scales, learned.multi_scale_shrinkage);
  }
  return learned;
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage

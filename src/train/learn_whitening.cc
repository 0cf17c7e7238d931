// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/train/learn_whitening.h"

#include "vantage/extract/describer.h"
#include "vantage/tuples/build.h"
#include "vantage/util/error.h"

namespace vantage {

void Describe(OptionsDescription& description, LearnWhiteningOptions& options) {
  description
      .Add("method", options.method,
           "learned: from matching pairs, as the code of TPAMI 2019; learned-paper: as the paper; pca: from "
           "all "
           "descriptors")
      .OneOf({"learned", "learned-paper", "pca"});
  description.Add("min_overlap", options.min_overlap, "Least share of the query's points that a pair shares")
      .Range(0, 1);
  description
      .Add("max_scale_change", options.max_scale_change, "Largest change of scale in a pair, either way")
      .AtLeast(1);
  description
      .Add("shrinkage", options.shrinkage,
           "learned: how far the pairs' covariance is drawn towards a sphere; 0 as in the paper, towards 1 "
           "for few or alike pairs")
      .Range(0, 1);
  description.Add("dimension", options.dimension, "Dimensions that are kept; 0: all").AtLeast(0);
}

namespace {

// Descriptors of the photos that could be read, and where those of each photo stand.
struct DescribedSet {
  Eigen::MatrixXd values;
  std::vector<int64_t> row_of;  // of each photo; -1: failed
  std::vector<int64_t> scenes;  // of each row
  std::vector<std::string> failed;
};

DescribedSet DescribePhotos(const DescriptorNet& net, const TrainingSet& set,
                            const std::filesystem::path& photo_root, const ExtractOptions& extract,
                            const RunContext& context) {
  std::vector<PhotoRequest> requests;
  for (size_t i = 0; i < set.photos.size(); ++i) {
    requests.push_back({PhotoPath(set, PhotoId{static_cast<int64_t>(i)}, photo_root), std::nullopt});
  }
  const ExtractedDescriptors extracted = ExtractDescriptors(Describer(net, extract), requests, context);
  DescribedSet described;
  described.row_of.assign(set.photos.size(), 0);
  for (const FailedRequest& failed : extracted.failed) {
    described.row_of[static_cast<size_t>(failed.index)] = -1;
    described.failed.push_back(failed.reason);
  }
  described.values.resize(static_cast<Eigen::Index>(set.photos.size() - extracted.failed.size()),
                          net.dimension());
  for (size_t i = 0; i < set.photos.size(); ++i) {
    if (described.row_of[i] < 0) continue;
    described.row_of[i] = static_cast<int64_t>(described.scenes.size());
    described.values.row(described.row_of[i]) =
        extracted.values.row(static_cast<Eigen::Index>(i)).cast<double>();
    described.scenes.push_back(static_cast<int64_t>(set.photos[i].scene));
  }
  return described;
}

// Rows of matching descriptors.
struct Pairs {
  std::vector<int64_t> queries;
  std::vector<int64_t> positives;
};

Pairs PairsOf(const TrainingSet& set, const std::vector<int64_t>& row_of,
              const LearnWhiteningOptions& options) {
  Pairs pairs;
  for (const TrainingQuery& query : set.queries) {
    for (const CandidatePositive& candidate : query.candidates) {
      const int64_t q = row_of[Index(query.photo)];
      const int64_t p = row_of[Index(candidate.photo)];
      if (q < 0 || p < 0) continue;
      if (!IsModerateViewpointChange(candidate, options.min_overlap, options.max_scale_change)) continue;
      pairs.queries.push_back(q);
      pairs.positives.push_back(p);
    }
  }
  return pairs;
}

Whitening Learn(const DescribedSet& described, const Pairs& pairs, const LearnWhiteningOptions& options) {
  if (options.method == "pca") return LearnPcaWhitening(described.values);
  VANTAGE_CHECK(!pairs.queries.empty(), "the training set has no pair to learn a whitening from");
  if (options.method == "learned-paper") {
    return LearnWhiteningOfPaper(described.values, pairs.queries, pairs.positives, described.scenes,
                                 options.shrinkage);
  }
  return LearnWhitening(described.values, pairs.queries, pairs.positives, options.shrinkage);
}

}  // namespace

LearnedWhitening LearnWhiteningFromTuples(const DescriptorNet& net, const TrainingSet& set,
                                          const std::filesystem::path& photo_root,
                                          const ExtractOptions& extract, const LearnWhiteningOptions& options,
                                          const RunContext& context) {
  VANTAGE_CHECK(options.dimension <= net.dimension(), "a whitening of ", options.dimension,
                " dimensions: the network has ", net.dimension());
  LearnedWhitening learned;
  const auto learn_at = [&](const std::vector<double>& scales) {
    ExtractOptions at_scales = extract;
    at_scales.scales = scales;
    DescribedSet described = DescribePhotos(net, set, photo_root, at_scales, context);
    const Pairs pairs = PairsOf(set, described.row_of, options);
    learned.photos = described.values.rows();
    learned.pairs = static_cast<int64_t>(pairs.queries.size());
    learned.failed = std::move(described.failed);
    return TruncateWhitening(Learn(described, pairs, options), options.dimension);
  };
  learned.whitening.single_scale =
      learn_at(extract.scales.size() == 1 ? extract.scales : std::vector<double>{1});
  if (extract.scales.size() > 1) learned.whitening.multi_scale = learn_at(extract.scales);
  return learned;
}

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/train/learn_whitening.h"

#include <set>

#include "vantage/extract/describer.h"
#include "vantage/tuples/build.h"
#include "vantage/util/error.h"

namespace vantage {

void Describe(OptionsDescription& description, LearnWhiteningOptions& options) {
  description.Add("method", options.method, "learned: from matching pairs; pca: from all descriptors")
      .OneOf({"learned", "pca"});
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
}

LearnedWhitening LearnWhiteningFromTuples(const DescriptorNet& net, const TrainingSet& set,
                                          const std::filesystem::path& photo_root,
                                          const ExtractOptions& extract, const LearnWhiteningOptions& options,
                                          const RunContext& context) {
  std::vector<PhotoRequest> requests;
  for (size_t i = 0; i < set.photos.size(); ++i) {
    requests.push_back({PhotoPath(set, PhotoId{static_cast<int64_t>(i)}, photo_root), std::nullopt});
  }
  const ExtractedDescriptors extracted = ExtractDescriptors(Describer(net, extract), requests, context);
  LearnedWhitening learned;
  std::vector<int64_t> row_of(set.photos.size(), 0);  // -1: failed
  for (const FailedRequest& failed : extracted.failed) {
    row_of[static_cast<size_t>(failed.index)] = -1;
    learned.failed.push_back(failed.reason);
  }
  Eigen::MatrixXd descriptors(static_cast<Eigen::Index>(set.photos.size() - extracted.failed.size()),
                              net.dimension());
  for (size_t i = 0; i < row_of.size(); ++i) {
    if (row_of[i] < 0) continue;
    descriptors.row(learned.photos) = extracted.values.row(static_cast<Eigen::Index>(i)).cast<double>();
    row_of[i] = learned.photos++;
  }

  std::vector<int64_t> queries;
  std::vector<int64_t> positives;
  for (const TrainingQuery& query : set.queries) {
    for (const CandidatePositive& candidate : query.candidates) {
      const int64_t q = row_of[Index(query.photo)];
      const int64_t p = row_of[Index(candidate.photo)];
      if (q < 0 || p < 0) continue;
      if (!IsModerateViewpointChange(candidate, options.min_overlap, options.max_scale_change)) continue;
      queries.push_back(q);
      positives.push_back(p);
    }
  }
  learned.pairs = static_cast<int64_t>(queries.size());
  if (options.method == "pca") {
    learned.whitening = LearnPcaWhitening(descriptors);
  } else {
    VANTAGE_CHECK(!queries.empty(), "the training set has no pair to learn a whitening from");
    learned.whitening = LearnWhitening(descriptors, queries, positives, options.shrinkage);
  }
  return learned;
}

}  // namespace vantage

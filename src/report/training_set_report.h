// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "report/thumbnail.h"
#include "vantage/options.h"
#include "vantage/run_context.h"
#include "vantage/training_set.h"

namespace vantage::report {

// docs/reference/report.md explains each option.
struct TrainingSetReportOptions {
  int queries = 40;
  int candidates = 8;  // the chosen positive, and those that share most points
  int negatives = 5;
  int scenes = 200;      // evenly spread over the set
  int scene_photos = 6;  // evenly spread over the scene's photos
  int64_t seed = 0;
  ThumbnailOptions thumbnails;
};
void Declare(OptionsDescription& description, TrainingSetReportOptions& options);

// A photo of another scene, and the distance of its descriptor from the query's, in [0, 2].
struct NegativeMatch {
  PhotoId photo{};
  double distance = 0;
};

struct QueryNegatives {
  PhotoId query{};
  std::vector<NegativeMatch> negatives;  // nearest first
  // Distance from the query's descriptor to the chosen positive's; NaN if it is not known.
  double positive_distance = std::numeric_limits<double>::quiet_NaN();
};

// Results of mining with a model. The page shows queries drawn from these, and a histogram of all distances.
struct ReportNegatives {
  std::string model;  // name of the model
  std::vector<QueryNegatives> queries;
  // Notes for the reader: "val: not mined, since ...".
  std::vector<std::string> notes;
};

struct TrainingSetReportSummary {
  int64_t queries = 0;                  // shown
  int64_t photos = 0;                   // shown, each counted once
  int64_t bytes = 0;                    // of the page
  std::vector<std::string> unreadable;  // "PATH: reason"
};

// Writes a page about a training set: numbers, histograms, a sample of queries with their candidate positives
// and, if `negatives` is not null, mined negatives, and the scenes. The page is one file that contains each
// thumbnail once. A photo that cannot be read becomes a placeholder with the reason. name: the set's name,
// for the title; photo_root: see PhotoPath. Writes through AtomicFile; equal input gives equal bytes. Throws
// Error if the file cannot be written; throws Interrupted.
TrainingSetReportSummary WriteTrainingSetReport(const TrainingSet& set, const std::string& name,
                                                const std::filesystem::path& photo_root,
                                                const ReportNegatives* negatives,
                                                const TrainingSetReportOptions& options,
                                                const std::filesystem::path& output,
                                                const RunContext& context = {});

}  // namespace vantage::report

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
  int candidates = 8;  // the chosen one, and those that share most points
  int negatives = 5;
  int scenes = 200;      // spread over the set
  int scene_photos = 6;  // spread over the scene's photos
  int64_t seed = 0;
  ThumbnailOptions thumbnails;
};
void Declare(OptionsDescription& description, TrainingSetReportOptions& options);

// A photo of another scene, and how far its descriptor is from the query's: [0, 2].
struct NegativeMatch {
  PhotoId photo{};
  double distance = 0;
};

struct QueryNegatives {
  PhotoId query{};
  std::vector<NegativeMatch> negatives;  // nearest first
  // From the query's descriptor to the chosen positive's; NaN where it is not known.
  double positive_distance = std::numeric_limits<double>::quiet_NaN();
};

// What mining with a model found. Queries that are shown are drawn from these; the distances of all are
// counted.
struct ReportNegatives {
  std::string model;  // its name
  std::vector<QueryNegatives> queries;
  // What the reader should know: "val: not mined, since ...".
  std::vector<std::string> notes;
};

struct TrainingSetReportSummary {
  int64_t queries = 0;                  // shown
  int64_t photos = 0;                   // shown, each counted once
  int64_t bytes = 0;                    // of the page
  std::vector<std::string> unreadable;  // "PATH: why"
};

// Writes a page about a training set: numbers, histograms, a sample of queries with their candidate positives
// and, where `negatives` is not null, mined negatives, and the scenes. One file with all thumbnails, each
// once. A photo that cannot be read becomes a placeholder that says why. name: of the set, for the title;
// photo_root: see PhotoPath. Writes through AtomicFile; the same input gives the same bytes. Throws Error
// where the file cannot be written, Interrupted.
TrainingSetReportSummary WriteTrainingSetReport(const TrainingSet& set, const std::string& name,
                                                const std::filesystem::path& photo_root,
                                                const ReportNegatives* negatives,
                                                const TrainingSetReportOptions& options,
                                                const std::filesystem::path& output,
                                                const RunContext& context = {});

}  // namespace vantage::report

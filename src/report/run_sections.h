// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/photo_album.h"
#include "report/run_data.h"

namespace vantage::report {

// The parts of a run's page, as HTML; "" where the run has nothing for one.

// Best epoch, losses, time and speed.
std::string RunOverview(const RunData& run);

std::string CurveSection(const RunData& run);

// What share of the time each phase took.
std::string TimeSection(const RunData& run);

// A sample query's negatives, in the first epoch and the last one that have examples of it.
struct ShownExample {
  struct Photo {
    int64_t number = 0;  // in the album
    ExamplePhoto photo;
  };
  struct Mined {
    int64_t epoch = 0;
    double positive_distance = 0;
    std::vector<Photo> negatives;
  };
  Photo query;
  Photo positive;
  std::vector<Mined> mined;  // one or two
};
std::string ExampleSection(const std::vector<ShownExample>& examples, PhotoAlbum& album);

std::string ConfigurationSection(const RunData& run);

}  // namespace vantage::report

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/photo_album.h"
#include "report/run_data.h"

namespace vantage::report {

// The sections of a run's page, as HTML; "" if the run has no data for a section.

// Best epoch, losses, time and speed.
std::string RunOverview(const RunData& run);

std::string CurveSection(const RunData& run);

// Each phase's share of the time.
std::string TimeSection(const RunData& run);

// A sample query and its negatives, from the first and the last epoch with examples of it.
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

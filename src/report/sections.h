// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

#include "report/photo_album.h"
#include "report/shown.h"

namespace vantage::report {

// The parts of a training set's page, as HTML.

// Numbers of scenes, photos, queries and candidates, by split.
std::string OverviewSection(const TrainingSet& set);

// How overlap, scale change, shared points, candidates, photos a scene and distances of negatives spread.
std::string HistogramSection(const TrainingSet& set, const std::vector<ShownScene>& scenes,
                             const ReportNegatives* negatives);

std::string QuerySection(const TrainingSet& set, const std::vector<ShownQuery>& queries,
                         const ReportNegatives* negatives, PhotoAlbum& album);

std::string SceneSection(const TrainingSet& set, const std::vector<ShownScene>& scenes, PhotoAlbum& album);

// What the filter finds an element by: the scene's number and its split, as attributes.
std::string FilterAttributes(const TrainingSet& set, SceneId scene);

}  // namespace vantage::report

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

#include "report/photo_album.h"
#include "report/shown.h"

namespace vantage::report {

// The sections of a training set's page, as HTML.

// Numbers of scenes, photos, queries and candidates, by split.
std::string OverviewSection(const TrainingSet& set);

// Histograms of overlap, scale change, shared points, candidates, photos a scene and distances of negatives.
std::string HistogramSection(const TrainingSet& set, const std::vector<ShownScene>& scenes,
                             const ReportNegatives* negatives);

std::string QuerySection(const TrainingSet& set, const std::vector<ShownQuery>& queries,
                         const ReportNegatives* negatives, PhotoAlbum& album);

std::string SceneSection(const TrainingSet& set, const std::vector<ShownScene>& scenes, PhotoAlbum& album);

// HTML attributes that the page's filter uses: the scene's number and its split.
std::string FilterAttributes(const TrainingSet& set, SceneId scene);

}  // namespace vantage::report

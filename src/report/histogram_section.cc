// SPDX-License-Identifier: BSD-3-Clause
#include "report/histogram.h"
#include "report/sections.h"

namespace vantage::report {

std::string HistogramSection(const TrainingSet& set, const std::vector<ShownScene>& scenes,
                             const ReportNegatives* negatives) {
  std::vector<double> overlap;
  std::vector<double> scale;
  std::vector<double> points;
  std::vector<double> candidates;
  for (const TrainingQuery& query : set.queries) {
    candidates.push_back(static_cast<double>(query.candidates.size()));
    for (const CandidatePositive& candidate : query.candidates) {
      if (candidate.shared_points == 0 && candidate.overlap == 1) continue;  // from classes: not measured
      overlap.push_back(100 * candidate.overlap);
      scale.push_back(candidate.scale_change);
      points.push_back(static_cast<double>(candidate.shared_points));
    }
  }
  std::vector<double> photos;
  for (const ShownScene& scene : scenes) photos.push_back(static_cast<double>(scene.photos));

  std::string html =
      "<section id=\"histograms\"><div class=\"head\"><h2>Histograms</h2><p>Of the whole set.</p></div>"
      "<div class=\"histograms\">\n";
  const auto add = [&](const std::vector<double>& values, const HistogramOptions& options,
                       const HistogramLabels& labels) {
    html += HistogramFigure(MakeHistogram(values, options), labels);
  };
  add(overlap, {},
      {"Overlap", "Share of the query's 3D points that a matching photo observes too.", "matching photos", "",
       " %"});
  add(scale, {.logarithmic = true},
      {"Scale change", "How many times as large a matching photo shows the same things.", "matching photos",
       "×", ""});
  add(points, {.logarithmic = true, .whole_numbers = true},
      {"Shared points", "3D points that query and matching photo both observe.", "matching photos", "", ""});
  add(candidates, {.whole_numbers = true},
      {"Matching photos per query", "Candidate positives, among which the positive is chosen.", "queries", "",
       ""});
  add(photos, {.whole_numbers = true},
      {"Photos a scene", "Photos that the scene's sparse models hold.", "scenes", "", ""});
  if (negatives) {
    std::vector<double> distances;
    for (const QueryNegatives& query : negatives->queries) {
      for (const NegativeMatch& negative : query.negatives) distances.push_back(negative.distance);
    }
    add(distances, {},
        {"Distance of negatives", "Distance between the descriptors of the query and each mined negative.",
         "negatives", "", ""});
  }
  return html + "</div></section>\n";
}

}  // namespace vantage::report

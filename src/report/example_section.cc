// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>

#include "report/distance_scale.h"
#include "report/html_page.h"
#include "report/page_parts.h"
#include "report/run_sections.h"
#include "util/string.h"

namespace vantage::report {
namespace {

std::vector<double> DistancesOf(const ShownExample::Mined& mined) {
  std::vector<double> distances;
  for (const ShownExample::Photo& negative : mined.negatives) distances.push_back(negative.photo.distance);
  return distances;
}

std::string DistanceText(double distance) {
  return std::isnan(distance) ? "" : StrCat("<span>distance ", FormatFixed(distance, 3), "</span>");
}

std::string MinedColumn(const ShownExample::Mined& mined, double longest, PhotoAlbum& album) {
  const std::vector<double> distances = DistancesOf(mined);
  std::string html =
      StrCat("<div class=\"mined\"><h4>Epoch ", mined.epoch, "</h4>",
             DistanceScale(mined.positive_distance, distances, longest), "<div class=\"photos\">");
  for (const ShownExample::Photo& negative : mined.negatives) {
    const std::string scene = EscapeHtml(negative.photo.scene);
    html += ToHtml({.kind = "negative",
                    .role = "negative",
                    .path = negative.photo.path,
                    .facts = StrCat(DistanceText(negative.photo.distance), "<span class=\"name\" title=\"",
                                    scene, "\">", scene, "</span>")},
                   negative.number, album);
  }
  return html + "</div></div>";
}

std::string ExampleCard(const ShownExample& example, size_t number, double longest, PhotoAlbum& album) {
  std::string facts;
  for (const ShownExample::Mined& mined : example.mined) {
    if (std::isnan(mined.positive_distance)) continue;
    facts += StrCat("<span>epoch ", mined.epoch, ": ", FormatFixed(mined.positive_distance, 3), "</span>");
  }
  std::string html = StrCat("<article class=\"query example\" id=\"query-", number,
                            "\" tabindex=\"-1\"><header><h3><a href=\"#query-", number, "\">",
                            EscapeHtml(example.query.photo.scene),
                            "</a></h3></header><div class=\"tuple\"><div><h4>Query", "</h4>",
                            ToHtml({.kind = "query", .role = "query", .path = example.query.photo.path},
                                   example.query.number, album),
                            "<h4>Positive</h4>",
                            ToHtml({.kind = "chosen",
                                    .role = "chosen positive",
                                    .path = example.positive.photo.path,
                                    .mark = "chosen",
                                    .facts = facts},
                                   example.positive.number, album),
                            "</div><div class=\"matches sides\">");
  for (const ShownExample::Mined& mined : example.mined) html += MinedColumn(mined, longest, album);
  return html + "</div></div></article>\n";
}

}  // namespace

std::string ExampleSection(const std::vector<ShownExample>& examples, PhotoAlbum& album) {
  if (examples.empty()) return "";
  double largest = 0;
  for (const ShownExample& example : examples) {
    for (const ShownExample::Mined& mined : example.mined) {
      largest = std::fmax(largest, mined.positive_distance);
      for (const double distance : DistancesOf(mined)) largest = std::fmax(largest, distance);
    }
  }
  std::string html =
      StrCat("<section id=\"examples\"><div class=\"head\"><h2>Hardest negatives</h2><p>",
             Counted(std::ssize(examples), "sample query", "sample queries"),
             ", in the first epoch and the last one that drew it. <span class=\"keys\"><kbd>J</kbd> next, "
             "<kbd>K</kbd> previous</span></p></div><p class=\"note\">Photos of other scenes that the "
             "network finds most "
             "alike, <span class=\"key negative\">red</span>, and the matching photo, <span class=\"key "
             "chosen\">green</span>. Training means to bring the green point left of the red ones. Distances "
             "are between "
             "descriptors, on one scale for all queries.</p>\n");
  for (size_t i = 0; i < examples.size(); ++i) {
    html += ExampleCard(examples[i], i + 1, LongestDistance(largest), album);
  }
  return html + "</section>\n";
}

}  // namespace vantage::report

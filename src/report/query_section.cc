// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>

#include "report/distance_scale.h"
#include "report/html_page.h"
#include "report/page_parts.h"
#include "report/sections.h"
#include "util/string.h"

namespace vantage::report {
namespace {

constexpr char kTupleLegend[] =
    "<details class=\"legend\" open><summary>How to read this</summary><ul>"
    "<li><span class=\"swatch chosen\"></span><b>Chosen positive</b>: the matching photo that training "
    "takes.</li>"
    "<li><span class=\"swatch candidate\"></span><b>Other candidates</b>: matching photos it could have "
    "been, those "
    "that share most points first.</li>"
    "<li><span class=\"swatch negative\"></span><b>Negatives</b>: photos of other scenes that the model "
    "finds most "
    "alike. One that shows the query&#39;s place after all is two scenes that are one.</li>"
    "<li><b>Points</b>: 3D points of the sparse model that both photos observe. <b>Overlap</b>: their share "
    "of all "
    "that the query observes.</li>"
    "<li><b>Scale</b>: how many times as large the candidate shows the same things as the query.</li>"
    "<li><b>Distance</b>: between descriptors, 0 (equal) to 2. The green point is the chosen positive, the "
    "red "
    "ones are the negatives; the scale is the same for all queries.</li></ul></details>";

// The longest distance on the page; all queries are drawn on one scale.
double LongestOf(const std::vector<ShownQuery>& queries) {
  double largest = 0;
  for (const ShownQuery& query : queries) {
    if (query.negatives.empty()) continue;
    largest = std::fmax(largest, query.positive_distance);
    for (const NegativeMatch& negative : query.negatives) largest = std::fmax(largest, negative.distance);
  }
  return LongestDistance(largest);
}

std::string DistanceFact(double distance) {
  return StrCat("<span>distance ", FormatFixed(distance, 3), "</span>");
}

std::string CandidateFacts(const CandidatePositive& candidate) {
  if (candidate.shared_points == 0) return "no numbers";
  std::string facts =
      StrCat("<span>", Counted(candidate.shared_points, "point", "points"), "</span><span>overlap ",
             FormatFixed(100 * candidate.overlap, 0), "&#8239;%</span>");
  if (candidate.scale_change > 0) {
    facts += StrCat("<span>scale &times;", FormatFixed(candidate.scale_change, 2), "</span>");
  }
  return facts;
}

std::string CandidateList(const TrainingSet& set, const ShownQuery& shown, PhotoAlbum& album) {
  std::string html = "<div class=\"photos\">";
  for (const CandidatePositive& candidate : shown.candidates) {
    const bool is_chosen = candidate.photo == shown.query->positive;
    const bool has_distance = is_chosen && !shown.negatives.empty() && !std::isnan(shown.positive_distance);
    html += ToHtml(
        {.kind = is_chosen ? "chosen" : "candidate",
         .role = is_chosen ? "chosen positive" : "candidate positive",
         .path = set.photos[IndexOf(candidate.photo)].path,
         .mark = is_chosen ? "chosen" : "",
         .facts = (has_distance ? DistanceFact(shown.positive_distance) : "") + CandidateFacts(candidate)},
        static_cast<int64_t>(candidate.photo), album);
  }
  return html + "</div>";
}

std::string NegativeList(const TrainingSet& set, const ShownQuery& shown, PhotoAlbum& album) {
  std::string html = "<div class=\"photos\">";
  for (const NegativeMatch& negative : shown.negatives) {
    const TrainingPhoto& photo = set.photos[IndexOf(negative.photo)];
    const std::string scene = EscapeHtml(set.scenes[IndexOf(photo.scene)].name);
    html += ToHtml({.kind = "negative",
                    .role = "negative",
                    .path = photo.path,
                    .facts = StrCat(DistanceFact(negative.distance), "<span class=\"name\" title=\"", scene,
                                    "\">", scene, "</span>")},
                   static_cast<int64_t>(negative.photo), album);
  }
  return html + "</div>";
}

std::string QueryCard(const TrainingSet& set, const ShownQuery& shown, size_t number, double longest,
                      PhotoAlbum& album) {
  const TrainingQuery& query = *shown.query;
  const TrainingPhoto& photo = set.photos[IndexOf(query.photo)];
  const TrainingScene& scene = set.scenes[IndexOf(photo.scene)];
  const int64_t candidates = std::ssize(query.candidates);
  const int64_t more = candidates - std::ssize(shown.candidates);
  const std::string size =
      photo.width > 0 ? StrCat("<span>", photo.width, " &times; ", photo.height, " px</span>") : "";
  const std::string nearest = shown.negatives.empty() ? "9" : FormatFixed(shown.negatives[0].distance, 6);
  std::string html =
      StrCat("<article class=\"query\" id=\"query-", number, "\" tabindex=\"-1\" data-number=\"", number,
             "\" data-candidates=\"", candidates, "\" data-nearest=\"", nearest, "\" ",
             FilterAttributes(set, photo.scene), "><header><h3><a href=\"#query-", number, "\">",
             EscapeHtml(scene.name), "</a></h3><span class=\"badge ", SplitName(scene.split), "\">",
             SplitName(scene.split), "</span></header><div class=\"tuple\"><div>", "<h4>Query</h4>",
             ToHtml({.kind = "query", .role = "query", .path = photo.path, .facts = size},
                    static_cast<int64_t>(query.photo), album),
             "</div><div class=\"matches\"><h4>", Counted(candidates, "matching photo", "matching photos"),
             more > 0 ? StrCat("<span class=\"more\">, ", shown.candidates.size(), " shown</span>") : "",
             "</h4>", CandidateList(set, shown, album));
  if (!shown.negatives.empty()) {
    std::vector<double> distances;
    for (const NegativeMatch& negative : shown.negatives) distances.push_back(negative.distance);
    html +=
        StrCat("<h4>Nearest of other scenes</h4>", DistanceScale(shown.positive_distance, distances, longest),
               NegativeList(set, shown, album));
  }
  return html + "</div></div></article>\n";
}

std::string NegativesNote(const ReportNegatives* negatives) {
  if (!negatives) {
    return "<p class=\"note\">Negatives are not shown: which photos are hard depends on a model. "
           "<code>vantage report SET.db --model MODEL -o PAGE.html</code> mines them.</p>";
  }
  std::string html = StrCat("<p class=\"note\">Negatives were mined with <code>",
                            EscapeHtml(negatives->model), "</code>.</p>");
  int64_t known = 0;
  int64_t nearer = 0;
  for (const QueryNegatives& query : negatives->queries) {
    if (std::isnan(query.positive_distance) || query.negatives.empty()) continue;
    ++known;
    if (query.positive_distance < query.negatives[0].distance) ++nearer;
  }
  if (known > 0) {
    html += StrCat("<p class=\"note\">The chosen positive is nearer than every negative of ", nearer, " of ",
                   Counted(known, "query", "queries"), ".</p>");
  }
  for (const std::string& note : negatives->notes)
    html += StrCat("<p class=\"note\">", EscapeHtml(note), "</p>");
  return html;
}

}  // namespace

std::string QuerySection(const TrainingSet& set, const std::vector<ShownQuery>& queries,
                         const ReportNegatives* negatives, PhotoAlbum& album) {
  const auto total = std::ssize(set.queries);
  std::string html =
      StrCat("<section id=\"queries\"><div class=\"head\"><h2>Queries</h2><p>", queries.size(), " of ",
             Counted(total, "query", "queries"), std::ssize(queries) < total ? ", drawn at random" : "",
             ". <span class=\"keys\"><kbd>J</kbd> next, <kbd>K</kbd> previous</span></p><label "
             "class=\"order\">Order <select "
             "id=\"order\"><option value=\"number\">scenes</option><option value=\"candidates\">fewest "
             "matching photos</option>",
             negatives ? "<option value=\"nearest\">nearest negative</option>" : "",
             "</select></label></div>", NegativesNote(negatives), kTupleLegend, "<div id=\"query-list\">\n");
  const double longest = LongestOf(queries);
  for (size_t i = 0; i < queries.size(); ++i) html += QueryCard(set, queries[i], i + 1, longest, album);
  return html + "</div><p class=\"none\" hidden>No query shown is of this choice.</p></section>\n";
}

}  // namespace vantage::report

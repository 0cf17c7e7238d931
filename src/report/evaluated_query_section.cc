// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>

#include "report/evaluation_sections.h"
#include "report/html_page.h"
#include "report/page_parts.h"
#include "report/precision_recall_chart.h"
#include "util/string.h"

namespace vantage::report {
namespace {

constexpr char kLegend[] =
    "<details class=\"legend\" open><summary>How to read this</summary><ul>"
    "<li><span class=\"swatch chosen\"></span><b>Right</b>: shows what was asked for.</li>"
    "<li><span class=\"swatch negative\"></span><b>Wrong</b>: shows something else.</li>"
    "<li><span class=\"swatch candidate\"></span><b>Junk</b>: neither; it is left out of the ranking before "
    "it is judged.</li>"
    "<li><b>Score</b>: what the search ranks by; of plain search the cosine of the angle between the "
    "descriptors.</li>";
constexpr char kCurveLegend[] =
    "<li><b>Curve</b> below a query: precision against recall, both from 0 to 1.</li>";

std::string Percent(double share) { return FormatFixed(100 * share, 2) + "&#8239;%"; }

std::string ResultFigure(const RankedPhoto& result, size_t rank, int64_t photo, PhotoAlbum& album) {
  const char* kind = "negative";
  const char* role = "wrong";
  if (result.kind == ResultKind::kPositive) {
    kind = "chosen";
    role = "right";
  } else if (result.kind == ResultKind::kJunk) {
    kind = "candidate";
    role = "junk";
  }
  const std::string score =
      std::isnan(result.score) ? "" : StrCat("<span>", FormatFixed(result.score, 3), "</span>");
  return ToHtml({.kind = kind,
                 .role = StrCat(role, ", place ", rank),
                 .path = result.name,
                 .mark = "",
                 .facts = StrCat("<span>", rank, ".</span>", score)},
                photo, album);
}

std::string RankedList(const std::string& heading, const QueryResult& query,
                       const std::vector<int64_t>& photos, PhotoAlbum& album) {
  std::string html = StrCat("<h4>", heading, "<span class=\"more\">, the first ", photos.size(),
                            " found</span></h4><div class=\"photos\">");
  for (size_t i = 0; i < photos.size(); ++i) {
    html += ResultFigure(query.first[i], i + 1, photos[i], album);
  }
  return html + "</div>";
}

std::string Lists(const EvaluationReport& report, const ShownResults& shown, PhotoAlbum& album) {
  const QueryResult& query = *shown.query;
  const std::string count = Counted(query.positives, "photo shows it", "photos show it");
  if (shown.other == nullptr) return RankedList(count, query, shown.results, album);
  const std::string label = EscapeHtml(report.run.figures.at(0).label);
  std::string html = RankedList(StrCat("<span class=\"key series-1\">this run</span> ", label, " ",
                                       Percent(MainValue(query)), "; ", count),
                                query, shown.results, album);
  const std::string heading = StrCat("<span class=\"key series-2\">", EscapeHtml(report.other_name),
                                     "</span> ", label, " ", Percent(MainValue(*shown.other)));
  return html + (shown.other_results.empty() ? StrCat("<h4>", heading, "</h4>")
                                             : RankedList(heading, *shown.other, shown.other_results, album));
}

std::string Header(const EvaluationReport& report, const ShownResults& shown, size_t number) {
  std::string html =
      StrCat("<header><h3><a href=\"#query-", number, "\">", EscapeHtml(report.run.figures.at(0).label), " ",
             Percent(MainValue(*shown.query)), "</a></h3>");
  if (shown.other != nullptr) {
    const double change = Change(shown);
    html += StrCat("<span class=\"change ", change < 0 ? "worse" : "better", "\">", change < 0 ? "" : "+",
                   FormatFixed(100 * change, 2), "</span>");
  }
  for (const std::string& choice : shown.choices) html += StrCat("<span class=\"badge\">", choice, "</span>");
  if (!shown.query->task.empty()) {
    html += StrCat("<span class=\"badge val\">", EscapeHtml(shown.query->task), "</span>");
  }
  return html + "</header>";
}

std::string EvaluatedQueryCard(const EvaluationReport& report, const ShownResults& shown, size_t number,
                               PhotoAlbum& album) {
  const QueryResult& query = *shown.query;
  const double change = Change(shown);
  return StrCat("<article class=\"query\" id=\"query-", number, "\" tabindex=\"-1\" data-number=\"", number,
                "\" data-highest=\"", FormatFixed(-MainValue(query), 6), "\" data-lost=\"",
                FormatFixed(change, 6), "\" data-gained=\"", FormatFixed(-change, 6), "\" data-split=\"",
                Join(shown.choices, " "), "\" data-scene=\"", EscapeHtml(query.task), "\">",
                Header(report, shown, number), "<div class=\"tuple\"><div><h4>Query</h4>",
                ToHtml({.kind = "query", .role = "query", .path = query.query, .mark = "", .facts = ""},
                       shown.photo, album),
                report.run.has_all_ranks ? PrecisionRecallSketch(query, shown.other) : "",
                "</div><div class=\"matches\">", Lists(report, shown, album), "</div></div></article>\n");
}

}  // namespace

double Change(const ShownResults& shown) {
  return shown.other == nullptr ? 0 : MainValue(*shown.query) - MainValue(*shown.other);
}

std::string EvaluatedQuerySection(const EvaluationReport& report, const std::vector<ShownResults>& shown,
                                  size_t total, PhotoAlbum& album) {
  std::string html = StrCat(
      "<section id=\"queries\"><div class=\"head\"><h2>Queries</h2><p>", shown.size(), " of ",
      Counted(static_cast<int64_t>(total), "query", "queries"),
      report.other ? ", the worst, the best and those that differ most." : ", the worst and the best.",
      " <span class=\"keys\"><kbd>J</kbd> next, <kbd>K</kbd> previous</span></p><label class=\"order\">Order "
      "<select id=\"order\"><option value=\"number\">lowest first</option><option value=\"highest\">highest "
      "first</option>",
      report.other ? "<option value=\"lost\">lost most first</option><option value=\"gained\">gained most "
                     "first</option>"
                   : "",
      "</select></label></div>", kLegend, report.run.has_all_ranks ? kCurveLegend : "",
      "</ul></details><div id=\"query-list\" class=\"many\">\n");
  for (size_t i = 0; i < shown.size(); ++i) html += EvaluatedQueryCard(report, shown[i], i + 1, album);
  return html + "</div><p class=\"none\" hidden>No query shown is of this choice.</p></section>\n";
}

}  // namespace vantage::report

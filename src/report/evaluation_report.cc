// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/report/evaluation_report.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "report/average_precision_chart.h"
#include "report/page_parts.h"
#include "report/photo_album.h"
#include "vantage/report/html_page.h"
#include "vantage/util/error.h"
#include "vantage/util/file.h"
#include "vantage/util/version.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;

constexpr char kLegend[] =
    "<details class=\"legend\" open><summary>How to read this</summary><ul>"
    "<li><span class=\"swatch chosen\"></span><b>Right</b>: shows what was asked for.</li>"
    "<li><span class=\"swatch negative\"></span><b>Wrong</b>: shows something else.</li>"
    "<li><span class=\"swatch candidate\"></span><b>Junk</b>: neither; it is left out of the ranking before "
    "it is "
    "judged.</li>"
    "<li><b>Score</b>: what the search ranks by; of plain search the cosine of the angle between the "
    "descriptors.</li></ul></details>";

// A query that the page shows with its results.
struct ShownQuery {
  const EvaluatedQuery* query = nullptr;
  bool is_worst = false;
  int64_t photo = 0;  // numbers in the album
  std::vector<int64_t> results;
};

struct ShownPhoto {
  std::string name;
  fs::path path;
  std::optional<Box> box;
};

// By average precision, the lowest first, without those that do not count.
std::vector<const EvaluatedQuery*> InOrder(const std::vector<EvaluatedQuery>& queries) {
  std::vector<const EvaluatedQuery*> sorted;
  for (const EvaluatedQuery& query : queries) {
    if (!std::isnan(query.average_precision)) sorted.push_back(&query);
  }
  std::stable_sort(sorted.begin(), sorted.end(), [](const EvaluatedQuery* a, const EvaluatedQuery* b) {
    return a->average_precision < b->average_precision;
  });
  return sorted;
}

// A photo that is shown in several places is in the list once; a query with its box is a photo of its own.
class PhotoList {
 public:
  int64_t Number(const std::string& name, const fs::path& path, const std::optional<Box>& box) {
    const std::string key =
        box ? StrCat(path.string(), '\n', box->left, ' ', box->top, ' ', box->right, ' ', box->bottom)
            : path.string();
    const auto [found, is_new] = number_of_.emplace(key, static_cast<int64_t>(photos_.size()));
    if (is_new) photos_.push_back({name, path, box});
    return found->second;
  }
  const std::vector<ShownPhoto>& photos() const { return photos_; }

 private:
  std::map<std::string, int64_t> number_of_;
  std::vector<ShownPhoto> photos_;
};

std::vector<ShownQuery> ChooseQueries(const std::vector<const EvaluatedQuery*>& sorted,
                                      const EvaluationReportOptions& options, PhotoList& photos) {
  const auto total = static_cast<int64_t>(sorted.size());
  const int64_t worst = std::min(options.worst, total);
  const int64_t best = std::min(options.best, total - worst);
  std::vector<ShownQuery> shown;
  for (int64_t i = 0; i < total; ++i) {
    if (i >= worst && i < total - best) continue;
    const EvaluatedQuery& query = *sorted[static_cast<size_t>(i)];
    ShownQuery entry{&query, i < worst, photos.Number(query.name, query.photo, query.box), {}};
    const size_t count = std::min(query.results.size(), static_cast<size_t>(options.results));
    for (size_t rank = 0; rank < count; ++rank) {
      const EvaluatedResult& result = query.results[rank];
      entry.results.push_back(photos.Number(result.name, result.photo, std::nullopt));
    }
    shown.push_back(std::move(entry));
  }
  return shown;
}

std::string Toolbar(const std::vector<ShownQuery>& shown) {
  std::string html =
      "<nav class=\"bar\" aria-label=\"Sections and filter\"><div class=\"links\"><a "
      "href=\"#precisions\">Average "
      "precision</a><a href=\"#queries\">Queries</a></div><form id=\"filter\" aria-label=\"Filter\">"
      "<fieldset><legend>Queries</legend>";
  for (const char* split : {"all", "worst", "best"}) {
    html += StrCat("<label><input type=\"radio\" name=\"split\" value=\"", split, "\"",
                   std::string_view(split) == "all" ? " checked" : "", "><span>", split, "</span></label>");
  }
  std::set<std::string> tasks;
  for (const ShownQuery& query : shown) tasks.insert(query.query->task);
  html += StrCat("</fieldset><label", tasks.size() > 1 ? "" : " hidden",
                 ">Task <select id=\"scene\"><option value=\"\">all</option>");
  for (const std::string& task : tasks) {
    if (task.empty()) continue;
    // Both halves of the choice may have queries of the task.
    html +=
        StrCat("<option value=\"", EscapeHtml(task), "\" data-split=\"all\">", EscapeHtml(task), "</option>");
  }
  return html + "</select></label><output id=\"shown\" aria-live=\"polite\"></output></form></nav>\n";
}

std::string ResultFigure(const EvaluatedResult& result, int64_t rank, int64_t photo, PhotoAlbum& album) {
  const bool is_right = result.kind == ResultKind::kPositive;
  const bool is_junk = result.kind == ResultKind::kJunk;
  return ToHtml({.kind = is_right  ? "chosen"
                         : is_junk ? "candidate"
                                   : "negative",
                 .role = StrCat(is_right  ? "right"
                                : is_junk ? "junk"
                                          : "wrong",
                                ", place ", rank),
                 .path = result.name,
                 .mark = "",
                 .facts = StrCat("<span>", rank, ".</span><span>", FormatFixed(result.score, 3), "</span>")},
                photo, album);
}

std::string QueryCard(const ShownQuery& shown, size_t number, PhotoAlbum& album) {
  const EvaluatedQuery& query = *shown.query;
  const char* end = shown.is_worst ? "worst" : "best";
  const std::string ap = FormatFixed(100 * query.average_precision, 2);
  std::string html = StrCat(
      "<article class=\"query\" id=\"query-", number, "\" tabindex=\"-1\" data-number=\"", number,
      "\" data-highest=\"", FormatFixed(-query.average_precision, 6), "\" data-split=\"", end,
      "\" data-scene=\"", EscapeHtml(query.task), "\"><header><h3><a href=\"#query-", number, "\">AP ", ap,
      "&#8239;%</a></h3>", "<span class=\"badge\">", end, "</span>",
      query.task.empty() ? "" : StrCat("<span class=\"badge val\">", EscapeHtml(query.task), "</span>"),
      "</header><div class=\"tuple\"><div><h4>Query</h4>",
      ToHtml({.kind = "query", .role = "query", .path = query.name, .mark = "", .facts = ""}, shown.photo,
             album),
      "</div><div class=\"matches\"><h4>", Counted(query.positives, "photo shows it", "photos show it"),
      "<span class=\"more\">, the first ", shown.results.size(), " found</span></h4><div class=\"photos\">");
  for (size_t i = 0; i < shown.results.size(); ++i) {
    html += ResultFigure(query.results[i], static_cast<int64_t>(i) + 1, shown.results[i], album);
  }
  return html + "</div></div></div></article>\n";
}

std::string QuerySection(const std::vector<ShownQuery>& shown, size_t total, PhotoAlbum& album) {
  std::string html = StrCat(
      "<section id=\"queries\"><div class=\"head\"><h2>Queries</h2><p>", shown.size(), " of ",
      Counted(static_cast<int64_t>(total), "query", "queries"),
      ", the worst and the best. <span class=\"keys\"><kbd>J</kbd> next, <kbd>K</kbd> previous</span></p>"
      "<label class=\"order\">Order <select id=\"order\"><option value=\"number\">lowest "
      "first</option><option "
      "value=\"highest\">highest first</option></select></label></div>",
      kLegend, "<div id=\"query-list\">\n");
  for (size_t i = 0; i < shown.size(); ++i) html += QueryCard(shown[i], i + 1, album);
  return html + "</div><p class=\"none\" hidden>No query shown is of this choice.</p></section>\n";
}

PhotoAlbum MakeAlbum(const std::vector<ShownPhoto>& photos, const ThumbnailOptions& options,
                     const RunContext& context) {
  std::vector<fs::path> paths;
  std::vector<std::optional<Box>> boxes;
  for (const ShownPhoto& photo : photos) {
    paths.push_back(photo.path);
    boxes.push_back(photo.box);
  }
  std::vector<PhotoThumbnail> thumbnails = MakeThumbnails(paths, options, context, boxes);
  PhotoAlbum album;
  for (size_t i = 0; i < photos.size(); ++i) {
    album.Add(static_cast<int64_t>(i), photos[i].name, std::move(thumbnails[i]));
  }
  return album;
}

}  // namespace

void Describe(OptionsDescription& description, EvaluationReportOptions& options) {
  description.Add("worst", options.worst, "Queries with the lowest average precision that the page shows")
      .Range(0, 100000)
      .Flag("report_worst");
  description.Add("best", options.best, "Queries with the highest that it shows")
      .Range(0, 100000)
      .Flag("report_best");
  description.Add("results", options.results, "Results that it shows of each")
      .Range(1, 1000)
      .Flag("report_results");
}

EvaluationReportSummary WriteEvaluationReport(const EvaluationReport& report,
                                              const EvaluationReportOptions& options, const fs::path& output,
                                              const RunContext& context) {
  const std::vector<const EvaluatedQuery*> sorted = InOrder(report.queries);
  PhotoList photos;
  const std::vector<ShownQuery> shown = ChooseQueries(sorted, options, photos);
  PhotoAlbum album = MakeAlbum(photos.photos(), options.thumbnails, context);

  HtmlPage page(StrCat(report.name, " · evaluation"));
  page.Add(
      StrCat("<a class=\"skip\" href=\"#queries\">To the queries</a>\n<header class=\"title\"><p>Evaluation"
             "</p><h1>",
             EscapeHtml(report.name), "</h1></header>\n<main>\n<div class=\"tiles\">"));
  for (const EvaluationFigure& figure : report.figures) {
    page.Add(Tile(EscapeHtml(figure.value), EscapeHtml(figure.label), EscapeHtml(figure.detail)));
  }
  page.Add("</div>\n");
  for (const std::string& note : report.notes) {
    page.Add(StrCat("<p class=\"note\">", EscapeHtml(note), "</p>\n"));
  }
  std::vector<PrecisionBar> bars;
  std::map<const EvaluatedQuery*, size_t> card_of;
  for (size_t i = 0; i < shown.size(); ++i) card_of[shown[i].query] = i + 1;
  for (const EvaluatedQuery* query : sorted) {
    bars.push_back({query->average_precision, query->name + (query->task.empty() ? "" : " " + query->task),
                    card_of.count(query) == 1 ? card_of[query] : 0});
  }
  page.Add(Toolbar(shown));
  page.Add(
      StrCat("<section id=\"precisions\"><div class=\"head\"><h2>Average precision</h2><p>of each query, "
             "lowest first. Coloured bars lead to queries shown below.</p></div>",
             AveragePrecisionChart(bars), "</section>\n"));
  page.Add(QuerySection(shown, sorted.size(), album));
  page.Add(UnreadableSection(album.unreadable()));
  page.Add(StrCat("</main>\n<footer>vantage ", Version(), "</footer>\n"));
  const std::string text = page.Text();
  WriteFile(output, text);
  return {static_cast<int64_t>(shown.size()), static_cast<int64_t>(photos.photos().size()),
          static_cast<int64_t>(text.size()), album.unreadable()};
}

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#include "report/evaluation_report.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "report/evaluation_sections.h"
#include "report/figure_chart.h"
#include "report/html_page.h"
#include "report/page_parts.h"
#include "report/photo_album.h"
#include "report/precision_recall_chart.h"
#include "util/check.h"
#include "util/file.h"
#include "util/index.h"
#include "util/rethrow.h"
#include "util/string.h"
#include "vantage/photos.h"
#include "vantage/run_context.h"

namespace vantage::report {
namespace {

namespace fs = std::filesystem;

struct ShownPhoto {
  std::string name;
  fs::path path;
  std::optional<Box> box;
};

// Queries that have a figure. `first` is the other run's result; null without another run.
using Pairs = std::vector<QueryPair>;

double AbsoluteChange(const QueryPair& pair) {
  return std::abs(MainValue(*pair.second) - MainValue(*pair.first));
}

// Sorted by the main figure, lowest first; without queries whose figure is NaN.
Pairs InOrder(const EvaluationReport& report) {
  Pairs pairs;
  if (report.other) {
    VANTAGE_CHECK(report.other->figures.at(0).name == report.run.figures.at(0).name, report.other_name,
                  ": its main figure is ", report.other->figures[0].name, ", this run's ",
                  report.run.figures[0].name);
    pairs = PairQueries(report.other->queries, report.other_name, report.run.queries);
  } else {
    for (const QueryResult& query : report.run.queries) pairs.push_back({nullptr, &query});
  }
  std::erase_if(pairs, [](const QueryPair& pair) { return std::isnan(MainValue(*pair.second)); });
  std::stable_sort(pairs.begin(), pairs.end(), [](const QueryPair& a, const QueryPair& b) {
    return MainValue(*a.second) < MainValue(*b.second);
  });
  return pairs;
}

// The photos of the page, each once. A query with a box is a separate photo.
class PhotoList {
 public:
  explicit PhotoList(fs::path folder) : folder_(std::move(folder)) {}

  int64_t Number(const std::string& name, const std::optional<Box>& box) {
    const std::string key =
        box ? StrCat(name, '\n', box->left, ' ', box->top, ' ', box->right, ' ', box->bottom) : name;
    const auto [found, is_new] = number_of_.emplace(key, std::ssize(photos_));
    if (is_new) photos_.push_back({name, PhotoPath(name, folder_), box});
    return found->second;
  }

  std::vector<int64_t> Numbers(const std::vector<RankedPhoto>& photos, int64_t count) {
    std::vector<int64_t> numbers;
    for (const RankedPhoto& photo : photos) {
      if (std::ssize(numbers) == count) break;
      numbers.push_back(Number(photo.name, std::nullopt));
    }
    return numbers;
  }

  const std::vector<ShownPhoto>& photos() const { return photos_; }

 private:
  fs::path folder_;
  std::map<std::string, int64_t> number_of_;
  std::vector<ShownPhoto> photos_;
};

// For each query the reasons to show it; empty if it is not shown.
std::vector<std::vector<std::string>> Choose(const Pairs& sorted, bool has_other,
                                             const EvaluationReportOptions& options) {
  std::vector<std::vector<std::string>> choices(sorted.size());
  const size_t worst = std::min(sorted.size(), ToIndex(options.worst));
  const size_t best = std::min(sorted.size() - worst, ToIndex(options.best));
  for (size_t i = 0; i < worst; ++i) choices[i].emplace_back("worst");
  for (size_t i = sorted.size() - best; i < sorted.size(); ++i) choices[i].emplace_back("best");
  if (!has_other) return choices;
  std::vector<size_t> by_change;
  for (size_t i = 0; i < sorted.size(); ++i) {
    if (AbsoluteChange(sorted[i]) > 0) by_change.push_back(i);
  }
  std::stable_sort(by_change.begin(), by_change.end(),
                   [&](size_t a, size_t b) { return AbsoluteChange(sorted[a]) > AbsoluteChange(sorted[b]); });
  by_change.resize(std::min(by_change.size(), ToIndex(options.changed)));
  for (const size_t i : by_change) choices[i].emplace_back("changed");
  return choices;
}

std::vector<ShownResults> ChooseQueries(const Pairs& sorted, bool has_other,
                                        const EvaluationReportOptions& options, PhotoList& photos) {
  std::vector<std::vector<std::string>> choices = Choose(sorted, has_other, options);
  std::vector<ShownResults> shown;
  for (size_t i = 0; i < sorted.size(); ++i) {
    if (choices[i].empty()) continue;
    const auto& [other, query] = sorted[i];
    ShownResults entry{query,
                       other,
                       std::move(choices[i]),
                       photos.Number(query->query, query->box),
                       photos.Numbers(query->first, options.results),
                       {}};
    if (other != nullptr) entry.other_results = photos.Numbers(other->first, options.results);
    shown.push_back(std::move(entry));
  }
  return shown;
}

std::string EvaluationToolbar(const EvaluationReport& report, const std::vector<ShownResults>& shown,
                              bool has_curves) {
  std::string html = "<nav class=\"bar\" aria-label=\"Sections and filter\"><div class=\"links\">";
  if (report.other) html += "<a href=\"#comparison\">Two runs</a>";
  if (has_curves) html += "<a href=\"#curves\">Precision and recall</a>";
  html += StrCat(
      "<a href=\"#precisions\">", EscapeHtml(MainTitle(report)),
      "</a><a href=\"#queries\">Queries</a></div><form id=\"filter\" aria-label=\"Filter\"><fieldset><legend>"
      "Queries</legend>");
  std::vector<std::string> choices = {"all", "worst", "best"};
  if (report.other) choices.emplace_back("changed");
  for (const std::string& choice : choices) {
    html += StrCat("<label><input type=\"radio\" name=\"split\" value=\"", choice, "\"",
                   choice == "all" ? " checked" : "", "><span>", choice, "</span></label>");
  }
  std::set<std::string> tasks;
  for (const ShownResults& query : shown) tasks.insert(query.query->task);
  html += StrCat("</fieldset><label", tasks.size() > 1 ? "" : " hidden",
                 ">Task <select id=\"scene\"><option value=\"\">all</option>");
  for (const std::string& task : tasks) {
    if (task.empty()) continue;
    // The script filters these tasks too: every choice may have queries of each task.
    html +=
        StrCat("<option value=\"", EscapeHtml(task), "\" data-split=\"all\">", EscapeHtml(task), "</option>");
  }
  return html + "</select></label><output id=\"shown\" aria-live=\"polite\"></output></form></nav>\n";
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

std::string PrecisionSection(const EvaluationReport& report, const Pairs& sorted,
                             const std::vector<ShownResults>& shown) {
  std::map<const QueryResult*, size_t> card_of;
  for (size_t i = 0; i < shown.size(); ++i) card_of[shown[i].query] = i + 1;
  std::vector<FigureBar> bars;
  for (const auto& [other, query] : sorted) {
    const auto card = card_of.find(query);
    bars.push_back({MainValue(*query), query->query + (query->task.empty() ? "" : " " + query->task),
                    card == card_of.end() ? 0 : card->second,
                    other == nullptr ? std::nullopt : std::optional(MainValue(*other))});
  }
  return StrCat("<section id=\"precisions\"><div class=\"head\"><h2>", EscapeHtml(MainTitle(report)),
                "</h2><p>of each query, lowest first. Coloured bars lead to queries shown below.",
                report.other ? StrCat(" Lines: <span class=\"key series-2\">", EscapeHtml(report.other_name),
                                      "</span>.")
                             : "",
                "</p></div>", FigureChart(bars, MainTitle(report)), "</section>\n");
}

std::string WithoutPositives(const EvaluationReport& report) {
  std::string html;
  for (const std::string& task : report.run.tasks) {
    const std::string text = CountWithoutPositives(report.run, task).Text();
    if (!text.empty())
      html += StrCat("<p class=\"note\">", EscapeHtml(task.empty() ? text : task + ": " + text), "</p>\n");
  }
  return html;
}

}  // namespace

void Declare(OptionsDescription& description, EvaluationReportOptions& options) {
  description
      .Add("worst", options.worst,
           "Queries with the lowest main figure (average precision) that the page shows")
      .Range(0, 100000)
      .Flag("report_worst");
  description.Add("best", options.best, "Queries with the highest main figure that the page shows")
      .Range(0, 100000)
      .Flag("report_best");
  description
      .Add("changed", options.changed,
           "Queries with the largest differences from the other run that the page shows")
      .Range(0, 100000)
      .Flag("report_changed");
  description.Add("results", options.results, "Results of each query that the page shows")
      .Range(1, 1000)
      .Flag("report_results");
}

EvaluationReportSummary WriteEvaluationReport(const EvaluationReport& report,
                                              const EvaluationReportOptions& options, const fs::path& output,
                                              const RunContext& context) try {
  CheckOptions(options);
  const Pairs sorted = InOrder(report);
  PhotoList photos(report.folder);
  const std::vector<ShownResults> shown = ChooseQueries(sorted, report.other.has_value(), options, photos);
  PhotoAlbum album = MakeAlbum(photos.photos(), options.thumbnails, context);

  HtmlPage page(StrCat(report.run.benchmark, " · evaluation"));
  page.Add(
      StrCat("<a class=\"skip\" href=\"#queries\">To the queries</a>\n<header class=\"title\"><p>Evaluation"
             "</p><h1>",
             EscapeHtml(report.run.benchmark), "</h1></header>\n<main>\n"));
  page.Add(FigureTiles(report));
  if (!report.run.missing.empty()) {
    page.Add(StrCat("<p class=\"note\">Partial, not the benchmark's figure. Missing: ",
                    EscapeHtml(SomeOf(report.run.missing)), "</p>\n"));
  }
  page.Add(WithoutPositives(report));
  const std::string curves = PrecisionRecallSection(report);
  page.Add(EvaluationToolbar(report, shown, !curves.empty()));
  page.Add(ComparisonSection(report));
  page.Add(curves);
  page.Add(PrecisionSection(report, sorted, shown));
  page.Add(EvaluatedQuerySection(report, shown, sorted.size(), album));
  page.Add(UnreadableSection(album.unreadable()));
  page.Add(StrCat("</main>\n<footer>vantage ", Version(), "</footer>\n"));
  const std::string text = page.Text();
  WriteFile(output, text);
  return {std::ssize(shown), static_cast<int64_t>(photos.photos().size()), std::ssize(text),
          album.unreadable()};
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage::report

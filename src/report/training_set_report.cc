// SPDX-License-Identifier: BSD-3-Clause
#include "report/training_set_report.h"

#include "report/html_page.h"
#include "report/page_parts.h"
#include "report/sections.h"
#include "util/file.h"
#include "util/rethrow.h"
#include "util/string.h"
#include "vantage/error.h"
#include "vantage/run_context.h"

namespace vantage::report {
namespace {

// The links to the sections and the filter, which stay visible.
std::string Toolbar(const TrainingSet& set) {
  std::string html =
      "<nav class=\"bar\" aria-label=\"Sections and filter\"><div class=\"links\"><a "
      "href=\"#histograms\">Histograms</a>"
      "<a href=\"#queries\">Queries</a><a href=\"#scenes\">Scenes</a></div><form id=\"filter\" "
      "aria-label=\"Filter\">"
      "<fieldset><legend>Split</legend>";
  for (const char* split : {"all", "train", "val"}) {
    html += StrCat("<label><input type=\"radio\" name=\"split\" value=\"", split, "\"",
                   std::string_view(split) == "all" ? " checked" : "", "><span>", split, "</span></label>");
  }
  html += "</fieldset><label>Scene <select id=\"scene\"><option value=\"\">all</option>";
  for (size_t i = 0; i < set.scenes.size(); ++i) {
    html += StrCat("<option ", FilterAttributes(set, SceneId{static_cast<int64_t>(i)}), " value=\"", i, "\">",
                   EscapeHtml(set.scenes[i].name), "</option>");
  }
  return html + "</select></label><output id=\"shown\" aria-live=\"polite\"></output></form></nav>\n";
}

}  // namespace

void Declare(OptionsDescription& description, TrainingSetReportOptions& options) {
  description.Add("queries", options.queries, "Queries shown, drawn from the splits in proportion")
      .Range(1, 100000)
      .Flag("show_queries");
  description.Add("candidates", options.candidates, "Candidate positives shown of each query")
      .Range(1, 1000)
      .Flag("show_candidates");
  description.Add("negatives", options.negatives, "Negatives shown of each query, if a model mines them")
      .Range(1, 100)
      .Flag("show_negatives");
  description.Add("scenes", options.scenes, "Scenes shown with photos; others are only counted")
      .Range(0, 100000)
      .Flag("show_scenes");
  description.Add("scene_photos", options.scene_photos, "Photos shown of each scene")
      .Range(0, 1000)
      .Flag("show_scene_photos");
  description.Add("seed", options.seed, "Another seed draws other queries").AtLeast(0);
  Declare(description, options.thumbnails);
}

std::string FilterAttributes(const TrainingSet& set, SceneId scene) {
  return StrCat("data-scene=\"", IndexOf(scene), "\" data-split=\"",
                SplitName(set.scenes[IndexOf(scene)].split), "\"");
}

std::string OverviewSection(const TrainingSet& set) {
  const TrainingSetSummary train = Summarize(set, Split::kTrain);
  const TrainingSetSummary val = Summarize(set, Split::kVal);
  const auto tile = [&](const std::string& label, int64_t TrainingSetSummary::*count) {
    return Tile(std::to_string(train.*count + val.*count), label,
                StrCat(train.*count, " train · ", val.*count, " val"));
  };
  const double queries = static_cast<double>(train.queries + val.queries);
  const double candidates = train.candidates_per_query * static_cast<double>(train.queries) +
                            val.candidates_per_query * static_cast<double>(val.queries);
  return StrCat("<div class=\"tiles\">", tile("scenes", &TrainingSetSummary::scenes),
                tile("photos", &TrainingSetSummary::photos), tile("queries", &TrainingSetSummary::queries),
                Tile(queries > 0 ? FormatFixed(candidates / queries, 1) : "0", "matching photos per query",
                     StrCat(FormatFixed(train.candidates_per_query, 1), " train · ",
                            FormatFixed(val.candidates_per_query, 1), " val")),
                "</div>\n");
}

TrainingSetReportSummary WriteTrainingSetReport(const TrainingSet& set, const std::string& name,
                                                const std::filesystem::path& photo_root,
                                                const ReportNegatives* negatives,
                                                const TrainingSetReportOptions& options,
                                                const std::filesystem::path& output,
                                                const RunContext& context) try {
  CheckOptions(options);
  const std::vector<ShownQuery> queries = ChooseQueries(set, negatives, options);
  const std::vector<ShownScene> scenes = ChooseScenes(set, options);
  const std::vector<PhotoId> photos = PhotosToShow(queries, scenes);
  std::vector<std::filesystem::path> paths;
  for (const PhotoId photo : photos) paths.push_back(PhotoPath(set, photo, photo_root));
  std::vector<PhotoThumbnail> thumbnails = MakeThumbnails(paths, options.thumbnails, context);

  TrainingSetReportSummary summary;
  summary.queries = std::ssize(queries);
  summary.photos = std::ssize(photos);
  PhotoAlbum album;
  for (size_t i = 0; i < photos.size(); ++i) {
    album.Add(static_cast<int64_t>(photos[i]), set.photos[IndexOf(photos[i])].path, std::move(thumbnails[i]));
  }
  summary.unreadable = album.unreadable();

  HtmlPage page(StrCat(name, " · training set"));
  page.Add(
      StrCat("<a class=\"skip\" href=\"#queries\">To the queries</a>\n<header class=\"title\"><p>Training "
             "set</p><h1>",
             EscapeHtml(name), "</h1></header>\n<main>\n"));
  page.Add(OverviewSection(set));
  page.Add(Toolbar(set));
  page.Add(HistogramSection(set, scenes, negatives));
  page.Add(QuerySection(set, queries, negatives, album));
  page.Add(SceneSection(set, scenes, album));
  page.Add(UnreadableSection(summary.unreadable));
  page.Add(StrCat("</main>\n<footer>vantage ", Version(), "</footer>\n"));
  const std::string text = page.Text();
  WriteFile(output, text);
  summary.bytes = std::ssize(text);
  return summary;
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage::report

// SPDX-License-Identifier: BSD-3-Clause
#include "report/run_report.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "report/html_page.h"
#include "report/page_parts.h"
#include "report/run_sections.h"
#include "util/file.h"
#include "util/index.h"
#include "util/rethrow.h"
#include "util/string.h"
#include "vantage/error.h"
#include "vantage/run_context.h"

namespace vantage::report {
namespace {

namespace fs = std::filesystem;

// Numbers photos by path.
class PhotoNumbers {
 public:
  ShownExample::Photo Number(const ExamplePhoto& photo, const fs::path& root) {
    const fs::path path = root / photo.path;
    const auto [entry, is_new] = numbers_.try_emplace(path, std::ssize(paths_));
    if (is_new) paths_.push_back(path);
    return {entry->second, photo};
  }
  const std::vector<fs::path>& paths() const { return paths_; }

 private:
  std::map<fs::path, int64_t> numbers_;
  std::vector<fs::path> paths_;
};

const RunExample* Find(const RunExamples& examples, const std::string& query) {
  const auto found = std::find_if(examples.examples.begin(), examples.examples.end(),
                                  [&](const RunExample& example) { return example.query.path == query; });
  return found == examples.examples.end() ? nullptr : &*found;
}

// Examples of the last epoch. Those that the first epoch has too come first.
std::vector<const RunExample*> ChooseExamples(const RunData& run, int count) {
  std::vector<const RunExample*> chosen;
  for (const RunExample& example : run.examples.back().examples) chosen.push_back(&example);
  std::stable_partition(chosen.begin(), chosen.end(), [&](const RunExample* example) {
    return Find(run.examples.front(), example->query.path) != nullptr;
  });
  chosen.resize(std::min(chosen.size(), ToIndex(count)));
  return chosen;
}

std::vector<ShownExample> ShowExamples(const RunData& run, const RunReportOptions& options,
                                       PhotoNumbers& numbers) {
  if (run.examples.empty()) return {};
  const auto root = [&](const RunExamples& examples) {
    return options.photo_root.empty() ? examples.photo_root : options.photo_root;
  };
  std::vector<ShownExample> shown;
  for (const RunExample* chosen : ChooseExamples(run, options.queries)) {
    const fs::path last_root = root(run.examples.back());
    ShownExample& example = shown.emplace_back();
    example.query = numbers.Number(chosen->query, last_root);
    example.positive = numbers.Number(chosen->positive, last_root);
    for (const RunExamples& epoch : run.examples) {
      const RunExample* same = Find(epoch, chosen->query.path);
      if (!same) continue;
      ShownExample::Mined& mined = example.mined.emplace_back();
      mined.epoch = epoch.epoch;
      mined.positive_distance = same->positive.distance;
      for (const ExamplePhoto& negative : same->negatives) {
        if (static_cast<int>(mined.negatives.size()) >= options.negatives) break;
        mined.negatives.push_back(numbers.Number(negative, root(epoch)));
      }
    }
  }
  return shown;
}

std::string RunToolbar(const std::vector<std::pair<const char*, const char*>>& links) {
  std::string html = "<nav class=\"bar\" aria-label=\"Sections\"><div class=\"links\">";
  for (const auto& [id, name] : links) html += StrCat("<a href=\"#", id, "\">", name, "</a>");
  return html + "</div></nav>\n";
}

// "0.612", or "–" if the value is not known.
std::string OrDash(double value, int digits) {
  return std::isfinite(value) ? FormatFixed(value, digits) : "&ndash;";
}

}  // namespace

std::string RunOverview(const RunData& run) {
  if (run.epochs.empty()) return "";
  const EpochMetrics& last = run.epochs.back();
  const auto is_best = [&](const EpochMetrics& epoch) { return epoch.epoch == run.best_epoch; };
  const auto best = std::find_if(run.epochs.begin(), run.epochs.end(), is_best);
  double seconds = 0;
  double photos = 0;
  double with_gradient = 0;
  for (const EpochMetrics& epoch : run.epochs) {
    if (std::isfinite(epoch.seconds)) seconds += epoch.seconds;
    photos += static_cast<double>(epoch.photos);
    with_gradient += static_cast<double>(epoch.photos_with_gradient);
  }
  std::string tiles = Tile(std::to_string(last.epoch), "epochs", FormatDuration(seconds));
  if (best != run.epochs.end()) {
    const std::string score = std::isfinite(best->benchmark_score)
                                  ? StrCat(" · benchmark ", FormatFixed(best->benchmark_score, 3))
                                  : "";
    tiles += Tile(std::to_string(best->epoch), "best epoch",
                  StrCat("validation loss ", OrDash(best->val_loss, 4), score));
  }
  tiles +=
      Tile(OrDash(last.train_loss, 4), "training loss now", StrCat("validation ", OrDash(last.val_loss, 4)));
  if (!std::isnan(last.exponent)) {
    tiles += Tile(OrDash(last.exponent, 3), "GeM's p now",
                  StrCat(OrDash(run.epochs.front().exponent, 3), " before"));
  }
  if (photos > 0) {
    tiles += Tile(FormatFixed(100 * (1 - with_gradient / photos), 0) + "&#8239;%", "photos without gradient",
                  "no backward pass");
  }
  if (std::isfinite(last.images_per_second)) {
    tiles += Tile(ShortNumber(last.images_per_second), "photos per second", "in steps, last epoch");
  }
  return StrCat("<div class=\"tiles\">", tiles, "</div>\n");
}

std::string ConfigurationSection(const RunData& run) {
  if (run.configuration.empty()) return "";
  return StrCat(
      "<section id=\"configuration\"><details class=\"configuration\"><summary>Configuration</summary><pre>",
      EscapeHtml(run.configuration), "</pre></details></section>\n");
}

RunReportSummary WriteRunReport(const fs::path& folder, const RunReportOptions& options,
                                const fs::path& output, const RunContext& context) try {
  CheckOptions(TrainingSetReportOptions{.queries = options.queries,
                                        .negatives = options.negatives == 0 ? 1 : options.negatives,
                                        .thumbnails = options.thumbnails});
  const RunData run = ReadRun(folder);
  PhotoNumbers numbers;
  const std::vector<ShownExample> examples = ShowExamples(run, options, numbers);
  std::vector<PhotoThumbnail> thumbnails = MakeThumbnails(numbers.paths(), options.thumbnails, context);

  RunReportSummary summary;
  summary.epochs = std::ssize(run.epochs);
  summary.steps = std::ssize(run.steps);
  summary.queries = std::ssize(examples);
  summary.photos = std::ssize(thumbnails);
  summary.notes = run.notes;
  PhotoAlbum album;
  for (size_t i = 0; i < thumbnails.size(); ++i) {
    album.Add(static_cast<int64_t>(i), numbers.paths()[i].string(), std::move(thumbnails[i]));
  }
  summary.unreadable = album.unreadable();

  std::string sections;
  std::vector<std::pair<const char*, const char*>> links;
  const auto add = [&](const char* id, const char* name, const std::string& html) {
    if (!html.empty()) links.emplace_back(id, name);
    sections += html;
  };
  add("curves", "Curves", CurveSection(run));
  add("time", "Time", TimeSection(run));
  add("examples", "Hardest negatives", ExampleSection(examples, album));
  add("configuration", "Configuration", ConfigurationSection(run));

  HtmlPage page(StrCat(run.name, " · training run"));
  page.Add(StrCat("<header class=\"title\"><p>Training run</p><h1>", EscapeHtml(run.name),
                  "</h1></header>\n<main>\n", RunOverview(run)));
  for (const std::string& note : run.notes)
    page.Add(StrCat("<p class=\"note\">", EscapeHtml(note), "</p>\n"));
  page.Add(RunToolbar(links) + sections + UnreadableSection(summary.unreadable));
  page.Add(StrCat("</main>\n<footer>vantage ", Version(), "</footer>\n"));
  const std::string text = page.Text();
  WriteFile(output, text);
  summary.bytes = std::ssize(text);
  return summary;
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage::report

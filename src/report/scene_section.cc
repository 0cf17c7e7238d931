// SPDX-License-Identifier: BSD-3-Clause
#include "report/html_page.h"
#include "report/page_parts.h"
#include "report/sections.h"
#include "util/string.h"

namespace vantage::report {
namespace {

std::string SceneCard(const TrainingSet& set, const ShownScene& shown, PhotoAlbum& album) {
  const TrainingScene& scene = set.scenes[IndexOf(shown.scene)];
  std::string counts =
      StrCat(Counted(shown.photos, "photo", "photos"), " · ", Counted(shown.queries, "query", "queries"));
  if (shown.queries > 0) {
    const double mean = static_cast<double>(shown.candidates) / static_cast<double>(shown.queries);
    counts += StrCat(" · ", FormatFixed(mean, 1), " matching photos per query");
  }
  std::string html = StrCat("<article class=\"scene\" ", FilterAttributes(set, shown.scene), "><header><h3>",
                            EscapeHtml(scene.name), "</h3><span class=\"badge ", SplitName(scene.split),
                            "\">", SplitName(scene.split), "</span></header><p>", counts, "</p>");
  if (!shown.shown.empty()) {
    html += "<div class=\"strip\">";
    for (const PhotoId photo : shown.shown) {
      const std::string& path = set.photos[IndexOf(photo)].path;
      html +=
          StrCat("<div class=\"frame\" title=\"", EscapeHtml(path), "\">",
                 album.Element(static_cast<int64_t>(photo), StrCat("photo of the scene: ", path)), "</div>");
    }
    html += "</div>";
  }
  return html + "</article>\n";
}

}  // namespace

std::string SceneSection(const TrainingSet& set, const std::vector<ShownScene>& scenes, PhotoAlbum& album) {
  std::string html = StrCat(
      "<section id=\"scenes\"><div class=\"head\"><h2>Scenes</h2><p>",
      Counted(std::ssize(scenes), "scene", "scenes"),
      ". Photos of one scene never become each other&#39;s negatives.</p></div><div id=\"scene-list\">\n");
  for (const ShownScene& scene : scenes) html += SceneCard(set, scene, album);
  return html + "</div></section>\n";
}

}  // namespace vantage::report

// SPDX-License-Identifier: BSD-3-Clause
#include "report/photo_album.h"

#include "report/html_page.h"
#include "util/string.h"

namespace vantage::report {

void PhotoAlbum::Add(int64_t number, const std::string& name, PhotoThumbnail thumbnail) {
  if (!thumbnail.problem.empty()) unreadable_.push_back(StrCat(name, ": ", thumbnail.problem));
  thumbnails_[number] = {std::move(thumbnail), false};
}

std::string PhotoAlbum::Element(int64_t number, const std::string& alt) {
  Entry& entry = thumbnails_.at(number);
  const PhotoThumbnail& thumbnail = entry.thumbnail;
  const std::string alt_html = EscapeHtml(alt);
  if (thumbnail.jpeg.empty()) {
    const std::string problem = EscapeHtml(thumbnail.problem);
    return StrCat("<div class=\"missing\" role=\"img\" aria-label=\"", alt_html, ": ", problem, "\" title=\"",
                  problem, "\"><span>", problem, "</span></div>");
  }
  const std::string size =
      StrCat(" width=\"", thumbnail.width, "\" height=\"", thumbnail.height, "\" alt=\"", alt_html, "\">");
  if (entry.is_in_page) return StrCat("<img data-photo=\"", number, "\"", size);
  entry.is_in_page = true;
  return StrCat("<img id=\"photo-", number, "\" src=\"", DataUri("image/jpeg", thumbnail.jpeg), "\"", size);
}

std::string ToHtml(const PhotoFigure& figure, int64_t number, PhotoAlbum& album) {
  const std::string name = figure.path.substr(figure.path.rfind('/') + 1);
  std::string html = StrCat("<figure class=\"photo ", figure.kind, "\"><div class=\"frame\">",
                            album.Element(number, StrCat(figure.role, ": ", figure.path)));
  if (!figure.mark.empty()) html += StrCat("<span class=\"mark\">", EscapeHtml(figure.mark), "</span>");
  html += StrCat("</div><figcaption><span class=\"name\" title=\"", EscapeHtml(figure.path), "\">",
                 EscapeHtml(name), "</span>");
  if (!figure.facts.empty()) html += StrCat("<span class=\"facts\">", figure.facts, "</span>");
  return html + "</figcaption></figure>";
}

}  // namespace vantage::report

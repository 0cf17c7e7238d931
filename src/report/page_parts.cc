// SPDX-License-Identifier: BSD-3-Clause
#include "report/page_parts.h"

#include <cmath>
#include <cstdio>

#include "report/html_page.h"
#include "util/string.h"

namespace vantage::report {

std::string Tile(const std::string& value, const std::string& label, const std::string& detail) {
  return StrCat("<div class=\"tile\"><b>", value, "</b><span>", label, "</span><small>", detail,
                "</small></div>\n");
}

std::string Counted(int64_t count, const std::string& noun, const std::string& plural) {
  return StrCat(count, " ", count == 1 ? noun : plural);
}

std::string ShortNumber(double value) {
  if (std::abs(value) >= 100 && std::abs(value) < 1e15) return FormatFixed(value, 0);
  char text[32];
  std::snprintf(text, sizeof(text), "%.3g", value);
  return text;
}

std::string UnreadableSection(const std::vector<std::string>& unreadable) {
  if (unreadable.empty()) return "";
  std::string html = StrCat("<section id=\"unreadable\"><div class=\"head\"><h2>Unreadable photos</h2><p>",
                            Counted(std::ssize(unreadable), "photo", "photos"),
                            " of those shown on this page.</p></div><ul>");
  for (const std::string& reason : unreadable) html += StrCat("<li>", EscapeHtml(reason), "</li>");
  return html + "</ul></section>\n";
}

}  // namespace vantage::report

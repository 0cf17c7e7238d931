// SPDX-License-Identifier: BSD-3-Clause
#include "serve/search_page.h"

#include "report/assets/assets.h"
#include "report/html_page.h"
#include "serve/assets/assets.h"
#include "util/string.h"

namespace vantage::serve {

std::string SearchPage() {
  return report::PageText({.title = "vantage: search by photo",
                           .body = kSearchBody,
                           .style = StrCat(report::kPageStyle, kSearchStyle),
                           .script = kSearchScript,
                           .sources = "connect-src 'self'; img-src 'self' blob:"});
}

}  // namespace vantage::serve

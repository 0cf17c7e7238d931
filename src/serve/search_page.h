// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

namespace vantage::serve {

// The page of SearchService in one file: it loads nothing except searches and photos from its own server.
// It shows names as text: it makes no HTML of them.
std::string SearchPage();

}  // namespace vantage::serve

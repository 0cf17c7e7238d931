// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace vantage::serve {

// The search page's parts: search.html, search.css and search.js in this folder.
extern const char* const kSearchBody;
extern const char* const kSearchStyle;
extern const char* const kSearchScript;

}  // namespace vantage::serve

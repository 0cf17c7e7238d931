// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace vantage::report {

// Style and script of every HtmlPage: page.css and page.js in this folder.
extern const char* const kPageStyle;
extern const char* const kPageScript;

}  // namespace vantage::report

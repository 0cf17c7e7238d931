// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace vantage::report {

// Of every page that HtmlPage writes: page.css and page.js of this folder.
extern const char* const kPageStyle;
extern const char* const kPageScript;

}  // namespace vantage::report

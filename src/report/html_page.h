// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <string_view>

namespace vantage::report {

// Text as HTML shows it, between tags and in quoted attributes: & < > " ' become references, control
// characters and bytes that are no UTF-8 become U+FFFD. Names of files go through this: they may hold
// anything.
std::string EscapeHtml(std::string_view text);

// Bytes as base64 (RFC 4648, with padding).
std::string Base64(std::string_view bytes);

// "data:image/jpeg;base64,...".
std::string DataUri(std::string_view mime_type, std::string_view bytes);

// A page that is one file: style and script lie in it, and nothing is loaded from elsewhere. A content
// security policy forbids the network, and every script but the page's own, so that a name that should slip
// through unescaped does nothing.
class HtmlPage {
 public:
  // title: text.
  explicit HtmlPage(std::string title) : title_(std::move(title)) {}

  // Appends HTML to the body.
  void Add(std::string_view html) { body_ += html; }

  // The whole page. The same content gives the same bytes.
  std::string Text() const;

 private:
  std::string title_;
  std::string body_;
};

}  // namespace vantage::report

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <string_view>

namespace vantage::report {

// Escapes text for HTML, between tags and in quoted attributes: & < > " ' become references; control
// characters and bytes that are not UTF-8 become U+FFFD. Use it for every file name: names may contain
// anything.
std::string EscapeHtml(std::string_view text);

// Bytes as base64 (RFC 4648, with padding).
std::string Base64(std::string_view bytes);

// "data:image/jpeg;base64,...".
std::string DataUri(std::string_view mime_type, std::string_view bytes);

// What a page in one file consists of.
struct WholePage {
  std::string title;  // plain text
  std::string body;   // HTML
  std::string style;
  std::string script;
  std::string sources;  // what else the page may load, as directives: "img-src data:"
};

// The page. Its content security policy allows no script except its own, and nothing else except `sources`.
std::string PageText(const WholePage& page);

// An HTML page in one file: it contains its style and script, and loads nothing. A content security policy
// forbids the network and every script except the page's own, so that an unescaped name cannot do anything.
class HtmlPage {
 public:
  // title: plain text, escaped here.
  explicit HtmlPage(std::string title) : title_(std::move(title)) {}

  // Appends HTML to the body.
  void Add(std::string_view html) { body_ += html; }

  // The whole page. Equal content gives equal bytes.
  std::string Text() const;

 private:
  std::string title_;
  std::string body_;
};

}  // namespace vantage::report

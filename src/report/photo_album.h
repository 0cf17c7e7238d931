// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "report/thumbnail.h"

namespace vantage::report {

// The photos that a page shows, by number. A page holds each once: where it is shown first; the page's script
// takes it from there for the other places.
class PhotoAlbum {
 public:
  // name: what unreadable() calls it.
  void Add(int64_t number, const std::string& name, PhotoThumbnail thumbnail);
  // "NAME: why" of each photo that could not be read, in the order they were added.
  const std::vector<std::string>& unreadable() const { return unreadable_; }

  // The photo as an element that fits a frame, or a placeholder with the reason where it cannot be read.
  // alt: text.
  std::string Element(int64_t number, const std::string& alt);

 private:
  struct Entry {
    PhotoThumbnail thumbnail;
    bool is_in_page = false;
  };
  std::map<int64_t, Entry> thumbnails_;
  std::vector<std::string> unreadable_;
};

// A framed photo with its caption.
struct PhotoFigure {
  std::string kind;   // what the frame says: "query", "chosen", "candidate", "negative", ""
  std::string role;   // in words, for those who do not see the frame: "candidate positive"
  std::string path;   // text; the caption shows the file's name, and the whole path on hovering
  std::string mark;   // text on the frame: "chosen"; may be empty
  std::string facts;  // HTML below the name; may be empty
};
std::string ToHtml(const PhotoFigure& figure, int64_t number, PhotoAlbum& album);

}  // namespace vantage::report

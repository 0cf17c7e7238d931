// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "report/thumbnail.h"

namespace vantage::report {

// The photos that a page shows, by number. The page contains each photo once, where it is shown first; the
// page's script copies it to the other places.
class PhotoAlbum {
 public:
  // name: for unreadable().
  void Add(int64_t number, const std::string& name, PhotoThumbnail thumbnail);
  // "NAME: reason" for each photo that could not be read, in the order of Add.
  const std::vector<std::string>& unreadable() const { return unreadable_; }

  // The photo as an element that fits a frame, or a placeholder with the reason if it cannot be read. alt:
  // plain text.
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
  std::string kind;   // CSS class of the frame: "query", "chosen", "candidate", "negative", ""
  std::string role;   // for screen readers: "candidate positive"
  std::string path;   // plain text; the caption shows the file name, and the whole path on hovering
  std::string mark;   // label on the frame, plain text: "chosen"; may be empty
  std::string facts;  // HTML below the name; may be empty
};
std::string ToHtml(const PhotoFigure& figure, int64_t number, PhotoAlbum& album);

}  // namespace vantage::report

// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/photos.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "image/codecs/codec.h"
#include "util/check.h"
#include "util/file.h"
#include "util/log.h"
#include "util/rethrow.h"
#include "util/string.h"
#include "vantage/run_context.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;

// Files and folders that systems and servers create among photos.
constexpr std::array<std::string_view, 7> kSystemNames = {
    "@eaDir", "__MACOSX", "#recycle", "$RECYCLE.BIN", "System Volume Information", "lost+found", "Thumbs.db"};
// Cameras' own formats, of which some are TIFF files that hold a small preview.
constexpr std::array<std::string_view, 11> kRawEndings = {".arw", ".cr2", ".cr3", ".dng", ".nef", ".orf",
                                                          ".pef", ".raf", ".raw", ".rw2", ".srw"};
constexpr std::array<std::string_view, 4> kPyramidEndings = {"_2", "_4", "_8", "_16"};

bool IsHidden(const std::string& name) {
  return name.starts_with('.') ||
         std::find(kSystemNames.begin(), kSystemNames.end(), name) != kSystemNames.end();
}

// Whether a folder is images_2, _4, _8 or _16 next to a folder images: reduced copies, as nerfstudio makes
// them.
bool IsReducedCopy(const fs::path& folder) {
  const std::string name = folder.filename().string();
  return std::any_of(kPyramidEndings.begin(), kPyramidEndings.end(), [&](std::string_view ending) {
    return name == "images" + std::string(ending) && fs::is_directory(folder.parent_path() / "images");
  });
}

// "photo" if vantage reads the file, judged by its ending, else by its first bytes; the format of another
// image; "" for no image.
std::string KindOf(const fs::path& path) {
  const std::vector<std::string>& endings = PhotoExtensions();
  const std::string ending = ToLower(path.extension().string());
  if (std::find(endings.begin(), endings.end(), ending) != endings.end()) return "photo";
  if (std::find(kRawEndings.begin(), kRawEndings.end(), ending) != kRawEndings.end()) return "raw photo";
  const std::string head = image::ReadHead(path);
  return image::FindCodec(head) != nullptr ? "photo" : image::OtherFormat(head);
}

class Walker {
 public:
  explicit Walker(fs::path root) : root_(std::move(root)) {}

  PhotoFolder Walk() {
    Visit(root_);
    std::sort(found_.photos.begin(), found_.photos.end());
    return std::move(found_);
  }

 private:
  void Visit(const fs::path& folder) {
    struct stat status {};
    if (::stat(folder.c_str(), &status) == 0 && !seen_.emplace(status.st_dev, status.st_ino).second) {
      ++found_.repeated;
      return;
    }
    std::error_code error;
    std::vector<fs::path> folders;
    std::vector<fs::path> links;
    fs::directory_iterator entries(folder, error);
    for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
      Sort(*entries, folders, links);
    }
    if (error) {
      VANTAGE_CHECK(folder != root_, folder.string(), ": cannot be read: ", error.message());
      found_.unreadable.push_back(folder.lexically_relative(root_).generic_string());
    }
    // Links come last, so that a photo is named after its own folder.
    for (std::vector<fs::path>* next : {&folders, &links}) {
      std::sort(next->begin(), next->end());
      for (const fs::path& path : *next) Visit(path);
    }
  }

  void Sort(const fs::directory_entry& entry, std::vector<fs::path>& folders, std::vector<fs::path>& links) {
    const fs::path& path = entry.path();
    std::error_code error;
    if (IsHidden(path.filename().string())) {
      ++found_.hidden;
    } else if (entry.is_directory(error)) {
      if (IsReducedCopy(path)) {
        ++found_.pyramids;
      } else {
        (entry.is_symlink(error) ? links : folders).push_back(path);
      }
    } else if (entry.is_regular_file(error)) {
      const std::string kind = KindOf(path);
      if (kind == "photo") {
        found_.photos.push_back(path.lexically_relative(root_));
      } else if (!kind.empty()) {
        ++found_.left_out[kind];
      }
    }
  }

  fs::path root_;
  PhotoFolder found_;
  std::set<std::pair<dev_t, ino_t>> seen_;
};

}  // namespace

std::string PhotoFolder::LeftOutText() const {
  std::vector<std::string> parts;
  if (!left_out.empty()) {
    int64_t images = 0;
    std::vector<std::string> kinds;
    for (const auto& [kind, count] : left_out) {
      images += count;
      kinds.push_back(StrCat(kind, " ", count));
    }
    parts.push_back(StrCat(images, " images of other formats were left out (", Join(kinds, ", "), ")"));
  }
  if (!unreadable.empty()) {
    parts.push_back(StrCat(unreadable.size(), " folders cannot be read (", Join(unreadable, ", "), ")"));
  }
  if (repeated > 0) parts.push_back(StrCat(repeated, " links lead to folders that are in the list already"));
  if (pyramids > 0)
    parts.push_back(StrCat(pyramids, " folders of reduced copies were left out (images_2 next to images)"));
  if (hidden > 0) parts.push_back(StrCat(hidden, " hidden or system files and folders were left out"));
  return Join(parts, "; ");
}

std::map<std::string, int64_t> PhotoFolder::LeftOutCounts() const {
  std::map<std::string, int64_t> counts = left_out;
  counts["unreadable folders"] = std::ssize(unreadable);
  counts["repeated folders"] = repeated;
  counts["reduced copies"] = pyramids;
  counts["hidden"] = hidden;
  std::erase_if(counts, [](const auto& kind) { return kind.second == 0; });
  return counts;
}

PhotoFolder WalkPhotos(const fs::path& folder) {
  VANTAGE_CHECK(fs::is_directory(folder), folder.string(), ": no such folder");
  return Walker(folder).Walk();
}

PhotoFolder ReadPhotoFolder(const fs::path& folder) try {
  PhotoFolder found = WalkPhotos(folder);
  const std::string text = found.LeftOutText();
  if (!text.empty()) LogWarning(folder.string(), ": ", text);
  return found;
} catch (...) {
  RethrowAsError();
}

std::vector<fs::path> ListPhotoFiles(const fs::path& folder) { return ReadPhotoFolder(folder).photos; }

GroupedPhotos GroupPhotoFiles(const fs::path& folder) {
  GroupedPhotos grouped;
  for (const fs::path& photo : ListPhotoFiles(folder)) {
    if (photo.has_parent_path()) {
      const fs::path group = *photo.begin();
      grouped.groups[group.string()].push_back(photo.lexically_relative(group));
    } else {
      grouped.loose.push_back(photo);
    }
  }
  return grouped;
}

std::map<std::string, std::vector<fs::path>> PhotosByClass(const fs::path& folder) {
  GroupedPhotos photos = GroupPhotoFiles(folder);
  if (!photos.loose.empty()) {
    LogWarning(folder.string(), ": ", photos.loose.size(),
               " photos outside the class folders have no class and are left out, such as ",
               photos.loose.front().string());
  }
  return std::move(photos.groups);
}

PhotoFinder FindPhotosIn(const fs::path& folder) {
  std::vector<fs::path> photos = ListPhotoFiles(folder);
  for (fs::path& photo : photos) photo = folder / photo;
  return PhotoFinder(std::move(photos), folder);
}

}  // namespace vantage

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

// The kind of an image by its first bytes: "photo" if vantage reads it, the name of a format that only others
// read, or "" if it is no image.
std::string KindOf(std::string_view head) {
  using namespace std::string_view_literals;
  if (image::FindCodec(head) != nullptr) return "photo";
  if (head.starts_with("RIFF") && head.substr(std::min<size_t>(8, head.size())).starts_with("WEBP"))
    return "WebP";
  if (head.starts_with("II*\0"sv) || head.starts_with("MM\0*"sv)) return "TIFF";
  if (head.starts_with("GIF8")) return "GIF";
  if (head.starts_with("BM") && head.size() > 9 && head.substr(6, 4) == "\0\0\0\0"sv) return "BMP";
  if (head.size() >= 12 && head.substr(4, 4) == "ftyp") {
    const std::string_view brand = head.substr(8, 4);
    if (brand.starts_with("avi")) return "AVIF";
    if (brand.starts_with("hei") || brand.starts_with("hev") || brand == "mif1" || brand == "msf1")
      return "HEIC";
  }
  if (head.size() > 2 && head[0] == 'P' && head[1] >= '1' && head[1] <= '6' &&
      (head[2] == '\n' || head[2] == ' ')) {
    return "PNM";
  }
  if (head.starts_with("\0\0\0\x0CjP"sv)) return "JPEG 2000";
  return "";
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
      const std::vector<std::string>& endings = PhotoExtensions();
      const bool named =
          std::find(endings.begin(), endings.end(), ToLower(path.extension().string())) != endings.end();
      const std::string kind = named ? "photo" : KindOf(image::ReadHead(path));
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

PhotoFolder WalkPhotos(const fs::path& folder) {
  VANTAGE_CHECK(fs::is_directory(folder), folder.string(), ": no such folder");
  return Walker(folder).Walk();
}

std::vector<fs::path> ListPhotoFiles(const fs::path& folder) try {
  PhotoFolder found = WalkPhotos(folder);
  const std::string text = found.LeftOutText();
  if (!text.empty()) LogWarning(folder.string(), ": ", text);
  return std::move(found.photos);
} catch (...) {
  RethrowAsError();
}

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

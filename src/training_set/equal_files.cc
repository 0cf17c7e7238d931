// SPDX-License-Identifier: BSD-3-Clause
#include "training_set/equal_files.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <mutex>
#include <system_error>
#include <tuple>
#include <utility>

#include "util/hash.h"
#include "util/index.h"
#include "util/parallel.h"
#include "vantage/error.h"

namespace vantage::training_set {
namespace {

namespace fs = std::filesystem;

bool Before(const FileOfGroup& a, const FileOfGroup& b) {
  return std::tie(a.group, a.path) < std::tie(b.group, b.path);
}

bool SpanGroups(const std::vector<FileOfGroup>& files) {
  return std::any_of(files.begin(), files.end(),
                     [&](const FileOfGroup& file) { return file.group != files[0].group; });
}

}  // namespace

std::string ShortName(const fs::path& photo) {
  return (photo.parent_path().filename() / photo.filename()).generic_string();
}

std::vector<std::vector<FileOfGroup>> EqualFiles(const std::vector<std::vector<fs::path>>& groups,
                                                 bool across_groups, const RunContext& context) {
  const auto counts = [&](const std::vector<FileOfGroup>& files) {
    return files.size() > 1 && (!across_groups || SpanGroups(files));
  };
  std::map<uintmax_t, std::vector<FileOfGroup>> by_size;
  for (size_t g = 0; g < groups.size(); ++g) {
    for (const fs::path& path : groups[g]) {
      std::error_code error;
      const uintmax_t size = fs::file_size(path, error);
      if (!error) by_size[size].push_back({g, path});
    }
  }
  std::vector<const std::vector<FileOfGroup>*> alike;
  for (const auto& [size, files] : by_size) {
    if (counts(files)) alike.push_back(&files);
  }
  std::vector<std::vector<FileOfGroup>> equal;
  std::mutex mutex;
  int64_t done = 0;
  ParallelFor(std::ssize(alike), context.ThreadCount(), [&](int64_t i) {
    std::map<std::string, std::vector<FileOfGroup>> by_content;
    for (const FileOfGroup& file : *alike[ToIndex(i)]) {
      context.CheckCancelled();
      try {
        by_content[Sha256OfFile(file.path)].push_back(file);
      } catch (const Interrupted&) {
        throw;
      } catch (const Error&) {
        continue;  // the error is reported when the photo is described
      }
    }
    const std::scoped_lock lock(mutex);
    for (auto& [hash, files] : by_content) {
      if (!counts(files)) continue;
      std::sort(files.begin(), files.end(), Before);
      equal.push_back(std::move(files));
    }
    context.Report({"comparing files", ++done, std::ssize(alike), ""});
  });
  std::sort(equal.begin(), equal.end(),
            [](const auto& a, const auto& b) { return Before(a.front(), b.front()); });
  return equal;
}

}  // namespace vantage::training_set

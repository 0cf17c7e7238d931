// SPDX-License-Identifier: BSD-3-Clause
#include "util/output.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "util/check.h"
#include "util/file.h"
#include "util/rethrow.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kHeadSize = 4096;

std::string_view WithoutSpace(std::string_view head) {
  const size_t first = head.find_first_not_of(" \t\r\n");
  return first == head.npos ? std::string_view() : head.substr(first);
}

bool IsJsonWith(std::string_view head, std::string_view key) {
  return WithoutSpace(head).starts_with('{') && head.find(key) != head.npos;
}

bool IsPage(std::string_view head) {
  const std::string start = ToLower(std::string(WithoutSpace(head).substr(0, 9)));
  return start.starts_with("<!doctype") || start.starts_with("<html");
}

bool IsPickle(std::string_view head) {
  return head.starts_with("\x80") || head.starts_with("(") || head.starts_with("ccopy_reg");
}

bool IsText(std::string_view head) {
  const std::string_view start = WithoutSpace(head);
  return head.find('\0') == head.npos && !start.starts_with('{') && !start.starts_with('[') && !IsPage(head);
}

// The file has the length of a JSON header in 8 bytes, then the header.
bool IsSafetensors(std::string_view head) { return head.size() > 8 && head[8] == '{'; }

bool IsSame(const fs::path& a, const fs::path& b) {
  std::error_code error;
  if (fs::equivalent(a, b, error)) return true;
  return fs::weakly_canonical(a, error) == fs::weakly_canonical(b, error);
}

void RefuseInputs(const fs::path& path, const OutputRules& rules) {
  if (rules.overwrite) return;
  for (const fs::path& input : rules.inputs) {
    if (input.empty() || !IsSame(path, input)) continue;
    throw UsageError(
        StrCat(path.string(), ": is read as ", input.string(), "; write another file, or use --overwrite"));
  }
}

}  // namespace

namespace file_kinds {
const FileKind kNpy{"a NumPy array", [](std::string_view head) { return head.starts_with("\x93NUMPY"); }};
const FileKind kDescriptors{"the names of descriptors", [](std::string_view head) {
                              return IsJsonWith(head, "\"failed\"") || IsJsonWith(head, "\"names\"");
                            }};
const FileKind kHdf5{"an HDF5 file",
                     [](std::string_view head) { return head.starts_with("\x89HDF\r\n\x1a\n"); }};
const FileKind kSqlite{"an SQLite database",
                       [](std::string_view head) { return head.starts_with("SQLite format 3"); }};
const FileKind kPage{"a page", IsPage};
const FileKind kCheckpoint{"a checkpoint",
                           [](std::string_view head) { return head.starts_with("PK") || IsPickle(head); }};
const FileKind kSafetensors{"a safetensors file", IsSafetensors};
const FileKind kPickle{"a pickle", IsPickle};
const FileKind kResults{"results of vantage evaluate",
                        [](std::string_view head) { return IsJsonWith(head, "\"benchmark\""); }};
const FileKind kText{"a text", IsText};
}  // namespace file_kinds

void CheckOutput(const fs::path& path, const FileKind& kind, const OutputRules& rules) try {
  if (path.empty() || !path.has_filename()) throw UsageError(StrCat("'", path.string(), "': names no file"));
  if (fs::is_directory(path)) throw UsageError(StrCat(path.string(), ": is a folder"));
  RefuseInputs(path, rules);
  if (fs::exists(path) && !rules.overwrite) {
    const InputFile file(path);
    if (file.size() > 0 && !kind.is(file.ReadAt(0, std::min(file.size(), kHeadSize)))) {
      throw UsageError(StrCat(path.string(), ": exists and is not ", kind.name,
                              "; write another file, or use --overwrite"));
    }
  }
  auto claim = std::make_unique<PartialFile>(path);
  RemoveAbandonedFiles(path);
  VANTAGE_CHECK(!claim->IsWrittenByOthers(), path.string(), ": another process writes this file");
  if (rules.claims != nullptr) rules.claims->push_back(std::move(claim));
} catch (...) {
  RethrowAsError();
}

void CheckOutputFolder(const fs::path& path, const OutputRules& rules) try {
  if (path.empty()) throw UsageError("-o: names no folder");
  std::error_code error;
  if (fs::exists(path, error) && !fs::is_directory(path, error)) {
    throw UsageError(StrCat(path.string(), ": is a file, not a folder"));
  }
  RefuseInputs(path, rules);
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace vantage {

class PartialFile;

// What a file is, as its first bytes tell.
struct FileKind {
  std::string_view name;              // for messages: "a NumPy array"
  bool (*is)(std::string_view head);  // head: the file's first 4 KiB, or all of a shorter one
};

namespace file_kinds {
extern const FileKind kNpy;          // NumPy's .npy
extern const FileKind kDescriptors;  // the JSON beside a .npy of descriptors
extern const FileKind kHdf5;
extern const FileKind kSqlite;
extern const FileKind kPage;        // HTML
extern const FileKind kCheckpoint;  // .pth: zip, or PyTorch's before 1.6
extern const FileKind kSafetensors;
extern const FileKind kPickle;
extern const FileKind kResults;  // the JSON of vantage evaluate --save
extern const FileKind kText;     // any text that is neither JSON nor HTML
}  // namespace file_kinds

// Outputs that a task holds until these go: another process is refused them meanwhile.
using OutputClaims = std::vector<std::unique_ptr<PartialFile>>;

// What a task may do with files that are there.
struct OutputRules {
  std::vector<std::filesystem::path> inputs;  // files and folders that the task reads
  bool overwrite = false;                     // replace also inputs and files of other kinds
  OutputClaims* claims = nullptr;  // takes what CheckOutput claims; nullptr: only the check is made
};

// Checks, before any work, that a task may write `path`, and removes what killed processes left beside it
// (see PartialFile). Throws UsageError naming both if the path is one of the inputs, however it is spelled,
// is a folder, or is a file that is not of this kind: an empty file is of any. Throws Error if nothing can be
// written there, or another process holds it or writes it.
void CheckOutput(const std::filesystem::path& path, const FileKind& kind, const OutputRules& rules);

// The same for an output that is a folder: it may be neither a file nor one of the inputs.
void CheckOutputFolder(const std::filesystem::path& path, const OutputRules& rules);

}  // namespace vantage

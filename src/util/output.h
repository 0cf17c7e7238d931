// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace vantage {

class PartialFile;

// A kind of file, recognised by its first bytes.
struct FileKind {
  std::string_view name;              // for messages: "a NumPy array"
  bool (*is)(std::string_view head);  // head: the file's first 4 KiB, or all of a shorter one
};

namespace file_kinds {
extern const FileKind kNpy;          // NumPy's .npy
extern const FileKind kDescriptors;  // the JSON that accompanies a .npy of descriptors
extern const FileKind kHdf5;
extern const FileKind kSqlite;
extern const FileKind kPage;        // HTML
extern const FileKind kCheckpoint;  // .pth: zip, or PyTorch's format before 1.6
extern const FileKind kSafetensors;
extern const FileKind kPickle;
extern const FileKind kResults;  // the JSON of vantage evaluate --save
extern const FileKind kText;     // any text that is neither JSON nor HTML
}  // namespace file_kinds

// Outputs that a task holds while these objects live. Other processes are refused these outputs meanwhile.
using OutputClaims = std::vector<std::unique_ptr<PartialFile>>;

// What a task may do with existing files.
struct OutputRules {
  std::vector<std::filesystem::path> inputs;  // files and folders that the task reads
  bool overwrite = false;                     // also replace inputs and files of other kinds
  OutputClaims* claims = nullptr;             // CheckOutput adds its claim here; nullptr: check only
};

// Checks, before any work, that a task may write `path`, and removes the temporary files for it that killed
// processes left (see PartialFile). Throws UsageError if the path is one of the inputs, in any spelling (the
// message names both), is a folder, or is a file of another kind; an empty file is of every kind. Throws
// Error if the folder is not writable, or if another process holds or writes the output.
void CheckOutput(const std::filesystem::path& path, const FileKind& kind, const OutputRules& rules);

// The same for an output folder: the path may be neither a file nor one of the inputs.
void CheckOutputFolder(const std::filesystem::path& path, const OutputRules& rules);

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/colmap.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "fuzz/harness.h"
#include "util/string.h"

namespace {

// Separates the files of a model; make_seeds.cc writes it, and colmap.dict contains it.
constexpr std::string_view kSeparator = "|next file|";

const std::filesystem::path& Folder() {
  static const std::filesystem::path kFolder = [] {
    auto folder = std::filesystem::temp_directory_path() / ("model-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
    return folder;
  }();
  return kFolder;
}

}  // namespace

// cameras, images, points3D and, if there is more input, rigs and frames; VANTAGE_FUZZ_EXTENSION selects
// binary or text.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace vantage;
  const std::string_view input = fuzz::View(data, size);
  std::string_view rest = input;
  bool has_more = true;
  for (const std::string_view name : {"cameras", "images", "points3D", "rigs", "frames"}) {
    const std::filesystem::path path = Folder() / StrCat(name, VANTAGE_FUZZ_EXTENSION);
    if (!has_more && (name == "rigs" || name == "frames")) {
      std::filesystem::remove(path);
      continue;
    }
    const size_t end = std::min(rest.find(kSeparator), rest.size());
    std::ofstream(path, std::ios::binary).write(rest.data(), static_cast<std::streamsize>(end));
    has_more = end < rest.size();
    rest.remove_prefix(std::min(end + kSeparator.size(), rest.size()));
  }
  fuzz::Run(input, {.bytes_per_byte = 64}, [] { Summarize(ReadColmapModel(Folder())); });
  return 0;
}

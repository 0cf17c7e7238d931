// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/training_set.h"

#include <cstdlib>

#include "fuzz/harness.h"

// A training set of cirtorch. An accepted set refers only to its own entries and stays in its folder.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace vantage;
  const std::string_view bytes = fuzz::View(data, size);
  fuzz::Run(bytes, {.bytes_per_byte = 1024, .fixed = 64 << 10}, [&] {
    const TrainingSet set = ParseCirtorchPickle(bytes, "input", "ims");
    for (const TrainingPhoto& photo : set.photos) {
      if (IndexOf(photo.scene) >= set.scenes.size() || !photo.path.starts_with("ims/") ||
          photo.path.find("..") != photo.path.npos) {
        std::abort();
      }
    }
    for (const TrainingQuery& query : set.queries) {
      if (IndexOf(query.photo) >= set.photos.size() || IndexOf(query.positive) >= set.photos.size() ||
          set.SplitOf(query.photo) != set.SplitOf(query.positive)) {
        std::abort();
      }
    }
  });
  return 0;
}

// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/describe_photos.h"

#include <memory>
#include <mutex>

#include "util/log.h"
#include "vantage/describer.h"
#include "vantage/run_context.h"

namespace vantage::pipeline {

PhotoDescriber MakePhotoDescriber(const std::string& model, const std::string& device) {
  KeepFreedMemory();
  const auto mutex = std::make_shared<std::mutex>();
  return [describer = Describer::Load(model, {}, device), mutex](
             const std::vector<std::filesystem::path>& photos, const RunContext& context) {
    const std::scoped_lock lock(*mutex);
    ExtractedDescriptors extracted = ExtractDescriptors(describer, PhotoFiles(photos), context);
    for (const FailedRequest& failed : extracted.failed) LogWarning("left out: ", failed.reason);
    return std::move(extracted.values);
  };
}

}  // namespace vantage::pipeline

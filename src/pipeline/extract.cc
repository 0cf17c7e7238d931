// SPDX-License-Identifier: BSD-3-Clause
#include <nlohmann/json.hpp>
#include <utility>

#include "descriptor_files/descriptor_output.h"
#include "util/check.h"
#include "vantage/pipeline.h"

namespace vantage {

DescriptorFile Extract(const ExtractTask& task, const RunContext& context) {
  CheckOptions(task.descriptor);
  OutputClaims claims;
  OutputRules rules{{task.photos.begin(), task.photos.end()}, task.overwrite, &claims};
  rules.inputs.emplace_back(task.model.path);
  descriptor_files::CheckDescriptorOutput(task.output, task.format, rules);
  const std::string store_path = task.output + ".partial";
  Model model = task.model.Read();
  DescriptorProvenance provenance = ProvenanceOf(model, task.model.path, task.descriptor);
  const Describer describer = Describer::Take(std::move(model), task.descriptor);
  NamedPhotos photos = ListPhotos(task.photos);
  if (!task.shard.empty()) {
    const Shard shard = ParseShard(task.shard);
    photos = SelectShard(photos, shard);
    VANTAGE_CHECK(!photos.names.empty(), "shard ", task.shard, " has no photo");
    provenance.other["shard"] = nlohmann::json({{"index", shard.index}, {"count", shard.count}}).dump();
  }
  descriptor_files::CheckDescriptorNames(task.output, task.format, photos.names);
  if (task.restart) DescriptorStore::Discard(store_path);
  DescriptorStore store(store_path);
  DescriptorFile file = ExtractNamedPhotos(describer, std::move(photos), context, &store);
  file.provenance = std::move(provenance);
  WriteDescriptors(file, task.output, task.format);
  store.Remove();
  return file;
}

}  // namespace vantage

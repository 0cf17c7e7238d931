// SPDX-License-Identifier: BSD-3-Clause
#include "testing/torch_files.h"

#include "serialize/pickle.h"
#include "serialize/zip.h"
#include "util/file.h"

namespace vantage::testing {

void WriteZipTorchFile(const std::filesystem::path& path, const std::string& pickle,
                       const std::string& storage) {
  AtomicFile file(path);
  serialize::ZipWriter zip(file);
  zip.Add("archive/data.pkl", pickle);
  zip.Add("archive/byteorder", "little");
  zip.Add("archive/data/0", storage);
  zip.Finish();
  file.Commit();
}

std::string LegacyTorchFile(const std::string& pickle, const std::string& storage, uint64_t elements,
                            const std::string& key) {
  serialize::PickleWriter protocol;
  protocol.Int(1001);
  serialize::PickleWriter system;
  system.EmptyDict();
  serialize::PickleWriter keys;
  keys.EmptyList();
  keys.Mark();
  keys.String(key);
  keys.Appends();
  const std::string magic("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15);
  return magic + std::move(protocol).Finish() + std::move(system).Finish() + pickle +
         std::move(keys).Finish() + std::string(reinterpret_cast<const char*>(&elements), sizeof(elements)) +
         storage;
}

}  // namespace vantage::testing

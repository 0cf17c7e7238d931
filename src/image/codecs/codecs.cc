// SPDX-License-Identifier: BSD-3-Clause
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <mutex>
#include <utility>

#include "image/codecs/codec.h"
#include "util/check.h"
#include "util/index.h"
#include "util/string.h"
#include "vantage/photos.h"

namespace vantage {

// Each is in its own file.
namespace image {
Codec JpegCodec();
Codec PngCodec();
}  // namespace image

namespace {

std::vector<Codec> OwnCodecs() {
  return {
      image::JpegCodec(),
      image::PngCodec(),
  };
}

// Formats that programs registered before the table was made.
struct Registry {
  std::mutex mutex;
  std::vector<Codec> codecs;
  bool is_closed = false;
};

Registry& TheRegistry() {
  static Registry registry;
  return registry;
}

std::vector<Codec> MakeTable() {
  Registry& registry = TheRegistry();
  const std::scoped_lock lock(registry.mutex);
  registry.is_closed = true;
  std::vector<Codec> table = OwnCodecs();
  table.insert(table.end(), registry.codecs.begin(), registry.codecs.end());
  return table;
}

}  // namespace

std::span<const Codec> Codecs() {
  static const std::vector<Codec> kTable = MakeTable();
  return kTable;
}

void RegisterCodec(Codec codec) {
  VANTAGE_CHECK(!codec.name.empty() && !codec.extensions.empty() && codec.matches != nullptr &&
                    codec.read_header != nullptr && codec.decode != nullptr,
                "the photo format '", codec.name,
                "' needs a name, an extension, and the functions matches, read_header and decode");
  Registry& registry = TheRegistry();
  const std::scoped_lock lock(registry.mutex);
  for (const std::vector<Codec>& known : {OwnCodecs(), registry.codecs}) {
    for (const Codec& other : known)
      VANTAGE_CHECK(other.name != codec.name, "there is a photo format '", codec.name, "' already");
  }
  VANTAGE_CHECK(!registry.is_closed, "the photo format '", codec.name,
                "' comes too late: register formats before photos are read");
  registry.codecs.push_back(std::move(codec));
}

namespace image {

const Codec* FindCodec(std::string_view bytes, std::span<const Codec> codecs) {
  const auto found = std::find_if(codecs.begin(), codecs.end(), [&](const Codec& codec) {
    return codec.matches(bytes.substr(0, Codec::kHeadSize));
  });
  return found == codecs.end() ? nullptr : &*found;
}

std::vector<Codec> CodecsThat(bool Codec::*fact, std::span<const Codec> codecs) {
  std::vector<Codec> those;
  std::copy_if(codecs.begin(), codecs.end(), std::back_inserter(those),
               [&](const Codec& codec) { return codec.*fact; });
  return those;
}

std::string ReadHead(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return "";
  std::string head(Codec::kHeadSize, '\0');
  const ssize_t size = ::read(descriptor, head.data(), head.size());
  ::close(descriptor);
  head.resize(size > 0 ? ToIndex(size) : 0);
  return head;
}

std::string CodecNames(std::span<const Codec> codecs) {
  std::string names;
  for (size_t i = 0; i < codecs.size(); ++i) {
    names += i == 0 ? "" : i + 1 < codecs.size() ? ", " : " or ";
    names += codecs[i].name;
  }
  return names;
}

}  // namespace image

const std::vector<std::string>& PhotoExtensions() {
  static const std::vector<std::string> kExtensions = [] {
    std::vector<std::string> all;
    for (const Codec& codec : Codecs())
      all.insert(all.end(), codec.extensions.begin(), codec.extensions.end());
    return all;
  }();
  return kExtensions;
}

}  // namespace vantage

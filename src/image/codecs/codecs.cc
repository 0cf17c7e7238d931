// SPDX-License-Identifier: BSD-3-Clause
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>

#include "image/codecs/codec.h"
#include "util/index.h"
#include "util/string.h"
#include "vantage/photos.h"

namespace vantage {
namespace image {

// Each is in its own file.
Codec JpegCodec();
Codec PngCodec();

std::span<const Codec> Codecs() {
  static const std::vector<Codec> kCodecs = {
      JpegCodec(),
      PngCodec(),
  };
  return kCodecs;
}

const Codec* FindCodec(std::string_view bytes, std::span<const Codec> codecs) {
  const auto found = std::find_if(codecs.begin(), codecs.end(), [&](const Codec& codec) {
    return codec.matches(bytes.substr(0, kHeadSize));
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
  std::string head(kHeadSize, '\0');
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
    for (const image::Codec& codec : image::Codecs())
      all.insert(all.end(), codec.extensions.begin(), codec.extensions.end());
    return all;
  }();
  return kExtensions;
}

}  // namespace vantage

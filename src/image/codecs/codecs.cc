// SPDX-License-Identifier: BSD-3-Clause
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <mutex>
#include <utility>

#include "image/codecs/bytes.h"
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
Codec WebpCodec();
Codec TiffCodec();
Codec BmpCodec();
Codec GifCodec();
Codec PnmCodec();
std::vector<Codec> HeifCodecs();
}  // namespace image

namespace {

std::vector<Codec> OwnCodecs() {
  std::vector<Codec> codecs = {
      image::JpegCodec(), image::PngCodec(), image::BmpCodec(), image::GifCodec(), image::PnmCodec(),
  };
#ifdef VANTAGE_WITH_WEBP
  codecs.push_back(image::WebpCodec());
#endif
#ifdef VANTAGE_WITH_TIFF
  codecs.push_back(image::TiffCodec());
#endif
#ifdef VANTAGE_WITH_HEIF
  for (Codec& codec : image::HeifCodecs()) codecs.push_back(std::move(codec));
#endif
  return codecs;
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

std::string OtherFormat(std::string_view head) {
  using namespace std::string_view_literals;
  const auto has = [&](size_t at, std::string_view text) { return Part(head, at).starts_with(text); };
  if (FindCodec(head) != nullptr) return "";
  if (has(0, "RIFF") && has(8, "WEBP")) return "WebP";
  if (has(8, "CR") || has(0, "IIRO") || has(0, "FUJIFILMCCD-RAW")) return "raw photo";
  if (has(0, "II*\0"sv) || has(0, "MM\0*"sv)) return "TIFF";
  if (has(4, "ftyp")) {
    if (has(8, "avi")) return "AVIF";
    if (has(8, "crx")) return "raw photo";
    for (const char* brand : {"hei", "hev", "mif1", "msf1"}) {
      if (has(8, brand)) return "HEIC";
    }
  }
  if (has(0, "\0\0\0\x0CjP"sv) || has(0, "\xff\x4f\xff\x51"sv)) return "JPEG 2000";
  if (has(0, "\xff\x0a"sv) || has(0, "\0\0\0\x0CJXL "sv)) return "JPEG XL";
  if (has(0, "8BPS")) return "Photoshop";
  if (has(0, "v/1\x01")) return "OpenEXR";
  return "";
}

std::vector<std::string> MissingFormats() {
  std::vector<std::string> missing;
  for (const char* name : {"AVIF", "HEIC", "TIFF", "WebP"}) {
    const auto has_name = [&](const Codec& codec) { return codec.name == name; };
    if (std::none_of(Codecs().begin(), Codecs().end(), has_name)) missing.emplace_back(name);
  }
  return missing;
}

void FailTruncated(const char* format, std::string_view bytes, const std::string& source) {
  throw Error(StrCat(source, ": truncated ", format, ": the file ends after ", bytes.size(),
                     " bytes, before the image does"));
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

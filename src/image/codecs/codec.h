// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vantage/codecs.h"
#include "vantage/image.h"

namespace vantage::image {

// The codec that recognises the first bytes; null if none does.
const Codec* FindCodec(std::string_view bytes, std::span<const Codec> codecs = Codecs());

// The codecs for which a field is true: CodecsThat(&Codec::decodes_small).
std::vector<Codec> CodecsThat(bool Codec::*fact, std::span<const Codec> codecs = Codecs());

// The first Codec::kHeadSize bytes of a file; "" if it cannot be read.
std::string ReadHead(const std::filesystem::path& path);

// The format of an image that no codec reads, by its first bytes: "JPEG 2000", or "WebP" in a build without
// it. "" if it looks like no image.
std::string OtherFormat(std::string_view head);

// vantage's own formats that this build does not read, since their library was not there when it was made, or
// has no decoder for them here.
std::vector<std::string> MissingFormats();

// "JPEG or PNG".
std::string CodecNames(std::span<const Codec> codecs = Codecs());

// Throws the Error of a file whose pixels are missing. format: "JPEG".
[[noreturn]] void FailTruncated(const char* format, std::string_view bytes, const std::string& source);

// DecodeImage for a known format. Checks the size in the header before the codec decodes.
Image DecodeWith(const Codec& codec, std::string_view bytes, const std::string& source,
                 const DecodeOptions& options);

}  // namespace vantage::image

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
// it. "" if a codec reads it, or if the format is not known.
std::string OtherFormat(std::string_view head);

// Formats that vantage can read but this build does not, because their library was missing at build time or
// has no decoder for them.
std::vector<std::string> MissingFormats();

// "JPEG or PNG".
std::string CodecNames(std::span<const Codec> codecs = Codecs());

// Throws the Error for a file that ends before the image does. format: "JPEG".
[[noreturn]] void FailTruncated(const char* format, std::string_view bytes, const std::string& source);

// DecodeImage for a known format. Checks the size in the header before the codec decodes.
Image DecodeWith(const Codec& codec, std::string_view bytes, const std::string& source,
                 const DecodeOptions& options);

}  // namespace vantage::image

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <string_view>

#include "vantage/image.h"

namespace vantage::image {

// One function a format, called by DecodeImage once it knows which it is. Each throws Error naming the
// source.
Image DecodeJpeg(std::string_view bytes, const std::string& source, const DecodeOptions& options,
                 int& orientation);
Image DecodePng(std::string_view bytes, const std::string& source, const DecodeOptions& options,
                int& orientation);
ImageHeader ReadJpegHeader(std::string_view bytes, const std::string& source);
ImageHeader ReadPngHeader(std::string_view bytes, const std::string& source);

// The orientation (1 to 8) that an EXIF block (a TIFF file, without the "Exif\0\0" in front) holds; 1 where
// it holds none or is damaged.
int ExifOrientation(std::string_view tiff);

// Throws Error where an image of this size is larger than allowed, or larger than `bytes_in_file` bytes of
// this format can describe (`pixels_per_byte` at best): found before memory is taken for it.
void CheckImageSize(int64_t width, int64_t height, uint64_t bytes_in_file, int64_t pixels_per_byte,
                    const DecodeOptions& options, const std::string& source);

}  // namespace vantage::image

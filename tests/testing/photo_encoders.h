// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "vantage/codecs.h"

namespace vantage::testing {

// How tests write photos of a format.
struct PhotoEncoder {
  std::string (*encode)(const Image& image) = nullptr;  // null: there is none in this build
  bool is_exact = true;                                 // decoding returns the same pixels
};

// The codec's own encoder, or one that the tests implement.
PhotoEncoder EncoderOf(const Codec& codec);

}  // namespace vantage::testing

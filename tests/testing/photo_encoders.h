// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "vantage/codecs.h"

namespace vantage::testing {

// How tests write photos of a format.
struct PhotoEncoder {
  std::string (*encode)(const Image& image) = nullptr;  // null: this build cannot
  bool is_exact = true;
};

// The codec's own encoder, or one of the tests.
PhotoEncoder EncoderOf(const Codec& codec);

}  // namespace vantage::testing

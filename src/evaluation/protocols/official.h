// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>

#include "vantage/evaluation.h"

namespace vantage::evaluation {

// A benchmark whose ground truth is a pickle gnd_NAME.pkl.
struct OfficialOptions {
  std::string name;
  bool revisited = false;
  // If its ground truth may be the text files of Oxford5k and Paris6k: photos of the database, which these
  // files do not all name. 0: it may not.
  int64_t photos_with_texts = 0;
};
Protocol OfficialProtocol(const OfficialOptions& options);

}  // namespace vantage::evaluation

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
  // Number of photos in the database if the ground truth may also be the text files of Oxford5k and Paris6k,
  // which do not name all photos. 0: only the pickle.
  int64_t photos_with_texts = 0;
};
Protocol OfficialProtocol(const OfficialOptions& options);

}  // namespace vantage::evaluation

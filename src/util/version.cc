// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/util/version.h"

namespace vantage {

const char* Version() { return VANTAGE_VERSION; }

}  // namespace vantage

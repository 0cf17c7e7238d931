// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/run_context.h"

namespace vantage {

const char* Version() { return VANTAGE_VERSION; }
const char* BuildType() { return VANTAGE_BUILD_TYPE; }
const char* Compiler() { return VANTAGE_COMPILER; }

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "vantage/run_context.h"
#include "vantage/whitening.h"

namespace vantage {

// All fields as JSON; only {"shrinkage": 0.7, "measured": false} if nothing was measured.
nlohmann::json ToJson(const ShrinkageChoice& choice);

}  // namespace vantage

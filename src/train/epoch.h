// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "train/run_inputs.h"
#include "train/session.h"

namespace vantage::train {

// Trains an epoch, or the rest of it if the session's state is within it: mines each round, then takes a step
// for each `tuples_per_step` tuples. Saves the session every checkpoint.every_minutes. The epoch's progress
// stays in the state, complete. Throws Error if no tuple was found or could be used; Interrupted; PeerError.
void TrainEpoch(const RunInputs& inputs, Session& session, int64_t epoch);

}  // namespace vantage::train

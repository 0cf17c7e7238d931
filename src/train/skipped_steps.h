// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <span>

#include "train/run_inputs.h"
#include "train/session.h"
#include "train/training_step.h"

namespace vantage::train {

// Handles a step that changed nothing because a loss or the gradient was not finite. If the gradient may have
// overflowed float16, lowers the gradient scale. Otherwise counts the step and logs a warning. After more
// than optimizer.max_skipped_steps, saves the session, writes failed-step.json and throws Error.
void SkipStep(const RunInputs& inputs, Session& session, const StepResult& step,
              std::span<const mining::Tuple> tuples, double learning_rate);

}  // namespace vantage::train

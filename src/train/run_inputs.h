// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <memory>

#include "nn/device.h"
#include "nn/losses/losses.h"
#include "train/engine.h"
#include "train/training_data.h"
#include "vantage/run_context.h"
#include "vantage/training.h"

namespace vantage::train {

// What does not change during a run. `group` must outlive it. The constructor throws as TrainingData does,
// and UsageError if the device does not exist.
struct RunInputs {
  RunInputs(const TrainOptions& run_options, const ProcessGroup& processes, const RunContext& run_context)
      : options(run_options),
        group(processes),
        context(run_context),
        data(options),
        loss(nn::MakeLoss(options.loss)),
        engine(MakeEngine(options.compute, nn::ParseDevice(options.compute.device), context.ThreadCount())) {}

  TrainOptions options;
  const ProcessGroup& group;
  RunContext context;
  TrainingData data;
  TupleLoss loss;
  std::unique_ptr<Engine> engine;
};

}  // namespace vantage::train

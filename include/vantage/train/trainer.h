// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "vantage/report/metrics.h"
#include "vantage/train/options.h"
#include "vantage/util/run_context.h"

namespace vantage {

struct TrainResult {
  std::vector<EpochMetrics> epochs;  // of this call and those before it
  int64_t best_epoch = 0;
  double best_loss = 0;  // validation loss, or training loss where nothing validates
  std::filesystem::path best_model;
};

// Fine-tunes a descriptor network on tuples (TPAMI 2019, sections 4.3 and 5.1): in each epoch negatives are
// mined with the network as it is, then the optimiser steps on the loss summed over `tuples_per_step` tuples,
// batch norm frozen; the model of the epoch with the lowest validation loss is the result.
//
// `folder` receives config.toml (every option), metrics.csv, last.pth (the checkpoint after each epoch,
// cirtorch's schema with the optimiser's state) and best.pth. With `resume` a run goes on after the last
// finished epoch, and ends in the same best.pth, bit for bit, as an unbroken one on the same machine with the
// same number of threads.
//
// Throws UsageError where options do not fit, also those of the run to be resumed; Error where the training
// set, the weights or the photos cannot be read, the loss is no longer finite, or another process trains in
// the folder; Interrupted when cancelled.
TrainResult Train(const TrainOptions& options, const std::filesystem::path& folder, bool resume,
                  const RunContext& context = {},
                  const std::function<void(const EpochMetrics&)>& on_epoch = {});

}  // namespace vantage

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
  // Of that epoch: the benchmark's mAP where epochs are compared by it, else the validation loss, or the
  // training loss where nothing validates.
  double best_score = 0;
  std::filesystem::path best_model;
};

// Fine-tunes a descriptor network on tuples (TPAMI 2019, sections 4.3 and 5.1): in each epoch negatives are
// mined with the network as it is, then Adam steps on the loss summed over `tuples_per_step` tuples, batch
// norm frozen; the model of the epoch with the lowest validation loss is the result.
//
// `folder` receives config.toml (every option), metrics.csv and steps.csv, TensorBoard's event files,
// report.html, last.pth (the newest checkpoint, in cirtorch's schema with the optimiser's state) and
// best.pth. With `resume` a run goes on where the newest checkpoint stands, also in the middle of an epoch,
// and ends in the same best.pth and last.pth, bit for bit, as an unbroken one on the same machine, whatever
// the number of threads.
//
// Throws UsageError where options do not fit, also those of the run to be resumed; Error where the training
// set, the weights or the photos cannot be read, the loss or its gradient is no longer finite (the message
// names the photos; failed-step.json tells more and last.pth holds the weights before), or another process
// trains in the folder; Interrupted when cancelled, after a checkpoint.
TrainResult Train(const TrainOptions& options, const std::filesystem::path& folder, bool resume,
                  const RunContext& context = {},
                  const std::function<void(const EpochMetrics&)>& on_epoch = {});

}  // namespace vantage

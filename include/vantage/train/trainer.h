// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "vantage/report/metrics.h"
#include "vantage/train/options.h"
#include "vantage/train/process_group.h"
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
// mined with the network as it is, then the optimiser steps on the loss summed over `tuples_per_step` tuples,
// batch norm frozen; the model of the epoch with the lowest validation loss is the result.
//
// `folder` receives config.toml (every option), metrics.csv and steps.csv, TensorBoard's event files,
// report.html, last.pth (the newest checkpoint, in cirtorch's schema with the optimiser's state) and
// best.pth. With `resume` a run goes on where the newest checkpoint stands, also in the middle of an epoch,
// and ends in the same best.pth and last.pth, bit for bit, as an unbroken one on the same machine, whatever
// the number of threads.
//
// A group of several processes shares a step's tuples, the photos that mining describes and the tuples of
// validation, and comes to the result of one process but for the rounding of sums. Each needs the training
// set and its photos, process 0 alone the weights, the folder and the benchmark: it writes and tells of
// epochs, and its result is the only one that is filled. A run may go on with another number of processes.
// Where one ends early all do, after a checkpoint. The group ends with the call.
//
// A step with a loss or a gradient that is not finite changes nothing; a warning names its photos.
//
// Throws UsageError where options do not fit, also those of the run to be resumed; Error where the training
// set, the weights or the photos cannot be read, more steps than optimizer.max_skipped_steps are not finite
// (the message names the photos; failed-step.json tells more and last.pth holds the weights before), or
// another process trains in the folder; PeerError where another process of the group ended; Interrupted when
// cancelled, after a checkpoint.
TrainResult Train(const TrainOptions& options, const std::filesystem::path& folder, bool resume,
                  const RunContext& context = {},
                  const std::function<void(const EpochMetrics&)>& on_epoch = {}, ProcessGroup group = {});

}  // namespace vantage

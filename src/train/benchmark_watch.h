// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>

#include "nn/descriptor_net.h"
#include "vantage/evaluation.h"
#include "vantage/run_context.h"
#include "vantage/training.h"

namespace vantage::train {

// A benchmark that a run is evaluated on every few epochs.
class BenchmarkWatch {
 public:
  // Reads the benchmark if the options name one. Throws UsageError if the options contradict one another, and
  // Error if it cannot be read.
  explicit BenchmarkWatch(const TrainOptions& options);

  bool IsDue(int64_t epoch) const;
  // The benchmark's main figure with the network's descriptors. store: see ExtractDescriptors.
  double Evaluate(const nn::DescriptorNet& net, DescriptorStore* store, const RunContext& context) const;

 private:
  EvaluationOptions options_;
  ExtractOptions extract_;
  std::optional<Benchmark> benchmark_;
};

}  // namespace vantage::train

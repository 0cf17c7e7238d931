// SPDX-License-Identifier: BSD-3-Clause
#include "train/benchmark_watch.h"

#include "train/selection.h"
#include "vantage/describer.h"
#include "vantage/error.h"

namespace vantage::train {

BenchmarkWatch::BenchmarkWatch(const TrainOptions& options) : options_(options.evaluation) {
  if (options_.data.empty()) {
    if (SelectsByBenchmark(options_))
      throw UsageError("evaluation.best_by = \"benchmark\" needs a benchmark: evaluation.data");
    return;
  }
  if (options_.every_epochs <= 0)
    throw UsageError("evaluation.data names a benchmark, but evaluation.every_epochs is 0");
  benchmark_ = ReadBenchmark(ChooseProtocol(Protocols(), "", options_.data),
                             {.folder = options_.data, .query_every = options_.query_every});
  for (const std::string& folder : options_.distractors) AddDistractors(*benchmark_, folder);
  extract_.preprocessing = TestPreprocessing(options.data);
  if (options_.image_size > 0) extract_.preprocessing = WithSize(extract_.preprocessing, options_.image_size);
  extract_.apply_exif_orientation = options.data.apply_exif_orientation;
  extract_.precision = options.compute.precision;
}

bool BenchmarkWatch::IsDue(int64_t epoch) const { return benchmark_ && epoch % options_.every_epochs == 0; }

double BenchmarkWatch::Evaluate(const nn::DescriptorNet& net, DescriptorStore* store,
                                const RunContext& context) const {
  const Describer describer(net, extract_);
  const DescribedBenchmark input{*benchmark_, DescribeBenchmark(*benchmark_, [&](const PhotoSource& photos) {
                                   return ExtractDescriptors(describer, photos, context, store);
                                 })};
  return MainFigure(EvaluateBenchmark(input, options_.data, "", {.shown = 0}, context).results).mean;
}

}  // namespace vantage::train

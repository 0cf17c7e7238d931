// SPDX-License-Identifier: BSD-3-Clause
#include "train/validation.h"

#include <cmath>

#include "nn/frozen_net.h"
#include "train/shared_work.h"
#include "util/check.h"

namespace vantage::train {

void Validate(const nn::DescriptorNet& net, const RunInputs& inputs, DescriptorStore* store,
              EpochMetrics& metrics) {
  const TrainingData& data = inputs.data;
  if (!data.validates()) return;
  const mining::MinedTuples mined =
      data.Mine(net, Split::kVal, {metrics.epoch}, store, inputs.group, inputs.context);
  const TupleShare share(inputs.group, 0, mined.tuples.size());
  LoadedTuples loaded = data.LoadAhead(mined.tuples, 0, share, Split::kVal, metrics.epoch, 0, inputs.context);
  int64_t done = 0;
  const EngineOutcome outcome =
      inputs.engine->Run(nn::FrozenNet(net), {}, share.own.size(),
                         {.loss = inputs.loss,
                          .next = [&](size_t) { return *loaded.Next(); },
                          .on_tuple =
                              [&](size_t, const TupleOutcome& tuple) {
                                inputs.context.CheckCancelled();
                                WarnIfSkipped(tuple);
                                if (tuple.skipped.empty()) ++done;
                                inputs.context.Report({StrCat("epoch ", metrics.epoch, ": validating"), done,
                                                       std::ssize(share.own), ""});
                              }});
  Tally tally;
  const std::vector<TupleOutcome> outcomes = ShareOutcomes(share, outcome.tuples);
  for (size_t i = 0; i < outcomes.size(); ++i) {
    VANTAGE_CHECK(std::isfinite(outcomes[i].loss), "the validation loss is ", outcomes[i].loss,
                  " on the tuple ", Join(data.PhotosOf(mined.tuples[i]), ", "));
    tally.Add(outcomes[i]);
  }
  VANTAGE_CHECK(tally.tuples > 0, "none of ", mined.tuples.size(), " validation tuples could be read");
  metrics.val_loss = tally.MeanLoss();
  metrics.val_negative_distance = mined.average_negative_distance;
}

}  // namespace vantage::train

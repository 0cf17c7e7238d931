// SPDX-License-Identifier: BSD-3-Clause
#include "train/session.h"

#include "report/run_report.h"
#include "train/starting_model.h"
#include "util/log.h"
#include "vantage/error.h"

namespace vantage::train {

Session::Session(const RunInputs& inputs, const std::filesystem::path& folder, bool resume)
    : inputs_(inputs),
      folder_(inputs.group.IsFirst() ? std::make_unique<RunFolder>(folder) : nullptr),
      store_(folder_ ? std::make_unique<DescriptorStore>(folder_->descriptors()) : nullptr),
      start_(StartRun(inputs, folder_.get(), resume)),
      starting_net_(ReadMiningNet(inputs.options, inputs.group)) {
  const int frozen_stages = start_.state.model.net.FrozenStages();
  const int64_t mebibytes = inputs.options.compute.frozen_features;
  if (frozen_stages > 0 && mebibytes > 0 && inputs.options.data.augmentation == AugmentationOptions{})
    frozen_features_ = std::make_unique<FrozenFeatures>(frozen_stages, mebibytes << 20);
  if (!folder_) return;
  const TrainingState& state = start_.state;
  log_ = std::make_unique<RunLog>(folder_->path(), state.steps_done + 1,
                                  state.epochs_done + (start_.resumed ? 1 : 0));
}

void Session::Save() {
  if (!folder_) return;
  log_->Flush();
  WriteCheckpoint(folder_->last(), start_.state);
  if (store_is_used_) store_->Clear();
  store_is_used_ = false;
}

void Session::CloseEpoch() const {
  if (!folder_) return;
  folder_->KeepEpoch(start_.state.epochs_done, inputs_.options.checkpoint.keep);
  try {
    report::WriteRunReport(folder_->path(), {.photo_root = inputs_.data.photo_root()}, folder_->report());
  } catch (const Error& error) {  // training does not depend on the report
    LogWarning("no report: ", error.what());
  }
}

void Session::Finish() {
  if (store_) store_->Remove();
}

}  // namespace vantage::train

// SPDX-License-Identifier: BSD-3-Clause
#include "train/ordered_sum.h"

#include <ATen/core/grad_mode.h>

namespace vantage::train {

void OrderedSum::Add(size_t tuple, size_t pass, std::vector<at::Tensor> tensors) {
  const std::scoped_lock lock(mutex_);
  waiting_.emplace(std::pair{tuple, pass}, std::move(tensors));
  AddWhatIsNext();
}

void OrderedSum::Close(size_t tuple, size_t passes) {
  const std::scoped_lock lock(mutex_);
  passes_of_[tuple] = passes;
  AddWhatIsNext();
}

void OrderedSum::AddWhatIsNext() {
  const at::NoGradGuard no_grad;
  for (;;) {
    const auto closed = passes_of_.find(next_.first);
    if (closed != passes_of_.end() && closed->second == next_.second) {
      passes_of_.erase(closed);
      next_ = {next_.first + 1, 0};
      continue;
    }
    auto ready = waiting_.extract(next_);
    if (ready.empty()) return;
    ++next_.second;
    std::vector<at::Tensor>& tensors = ready.mapped();
    if (sum_.empty()) {
      sum_ = std::move(tensors);
      continue;
    }
    for (size_t i = 0; i < sum_.size(); ++i) {
      if (!tensors[i].defined()) continue;
      if (sum_[i].defined()) {
        sum_[i].add_(tensors[i]);
      } else {
        sum_[i] = std::move(tensors[i]);
      }
    }
  }
}

std::vector<at::Tensor> OrderedSum::Take() {
  const std::scoped_lock lock(mutex_);
  return std::move(sum_);
}

}  // namespace vantage::train

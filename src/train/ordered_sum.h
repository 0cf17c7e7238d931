// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <mutex>
#include <utility>
#include <vector>

namespace vantage::train {

// A sum of tensors (gradients, batch statistics) that arrive in any order and are added in a fixed order: by
// tuple, then by pass. The result has the same bits whichever thread finishes first. Tensors that arrive
// early are kept until their turn.
class OrderedSum {
 public:
  // Adds the tensors of pass `pass` of tuple `tuple`. Each pass must have the same number; undefined ones
  // count as zero. The sum may reuse the memory of `tensors`.
  void Add(size_t tuple, size_t pass, std::vector<at::Tensor> tensors);
  // Sets the number of passes of a tuple.
  void Close(size_t tuple, size_t passes);

  // Returns the sum; empty if nothing was added. Call it after everything has been added.
  std::vector<at::Tensor> Take();

 private:
  void AddWhatIsNext();

  std::mutex mutex_;
  std::pair<size_t, size_t> next_{0, 0};
  std::map<size_t, size_t> passes_of_;
  std::map<std::pair<size_t, size_t>, std::vector<at::Tensor>> waiting_;
  std::vector<at::Tensor> sum_;
};

}  // namespace vantage::train

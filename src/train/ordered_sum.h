// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <mutex>
#include <utility>
#include <vector>

namespace vantage::train {

// A sum of tensors (gradients, batch statistics) that arrive in any order and are added in one: by tuple,
// then by pass. The result has the same bits whichever thread was first. What is early waits.
class OrderedSum {
 public:
  // Those of pass `pass` of tuple `tuple`, as many of each pass; undefined ones are zero. The sum takes the
  // first over.
  void Add(size_t tuple, size_t pass, std::vector<at::Tensor> tensors);
  // Tells that the tuple has so many passes.
  void Close(size_t tuple, size_t passes);

  // The sum, when all has been added; empty where nothing was.
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

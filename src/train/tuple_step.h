// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

#include "vantage/extract/extract.h"
#include "vantage/mining/tuple_miner.h"
#include "vantage/nn/losses.h"

namespace vantage {

// A tuple's photos, decoded and reduced: query, positive, negatives.
struct LoadedTuple {
  std::vector<Image> images;
  std::vector<TupleLabel> labels;
  std::string reason;  // why it cannot be used; images are empty then
};

// Negatives that cannot be read are left out; without query, positive or any negative the tuple cannot be
// used.
LoadedTuple LoadTuple(const TrainingSet& set, const Tuple& tuple, const std::filesystem::path& photo_root,
                      const ExtractOptions& options);

// The loss of a tuple. Photos of the same size share a pass through the network.
at::Tensor TupleLossOf(const DescriptorNet& net, const LoadedTuple& tuple, const TupleLoss& loss);

struct TupleOutcome {
  double loss = 0;
  std::vector<at::Tensor> gradients;  // of the loss by each of the parameters asked for
  std::string skipped;                // why the tuple was not used, if it was not
};

// A tuple's loss and, where there are `parameters`, its gradients. Changes nothing that tuples
// share: may run for several at a time.
TupleOutcome EvaluateTuple(const DescriptorNet& net, const LoadedTuple& tuple, const TupleLoss& loss,
                           const std::vector<at::Tensor>& parameters);

}  // namespace vantage

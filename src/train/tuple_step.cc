// SPDX-License-Identifier: BSD-3-Clause
#include "train/tuple_step.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>
#include <torch/csrc/autograd/autograd.h>

#include <map>

#include "vantage/util/error.h"

namespace vantage {

LoadedTuple LoadTuple(const TrainingSet& set, const Tuple& tuple, const std::filesystem::path& photo_root,
                      const ExtractOptions& options) {
  LoadedTuple loaded;
  const auto add = [&](PhotoId photo, TupleLabel label) {
    loaded.images.push_back(LoadPhoto({PhotoPath(set, photo, photo_root), std::nullopt}, options));
    loaded.labels.push_back(label);
  };
  try {
    add(tuple.query, TupleLabel::kQuery);
    add(tuple.positive, TupleLabel::kPositive);
  } catch (const Error& error) {
    return {{}, {}, error.what()};
  }
  for (const PhotoId negative : tuple.negatives) {
    try {
      add(negative, TupleLabel::kNegative);
    } catch (const Error& error) {
      loaded.reason = error.what();
    }
  }
  if (loaded.images.size() < 3) return {{}, {}, loaded.reason};
  return loaded;
}

at::Tensor TupleLossOf(const DescriptorNet& net, const LoadedTuple& tuple, const TupleLoss& loss) {
  std::map<std::pair<int, int>, std::vector<size_t>> by_size;
  for (size_t i = 0; i < tuple.images.size(); ++i) {
    by_size[{tuple.images[i].width, tuple.images[i].height}].push_back(i);
  }
  std::vector<at::Tensor> descriptors;
  std::vector<int64_t> place(tuple.images.size());
  int64_t row = 0;
  for (const auto& [size, members] : by_size) {
    std::vector<Image> images;
    for (const size_t i : members) {
      images.push_back(tuple.images[i]);
      place[i] = row++;
    }
    descriptors.push_back(net.Forward(ImagesToTensor(images, net.normalization)));
  }
  const at::Tensor order = at::tensor(place, at::kLong).to(net.device());
  return loss(at::cat(descriptors).index_select(0, order), tuple.labels);
}

TupleOutcome EvaluateTuple(const DescriptorNet& net, const LoadedTuple& tuple, const TupleLoss& loss,
                           const std::vector<at::Tensor>& parameters) {
  TupleOutcome outcome;
  if (tuple.images.empty()) {
    outcome.skipped = tuple.reason;
    return outcome;
  }
  const at::AutoGradMode with_gradients(!parameters.empty());
  const at::Tensor value = TupleLossOf(net, tuple, loss);
  outcome.loss = value.item<double>();
  if (!parameters.empty()) {
    outcome.gradients =
        torch::autograd::grad({value}, parameters, /*grad_outputs=*/{}, /*retain_graph=*/false,
                              /*create_graph=*/false, /*allow_unused=*/true);
  }
  return outcome;
}

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
// For programs that use LibTorch beside vantage: losses of their own, and a model's network as a function of
// tensors. The one public header that needs LibTorch.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "vantage/choice.h"
#include "vantage/error.h"
#include "vantage/image.h"
#include "vantage/losses.h"
#include "vantage/model.h"

namespace vantage {

// What a descriptor is within a tuple, as cirtorch labels them. A query starts a new tuple.
enum class TupleLabel { kQuery = -1, kNegative = 0, kPositive = 1 };

struct LossInput {
  const at::Tensor& descriptors_ND;         // rows of unit length
  const std::vector<TupleLabel>& labels_N;  // the first is a query
};

// A loss: a scalar of the descriptors of tuples. Queries are the anchors; they are compared with the
// positives and negatives of their own tuple. A batch's loss is the sum of its tuples' losses (except the
// triplet loss with the reduction "mean"): training computes it tuple by tuple. Called from several threads.
struct TupleLoss {
  std::function<at::Tensor(const LossInput& input)> forward;
  // A negative farther than this from its query has no gradient: ||q - n||, in [0, 2].
  double reach = std::numeric_limits<double>::infinity();
  // The margin of a loss of triplets, max(0, ||q - p||^2 - ||q - n||^2 + margin): what mining by difficulty
  // measures triplets with.
  std::optional<double> triplet_margin = std::nullopt;

  at::Tensor operator()(const at::Tensor& descriptors_ND, const std::vector<TupleLabel>& labels_N) const {
    return forward({descriptors_ND, labels_N});
  }
};

// Adds a kind of loss: `[loss] kind = "..."` of a recipe chooses it from then on, and `[loss.KIND]` holds its
// options. To be called before options are read. Throws UsageError if there is one of that name, or if `make`
// is empty.
void RegisterLoss(Kind kind, std::function<TupleLoss(const LossOptions& options)> make);

// The same with an options struct of the program's own: the kind's name is Options::kKind, and there is a
// function Declare(OptionsDescription&, Options&).
template <KindOptions Options>
void RegisterLoss(std::string summary, TupleLoss (*make)(const Options& options)) {
  RegisterLoss(MakeKind<Options>(std::move(summary)),
               [make](const LossOptions& options) { return make(options.As<Options>()); });
}

// Images of one size as the model's network takes them: B x 3 x H x W, float32, normalised, on its device.
at::Tensor ImagesToTensor(const Model& model, const std::vector<Image>& images);

// The network's descriptors, without whitening: B x 3 x H x W to B x D, rows of unit length. Differentiable
// with respect to the images. From any thread.
at::Tensor Forward(const Model& model, const at::Tensor& images_B3HW);

}  // namespace vantage

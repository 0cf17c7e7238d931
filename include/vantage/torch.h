// SPDX-License-Identifier: BSD-3-Clause
// For programs that use LibTorch beside vantage: losses of their own, and a model's network as a function of
// tensors. The one public header that needs LibTorch.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>
#include <vector>

#include "vantage/image.h"
#include "vantage/losses.h"
#include "vantage/model.h"

namespace vantage {

// What a descriptor is within a tuple, as cirtorch labels them. A query starts a new tuple.
enum class TupleLabel { kQuery = -1, kNegative = 0, kPositive = 1 };

// A loss: descriptors (N x D, rows of unit length) and their labels (N) in, a scalar out. Queries are the
// anchors; they are compared with the positives and negatives of their own tuple. A batch's loss is the sum
// of its tuples' losses (except the triplet loss with the reduction "mean"): training computes it tuple by
// tuple. Called from several threads.
using TupleLoss =
    std::function<at::Tensor(const at::Tensor& descriptors_ND, const std::vector<TupleLabel>& labels)>;

// Makes a loss from the options of a run, of which it takes those that it knows.
using LossMaker = std::function<TupleLoss(const LossOptions& options)>;

// Adds a loss of that name: LossOptions::name, so `[loss] name = "..."` of a recipe, takes it from then on.
// To be called before options are read. Throws UsageError if there is one of that name, or if either is
// empty.
void RegisterLoss(const std::string& name, LossMaker make);

// Images of one size as the model's network takes them: B x 3 x H x W, float32, normalised, on its device.
at::Tensor ImagesToTensor(const Model& model, const std::vector<Image>& images);

// The network's descriptors, without whitening: B x 3 x H x W to B x D, rows of unit length. Differentiable
// with respect to the images. From any thread.
at::Tensor Forward(const Model& model, const at::Tensor& images_B3HW);

}  // namespace vantage

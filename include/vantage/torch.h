// SPDX-License-Identifier: BSD-3-Clause
// Registers custom losses and heads, and exposes a model's network as a function of tensors, for programs
// that use LibTorch. The only public header that needs LibTorch.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "vantage/choice.h"
#include "vantage/error.h"
#include "vantage/heads.h"
#include "vantage/image.h"
#include "vantage/losses.h"
#include "vantage/model.h"

namespace vantage {

// The role of a descriptor in a tuple, with cirtorch's values. A query starts a new tuple.
enum class TupleLabel { kQuery = -1, kNegative = 0, kPositive = 1 };

struct LossInput {
  const at::Tensor& descriptors_ND;         // rows of unit length
  const std::vector<TupleLabel>& labels_N;  // the first is a query
  // The teacher's descriptors of the same photos, rows of unit length; undefined if TupleLoss::teacher is
  // empty.
  at::Tensor teacher_ND = {};
};

// What a loss needs of a teacher: its descriptors of the training set's photos, in evaluation mode and
// without augmentation.
struct TeacherWish {
  // A model, which describes photos as its file says, or a descriptor file (IsDescriptorPath).
  std::string path;
  // Whether they need the dimension of the network's descriptors. Training then reduces larger ones by a PCA
  // of the photos of the split "train", and refuses smaller ones.
  bool same_dimension = true;
};

// A loss: maps the descriptors of one or more tuples to a scalar. Queries are the anchors; they are compared
// with the positives and negatives of their own tuple. The loss of several tuples is the sum of their losses
// (except the triplet loss with the reduction "mean"), and training computes it tuple by tuple. Called from
// several threads.
struct TupleLoss {
  std::function<at::Tensor(const LossInput& input)> forward;
  // Negatives with ||q - n|| above this have zero gradient. In [0, 2], or infinity.
  double reach = std::numeric_limits<double>::infinity();
  // The margin of a triplet loss, max(0, ||q - p||^2 - ||q - n||^2 + margin). Mining by difficulty measures
  // triplets with it.
  std::optional<double> triplet_margin = std::nullopt;
  // The teacher whose descriptors the loss compares with the network's.
  std::optional<TeacherWish> teacher = std::nullopt;

  at::Tensor operator()(const at::Tensor& descriptors_ND, const std::vector<TupleLabel>& labels_N,
                        const at::Tensor& teacher_ND = {}) const {
    return forward({descriptors_ND, labels_N, teacher_ND});
  }
};

// Adds a kind of loss. From then on `[loss] kind = "..."` in a recipe chooses it, and `[loss.KIND]` holds its
// options. Call this before options are read. Throws UsageError if there is already a loss of that name, or
// if `make` is empty.
void RegisterLoss(Kind kind, std::function<TupleLoss(const LossOptions& options)> make);

// The same with the program's own options struct. The kind's name is Options::kKind; the struct needs a
// function Declare(OptionsDescription&, Options&).
template <KindOptions Options>
void RegisterLoss(std::string summary, TupleLoss (*make)(const Options& options)) {
  RegisterLoss(MakeKind<Options>(std::move(summary)),
               [make](const LossOptions& options) { return make(options.As<Options>()); });
}

// A head that a program defines: maps the trunk's last feature map to descriptors.
struct MapHead {
  int64_t dimension = 0;  // of the descriptors
  // The trained tensors: their names, which model files prefix with the kind ("KIND.NAME"), and their initial
  // values.
  std::vector<std::pair<std::string, at::Tensor>> parameters = {};
  // map: B x C x H x W. parameters: in the order above, on the map's device. Returns B x dimension, rows of
  // unit length. Called from several threads.
  std::function<at::Tensor(const at::Tensor& map_BCHW, const std::vector<at::Tensor>& parameters)> forward;
};

// Adds a kind of head. From then on `[model.head] kind = "..."` in a recipe chooses it, and
// `[model.head.KIND]` holds its options; model files store both. `make` gets the number of channels of the
// map. Call this before options or models are read. Throws UsageError if there is already a head of that
// name, or if `make` is empty.
void RegisterHead(Kind kind, std::function<MapHead(const HeadChoice& head, int64_t channels)> make);

// The same with the program's own options struct; see RegisterLoss.
template <KindOptions Options>
void RegisterHead(std::string summary, MapHead (*make)(const Options& options, int64_t channels)) {
  RegisterHead(MakeKind<Options>(std::move(summary)), [make](const HeadChoice& head, int64_t channels) {
    return make(head.As<Options>(), channels);
  });
}

// The network's input for images of equal size: B x 3 x H x W, float32, normalised, on the model's device.
// Does not resize them: see ApplyPhotoSteps. Throws Error if there are none or their sizes differ.
at::Tensor ImagesToTensor(const Model& model, const std::vector<Image>& images);

// The network's descriptors, without whitening: B x 3 x H x W to B x D, rows of unit length. Differentiable
// with respect to the images. May be called from any thread.
at::Tensor Forward(const Model& model, const at::Tensor& images_B3HW);

}  // namespace vantage

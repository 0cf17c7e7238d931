// SPDX-License-Identifier: BSD-3-Clause
#include "train/tuple_gradient.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <utility>

#include "nn/images_to_tensor.h"
#include "nn/resize_images.h"
#include "util/index.h"

namespace vantage::train {
namespace {

int64_t PixelsOf(const Image& image) { return int64_t{image.width} * image.height; }

at::Tensor IndexTensor(const std::vector<size_t>& indices, const at::Device& device) {
  const std::vector<int64_t> values(indices.begin(), indices.end());
  return at::tensor(values, at::kLong).to(device);
}

}  // namespace

TupleGradient::TupleGradient(const nn::Network& net, const TupleLoss& loss,
                             std::span<const at::Tensor> parameters, LoadedTuple tuple,
                             const PassLimits& limits, double gradient_scale, FrozenFeatures* frozen)
    : net_(net),
      loss_(loss),
      parameters_(parameters),
      tuple_(std::move(tuple)),
      batch_pixels_(limits.batch_pixels),
      gradient_scale_(gradient_scale),
      frozen_(tuple_.is_augmented ? nullptr : frozen) {
  if (net.uses_batch_statistics()) {
    PlanWholeBatches(limits);
  } else {
    PlanForward(limits);
  }
}

std::vector<TupleGradient::Pass> TupleGradient::Group(const std::vector<size_t>& photos,
                                                      int64_t batch_pixels) const {
  std::map<std::pair<int, int>, std::vector<size_t>> by_size;
  for (const size_t i : photos) by_size[{tuple_.images[i].height, tuple_.images[i].width}].push_back(i);
  std::vector<Pass> passes;
  for (const auto& [size, members] : by_size) {
    const auto together = ToIndex(
        std::max<int64_t>(1, batch_pixels / std::max<int64_t>(1, PixelsOf(tuple_.images[members[0]]))));
    for (size_t begin = 0; begin < members.size(); begin += together) {
      const size_t end = std::min(members.size(), begin + together);
      passes.push_back({{members.begin() + static_cast<std::ptrdiff_t>(begin),
                         members.begin() + static_cast<std::ptrdiff_t>(end)}});
    }
  }
  return passes;
}

void TupleGradient::PlanForward(const PassLimits& limits) {
  std::vector<size_t> kept;
  std::vector<size_t> others;
  int64_t pixels = 0;
  for (size_t i = 0; i < tuple_.images.size(); ++i) {
    const int64_t more = PixelsOf(tuple_.images[i]);
    const bool keep =
        !parameters_.empty() && tuple_.may_have_gradient[i] && pixels + more <= limits.kept_pixels;
    if (keep) pixels += more;
    (keep ? kept : others).push_back(i);
  }
  forward_ = Group(kept, limits.batch_pixels);
  for (Pass& pass : forward_) pass.keeps_graph = true;
  std::vector<Pass> more = Group(others, limits.batch_pixels);
  std::move(more.begin(), more.end(), std::back_inserter(forward_));
}

void TupleGradient::PlanWholeBatches(const PassLimits& limits) {
  std::vector<size_t> all(tuple_.images.size());
  std::iota(all.begin(), all.end(), size_t{0});
  forward_ = Group(all, std::numeric_limits<int64_t>::max());
  int64_t pixels = 0;
  for (Pass& pass : forward_) {
    const int64_t more = std::ssize(pass.photos) * PixelsOf(tuple_.images[pass.photos[0]]);
    pass.keeps_graph = !parameters_.empty() && pixels + more <= limits.kept_pixels;
    if (pass.keeps_graph) pixels += more;
  }
}

at::Tensor TupleGradient::Input(const std::vector<size_t>& photos) const {
  std::vector<Image> images;
  for (const size_t i : photos) images.push_back(tuple_.images[i]);
  return nn::ApplyTensorSteps(nn::ImagesToTensor(images, net_.normalization), tuple_.tensor_steps);
}

at::Tensor TupleGradient::Describe(const Pass& pass, nn::BatchStatistics* seen) const {
  const std::vector<uint64_t> keys(pass.photos.begin(), pass.photos.end());
  nn::PassContext context = tuple_.pass;
  context.is_training = !parameters_.empty();
  context.seen = seen;
  context.images = keys;
  if (frozen_ == nullptr) return net_.Forward(Input(pass.photos), context);
  std::vector<nn::TrunkState> states;
  for (const size_t i : pass.photos)
    states.push_back(frozen_->Of(net_, tuple_.photos[i], [&] { return Input({i}); }));
  return net_.ForwardFrom(FrozenFeatures::Batch(std::move(states)), frozen_->stages(), context);
}

nn::BatchStatistics TupleGradient::Forward(size_t pass) {
  const at::AutoGradMode with_graph(forward_[pass].keeps_graph);
  nn::BatchStatistics seen;
  forward_[pass].descriptors = Describe(forward_[pass], &seen);
  return seen;
}

void TupleGradient::DifferentiateLoss() {
  std::vector<at::Tensor> parts;
  std::vector<int64_t> row_of(tuple_.images.size());
  int64_t row = 0;
  for (const Pass& pass : forward_) {
    parts.push_back(pass.descriptors.detach());
    for (const size_t i : pass.photos) row_of[i] = row++;
  }
  const at::AutoGradMode with_graph(!parameters_.empty());
  at::Tensor descriptors_ND =
      at::cat(parts).index_select(0, at::tensor(row_of, at::kLong).to(net_.device())).detach();
  descriptors_ND.requires_grad_(!parameters_.empty());
  const at::Tensor value = loss_(descriptors_ND, tuple_.labels, tuple_.teacher_ND);
  loss_value_ = value.item<double>();
  if (parameters_.empty()) return;

  gradient_ND_ = torch::autograd::grad({value}, {descriptors_ND})[0];
  const at::NoGradGuard no_grad;
  if (gradient_scale_ != 1) gradient_ND_.mul_(gradient_scale_);
  const at::Tensor has_gradient = gradient_ND_.ne(0).any(1).cpu();
  const auto matters = [&](size_t i) { return has_gradient.const_data_ptr<bool>()[i]; };
  std::vector<size_t> again;
  for (Pass& pass : forward_) {
    const bool any = std::any_of(pass.photos.begin(), pass.photos.end(), matters);
    if (any && (pass.keeps_graph || net_.uses_batch_statistics())) {
      backward_.push_back(std::move(pass));
    } else if (!pass.keeps_graph) {
      std::copy_if(pass.photos.begin(), pass.photos.end(), std::back_inserter(again), matters);
    }
  }
  forward_.clear();  // frees the graphs without a backward pass
  std::vector<Pass> more = Group(again, batch_pixels_);
  std::move(more.begin(), more.end(), std::back_inserter(backward_));
}

std::vector<at::Tensor> TupleGradient::Backward(size_t pass_index) {
  Pass& pass = backward_[pass_index];
  const at::AutoGradMode with_graph(true);
  const at::Tensor descriptors =
      pass.keeps_graph ? std::exchange(pass.descriptors, {}) : Describe(pass, nullptr);
  const at::Tensor gradient = gradient_ND_.index_select(0, IndexTensor(pass.photos, net_.device()));
  return torch::autograd::grad({descriptors}, {parameters_.begin(), parameters_.end()}, {gradient},
                               /*retain_graph=*/false, /*create_graph=*/false, /*allow_unused=*/true);
}

size_t TupleGradient::photos_with_gradient() const {
  size_t photos = 0;
  for (const Pass& pass : backward_) photos += pass.photos.size();
  return photos;
}

}  // namespace vantage::train

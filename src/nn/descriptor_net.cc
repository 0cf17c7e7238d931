// SPDX-License-Identifier: BSD-3-Clause
#include "nn/descriptor_net.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/zeros.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "nn/cuda_devices.h"
#include "nn/heads.h"
#include "nn/intra_op_threads.h"
#include "nn/new_tensors.h"
#include "nn/power_normalize.h"
#include "nn/resize_images.h"
#include "nn/super_global_pooling.h"
#include "util/check.h"

namespace vantage::nn {
namespace {

MapEnd EndOf(const DescriptorNetOptions& options) {
  if (HasLocals(options))
    return options.locals.last_relu ? MapEnd::kAfterActivation : MapEnd::kBeforeActivation;
  if (options.head != "cosplace") return MapEnd::kAfterActivation;
  const TrunkRow& trunk = TrunkNamed(options.architecture);
  if (!trunk.is_in_cosplace) throw UsageError(StrCat("CosPlace has no trunk '", trunk.name, "'"));
  return trunk.can_end_before_activation ? MapEnd::kBeforeActivation : MapEnd::kAfterActivation;
}

// Throws UsageError for an unknown head before anything else.
std::shared_ptr<Trunk> MakeTrunkOf(const DescriptorNetOptions& options) {
  HeadOf(options);
  const MapEnd end = EndOf(options);
  if (end == MapEnd::kBeforeActivation && HasLocals(options) &&
      !TrunkNamed(options.architecture).can_end_before_activation) {
    throw UsageError(StrCat("locals.last_relu: a ", options.architecture, " ends in a ReLU in any case"));
  }
  return MakeTrunk(options.architecture, end);
}

std::shared_ptr<LocalHead> MakeLocalHead(const DescriptorNetOptions& options, int64_t channels) {
  if (!HasLocals(options)) return nullptr;
  const int64_t dimension = LocalDimension(options.locals, channels);
  return std::make_shared<LocalHead>(options.locals, channels,
                                     HeadOf(options).aggregation(options, dimension));
}

}  // namespace

at::Tensor DescriptorNet::LinearLayer::operator()(const at::Tensor& x) const {
  return at::linear(x, weight, bias);
}

void DescriptorNet::LinearLayer::Replace(const std::string& name, const TensorReplacer& replacer) {
  if (!weight.defined()) return;
  replacer(name + ".weight", weight, TensorRole::kParameter);
  replacer(name + ".bias", bias, TensorRole::kParameter);
}

DescriptorNet::LinearLayer DescriptorNet::MakeLinear(bool wanted, int64_t dimension, int64_t from) {
  if (!wanted) return {};
  return {at::eye(dimension, from, NewTensor()), at::zeros({dimension}, NewTensor())};
}

void DescriptorNet::CheckOptionsOf(const DescriptorNetOptions& options) {
  const bool has_layer_before = options.local_whitening || options.regional;
  if (options.head == "cosplace" && (options.pooling != "gem" || options.fc_whitening || has_layer_before)) {
    throw UsageError("the head 'cosplace' goes with the pooling gem, and without whitenings or regions");
  }
  if (HasLocals(options)) {
    if (options.pooling != "gem" || has_layer_before) {
      throw UsageError(StrCat("the head '", options.head,
                              "' goes with the pooling gem, and without local whitening or regions"));
    }
    if (options.fc_whitening && options.output_dimension == 0) {
      throw UsageError(StrCat("the head '", options.head, "' with FC whitening needs an output dimension"));
    }
  }
  if (!(options.power >= kLeastPower && options.power <= 1) ||
      (options.power != 1 && options.head == "cosplace")) {
    throw UsageError(StrCat("a power normalisation of ", options.power,
                            ": it is in [0.01, 1], and 1, which is none, for the head 'cosplace'"));
  }
  const bool has_linear = options.fc_whitening || options.head == "cosplace";
  if (options.output_dimension < 0 || options.output_dimension > kMaxOutputDimension ||
      (options.output_dimension > 0 && !has_linear)) {
    throw UsageError(StrCat("an output dimension of ", options.output_dimension, ": it is that of the last ",
                            "linear layer (fc_whitening, or the head cosplace), at most ",
                            kMaxOutputDimension));
  }
}

DescriptorNet::DescriptorNet(const DescriptorNetOptions& options)
    : options_(options),
      trunk_(MakeTrunkOf(options)),
      pooling_(MakePooling(options.pooling, trunk_->row().channels)),
      local_head_(MakeLocalHead(options, trunk_->row().channels)) {
  CheckOptionsOf(options);
  const int64_t channels = trunk_->row().channels;
  if (options_.output_dimension == channels && !local_head_) options_.output_dimension = 0;
  local_whitening_ = MakeLinear(options.local_whitening, channels, channels);
  region_whitening_ = MakeLinear(options.regional, channels, channels);
  whitening_ = MakeLinear(options.fc_whitening || is_cosplace(), dimension(), PooledDimension());
  normalization = trunk_->row().normalization;
}

int64_t DescriptorNet::PooledDimension() const {
  return local_head_ ? local_head_->dimension() : trunk_->row().channels;
}

int64_t DescriptorNet::dimension() const {
  return options_.output_dimension > 0 ? options_.output_dimension : PooledDimension();
}

at::Tensor DescriptorNet::FeatureMap(const at::Tensor& images_B3HW, const PassContext& pass) const {
  // Channels last: LibTorch's convolutions and poolings then need no reordering around them.
  if (device_.is_cuda()) RoundToTf32(precision_ == Precision::kTf32);
  const at::Tensor images =
      images_B3HW.to(device_, TypeOf(precision_)).contiguous(at::MemoryFormat::ChannelsLast);
  return trunk_->Forward(images, {}, pass).map_BCHW;
}

at::Tensor DescriptorNet::Forward(const at::Tensor& images_B3HW, const PassContext& pass) const {
  return DescribeMap(FeatureMap(images_B3HW, pass), pooling_);
}

at::Tensor DescriptorNet::DescribeMap(at::Tensor map_BCHW, const Pooling& pooling) const {
  if (is_cosplace()) return NormalizeAlong(whitening_(pooling(NormalizeAlong(map_BCHW, 1))), 1);
  if (local_head_) {
    at::Tensor aggregated = local_head_->Forward(map_BCHW);
    if (options_.power != 1) aggregated = NormalizeAlong(PowerNormalize(aggregated, options_.power), 1);
    return whitening_ ? NormalizeAlong(whitening_(aggregated), 1) : aggregated;
  }
  if (local_whitening_) map_BCHW = local_whitening_(map_BCHW.permute({0, 2, 3, 1})).permute({0, 3, 1, 2});
  at::Tensor pooled = L2Normalize(Pool(map_BCHW, pooling));
  if (options_.power != 1) pooled = L2Normalize(PowerNormalize(pooled, options_.power));
  return whitening_ ? L2Normalize(whitening_(pooled)) : pooled;
}

at::Tensor DescriptorNet::Pool(const at::Tensor& x_BCHW, const Pooling& pooling) const {
  if (!options_.regional) return pooling(x_BCHW);
  return SumOverRegions(x_BCHW, [&](const at::Tensor& part) {
    return L2Normalize(region_whitening_(L2Normalize(pooling(part))));
  });
}

at::Tensor DescriptorNet::ForwardAtScales(const at::Tensor& images_B3HW, const std::vector<double>& scales,
                                          const SuperGlobalPooling& super_global) const {
  VANTAGE_CHECK(!scales.empty(), "no scale to describe images at");
  CheckSuperGlobal(super_global);
  Pooling pooling = pooling_;
  if (super_global.exponent > 0) pooling.p = at::full({1}, super_global.exponent, pooling_.p.options());
  std::vector<at::Tensor> descriptors_BD;
  for (const double scale : scales) {
    at::Tensor map_BCHW = FeatureMap(scale == 1 ? images_B3HW : ResizeImages(images_B3HW, scale));
    if (super_global.regional_size > 0) {
      map_BCHW = RegionalGem(map_BCHW, super_global.regional_size, super_global.regional_exponent);
    }
    descriptors_BD.push_back(DescribeMap(std::move(map_BCHW), pooling));
  }
  if (scales.size() == 1 && scales[0] == 1) return descriptors_BD[0];
  if (super_global.scale_pooling != "mean") return PoolScales(descriptors_BD, super_global.scale_pooling);
  const double exponent = MultiScaleExponent(super_global);
  at::Tensor sum;
  for (const at::Tensor& descriptor : descriptors_BD) {
    const at::Tensor powered = descriptor.pow(exponent);
    sum = sum.defined() ? sum + powered : powered;
  }
  const at::Tensor mean = (sum / static_cast<double>(scales.size())).pow(1 / exponent);
  return mean / mean.norm(2, {1}, /*keepdim=*/true);
}

void DescriptorNet::CheckSuperGlobal(const SuperGlobalPooling& super_global) const {
  if (local_head_ && (super_global.regional_size > 0 || super_global.exponent > 0)) {
    throw UsageError(StrCat("regional GeM and GeM's exponent are not for the head '", options_.head,
                            "', which describes by local features"));
  }
  if (super_global.regional_size > 0 && super_global.regional_size % 2 == 0)
    throw UsageError(StrCat("regional GeM: ", super_global.regional_size, " is not odd"));
  if (super_global.exponent > 0 && !pooling_.p.defined())
    throw UsageError(StrCat("GeM's exponent is not for the pooling '", options_.pooling, "'"));
}

double DescriptorNet::MultiScaleExponent(const SuperGlobalPooling& super_global) const {
  const bool is_plain = !is_cosplace() && !local_head_ && options_.pooling == "gem" && !options_.regional &&
                        !options_.fc_whitening && options_.power == 1;
  if (!is_plain) return 1;
  return super_global.exponent > 0 ? super_global.exponent : pooling_.p.item<double>();
}

void DescriptorNet::Replace(const TensorReplacer& replacer) {
  const HeadRow& head = HeadOf(options_);
  trunk_->Replace([&](const std::string& name, at::Tensor& tensor, TensorRole role) {
    replacer(NameInNet(*this, name), tensor, role);
  });
  local_whitening_.Replace("lwhiten", replacer);
  if (local_head_) {
    local_head_->Replace(head.pool, replacer);
  } else {
    pooling_.Replace(options_.regional ? "pool.rpool" : head.pool, replacer);
  }
  region_whitening_.Replace("pool.whiten", replacer);
  whitening_.Replace(head.linear, replacer);
}

std::string NameInNet(const DescriptorNet& net, const std::string& name) {
  constexpr std::string_view kFeatures = "features.";
  const std::string cirtorch = CirtorchName(net.trunk().row(), name);
  if (!cirtorch.starts_with(kFeatures)) return cirtorch;
  return HeadOf(net.options()).trunk + cirtorch.substr(kFeatures.size());
}

void DescriptorNet::To(const at::Device& device) {
  const at::NoGradGuard no_grad;
  device_ = device;
  Replace([&](const std::string&, at::Tensor& tensor, TensorRole) { tensor = tensor.to(device); });
}

DescriptorNet DescriptorNet::Frozen(Precision precision) const {
  const at::NoGradGuard no_grad;
  // LibTorch's threads would share copies of a few kilobytes, and spin until the next one.
  const IntraOpThreads one_thread(1);
  one_thread.Enter();
  DescriptorNet frozen = Twin();
  Freeze(*frozen.trunk_, TypeOf(precision));
  frozen.CopyWhatIsSharedWith(*this);
  frozen.precision_ = precision;
  frozen.frozen_ = true;
  return frozen;
}

DescriptorNet DescriptorNet::Twin() const {
  VANTAGE_CHECK(!frozen_, "a frozen network cannot be copied");
  DescriptorNet twin = [&] {
    const WithoutMemory replaced_below;
    return DescriptorNet(options_);
  }();
  twin.normalization = normalization;
  twin.pooling_ = pooling_;  // which a head of local features does not visit
  twin.device_ = device_;
  twin.precision_ = precision_;
  std::map<std::string, at::Tensor> tensors;
  Visit([&](const std::string& name, const at::Tensor& tensor, TensorRole) { tensors[name] = tensor; });
  twin.Replace([&](const std::string& name, at::Tensor& tensor, TensorRole) { tensor = tensors.at(name); });
  if (statistics_momentum_) twin.UseBatchStatistics(*statistics_momentum_);
  return twin;
}

DescriptorNet DescriptorNet::On(const at::Device& device) const {
  if (device == device_) return *this;
  DescriptorNet moved = Twin();
  moved.To(device);
  return moved;
}

// Folding makes tensors of its own of most; copying all before would cost as much as reading them.
void DescriptorNet::CopyWhatIsSharedWith(const DescriptorNet& other) {
  std::set<const void*> theirs;
  other.Visit([&](const std::string&, const at::Tensor& tensor, TensorRole) {
    theirs.insert(tensor.storage().data());
  });
  Replace([&](const std::string&, at::Tensor& tensor, TensorRole) {
    if (theirs.contains(tensor.storage().data())) tensor = tensor.detach().clone();
  });
}

DescriptorNet DescriptorNet::Clone() const {
  const at::NoGradGuard no_grad;
  DescriptorNet copy = Twin();
  copy.Replace([&](const std::string&, at::Tensor& tensor, TensorRole) { tensor = tensor.detach().clone(); });
  return copy;
}

void DescriptorNet::UseBatchStatistics(double momentum) {
  statistics_momentum_ = momentum;
  ForEachNorm(*trunk_, [](BatchNorm& norm) { norm.UseBatchStatistics(); });
}

BatchStatistics DescriptorNet::RunningStatistics() const {
  BatchStatistics running;
  ForEachNorm(*trunk_, [&](BatchNorm& norm) {
    if (norm.uses_batch_statistics()) running[norm.name()] = norm.RunningStatistics();
  });
  return running;
}

void DescriptorNet::MoveRunningStatistics(const BatchStatistics& seen) {
  VANTAGE_CHECK(statistics_momentum_, "a network with frozen statistics");
  ForEachNorm(*trunk_, [&](BatchNorm& norm) {
    if (norm.uses_batch_statistics()) norm.MoveRunningStatistics(seen.at(norm.name()), *statistics_momentum_);
  });
}

DescriptorNet DescriptorNet::WithFoldedNorms() const {
  DescriptorNet folded = Twin();
  FoldNorms(*folded.trunk_);
  return folded;
}

at::Tensor ImagesToTensor(const std::vector<Image>& images, const Normalization& normalization) {
  VANTAGE_CHECK(!images.empty(), "a batch of no images");
  const int64_t height = images[0].height;
  const int64_t width = images[0].width;
  at::Tensor batch_B3HW =
      at::empty({std::ssize(images), 3, height, width},
                at::TensorOptions().dtype(at::kFloat).memory_format(at::MemoryFormat::ChannelsLast));
  float* values = batch_B3HW.mutable_data_ptr<float>();  // B x H x W x 3 in memory
  // As torchvision computes it, in float32: v / 255, minus the mean, divided by the deviation.
  std::array<std::array<float, 256>, 3> table{};
  for (size_t c = 0; c < 3; ++c) {
    for (size_t v = 0; v < 256; ++v) {
      table[c][v] = (static_cast<float>(v) / 255.0F - static_cast<float>(normalization.mean[c])) /
                    static_cast<float>(normalization.std[c]);
    }
  }
  for (const Image& image : images) {
    VANTAGE_CHECK(image.height == height && image.width == width, "a batch of images of different sizes");
    CheckImage(image);
    for (size_t i = 0; i < image.pixels.size(); i += 3) {
      for (size_t c = 0; c < 3; ++c) *values++ = table[c][image.pixels[i + c]];
    }
  }
  return batch_B3HW;
}

bool IsScale(double scale) { return scale >= 0.01 && scale <= 16; }

at::Device ParseDevice(const std::string& name) {
  std::optional<at::Device> device;
  try {
    device = at::Device(name);
  } catch (const c10::Error&) {  // said below
  }
  if (device && device->is_cpu()) return *device;
  if (!device || !device->is_cuda())
    throw UsageError(StrCat("unknown device '", name, "'; known are cpu, cuda, cuda:1, ..."));
  const int count = CudaDeviceCount();
  if (count == 0) throw UsageError(StrCat("device '", name, "': ", WhyNoCudaDevice(AskGpuDriver())));
  if (device->index() >= count)
    throw UsageError(StrCat("device '", name, "': the last one here is cuda:", count - 1));
  return *device;
}

}  // namespace vantage::nn

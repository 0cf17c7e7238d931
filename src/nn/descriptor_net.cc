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

#include "nn/aggregations.h"
#include "nn/cuda_devices.h"
#include "nn/intra_op_threads.h"
#include "nn/new_tensors.h"
#include "nn/power_normalize.h"
#include "nn/resize_images.h"
#include "nn/super_global_pooling.h"
#include "util/check.h"

namespace vantage {
namespace {

constexpr int kMaxOutputDimension = 65536;
constexpr double kLeastPower = 0.01;

using AggregationFactory = std::unique_ptr<nn::Aggregation> (*)(const DescriptorNetOptions&, int64_t);

// The names that a head's checkpoints have, and what makes a descriptor of locals.
struct HeadRow {
  const char* name;
  nn::TrunkEnd trunk_end;
  const char* trunk;  // in place of cirtorch's "features."
  const char* pool;
  const char* linear;
  AggregationFactory aggregation;  // null: a pooling
};

constexpr std::array<HeadRow, 4> kHeads = {
    {{"cirtorch", nn::TrunkEnd::kCirtorch, "features.", "pool", "whiten", nullptr},
     {"cosplace", nn::TrunkEnd::kCosPlace, "backbone.", "aggregation.1", "aggregation.3", nullptr},
     {"netvlad", nn::TrunkEnd::kCirtorch, "base_features.", "netvlad_pool", "learned_pca", nn::MakeNetVlad},
     {"local-gem", nn::TrunkEnd::kCirtorch, "base_features.", "local_pool", "learned_pca",
      nn::MakeLocalGem}}};

const HeadRow& HeadOf(const DescriptorNetOptions& options) {
  for (const HeadRow& head : kHeads) {
    if (options.head == head.name) return head;
  }
  throw UsageError(StrCat("unknown head '", options.head, "'; known are ", Join(HeadNames(), ", ")));
}

nn::TrunkEnd EndOf(const DescriptorNetOptions& options) {
  if (!HasLocals(options) || options.locals.last_relu) return HeadOf(options).trunk_end;
  if (!options.architecture.starts_with("vgg")) {
    throw UsageError(StrCat("locals.last_relu: a ", options.architecture, " ends in a ReLU in any case"));
  }
  return nn::TrunkEnd::kCosPlace;
}

std::shared_ptr<nn::LocalHead> MakeLocalHead(const DescriptorNetOptions& options, int64_t channels) {
  if (!HasLocals(options)) return nullptr;
  const int64_t dimension = nn::LocalDimension(options.locals, channels);
  return std::make_shared<nn::LocalHead>(options.locals, channels,
                                         HeadOf(options).aggregation(options, dimension));
}

}  // namespace

std::vector<std::string> HeadNames() {
  std::vector<std::string> names;
  for (const HeadRow& head : kHeads) names.emplace_back(head.name);
  return names;
}

bool HasLocals(const DescriptorNetOptions& options) {
  return std::any_of(kHeads.begin(), kHeads.end(), [&](const HeadRow& head) {
    return options.head == head.name && head.aggregation != nullptr;
  });
}

void DeclareLocals(OptionsDescription& description, DescriptorNetOptions& options) {
  description.Nest("locals", options.locals, "Local features, of the heads netvlad and local-gem");
  description.Nest("netvlad", options.netvlad, "Of the head netvlad");
}

void Declare(OptionsDescription& description, DescriptorNetOptions& options) {
  description.Add("architecture", options.architecture, "Convolutional trunk")
      .OneOf(nn::TrunkArchitectures());
  description.Add("pooling", options.pooling, "How the last feature map becomes one vector")
      .OneOf(nn::PoolingNames());
  description.Add("fc_whitening", options.fc_whitening, "A learned linear layer after pooling");
  description.Add("local_whitening", options.local_whitening,
                  "A learned linear layer at every location before pooling");
  description.Add("regional", options.regional, "Pool and whiten R-MAC's regions, and add them up");
  description
      .Add("head", options.head,
           "What follows the trunk: cirtorch's layers, CosPlace's and EigenPlaces' (l2n, gem, linear, l2n), "
           "or "
           "local features and NetVLAD or a generalised mean")
      .OneOf(HeadNames());
  description
      .Add("output_dimension", options.output_dimension,
           "Rows of the last linear layer; 0: as many as the trunk has channels")
      .Range(0, kMaxOutputDimension);
  description
      .Add("power", options.power,
           "Exponent of the pooled descriptor's power normalisation, before whitening; 1: none")
      .Range(kLeastPower, 1);
}

std::string NameOf(const DescriptorNetOptions& options) {
  const bool has_pooling = !options.pooling.empty() && !HasLocals(options);
  return StrCat(options.architecture, has_pooling ? "-" + options.pooling : "",
                options.local_whitening ? ", with local whitening" : "", options.regional ? ", regional" : "",
                options.fc_whitening ? ", with FC whitening" : "",
                options.head == "cirtorch" ? "" : ", with the head of " + options.head,
                options.output_dimension == 0 ? "" : StrCat(", of dimension ", options.output_dimension),
                options.power == 1 ? "" : ", with power " + FormatShortest(options.power));
}

at::Tensor nn::DescriptorNet::LinearLayer::operator()(const at::Tensor& x) const {
  return at::linear(x, weight, bias);
}

void nn::DescriptorNet::LinearLayer::Visit(const std::string& name, const nn::TensorVisitor& visitor) {
  if (!weight.defined()) return;
  visitor(name + ".weight", weight, nn::TensorRole::kParameter);
  visitor(name + ".bias", bias, nn::TensorRole::kParameter);
}

nn::DescriptorNet::LinearLayer nn::DescriptorNet::MakeLinear(bool wanted, int64_t dimension, int64_t from) {
  if (!wanted) return {};
  return {at::eye(dimension, from, nn::NewTensor()), at::zeros({dimension}, nn::NewTensor())};
}

void nn::DescriptorNet::CheckOptionsOf(const DescriptorNetOptions& options) {
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

nn::DescriptorNet::DescriptorNet(const DescriptorNetOptions& options)
    : options_(options),
      trunk_(std::make_shared<nn::Trunk>(nn::MakeTrunk(options.architecture, EndOf(options)))),
      pooling_(nn::MakePooling(options.pooling, trunk_->output_channels)),
      local_head_(MakeLocalHead(options, trunk_->output_channels)) {
  CheckOptionsOf(options);
  const int64_t channels = trunk_->output_channels;
  if (options_.output_dimension == channels && !local_head_) options_.output_dimension = 0;
  local_whitening_ = MakeLinear(options.local_whitening, channels, channels);
  region_whitening_ = MakeLinear(options.regional, channels, channels);
  whitening_ = MakeLinear(options.fc_whitening || is_cosplace(), dimension(), PooledDimension());
  normalization = trunk_->normalization;
}

int64_t nn::DescriptorNet::PooledDimension() const {
  return local_head_ ? local_head_->dimension() : trunk_->output_channels;
}

int64_t nn::DescriptorNet::dimension() const {
  return options_.output_dimension > 0 ? options_.output_dimension : PooledDimension();
}

at::Tensor nn::DescriptorNet::FeatureMap(const at::Tensor& images_B3HW) const {
  // Channels last: LibTorch's convolutions and poolings then need no reordering around them.
  if (device_.is_cuda()) nn::RoundToTf32(precision_ == nn::Precision::kTf32);
  const at::Tensor images =
      images_B3HW.to(device_, nn::TypeOf(precision_)).contiguous(at::MemoryFormat::ChannelsLast);
  return trunk_->layers->Forward(images).to(at::kFloat);
}

at::Tensor nn::DescriptorNet::Forward(const at::Tensor& images_B3HW) const {
  return DescribeMap(FeatureMap(images_B3HW), pooling_);
}

at::Tensor nn::DescriptorNet::DescribeMap(at::Tensor map_BCHW, const nn::Pooling& pooling) const {
  if (is_cosplace()) return nn::NormalizeAlong(whitening_(pooling(nn::NormalizeAlong(map_BCHW, 1))), 1);
  if (local_head_) {
    at::Tensor aggregated = local_head_->Forward(map_BCHW);
    if (options_.power != 1)
      aggregated = nn::NormalizeAlong(nn::PowerNormalize(aggregated, options_.power), 1);
    return whitening_ ? nn::NormalizeAlong(whitening_(aggregated), 1) : aggregated;
  }
  if (local_whitening_) map_BCHW = local_whitening_(map_BCHW.permute({0, 2, 3, 1})).permute({0, 3, 1, 2});
  at::Tensor pooled = nn::L2Normalize(Pool(map_BCHW, pooling));
  if (options_.power != 1) pooled = nn::L2Normalize(nn::PowerNormalize(pooled, options_.power));
  return whitening_ ? nn::L2Normalize(whitening_(pooled)) : pooled;
}

at::Tensor nn::DescriptorNet::Pool(const at::Tensor& x_BCHW, const nn::Pooling& pooling) const {
  if (!options_.regional) return pooling(x_BCHW);
  return nn::SumOverRegions(x_BCHW, [&](const at::Tensor& part) {
    return nn::L2Normalize(region_whitening_(nn::L2Normalize(pooling(part))));
  });
}

at::Tensor nn::DescriptorNet::Forward(const at::Tensor& images_B3HW, const std::vector<double>& scales,
                                      const SuperGlobalPooling& super_global) const {
  VANTAGE_CHECK(!scales.empty(), "no scale to describe images at");
  CheckSuperGlobal(super_global);
  nn::Pooling pooling = pooling_;
  if (super_global.exponent > 0) pooling.p = at::full({1}, super_global.exponent, pooling_.p.options());
  std::vector<at::Tensor> descriptors_BD;
  for (const double scale : scales) {
    at::Tensor map_BCHW = FeatureMap(scale == 1 ? images_B3HW : nn::ResizeImages(images_B3HW, scale));
    if (super_global.regional_size > 0) {
      map_BCHW = nn::RegionalGem(map_BCHW, super_global.regional_size, super_global.regional_exponent);
    }
    descriptors_BD.push_back(DescribeMap(std::move(map_BCHW), pooling));
  }
  if (scales.size() == 1 && scales[0] == 1) return descriptors_BD[0];
  if (super_global.scale_pooling != "mean") return nn::PoolScales(descriptors_BD, super_global.scale_pooling);
  const double exponent = MultiScaleExponent(super_global);
  at::Tensor sum;
  for (const at::Tensor& descriptor : descriptors_BD) {
    const at::Tensor powered = descriptor.pow(exponent);
    sum = sum.defined() ? sum + powered : powered;
  }
  const at::Tensor mean = (sum / static_cast<double>(scales.size())).pow(1 / exponent);
  return mean / mean.norm(2, {1}, /*keepdim=*/true);
}

void nn::DescriptorNet::CheckSuperGlobal(const SuperGlobalPooling& super_global) const {
  if (local_head_ && (super_global.regional_size > 0 || super_global.exponent > 0)) {
    throw UsageError(StrCat("regional GeM and GeM's exponent are not for the head '", options_.head,
                            "', which describes by local features"));
  }
  if (super_global.regional_size > 0 && super_global.regional_size % 2 == 0)
    throw UsageError(StrCat("regional GeM: ", super_global.regional_size, " is not odd"));
  if (super_global.exponent > 0 && !pooling_.p.defined())
    throw UsageError(StrCat("GeM's exponent is not for the pooling '", options_.pooling, "'"));
}

double nn::DescriptorNet::MultiScaleExponent(const SuperGlobalPooling& super_global) const {
  const bool is_plain = !is_cosplace() && !local_head_ && options_.pooling == "gem" && !options_.regional &&
                        !options_.fc_whitening && options_.power == 1;
  if (!is_plain) return 1;
  return super_global.exponent > 0 ? super_global.exponent : pooling_.p.item<double>();
}

void nn::DescriptorNet::Visit(const nn::TensorVisitor& visitor) {
  const HeadRow& head = HeadOf(options_);
  trunk_->layers->Visit([&](const std::string& name, at::Tensor& tensor, nn::TensorRole role) {
    visitor(nn::NameInNet(*this, name), tensor, role);
  });
  local_whitening_.Visit("lwhiten", visitor);
  if (local_head_) {
    local_head_->Visit(head.pool, visitor);
  } else {
    pooling_.Visit(options_.regional ? "pool.rpool" : head.pool, visitor);
  }
  region_whitening_.Visit("pool.whiten", visitor);
  whitening_.Visit(head.linear, visitor);
}

std::string nn::NameInNet(const nn::DescriptorNet& net, const std::string& name) {
  constexpr std::string_view kFeatures = "features.";
  const std::string cirtorch = nn::CirtorchName(net.trunk(), name);
  if (!cirtorch.starts_with(kFeatures)) return cirtorch;
  return HeadOf(net.options()).trunk + cirtorch.substr(kFeatures.size());
}

void nn::DescriptorNet::To(const at::Device& device) {
  const at::NoGradGuard no_grad;
  device_ = device;
  Visit([&](const std::string&, at::Tensor& tensor, nn::TensorRole) { tensor = tensor.to(device); });
}

nn::DescriptorNet nn::DescriptorNet::Frozen(nn::Precision precision) const {
  const at::NoGradGuard no_grad;
  // LibTorch's threads would share copies of a few kilobytes, and spin until the next one.
  const nn::IntraOpThreads one_thread(1);
  one_thread.Enter();
  nn::DescriptorNet frozen = Twin();
  frozen.trunk_->layers->Freeze(nn::TypeOf(precision));
  frozen.CopyWhatIsSharedWith(*this);
  frozen.precision_ = precision;
  frozen.frozen_ = true;
  return frozen;
}

nn::DescriptorNet nn::DescriptorNet::Twin() const {
  VANTAGE_CHECK(!frozen_, "a frozen network cannot be copied");
  nn::DescriptorNet twin = [&] {
    const nn::WithoutMemory replaced_below;
    return nn::DescriptorNet(options_);
  }();
  twin.normalization = normalization;
  twin.pooling_ = pooling_;  // which a head of local features does not visit
  twin.device_ = device_;
  twin.precision_ = precision_;
  std::map<std::string, at::Tensor> tensors;
  nn::DescriptorNet shared = *this;
  shared.Visit([&](const std::string& name, at::Tensor& tensor, nn::TensorRole) { tensors[name] = tensor; });
  twin.Visit([&](const std::string& name, at::Tensor& tensor, nn::TensorRole) { tensor = tensors.at(name); });
  if (statistics_momentum_) twin.UseBatchStatistics(*statistics_momentum_);
  return twin;
}

// Folding makes tensors of its own of most; copying all before would cost as much as reading them.
void nn::DescriptorNet::CopyWhatIsSharedWith(const nn::DescriptorNet& other) {
  std::set<const void*> theirs;
  nn::DescriptorNet shared = other;
  shared.Visit([&](const std::string&, at::Tensor& tensor, nn::TensorRole) {
    theirs.insert(tensor.storage().data());
  });
  Visit([&](const std::string&, at::Tensor& tensor, nn::TensorRole) {
    if (theirs.contains(tensor.storage().data())) tensor = tensor.detach().clone();
  });
}

nn::DescriptorNet nn::DescriptorNet::Clone() const {
  const at::NoGradGuard no_grad;
  nn::DescriptorNet copy = Twin();
  copy.Visit(
      [&](const std::string&, at::Tensor& tensor, nn::TensorRole) { tensor = tensor.detach().clone(); });
  return copy;
}

void nn::DescriptorNet::UseBatchStatistics(double momentum) {
  statistics_momentum_ = momentum;
  trunk_->layers->ForEachNorm([](nn::BatchNorm& norm) { norm.UseBatchStatistics(); });
}

nn::BatchStatistics nn::DescriptorNet::RunningStatistics() const {
  nn::BatchStatistics running;
  trunk_->layers->ForEachNorm([&](nn::BatchNorm& norm) {
    if (norm.uses_batch_statistics()) running[norm.name()] = norm.RunningStatistics();
  });
  return running;
}

void nn::DescriptorNet::MoveRunningStatistics(const nn::BatchStatistics& seen) {
  VANTAGE_CHECK(statistics_momentum_, "a network with frozen statistics");
  trunk_->layers->ForEachNorm([&](nn::BatchNorm& norm) {
    if (norm.uses_batch_statistics()) norm.MoveRunningStatistics(seen.at(norm.name()), *statistics_momentum_);
  });
}

nn::DescriptorNet nn::DescriptorNet::WithFoldedNorms() const {
  nn::DescriptorNet folded = Twin();
  folded.trunk_->layers->FoldNorms();
  return folded;
}

at::Tensor nn::ImagesToTensor(const std::vector<Image>& images, const nn::Normalization& normalization) {
  VANTAGE_CHECK(!images.empty(), "a batch of no images");
  const int64_t height = images[0].height;
  const int64_t width = images[0].width;
  at::Tensor batch_B3HW =
      at::empty({static_cast<int64_t>(images.size()), 3, height, width},
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
    for (size_t i = 0; i < image.pixels.size(); i += 3) {
      for (size_t c = 0; c < 3; ++c) *values++ = table[c][image.pixels[i + c]];
    }
  }
  return batch_B3HW;
}

bool nn::IsScale(double scale) { return scale >= 0.01 && scale <= 16; }

at::Device nn::ParseDevice(const std::string& name) {
  std::optional<at::Device> device;
  try {
    device = at::Device(name);
  } catch (const c10::Error&) {  // said below
  }
  if (device && device->is_cpu()) return *device;
  if (!device || !device->is_cuda())
    throw UsageError(StrCat("unknown device '", name, "'; known are cpu, cuda, cuda:1, ..."));
  const int count = nn::CudaDeviceCount();
  if (count == 0) throw UsageError(StrCat("device '", name, "': ", nn::WhyNoCudaDevice(AskGpuDriver())));
  if (device->index() >= count)
    throw UsageError(StrCat("device '", name, "': the last one here is cuda:", count - 1));
  return *device;
}

}  // namespace vantage

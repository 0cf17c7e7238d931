// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "nn/features.h"
#include "nn/pass_context.h"
#include "nn/tensor_owner.h"
#include "nn/trunk.h"
#include "util/random.h"
#include "vantage/model.h"
#include "vantage/run_context.h"

namespace vantage::nn {

// Features of training photos, for heads that compute their initial weights from them.
class TrainingFeatures {
 public:
  virtual ~TrainingFeatures() = default;
  // Number of photos.
  virtual int64_t size() const = 0;
  // Calls use(compute(features, random)) for each photo that can be read, in order. `features` is a batch of
  // that one photo, and `random` the photo's own random numbers. `compute` is called from several threads.
  // Throws Error if no photo can be read; Interrupted.
  using Compute = std::function<at::Tensor(const Features& features, RandomStream& random)>;
  virtual void ForEach(const std::string& task, const Compute& compute,
                       const std::function<void(const at::Tensor&)>& use) = 0;
};

struct HeadInitialization {
  int locals_per_cluster = 0;
  int iterations = 0;  // at most this many k-means iterations
  uint64_t seed = 0;
};

struct InitializedHead {
  int64_t locals = 0;                // number that was clustered; 0 if the head needs no clusters
  double mean_squared_distance = 0;  // of these locals to their centres
  double explained_variance = 0;     // share of the variance that the projection keeps; 0 if there is none
};

// The part of a network after the trunk: converts features to descriptors. Before initialisation or reading,
// weights are zero, linear layers the identity and exponents 3. Forward may be called from several threads.
class Head : public TensorOwner {
 public:
  // Dimension of the descriptors.
  virtual int64_t dimension() const = 0;
  // Returns B x dimension(), rows of unit length. Throws Error if IsInitialized() is false.
  virtual at::Tensor Forward(const Features& features, const PassContext& pass) const = 0;

  // GeM's exponent if the head does nothing but GeM pooling; see Network::MultiScaleExponent.
  virtual std::optional<double> ScaleExponent() const { return std::nullopt; }
  // Whether the head pools the feature map, so that regional GeM can be applied before it.
  virtual bool pools_map() const { return false; }
  // Returns the head with another GeM exponent, sharing the other tensors; null if it has no such exponent.
  virtual std::unique_ptr<Head> WithExponent(double /*exponent*/) const { return nullptr; }

  // Whether all weights have been initialised or read.
  virtual bool IsInitialized() const { return true; }
  // Initialises the weights that training needs to start with. The result depends on options, features and
  // weights, not on the number of threads. Throws Error if there are too few features; Interrupted.
  virtual InitializedHead Initialize(TrainingFeatures& /*features*/, const HeadInitialization& /*options*/,
                                     const RunContext& /*context*/) {
    return {};
  }
};

// A head's static properties and its factory. A function pointer may be null if the head does not need that
// function.
struct HeadRow {
  const char* name;
  // Name for the kind of such a network's weights; null: they are named after their trunk.
  const char* kind = nullptr;
  // Prefix of the names of the trunk's tensors, in place of cirtorch's "features.".
  const char* trunk_prefix;
  // Name of the last linear layer.
  const char* linear;
  // Whether a learned whitening can become the last linear layer if the network has none.
  bool takes_whitening = false;
  // Whether the head uses DescriptorNetOptions::pooling.
  bool has_pooling = false;
  // Name prefixes of tensors that a trunk's weights may lack, because training makes them.
  std::vector<std::string> made_by_training;

  FeatureRequest (*request)(const DescriptorNetOptions& options, const TrunkRow& trunk);
  // Throws UsageError for options that cannot be combined.
  void (*check)(const DescriptorNetOptions& options);
  // Makes the head from options that have been checked. Throws UsageError if the head cannot follow a trunk
  // with this many channels.
  std::unique_ptr<Head> (*make)(const DescriptorNetOptions& options, int64_t channels);
  // Whether the tensors are those of this head. If at least some are, sets in `wish` what they reveal about
  // the network.
  bool (*recognise)(const TensorShapes& shapes, NetWish& wish);
  // Copies from `wanted` to `found` the options that tensors do not reveal.
  void (*complete)(const NetWish& wanted, NetWish& found) = nullptr;
  // Declares the options that only this head has, as model files store them.
  void (*declare)(OptionsDescription& description, DescriptorNetOptions& options) = nullptr;
};

// Bounds for DescriptorNetOptions.
inline constexpr int kMaxOutputDimension = 65536;
inline constexpr double kLeastPower = 0.01;

// All heads. Later ones are tried before earlier ones when a network is recognised.
std::span<const HeadRow> Heads();

// Returns null if there is no head of that name.
const HeadRow* FindHead(const std::string& name);

// Throws UsageError, with the list of heads, if there is none of that name.
const HeadRow& HeadNamed(const std::string& name);

// Throws UsageError if output_dimension is out of range, or if it is set although the network has no linear
// layer.
void CheckOutputDimension(const DescriptorNetOptions& options, bool has_linear);

// Number of rows of the linear layer, for DescriptorNetOptions::output_dimension. 0 if the layer is missing,
// has as many rows as columns, or has more than kMaxOutputDimension rows.
int RowsOf(const TensorShapes& shapes, const std::string& linear);

}  // namespace vantage::nn

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

// Features of training photos, for heads that make their first weights from them.
class TrainingFeatures {
 public:
  virtual ~TrainingFeatures() = default;
  // Photos.
  virtual int64_t size() const = 0;
  // Calls use(compute(features, random numbers of the photo)) for all photos that can be read, in their
  // order, with a batch of one photo each. `compute` is called from several threads. Throws Error if none can
  // be read; Interrupted.
  using Compute = std::function<at::Tensor(const Features& features, RandomStream& random)>;
  virtual void ForEach(const std::string& task, const Compute& compute,
                       const std::function<void(const at::Tensor&)>& use) = 0;
};

struct HeadInitialization {
  int locals_per_cluster = 0;
  int iterations = 0;  // of k-means, at most
  uint64_t seed = 0;
};

struct InitializedHead {
  int64_t locals = 0;                // that were clustered; 0 if no clusters are needed
  double mean_squared_distance = 0;  // of these to their centres
  double explained_variance = 0;     // share that a projection keeps; 0 without one
};

// What follows a trunk: features to descriptors. Weights are zero, the identity or an exponent of 3 until
// they are made or read. Forward may be called from several threads.
class Head : public TensorOwner {
 public:
  // Of the descriptors.
  virtual int64_t dimension() const = 0;
  // B x dimension(), rows of unit length. Throws Error before IsInitialized.
  virtual at::Tensor Forward(const Features& features, const PassContext& pass) const = 0;

  // GeM's exponent if GeM is the only thing that the head does; see Network::MultiScaleExponent.
  virtual std::optional<double> ScaleExponent() const { return std::nullopt; }
  // Whether the head pools the feature map, so that regional GeM may come before.
  virtual bool pools_map() const { return false; }
  // The head with another exponent of GeM, and the other tensors shared; null if it has none.
  virtual std::unique_ptr<Head> WithExponent(double /*exponent*/) const { return nullptr; }

  // Whether all weights have been made or read.
  virtual bool IsInitialized() const { return true; }
  // Makes the weights that training does not begin without. Depends on options, features and weights, not on
  // the number of threads. Throws Error if the features do not suffice; Interrupted.
  virtual InitializedHead Initialize(TrainingFeatures& /*features*/, const HeadInitialization& /*options*/,
                                     const RunContext& /*context*/) {
    return {};
  }
};

// A head: what there is to know without making it, and how it is made. The functions that are null are of
// heads that need none.
struct HeadRow {
  const char* name;
  // What weights of such a network are called; null: they are named for their trunk.
  const char* kind = nullptr;
  // In place of cirtorch's "features." before names of the trunk's tensors.
  const char* trunk_prefix;
  // The last linear layer.
  const char* linear;
  // Whether a learned whitening can become the last linear layer where there is none.
  bool takes_whitening = false;
  // Whether DescriptorNetOptions::pooling means something to it.
  bool has_pooling = false;
  // Beginnings of the names of tensors that a trunk's weights may lack, since training makes them.
  std::vector<std::string> made_by_training;

  FeatureRequest (*request)(const DescriptorNetOptions& options, const TrunkRow& trunk);
  // Throws UsageError for options that do not go together.
  void (*check)(const DescriptorNetOptions& options);
  // Of options that have been checked. Throws UsageError if it cannot be made for a trunk of so many
  // channels.
  std::unique_ptr<Head> (*make)(const DescriptorNetOptions& options, int64_t channels);
  // Whether tensors are this head's. If they are, or some of them, says in `wish` what they tell.
  bool (*recognise)(const TensorShapes& shapes, NetWish& wish);
  // What is wanted of what tensors do not tell.
  void (*complete)(const NetWish& wanted, NetWish& found) = nullptr;
  // The options that are this head's alone, as model files keep them.
  void (*declare)(OptionsDescription& description, DescriptorNetOptions& options) = nullptr;
};

// Bounds of DescriptorNetOptions.
inline constexpr int kMaxOutputDimension = 65536;
inline constexpr double kLeastPower = 0.01;

// All heads. A later one is recognised before an earlier one.
std::span<const HeadRow> Heads();

// Null if there is none of that name.
const HeadRow* FindHead(const std::string& name);

// Throws UsageError that lists the heads.
const HeadRow& HeadNamed(const std::string& name);

// Throws UsageError for an output_dimension that cannot be; `has_linear`: whether there is a linear layer.
void CheckOutputDimension(const DescriptorNetOptions& options, bool has_linear);

// Rows of a linear layer, for DescriptorNetOptions::output_dimension; 0 if it is missing, has as many columns
// or is as large as no network's.
int RowsOf(const TensorShapes& shapes, const std::string& linear);

}  // namespace vantage::nn

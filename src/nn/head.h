// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nn/features.h"
#include "nn/pass_context.h"
#include "nn/tensor_owner.h"
#include "nn/trunk.h"
#include "util/random.h"
#include "vantage/choice.h"
#include "vantage/error.h"
#include "vantage/heads.h"
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

// A photo's features are too few for the head.
class TooFewFeatures : public Error {
 public:
  using Error::Error;
};

struct HeadInitialization {
  int locals_per_cluster = 0;
  int iterations = 0;  // at most this many k-means iterations
  uint64_t seed = 0;
};

struct InitializedHead {
  int64_t locals = 0;                // number of local features clustered; 0 if the head needs no clusters
  double mean_squared_distance = 0;  // of these locals to their centres
  double explained_variance = 0;     // share of the variance that the projection keeps; 0 if there is none
};

// The part of a network after the trunk: converts features to descriptors. Before initialisation or reading,
// last linear layers are the identity, exponents 3 and norms 1; other weights are zero. Forward may be called
// from several threads.
class Head : public TensorOwner {
 public:
  // Dimension of the descriptors.
  virtual int64_t dimension() const = 0;
  // Returns B x dimension(), rows of unit length. Throws Error if IsInitialized() is false; TooFewFeatures.
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

// A head's static properties and its factory. Each head has its own file in heads/, with its options' fields,
// its tensors and its row. MakeHeadRow makes a row of functions that take the head's own options struct.
// Functions that may be empty say so.
template <typename Options>
struct HeadFunctions {
  // Name for the kind of such a network's weights; "": they are named after their trunk.
  std::string weights_kind = {};
  // Prefix of the names of the trunk's tensors, in place of cirtorch's "features.".
  std::string trunk_prefix = "features.";
  // Whether PassContext::dropout applies to hidden values.
  bool has_dropout = false;
  // Name of the last linear layer.
  std::string linear = {};
  // Name prefixes of tensors that a trunk's weights may lack, because training makes them.
  std::vector<std::string> made_by_training = {};

  // The features that the head requests. Empty: the map. Throws UsageError if it cannot follow the trunk.
  std::function<FeatureRequest(const Options& options, const TrunkRow& trunk)> request = {};
  // Makes the head from options within their ranges. Throws UsageError for options that cannot be combined,
  // or if the head cannot follow a trunk with this many channels.
  std::function<std::unique_ptr<Head>(const Options& options, int64_t channels)> make;
  // The options that the tensors reveal, the others with their defaults; nullopt if the tensors are not those
  // of this head. Empty: tensors cannot identify this head.
  std::function<std::optional<Options>(const TensorShapes& shapes)> recognise = {};
  // Keys of the options that a user may state because a file does not reveal them: options that do not follow
  // from tensors, unless the file has meta; and optional layers that the file lacks, which then start with
  // initial values. Empty: none.
  std::function<std::vector<std::string>(const Options& found, bool has_meta)> unrevealed = {};
  // Makes options unique: if two values give the same network, sets the one that is written. Empty: there are
  // no such values.
  std::function<void(Options& options, int64_t channels)> simplify = {};
  // Adds a last linear layer of that many rows; false if there is one already. Empty: none can be added.
  std::function<bool(Options& options, int rows)> add_linear = {};
};

struct HeadRow : HeadFunctions<HeadChoice> {
  Kind kind;
};

template <KindOptions Options>
HeadRow MakeHeadRow(std::string summary, HeadFunctions<Options> typed) {
  HeadRow row;
  row.kind = MakeKind<Options>(std::move(summary));
  row.weights_kind = std::move(typed.weights_kind);
  row.trunk_prefix = std::move(typed.trunk_prefix);
  row.has_dropout = typed.has_dropout;
  row.linear = std::move(typed.linear);
  row.made_by_training = std::move(typed.made_by_training);
  if (typed.request) {
    row.request = [request = typed.request](const HeadChoice& head, const TrunkRow& trunk) {
      return request(head.As<Options>(), trunk);
    };
  }
  row.make = [make = typed.make](const HeadChoice& head, int64_t channels) {
    return make(head.As<Options>(), channels);
  };
  if (typed.recognise) {
    row.recognise = [recognise = typed.recognise](const TensorShapes& shapes) -> std::optional<HeadChoice> {
      if (std::optional<Options> options = recognise(shapes)) return HeadChoice(*std::move(options));
      return std::nullopt;
    };
  }
  if (typed.unrevealed) {
    row.unrevealed = [unrevealed = typed.unrevealed](const HeadChoice& found, bool has_meta) {
      return unrevealed(found.As<Options>(), has_meta);
    };
  }
  if (typed.simplify) {
    row.simplify = [simplify = typed.simplify](HeadChoice& head, int64_t channels) {
      simplify(head.As<Options>(), channels);
    };
  }
  if (typed.add_linear) {
    row.add_linear = [add_linear = typed.add_linear](HeadChoice& head, int rows) {
      return add_linear(head.As<Options>(), rows);
    };
  }
  return row;
}

// Bounds of options that several heads have.
inline constexpr int kMaxOutputDimension = 65536;
inline constexpr double kLeastPower = 0.01;

// Declares the option output_dimension.
void DeclareOutputDimension(OptionsDescription& description, int& rows,
                            std::string help = "Rows of a learned linear layer at the end; 0: there is none");
// Declares the option power.
void DeclarePower(OptionsDescription& description, double& power);

// All heads. Later ones are tried before earlier ones when a network is recognised.
const Catalogue<HeadRow>& Heads();

// The row of the head that is chosen. Throws UsageError if none is.
const HeadRow& RowOf(const HeadChoice& head);

// Calls HeadFunctions::unrevealed.
std::vector<std::string> UnrevealedOf(const HeadChoice& found, bool has_meta);

// The request of the head that is chosen.
FeatureRequest RequestOf(const HeadChoice& head, const TrunkRow& trunk);

// The options with HeadFunctions::simplify applied, so that networks of the same layers have equal options.
// Unchanged if the architecture is unknown.
DescriptorNetOptions Simplified(DescriptorNetOptions options);

// Size of a tensor's dimension, for options. 0 if there is no such tensor or dimension, or if the size is
// above kMaxOutputDimension.
int SizeIn(const TensorShapes& shapes, const std::string& name, size_t dimension);

// Number of rows of the linear layer, for options named output_dimension. 0 if the layer is missing, has as
// many rows as columns, or has more than kMaxOutputDimension rows.
int RowsOf(const TensorShapes& shapes, const std::string& linear);

}  // namespace vantage::nn

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nn/features.h"
#include "nn/layer.h"
#include "nn/pass_context.h"
#include "nn/tensor_owner.h"

namespace vantage::nn {

// How pixels in 0..1 become a trunk's input: (x - mean) / std, for red, green and blue.
struct Normalization {
  std::array<double, 3> mean = {0.485, 0.456, 0.406};  // ImageNet's, as torchvision has them
  std::array<double, 3> std = {0.229, 0.224, 0.225};
};

// Sides of images that a trunk takes.
struct InputNeeds {
  int64_t smallest_side = 1;  // a square of this side gives a map of at least one location
  int64_t multiple_of = 1;    // of this
};

using TensorShapes = std::map<std::string, std::vector<int64_t>>;

class Trunk;

// A trunk: what there is to know without making it, and how it is made.
struct TrunkRow {
  std::string name;  // the architecture
  int64_t channels = 0;
  InputNeeds input = {};
  Normalization normalization = {};
  // A tensor that tells the trunk from those behind it in the table: the end of its name under any numbering,
  // and its shape.
  std::string mark;
  std::vector<int64_t> mark_shape;
  // Beginnings of the names of classifier tensors, which published weights hold and a trunk does not.
  std::vector<std::string> classifier_prefixes;
  // Replaces the first matching beginning of a tensor's name by cirtorch's, which numbers the trunk's
  // children.
  std::vector<std::pair<std::string, std::string>> cirtorch_prefixes = {};
  // Whether CosPlace and EigenPlaces publish weights of it.
  bool is_in_cosplace = false;
  // Whether the map can be taken before the last activation. CosPlace then does.
  bool can_end_before_activation = false;
  // Whether it has a class token and the tokens of blocks.
  bool has_tokens = false;
  // Of the weights of it that are published under its tensors' names; "" if they have none of their own.
  std::string licence = {};
  std::function<std::unique_ptr<Trunk>(const TrunkRow& row, MapEnd end)> make;
};

// What goes from one stage of a trunk to the next.
struct TrunkState {
  at::Tensor x;      // B x C x H x W, or B x tokens x C
  int64_t rows = 0;  // of the patches that tokens are of; 0 for a map
  int64_t columns = 0;
};

// A classification network up to what descriptors are made of, as a stem, stages one after the other (the
// blocks of a ResNet or a transformer) and what follows the last. Tensors carry torchvision's names, or those
// of the package that the weights come from. Forward and its parts are safe to call from several threads.
class Trunk : public TensorOwner {
 public:
  explicit Trunk(const TrunkRow& row) : row_(&row) {}

  const TrunkRow& row() const { return *row_; }

  virtual TrunkState Stem(const at::Tensor& images_B3HW, const PassContext& pass) const = 0;
  virtual int stages() const = 0;
  // Stages [first, last).
  virtual TrunkState Run(TrunkState state, int first, int last, const PassContext& pass) const = 0;
  // What is asked for, of the state after the last stage (tokens: after their block). Throws UsageError for
  // what the trunk does not have.
  virtual Features Finish(const TrunkState& state, const FeatureRequest& request,
                          const PassContext& pass) const = 0;
  // The layers that the trunk consists of.
  virtual void ForEachLayer(const std::function<void(Layer&)>& visit) = 0;
  // Depth of each tensor: 0 in the stem, i + 1 in stage i, stages() + 1 behind the last.
  virtual std::map<std::string, int> Depths() const = 0;

  // All of the above. images: B x 3 x H x W, normalised.
  Features Forward(const at::Tensor& images_B3HW, const FeatureRequest& request = {},
                   const PassContext& pass = {}) const;
  // A trunk of the same shapes without memory (LibTorch's device "meta"), for tensors of another.
  std::unique_ptr<Trunk> Twin(MapEnd end = MapEnd::kAfterActivation) const;

 private:
  const TrunkRow* row_;
};

// All trunks. Larger ones come before smaller ones whose tensors they hold.
std::span<const TrunkRow> Trunks();

// Throws UsageError that lists the known architectures.
const TrunkRow& TrunkNamed(const std::string& architecture);

// A trunk whose weights are zero, to be filled. Throws UsageError for an unknown architecture, or if it has
// no such end.
std::unique_ptr<Trunk> MakeTrunk(const std::string& architecture, MapEnd end = MapEnd::kAfterActivation);

// The trunk whose weights these are, under the names of torchvision, cirtorch or CosPlace; null if none
// fits. Only one tensor is looked at: the others may still be missing.
const TrunkRow* RecogniseTrunk(const TensorShapes& shapes);

// Sorted.
std::vector<std::string> TrunkArchitectures();

// The name under which cirtorch's checkpoints keep one of the trunk's tensors: "features.4.0.conv1.weight".
std::string CirtorchName(const TrunkRow& trunk, const std::string& name);

}  // namespace vantage::nn

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nn/features.h"
#include "nn/layer.h"
#include "nn/pass_context.h"
#include "nn/tensor_owner.h"
#include "vantage/preprocessing.h"

namespace vantage::nn {

// Requirements on the size of images.
struct InputNeeds {
  int64_t smallest_side = 1;  // smallest square whose map has at least one location
  int64_t multiple_of = 1;    // the trunk resizes other sides to the nearest multiple of this
};

using TensorShapes = std::map<std::string, std::vector<int64_t>>;

class Trunk;

// A trunk's static properties and its factory.
struct TrunkRow {
  std::string name;  // of the architecture
  int64_t channels = 0;
  InputNeeds input = {};
  Normalization normalization = {};
  // A tensor that distinguishes the trunk from those after it in the table, by its shape and the end of its
  // name, which must not depend on how layers are numbered.
  std::string mark;
  std::vector<int64_t> mark_shape;
  // Name prefixes of classifier tensors, which published weights contain and the trunk does not.
  std::vector<std::string> classifier_prefixes;
  // Pairs of this trunk's name prefix and cirtorch's, which numbers the trunk's children. The first prefix
  // that matches a tensor's name is replaced.
  std::vector<std::pair<std::string, std::string>> cirtorch_prefixes = {};
  // Whether CosPlace and EigenPlaces publish weights for it.
  bool is_in_cosplace = false;
  // Whether the map can end before the last activation. If so, the head cosplace requests that.
  bool can_end_before_activation = false;
  // Whether the trunk has a class token and tokens of blocks.
  bool has_tokens = false;
  // Licence of the published weights that have its tensors' names; "": none is stated.
  std::string licence = {};
  // Transformers only. They have variants (VariantOf) with another number of blocks, or another rule by which
  // learned positions are resized (PositionRule); "": there are no learned positions.
  int blocks = 0;
  std::string positions = {};
  // End of the name of a tensor that each block has once and nothing else has, by which blocks are counted.
  std::string block_mark = {};
  std::function<std::unique_ptr<Trunk>(const TrunkRow& row, MapEnd end)> make;
};

// The state that one stage of a trunk passes to the next.
struct TrunkState {
  at::Tensor x;      // B x C x H x W, or B x tokens x C
  int64_t rows = 0;  // rows of patches that the tokens represent; 0 for a map
  int64_t columns = 0;
  at::ScalarType type = at::kFloat;  // in which a transformer multiplies matrices; its x is float32
  // After the last stage only the class token is read: the stage need not compute the other tokens.
  bool ends_in_class_token = false;
};

// A classification network up to the features that descriptors are made of. It consists of a stem,
// consecutive stages (the blocks of a ResNet or a transformer) and the layers after the last stage. Tensors
// have torchvision's names, or those of the package that published the weights. Forward and its parts may be
// called from several threads.
class Trunk : public TensorOwner {
 public:
  explicit Trunk(const TrunkRow& row) : row_(&row) {}

  const TrunkRow& row() const { return *row_; }

  virtual TrunkState Stem(const at::Tensor& images_B3HW, const PassContext& pass) const = 0;
  virtual int stages() const = 0;
  // Runs the stages [first, last).
  virtual TrunkState Run(TrunkState state, int first, int last, const PassContext& pass) const = 0;
  // Computes the requested features from the state after the last stage (tokens: from the state after their
  // block). Throws UsageError for features that the trunk does not have.
  virtual Features Finish(const TrunkState& state, const FeatureRequest& request,
                          const PassContext& pass) const = 0;
  // Visits the layers of the trunk: the stem, each stage, and what follows the last one.
  virtual void ForEachLayer(const std::function<void(Layer&)>& visit) = 0;
  // Whether a tensor keeps float32 when the trunk is frozen in another precision.
  virtual bool ComputesInFloat32(const std::string& /*name*/) const { return false; }

  // Runs the stem, all stages and Finish. images: B x 3 x H x W, normalised.
  Features Forward(const at::Tensor& images_B3HW, const FeatureRequest& request = {},
                   const PassContext& pass = {}) const;
  // Runs what follows the first stages. state: the state after stage `first` - 1 (0: after the stem), which
  // is not changed. Throws UsageError if the request names the tokens of an earlier block.
  Features ForwardFrom(TrunkState state, int first, const FeatureRequest& request,
                       const PassContext& pass) const;

  // Depth of each tensor: 0 in the stem, i + 1 in stage i, stages() + 1 after the last stage.
  std::map<std::string, int> Depths() const;
  // Number of first stages without a trained tensor (one that requires a gradient), up to the first stage
  // that has one; 0 also if the stem has one.
  int FrozenStages() const;
  // Says that the first `stages` stages have been frozen (FreezeFirstStages): visiting their tensors would
  // copy packed weights.
  void MarkFrozen(int stages) { marked_frozen_ = stages; }
  // Returns a trunk of the same shapes without memory (LibTorch's device "meta"), to be filled with another's
  // tensors.
  std::unique_ptr<Trunk> Twin(MapEnd end = MapEnd::kAfterActivation) const;

 private:
  // Run, or the same with what the backward pass needs computed again (PassContext::recomputes_stages).
  TrunkState RunStages(TrunkState state, int first, int last, const PassContext& pass) const;
  // Calls visit for each tensor from depth `first` on, with its depth.
  void VisitWithDepth(
      int first,
      const std::function<void(const std::string& name, const at::Tensor& tensor, int depth)>& visit) const;

  const TrunkRow* row_;
  int marked_frozen_ = 0;
};

// All trunks. A trunk that contains another's tensors comes before it.
std::span<const TrunkRow> Trunks();

// As TrunkNamed, but null if there is no architecture of that name. Throws UsageError if there is one, but
// not the variant.
const TrunkRow* FindTrunk(const std::string& architecture);

// The row of an architecture or of a variant, such as "dinov2_vitg14:blocks=2,positions=size". Throws
// UsageError, with the list of architectures, if there is none of that name, or as VariantOf does.
const TrunkRow& TrunkNamed(const std::string& architecture);

// The row of the variant with this many blocks and this rule for positions; unset: those of `row`. The row
// of the table if both are its own. Throws UsageError if there is no such variant.
const TrunkRow& VariantOf(const TrunkRow& row, std::optional<int> blocks,
                          const std::optional<std::string>& positions);

// Makes a trunk with zero weights, to be filled. Throws UsageError for an unknown architecture, or if its map
// cannot end there.
std::unique_ptr<Trunk> MakeTrunk(const std::string& architecture, MapEnd end = MapEnd::kAfterActivation);

// Recognises the trunk that weights belong to, under the names of torchvision, cirtorch or CosPlace; null if
// none matches. Only the tensor `mark` is checked, and a transformer's blocks are counted; other tensors may
// be missing.
const TrunkRow* RecogniseTrunk(const TensorShapes& shapes);

// Names of all architectures, sorted.
std::vector<std::string> TrunkArchitectures();

// The name of one of the trunk's tensors in cirtorch's checkpoints, such as "features.4.0.conv1.weight".
std::string CirtorchName(const TrunkRow& trunk, const std::string& name);

}  // namespace vantage::nn

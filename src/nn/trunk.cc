// SPDX-License-Identifier: BSD-3-Clause
#include "nn/trunk.h"

#include <algorithm>

#include "nn/new_tensors.h"
#include "util/string.h"
#include "vantage/error.h"

namespace vantage::nn {

Features Trunk::Forward(const at::Tensor& images_B3HW, const FeatureRequest& request,
                        const PassContext& pass) const {
  TrunkState state = Stem(images_B3HW, pass);
  if (!request.tokens) return Finish(Run(std::move(state), 0, stages(), pass), request, pass);
  const int block = request.tokens->block + (request.tokens->block < 0 ? stages() : 0);
  if (block < 0 || block >= stages())
    throw UsageError(StrCat("a ", row_->name, " has no block ", request.tokens->block));
  state = Run(std::move(state), 0, block + 1, pass);
  Features features = Finish(state, {.map = false, .tokens = request.tokens}, pass);
  if (!request.map && !request.class_token) return features;
  FeatureRequest rest = request;
  rest.tokens.reset();
  Features last = Finish(Run(std::move(state), block + 1, stages(), pass), rest, pass);
  last.tokens_BNC = features.tokens_BNC;
  return last;
}

std::unique_ptr<Trunk> Trunk::Twin(MapEnd end) const {
  const WithoutMemory to_be_replaced;
  return row_->make(*row_, end);
}

const TrunkRow* FindTrunk(const std::string& architecture) {
  for (const TrunkRow& row : Trunks()) {
    if (row.name == architecture) return &row;
  }
  return nullptr;
}

const TrunkRow& TrunkNamed(const std::string& architecture) {
  if (const TrunkRow* row = FindTrunk(architecture)) return *row;
  throw UsageError(
      StrCat("unknown architecture '", architecture, "'; known are ", Join(TrunkArchitectures(), ", ")));
}

std::unique_ptr<Trunk> MakeTrunk(const std::string& architecture, MapEnd end) {
  const TrunkRow& row = TrunkNamed(architecture);
  if (end == MapEnd::kBeforeActivation && !row.can_end_before_activation)
    throw UsageError(StrCat("a ", architecture, " ends in a ReLU in any case"));
  return row.make(row, end);
}

const TrunkRow* RecogniseTrunk(const TensorShapes& shapes) {
  for (const TrunkRow& row : Trunks()) {
    const bool fits = std::any_of(shapes.begin(), shapes.end(), [&](const auto& item) {
      return item.second == row.mark_shape && item.first.ends_with(row.mark);
    });
    if (fits) return &row;
  }
  return nullptr;
}

std::vector<std::string> TrunkArchitectures() {
  std::vector<std::string> names;
  for (const TrunkRow& row : Trunks()) names.push_back(row.name);
  std::sort(names.begin(), names.end());
  return names;
}

std::string CirtorchName(const TrunkRow& trunk, const std::string& name) {
  for (const auto& [own, cirtorch] : trunk.cirtorch_prefixes) {
    if (name.starts_with(own)) return cirtorch + name.substr(own.size());
  }
  return name;
}

}  // namespace vantage::nn

// SPDX-License-Identifier: BSD-3-Clause
#include "nn/heads/map_head.h"

#include <ATen/core/Tensor.h>

#include <memory>
#include <utility>
#include <vector>

#include "util/check.h"
#include "util/string.h"

namespace vantage::nn {
namespace {

class RegisteredHead : public Head {
 public:
  RegisteredHead(MapHead head, std::string prefix) : head_(std::move(head)), prefix_(std::move(prefix)) {}

  int64_t dimension() const override { return head_.dimension; }
  at::Tensor Forward(const Features& features, const PassContext& /*pass*/) const override {
    std::vector<at::Tensor> parameters;
    for (const auto& [name, tensor] : head_.parameters) parameters.push_back(tensor);
    const at::Tensor& map_BCHW = features.map_BCHW;
    at::Tensor descriptors_BD = head_.forward(map_BCHW, parameters);
    VANTAGE_CHECK(descriptors_BD.dim() == 2 && descriptors_BD.size(0) == map_BCHW.size(0) &&
                      descriptors_BD.size(1) == head_.dimension,
                  "the head '", prefix_, "' gives descriptors of another shape than ", map_BCHW.size(0),
                  " x ", head_.dimension);
    return descriptors_BD;
  }
  bool pools_map() const override { return true; }
  void Replace(const TensorReplacer& replacer) override {
    for (auto& [name, tensor] : head_.parameters)
      replacer(StrCat(prefix_, ".", name), tensor, TensorRole::kParameter);
  }

 private:
  MapHead head_;
  std::string prefix_;
};

}  // namespace

HeadRow MapHeadRow(Kind kind, std::function<MapHead(const HeadChoice& head, int64_t channels)> make) {
  HeadRow row;
  row.made_by_training = {kind.name + "."};
  row.make = [make = std::move(make), name = kind.name](const HeadChoice& head, int64_t channels) {
    MapHead made = make(head, channels);
    if (made.dimension < 1 || !made.forward)
      throw UsageError(StrCat("the head '", name, "' has no dimension or no function 'forward'"));
    return std::make_unique<RegisteredHead>(std::move(made), name);
  };
  row.kind = std::move(kind);
  return row;
}

}  // namespace vantage::nn

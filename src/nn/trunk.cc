// SPDX-License-Identifier: BSD-3-Clause
#include "nn/trunk.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <mutex>

#include "nn/new_tensors.h"
#include "nn/recomputed.h"
#include "nn/trunks/positions.h"
#include "util/index.h"
#include "util/string.h"
#include "vantage/error.h"

namespace vantage::nn {
namespace {

constexpr int kMostBlocks = 1000;

std::string BaseName(const std::string& architecture) {
  return architecture.substr(0, architecture.find(':'));
}

const TrunkRow* FindInTable(const std::string& architecture) {
  for (const TrunkRow& row : Trunks()) {
    if (row.name == architecture) return &row;
  }
  return nullptr;
}

const TrunkRow& RowInTable(const std::string& architecture) {
  if (const TrunkRow* row = FindInTable(architecture)) return *row;
  throw UsageError(
      StrCat("unknown architecture '", architecture, "'; known are ", Join(TrunkArchitectures(), ", ")));
}

// Blocks of the tensors, by their names.
int CountBlocks(const TensorShapes& shapes, const TrunkRow& row) {
  return static_cast<int>(std::count_if(
      shapes.begin(), shapes.end(), [&](const auto& item) { return item.first.ends_with(row.block_mark); }));
}

}  // namespace

Features Trunk::Forward(const at::Tensor& images_B3HW, const FeatureRequest& request,
                        const PassContext& pass) const {
  return ForwardFrom(Stem(images_B3HW, pass), 0, request, pass);
}

Features Trunk::ForwardFrom(TrunkState state, int first, const FeatureRequest& request,
                            const PassContext& pass) const {
  if (!request.tokens) {
    state.ends_in_class_token = !request.map;
    return Finish(RunStages(std::move(state), first, stages(), pass), request, pass);
  }
  const int block = request.tokens->block + (request.tokens->block < 0 ? stages() : 0);
  if (block < 0 || block >= stages())
    throw UsageError(StrCat("a ", row_->name, " has no block ", request.tokens->block));
  if (block + 1 < first) throw UsageError(StrCat("tokens of block ", block, " in a pass from block ", first));
  state = RunStages(std::move(state), first, block + 1, pass);
  Features features = Finish(state, {.map = false, .tokens = request.tokens}, pass);
  if (!request.map && !request.class_token) return features;
  FeatureRequest rest = request;
  rest.tokens.reset();
  Features last = ForwardFrom(std::move(state), block + 1, rest, pass);
  last.tokens_BNC = features.tokens_BNC;
  return last;
}

TrunkState Trunk::RunStages(TrunkState state, int first, int last, const PassContext& pass) const {
  if (!pass.recomputes_stages || !at::GradMode::is_enabled()) return Run(std::move(state), first, last, pass);
  if (first < marked_frozen_) {
    const int end = std::min(last, marked_frozen_);
    state = Run(std::move(state), first, end, pass);
    first = end;
  }
  std::vector<std::vector<at::Tensor>> trained(ToIndex(stages()) + 2);
  VisitWithDepth(first + 1, [&](const std::string&, const at::Tensor& tensor, int depth) {
    if (tensor.requires_grad()) trained[ToIndex(depth)].push_back(tensor);
  });
  for (int stage = first; stage < last; ++stage) {
    state.x = Recomputed(state.x, trained[ToIndex(stage) + 1], pass,
                         [this, state, stage](const at::Tensor& x, const PassContext& of_pass) {
                           TrunkState before = state;
                           before.x = x;
                           return Run(std::move(before), stage, stage + 1, of_pass).x;
                         });
  }
  return state;
}

void Trunk::VisitWithDepth(
    int first, const std::function<void(const std::string&, const at::Tensor&, int)>& visit) const {
  int depth = 0;
  // Visits only; ForEachLayer is not const because others change layers with it.
  const_cast<Trunk*>(this)->ForEachLayer([&](const Layer& layer) {
    if (depth >= first) {
      layer.Visit(
          [&](const std::string& name, const at::Tensor& tensor, TensorRole) { visit(name, tensor, depth); });
    }
    ++depth;
  });
}

std::map<std::string, int> Trunk::Depths() const {
  std::map<std::string, int> depths;
  VisitWithDepth(0, [&](const std::string& name, const at::Tensor&, int depth) { depths[name] = depth; });
  return depths;
}

int Trunk::FrozenStages() const {
  int frozen = stages();
  VisitWithDepth(0, [&](const std::string&, const at::Tensor& tensor, int depth) {
    if (tensor.requires_grad()) frozen = std::min(frozen, std::max(0, depth - 1));
  });
  return frozen;
}

std::unique_ptr<Trunk> Trunk::Twin(MapEnd end) const {
  const WithoutMemory to_be_replaced;
  return row_->make(*row_, end);
}

const TrunkRow* FindTrunk(const std::string& architecture) {
  return FindInTable(BaseName(architecture)) == nullptr ? nullptr : &TrunkNamed(architecture);
}

const TrunkRow& TrunkNamed(const std::string& architecture) {
  const TrunkRow& row = RowInTable(BaseName(architecture));
  if (row.name == architecture) return row;
  std::optional<int> blocks;
  std::optional<std::string> positions;
  for (const std::string& part : SplitText(architecture.substr(row.name.size() + 1), ',')) {
    const std::string what = StrCat("architecture '", architecture, "'");
    if (part.starts_with("positions=")) {
      positions = part.substr(part.find('=') + 1);
    } else if (part.starts_with("blocks=")) {
      const long long value = ParseInteger(part.substr(part.find('=') + 1), what);
      blocks = static_cast<int>(std::clamp<long long>(value, 0, kMostBlocks + 1));
    } else {
      throw UsageError(StrCat(what, ": '", part, "' is neither blocks=NUMBER nor positions=RULE"));
    }
  }
  return VariantOf(row, blocks, positions);
}

const TrunkRow& VariantOf(const TrunkRow& row, std::optional<int> blocks,
                          const std::optional<std::string>& positions) {
  const TrunkRow& base = RowInTable(BaseName(row.name));
  TrunkRow variant = base;
  variant.blocks = blocks.value_or(row.blocks);
  variant.positions = positions.value_or(row.positions);
  std::vector<std::string> differences;
  if (variant.blocks != base.blocks) differences.push_back(StrCat("blocks=", variant.blocks));
  if (variant.positions != base.positions) differences.push_back("positions=" + variant.positions);
  if (differences.empty()) return base;
  if (base.blocks == 0) throw UsageError(StrCat("a ", base.name, " has no variants"));
  if (variant.blocks < 1 || variant.blocks > kMostBlocks)
    throw UsageError(StrCat("a ", base.name, " of ", variant.blocks, " blocks"));
  if (base.positions.empty() != variant.positions.empty())
    throw UsageError(StrCat("a ", base.name, " has no learned positions to resize"));
  if (!variant.positions.empty()) ParsePositionRule(variant.positions);
  variant.name = StrCat(base.name, ":", Join(differences, ","));
  static std::mutex mutex;
  static std::map<std::string, TrunkRow> variants;
  const std::scoped_lock lock(mutex);
  return variants.try_emplace(variant.name, variant).first->second;
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
    if (!fits) continue;
    const int blocks = row.blocks == 0 ? 0 : CountBlocks(shapes, row);
    return blocks < 1 || blocks > kMostBlocks ? &row : &VariantOf(row, blocks, {});
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

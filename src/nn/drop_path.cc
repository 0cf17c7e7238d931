// SPDX-License-Identifier: BSD-3-Clause
#include "nn/drop_path.h"

#include <algorithm>
#include <vector>

#include "nn/trunks/transformer_block.h"
#include "util/string.h"
#include "vantage/error.h"

namespace vantage::nn {
namespace {

std::vector<TransformerBlock*> BlocksOf(Trunk& trunk) {
  std::vector<TransformerBlock*> blocks;
  trunk.ForEachLayer([&](Layer& layer) {
    if (auto* block = dynamic_cast<TransformerBlock*>(&layer)) blocks.push_back(block);
  });
  return blocks;
}

}  // namespace

void UseDropPath(Trunk& trunk, double probability) {
  const std::vector<TransformerBlock*> blocks = BlocksOf(trunk);
  if (probability > 0 && blocks.empty())
    throw UsageError(StrCat("model.drop_path: a ", trunk.row().name, " is not a transformer"));
  const double last = std::max<double>(1, static_cast<double>(blocks.size()) - 1);
  for (size_t i = 0; i < blocks.size(); ++i)
    blocks[i]->set_drop_path(probability * static_cast<double>(i) / last);
}

void CopyDropPath(const Trunk& from, Trunk& to) {
  const std::vector<TransformerBlock*> source = BlocksOf(const_cast<Trunk&>(from));  // only read
  const std::vector<TransformerBlock*> target = BlocksOf(to);
  for (size_t i = 0; i < source.size(); ++i) target[i]->set_drop_path(source[i]->drop_path());
}

}  // namespace vantage::nn

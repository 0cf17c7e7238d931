// SPDX-License-Identifier: BSD-3-Clause
#include <array>

#include "nn/head.h"
#include "util/string.h"
#include "vantage/error.h"

namespace vantage::nn {

// Rows, each of a file of this folder.
HeadRow CirtorchHeadRow();
HeadRow CosPlaceHeadRow();
HeadRow NetVladHeadRow();
HeadRow LocalGemHeadRow();

std::span<const HeadRow> Heads() {
  static const std::array kHeads = {CirtorchHeadRow(), CosPlaceHeadRow(), NetVladHeadRow(),
                                    LocalGemHeadRow()};
  return kHeads;
}

const HeadRow* FindHead(const std::string& name) {
  for (const HeadRow& row : Heads()) {
    if (name == row.name) return &row;
  }
  return nullptr;
}

const HeadRow& HeadNamed(const std::string& name) {
  if (const HeadRow* row = FindHead(name)) return *row;
  throw UsageError(StrCat("unknown head '", name, "'; known are ", Join(HeadNames(), ", ")));
}

void CheckOutputDimension(const DescriptorNetOptions& options, bool has_linear) {
  const int dimension = options.output_dimension;
  if (dimension >= 0 && dimension <= kMaxOutputDimension && (dimension == 0 || has_linear)) return;
  throw UsageError(StrCat("an output dimension of ", dimension, ": it is that of the last ",
                          "linear layer (fc_whitening, or the head cosplace), at most ",
                          kMaxOutputDimension));
}

int RowsOf(const TensorShapes& shapes, const std::string& linear) {
  const auto found = shapes.find(linear + ".weight");
  if (found == shapes.end() || found->second.size() != 2) return 0;
  const int64_t rows = found->second[0];
  return rows <= kMaxOutputDimension && rows != found->second[1] ? static_cast<int>(rows) : 0;
}

}  // namespace vantage::nn

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>
#include <span>
#include <string>

#include "nn/model_file.h"
#include "nn/model_source.h"
#include "nn/named_tensors.h"

namespace vantage::nn {

// How others name and lay out the tensors of networks that this project has too. The project's own layout is
// cirtorch's, with the heads' own names behind it, and needs no row. Functions may be null: then the layout
// is not read, or not written.
struct LayoutRow {
  const char* name;
  // What weights in it are called; null: they are named for their head or trunk.
  const char* kind = nullptr;

  // Whether a file's tensors are in it.
  bool (*recognise)(const TensorShapes& shapes) = nullptr;
  // The file's tensors under the project's names, turned as the project has them. Throws Error if a tensor
  // has not the shape that its name says.
  std::vector<SourceTensor> (*to_own)(const ModelSource& source) = nullptr;
  // What it says of the network beside tensors.
  void (*tell)(NetWish& found) = nullptr;
  // Of pixels, if it is another than the trunk's.
  std::optional<Normalization> normalization = std::nullopt;

  // The way back: a format of Model::Write, and the tensors in it. Throws UsageError for a model that has no
  // such form.
  const char* format = nullptr;
  NamedTensors (*from_own)(const ModelParts& model) = nullptr;
};

// All of them. Those that come first are recognised first.
std::span<const LayoutRow> Layouts();

// Null if the tensors are in no such layout.
const LayoutRow* RecogniseLayout(const TensorShapes& shapes);

// The tensors under the project's own names; `source` as it is if it is in no other layout.
ModelSource InOwnLayout(const ModelSource& source);

}  // namespace vantage::nn

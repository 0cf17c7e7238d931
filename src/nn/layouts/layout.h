// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>
#include <span>
#include <string>

#include "nn/model_file.h"
#include "nn/model_source.h"
#include "nn/named_tensors.h"
#include "nn/net_of_source.h"

namespace vantage::nn {

// How other projects name and lay out the tensors of networks that this project also has. The project's own
// layout is cirtorch's, followed by the heads' own names, and has no row. If a function is null, the layout
// cannot be read, or cannot be written.
struct LayoutRow {
  const char* name;
  // Name for the kind of weights in this layout; null: they are named after their head or trunk.
  const char* kind = nullptr;

  // Whether a file's tensors have this layout.
  bool (*recognise)(const TensorShapes& shapes) = nullptr;
  // The file's tensors under the project's names, transposed to the project's shapes. Throws Error if a
  // tensor's shape is not the one that its name implies.
  std::vector<SourceTensor> (*to_own)(const ModelSource& source) = nullptr;
  // Sets the properties of the network that follow from the layout and not from its tensors: preprocessing,
  // licence, options. Null: there are none.
  void (*set_properties)(NetOfSource& found) = nullptr;
  // Normalisation of pixels, if it differs from the trunk's.
  std::optional<Normalization> normalization = std::nullopt;

  // The conversion to this layout. format: its name for Model::Write; null: the layout is only read, and the
  // other two are null too. format_help: follows "weights" in help texts. from_own: the tensors of a file;
  // throws UsageError for a model that this layout cannot represent.
  const char* format = nullptr;
  const char* format_help = nullptr;
  NamedTensors (*from_own)(const ModelParts& model) = nullptr;
};

// All layouts. Earlier ones are tried first when a layout is recognised.
std::span<const LayoutRow> Layouts();

// Returns null if the tensors have none of these layouts.
const LayoutRow* RecogniseLayout(const TensorShapes& shapes);

// Converts the tensors to the project's own names; returns `source` unchanged if no other layout is
// recognised.
ModelSource InOwnLayout(const ModelSource& source);

// Throws UsageError: the network cannot be written in the format of `whose` weights, such as "BoQ's".
[[noreturn]] void RefuseNetwork(const ModelParts& model, const std::string& whose);

}  // namespace vantage::nn

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "nn/descriptor_net.h"
#include "nn/model_source.h"

namespace vantage::nn {

// NetVLAD weights of others, by the names of their tensors.
struct NetVladLayout {
  const char* kind;  // "pytorch-NetVlad weights"
  const char* trunk;
  const char* centroids;
  bool centroids_are_KD;          // else D x K
  const char* assignment_weight;  // K x D, more dimensions of size 1 behind
  const char* assignment_bias;    // zero where it is missing
  const char* linear;             // "": none
  const char* order;              // of the descriptor
  Normalization normalization;
};

// Null where the tensors are in no such layout. Those of MVA 2022's code are in none: theirs is the project's
// own.
const NetVladLayout* FindNetVladLayout(const TensorShapes& shapes);

// The tensors under the project's own names, turned as the project has them; `source` as it is where it is in
// no other layout. Throws Error where a tensor has not the shape that its name says.
ModelSource InOwnLayout(const ModelSource& source);

}  // namespace vantage::nn

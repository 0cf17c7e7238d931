// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

#include "nn/model_source.h"
#include "nn/net_of_source.h"
#include "nn/trunk.h"

namespace vantage::nn {

// Tensor names in other projects' NetVLAD networks.
struct NetVladNames {
  const char* trunk;  // prefix
  const char* centroids;
  bool centroids_are_KD;          // else D x K
  const char* assignment_weight;  // K x D, followed by any dimensions of size 1
  const char* assignment_bias;    // zero if it is missing
  const char* linear;             // prefix; "": none
};

// Whether the file has centroids and assignment weights of these names.
bool HasNetVladOf(const TensorShapes& shapes, const NetVladNames& names);

// Sets the options of CVPR 2016's NetVLAD: the map before the last ReLU (if it is no ResNet's), and unit
// length of each cluster.
// order: see NetVladHeadOptions.
void SetNetVladOptions(NetOfSource& found, const std::string& order);

// See LayoutRow::to_own.
std::vector<SourceTensor> OwnNetVlad(const ModelSource& source, const NetVladNames& names);

}  // namespace vantage::nn

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

#include "vantage/config/options_description.h"

namespace at {
class Tensor;
}

namespace vantage {

// Describing photos otherwise than the network was trained to, without learning anything: the pooling of
// SuperGlobal (Shao et al., Global Features are All You Need for Image Retrieval and Reranking, ICCV 2023).
// The defaults change nothing.
struct SuperGlobalPooling {
  // Regional GeM: each location of the last feature map becomes the mean of itself and of the generalised
  // mean of the square of so many locations around it (odd; 5 in the paper's code). 0: it stays.
  int regional_size = 0;
  // Exponent of that generalised mean.
  double regional_exponent = 2.5;  // of the paper's code
  // GeM's exponent in place of the model's own (4.6 in the paper's code). 0: the model's own.
  double exponent = 0;
  // How the descriptors of several scales become one: "mean", as TPAMI 2019 (DescriptorNet::
  // MultiScaleExponent); "max", the largest of each dimension after each has unit length (scale GeM with an
  // infinite exponent); "gem", their generalised mean of the exponent 10, less the smallest value before and
  // with it again after.
  std::string scale_pooling = "mean";

  bool operator==(const SuperGlobalPooling&) const = default;
};
void Declare(OptionsDescription& description, SuperGlobalPooling& options);

// What regional_size says. x: B x C x H x W, sides at least half of the size (rounded down) + 1; values below
// zero count as zero in the generalised mean. Edges are mirrored.
at::Tensor RegionalGem(const at::Tensor& x_BCHW, int64_t size, double exponent);

// What scale_pooling says, of descriptors of B photos at some scales, each B x D: B x D of unit length.
// `mean` is left to DescriptorNet.
at::Tensor PoolScales(const std::vector<at::Tensor>& descriptors_BD, const std::string& scale_pooling);

}  // namespace vantage

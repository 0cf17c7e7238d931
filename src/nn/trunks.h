// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "nn/trunk.h"

namespace vantage::nn {

// One function a family; `architecture` is one of the family's names.
Trunk MakeSqueezeNet(const std::string& architecture);
Trunk MakeResNet(const std::string& architecture);
Trunk MakeEfficientNetLite(const std::string& architecture);
Trunk MakeAlexNet(const std::string& architecture);
Trunk MakeVgg(const std::string& architecture);
Trunk MakeVggWithoutLastRelu(const std::string& architecture);
Trunk MakeDenseNet(const std::string& architecture);

}  // namespace vantage::nn

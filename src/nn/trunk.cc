// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/nn/trunk.h"

#include <map>

#include "nn/trunks.h"
#include "vantage/util/error.h"

namespace vantage {
namespace {

using TrunkFactory = Trunk (*)(const std::string&);

const std::map<std::string, TrunkFactory>& Factories() {
  static const std::map<std::string, TrunkFactory> kFactories = {
      {"alexnet", MakeAlexNet},
      {"densenet121", MakeDenseNet},
      {"densenet161", MakeDenseNet},
      {"densenet169", MakeDenseNet},
      {"densenet201", MakeDenseNet},
      {"efficientnet_lite0", MakeEfficientNetLite},
      {"resnet18", MakeResNet},
      {"resnet34", MakeResNet},
      {"resnet18_conv4", MakeResNet},
      {"resnet50", MakeResNet},
      {"resnet101", MakeResNet},
      {"resnet152", MakeResNet},
      {"squeezenet1_0", MakeSqueezeNet},
      {"squeezenet1_1", MakeSqueezeNet},
      {"vgg11", MakeVgg},
      {"vgg11_bn", MakeVgg},
      {"vgg13", MakeVgg},
      {"vgg13_bn", MakeVgg},
      {"vgg16", MakeVgg},
      {"vgg16_bn", MakeVgg},
      {"vgg19", MakeVgg},
      {"vgg19_bn", MakeVgg},
  };
  return kFactories;
}

}  // namespace

Trunk MakeTrunk(const std::string& architecture) {
  const auto found = Factories().find(architecture);
  if (found == Factories().end()) {
    throw UsageError(
        StrCat("unknown architecture '", architecture, "'; known are ", Join(TrunkArchitectures(), ", ")));
  }
  return found->second(architecture);
}

std::vector<std::string> TrunkArchitectures() {
  std::vector<std::string> names;
  for (const auto& [name, factory] : Factories()) names.push_back(name);
  return names;
}

std::string CirtorchName(const Trunk& trunk, const std::string& name) {
  for (const auto& [own, cirtorch] : trunk.cirtorch_prefixes) {
    if (name.rfind(own, 0) == 0) return cirtorch + name.substr(own.size());
  }
  return name;
}

}  // namespace vantage

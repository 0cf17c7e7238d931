// SPDX-License-Identifier: BSD-3-Clause
#include "nn/trunk.h"

#include <map>

#include "nn/trunks.h"
#include "util/string.h"
#include "vantage/error.h"

namespace vantage::nn {
namespace {

using TrunkFactory = Trunk (*)(const std::string&);

struct TrunkFactories {
  TrunkFactory make;
  TrunkFactory make_for_cosplace;  // null where CosPlace has no such trunk
};

const std::map<std::string, TrunkFactories>& Factories() {
  static const std::map<std::string, TrunkFactories> kFactories = {
      {"alexnet", {MakeAlexNet, nullptr}},          {"densenet121", {MakeDenseNet, nullptr}},
      {"densenet161", {MakeDenseNet, nullptr}},     {"densenet169", {MakeDenseNet, nullptr}},
      {"densenet201", {MakeDenseNet, nullptr}},     {"efficientnet_lite0", {MakeEfficientNetLite, nullptr}},
      {"resnet18", {MakeResNet, MakeResNet}},       {"resnet34", {MakeResNet, MakeResNet}},
      {"resnet18_conv4", {MakeResNet, MakeResNet}}, {"resnet50", {MakeResNet, MakeResNet}},
      {"resnet101", {MakeResNet, MakeResNet}},      {"resnet152", {MakeResNet, MakeResNet}},
      {"squeezenet1_0", {MakeSqueezeNet, nullptr}}, {"squeezenet1_1", {MakeSqueezeNet, nullptr}},
      {"vgg11", {MakeVgg, MakeVggWithoutLastRelu}}, {"vgg11_bn", {MakeVgg, MakeVggWithoutLastRelu}},
      {"vgg13", {MakeVgg, MakeVggWithoutLastRelu}}, {"vgg13_bn", {MakeVgg, MakeVggWithoutLastRelu}},
      {"vgg16", {MakeVgg, MakeVggWithoutLastRelu}}, {"vgg16_bn", {MakeVgg, MakeVggWithoutLastRelu}},
      {"vgg19", {MakeVgg, MakeVggWithoutLastRelu}}, {"vgg19_bn", {MakeVgg, MakeVggWithoutLastRelu}},
  };
  return kFactories;
}

}  // namespace

Trunk MakeTrunk(const std::string& architecture, TrunkEnd end) {
  const auto found = Factories().find(architecture);
  if (found == Factories().end()) {
    throw UsageError(
        StrCat("unknown architecture '", architecture, "'; known are ", Join(TrunkArchitectures(), ", ")));
  }
  const TrunkFactory make = end == TrunkEnd::kCirtorch ? found->second.make : found->second.make_for_cosplace;
  if (make == nullptr) throw UsageError(StrCat("CosPlace has no trunk '", architecture, "'"));
  return make(architecture);
}

std::vector<std::string> TrunkArchitectures() {
  std::vector<std::string> names;
  for (const auto& [name, factories] : Factories()) names.push_back(name);
  return names;
}

std::string CirtorchName(const Trunk& trunk, const std::string& name) {
  for (const auto& [own, cirtorch] : trunk.cirtorch_prefixes) {
    if (name.rfind(own, 0) == 0) return cirtorch + name.substr(own.size());
  }
  return name;
}

}  // namespace vantage::nn

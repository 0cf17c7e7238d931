// SPDX-License-Identifier: BSD-3-Clause
#include <utility>

#include "nn/trunk.h"
#include "vantage/model.h"

namespace vantage {
namespace {

// Adds the name of a trunk, or of a variant such as "dinov2_vitb14:blocks=8".
void AddArchitecture(OptionsDescription& description, std::string& architecture, std::string help) {
  description.Add("architecture", architecture, std::move(help))
      .OneOf(nn::TrunkArchitectures())
      .AllowedIf([](const std::string& name) { return nn::FindTrunk(name) != nullptr; });
}

}  // namespace

void Declare(OptionsDescription& description, DescriptorNetOptions& options) {
  AddArchitecture(description, options.architecture,
                  "Trunk; a transformer's also as in dinov2_vits14:blocks=2,positions=size");
  description.Nest("head", options.head, "What follows the trunk");
}

void Declare(OptionsDescription& description, NetWish& wish) {
  AddArchitecture(description, wish.architecture, "Trunk; empty: the one that the file reveals");
  description
      .Add("head", wish.head,
           "What follows the trunk, if the file holds a trunk's weights alone; for other files, options that "
           "they do not reveal, as in netvlad:windows=2,3")
      .KindOf(HeadFamily::Table());
}

std::string NameOf(const DescriptorNetOptions& options) {
  const std::string head = options.head.Text();
  return options.architecture + (head.empty() ? "" : " with the head " + head);
}

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#include "nn/trunk.h"
#include "util/string.h"
#include "vantage/model.h"

namespace vantage {
namespace {

constexpr const char* kTrunk = "Trunk; a transformer's also as in dinov2_vits14:blocks=2,positions=size";

// Names of trunks; those of transformers can be followed by settings, which nn::TrunkNamed checks.
std::vector<std::string> ArchitectureChoices() {
  std::vector<std::string> choices = nn::TrunkArchitectures();
  for (std::string& name : choices) {
    if (nn::TrunkNamed(name).blocks > 0) name += "[:...]";
  }
  return choices;
}

}  // namespace

void Declare(OptionsDescription& description, DescriptorNetOptions& options) {
  description.Add("architecture", options.architecture, kTrunk).OneOf(ArchitectureChoices());
  description.Nest("head", options.head, "What follows the trunk");
}

void Declare(OptionsDescription& description, NetWish& wish) {
  description.Add("architecture", wish.architecture, StrCat(kTrunk, "; empty: the one that the file reveals"))
      .OneOf(ArchitectureChoices());
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

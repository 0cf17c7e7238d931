// SPDX-License-Identifier: BSD-3-Clause
#include "nn/trunk.h"
#include "util/string.h"
#include "vantage/model.h"

namespace vantage {

void Declare(OptionsDescription& description, DescriptorNetOptions& options) {
  description.Add("architecture", options.architecture, "Trunk").OneOf(nn::TrunkArchitectures());
  description.Nest("head", options.head, "What follows the trunk");
}

void Declare(OptionsDescription& description, NetWish& wish) {
  description.Add("architecture", wish.architecture, "Trunk; empty: the one that the file reveals")
      .OneOf(nn::TrunkArchitectures());
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

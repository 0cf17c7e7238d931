// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <set>
#include <string>
#include <vector>

#include "nn/model_source.h"

namespace vantage::nn {

// A tensor of a file, and the dictionaries that it is in.
struct PlacedTensor {
  std::string dictionaries;             // their keys, joined by points; "": the file's own dictionary
  SourceTensor tensor;                  // named as in the innermost dictionary
  std::string unreadable;               // what is in a tensor's place; "": it is a tensor
  std::set<std::string> wrappers = {};  // what FindNetwork left out of the name
};

// Sets the source's tensors to those of the network among all of a file, and says where they are. They are
// found by names and shapes: parts of names that wrappers of modules insert are left out, and a prefix is, if
// the rest are the names of a network. The other tensors of the network's own dictionary are kept, under
// their names there, except those of training alone. If there are several networks, the source has all
// tensors and a list of the networks. state: the beginning of the wanted tensors' names, with the keys of
// their dictionaries; "": not stated. Throws UsageError if no tensor's name begins so.
void FindNetwork(std::vector<PlacedTensor> all, const std::string& state, ModelSource& source);

// Replaces beginnings of the tensors' names, and looks for the network again. renames: "FROM=TO", in order.
// Throws UsageError if no name begins with FROM.
void RenameTensors(const std::vector<std::string>& renames, ModelSource& source);

// "1 tensor", "8 tensors".
std::string CountText(size_t tensors);

// Throws UsageError, with the list of networks, if the file holds several.
void CheckOneNetwork(const ModelSource& source);

}  // namespace vantage::nn

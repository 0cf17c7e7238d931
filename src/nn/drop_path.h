// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "nn/trunk.h"

namespace vantage::nn {

// Stochastic depth (Huang et al., ECCV 2016): in training, each image leaves out a branch of the last block
// of a transformer with this probability, and of earlier blocks with less: it falls linearly to 0 for the
// first. Blocks that are not trained leave out nothing. 0: off, as in a new trunk. Throws UsageError if it is
// above 0 and the trunk is not a transformer.
void UseDropPath(Trunk& trunk, double probability);

// Gives the blocks of `to` the probabilities of those of `from`.
void CopyDropPath(const Trunk& from, Trunk& to);

}  // namespace vantage::nn

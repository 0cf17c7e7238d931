// SPDX-License-Identifier: BSD-3-Clause
#include <iterator>
#include <vector>

#include "nn/trunk.h"

namespace vantage::nn {

// The families, each a file of this folder. Trunks that hold tensors of others under the same names, and of
// the same shapes, come before these.
using TrunkFamily = std::vector<TrunkRow>();
TrunkFamily ResNetTrunks;
TrunkFamily DenseNetTrunks;
TrunkFamily EfficientNetLiteTrunks;
TrunkFamily SqueezeNetTrunks;
TrunkFamily VggTrunks;
TrunkFamily AlexNetTrunks;
TrunkFamily DinoV2Trunks;
TrunkFamily DinoV3Trunks;

std::span<const TrunkRow> Trunks() {
  static const std::vector<TrunkRow> kTrunks = [] {
    std::vector<TrunkRow> all;
    for (TrunkFamily* family : {ResNetTrunks, DenseNetTrunks, EfficientNetLiteTrunks, SqueezeNetTrunks,
                                VggTrunks, AlexNetTrunks, DinoV2Trunks, DinoV3Trunks}) {
      std::vector<TrunkRow> rows = family();
      std::move(rows.begin(), rows.end(), std::back_inserter(all));
    }
    return all;
  }();
  return kTrunks;
}

}  // namespace vantage::nn

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "nn/model_source.h"
#include "serialize/pickle.h"

namespace vantage::nn {

// Describes the network of a checkpoint of github.com/naver/deep-image-retrieval, such as
// Resnet-101-AP-GeM.pt: gives its tensors the project's names, and the source a meta, from the file's
// `model_options` and `preprocess`, and the whitenings of `pca`. Returns false, and changes nothing, if the
// file is another's or has a trunk that is not known. Throws Error for options whose network is not computed
// here, or if a PCA is damaged.
bool DescribeDirtorch(const serialize::PickleValue& root, ModelSource& source);

}  // namespace vantage::nn

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "vantage/heads.h"

namespace vantage::nn {

// NetVLAD's three parameters. They are initialised from the same centres and trained independently.
// G = K + ghost clusters.
struct NetVladParameters {
  at::Tensor centroids_DK;
  at::Tensor assignment_weights_DG;
  at::Tensor assignment_bias_G;
};

// weights = 2 alpha c, bias = -alpha ||c||; the ghost clusters are the last of the G centres. Differs from
// the paper, whose bias is -alpha ||c||^2: follows MVA 2022's code.
NetVladParameters NetVladFromCenters(const at::Tensor& centers_GD, const NetVladHeadOptions& options);

// V_dk = sum_n a_nk (x_nd - c_dk), a_n = softmax_k(w_k x_n + b_k), followed by intra-normalisation and
// normalisation of the whole to unit length. locals: B x N x D, of unit length. Returns B x DK. Memory in
// addition to the locals: B x N x G for the assignment and B x D x K.
at::Tensor NetVlad(const at::Tensor& locals_BND, const NetVladParameters& parameters,
                   const NetVladHeadOptions& options);

}  // namespace vantage::nn

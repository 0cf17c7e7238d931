// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "vantage/config/options_description.h"

namespace vantage {

// NetVLAD: Arandjelovic et al., "NetVLAD: CNN architecture for weakly supervised place recognition", CVPR
// 2016, as MVA 2022's code computes it.
struct NetVladOptions {
  // K. 64 in both papers.
  int clusters = 64;
  // Clusters more that take part in the assignment and then are left out (Zhong, Arandjelovic, Zisserman,
  // "GhostVLAD", ACCV 2018).
  int ghost_clusters = 0;
  // How hard locals are assigned when the parameters are made from centres. 30 in MVA 2022's code.
  double alpha = 30;
  // What has unit length before the whole has: "cluster": each cluster's residual (CVPR 2016), "across": for
  // each dimension of the locals all clusters' residuals, "none".
  // Differs from the paper: across is what MVA 2022's code does.
  std::string intra_norm = "across";
  // Order of the descriptor: "dk" by dimension of the locals, then cluster, as MVA 2022's code and hloc;
  // "kd" by cluster, then dimension.
  std::string order = "dk";

  bool operator==(const NetVladOptions&) const = default;
};
void Declare(OptionsDescription& description, NetVladOptions& options);

// Three parameters that begin tied to each other and are trained separately. G = K + ghost clusters.
struct NetVladParameters {
  at::Tensor centroids_DK;
  at::Tensor assignment_weights_DG;
  at::Tensor assignment_bias_G;
};

// weights = 2 alpha c, bias = -alpha ||c||, ghosts the last of the G centres.
// Differs from the paper, whose bias is -alpha ||c||^2: as in MVA 2022's code.
NetVladParameters NetVladFromCenters(const at::Tensor& centers_GD, const NetVladOptions& options);

// V_dk = sum_n a_nk (x_nd - c_dk), a_n = softmax_k(w_k x_n + b_k); then intra-normalisation, and all of unit
// length. locals: B x N x D, of unit length. Memory beside the locals: B x N x G for the assignment and
// B x D x K. Returns B x DK.
at::Tensor NetVlad(const at::Tensor& locals_BND, const NetVladParameters& parameters,
                   const NetVladOptions& options);

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
// Heads, which turn a trunk's features into a descriptor: their kinds and options. A program adds its own
// with RegisterHead (torch.h). Every descriptor has unit length. C: the trunk's channels.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "vantage/choice.h"
#include "vantage/options.h"

namespace vantage {

// Pooling of the feature map and l2n, with optional linear layers before and after: TPAMI 2019, section 3, as
// in cirtorch. Dimension: C, or output_dimension.
struct CirtorchHeadOptions {
  static constexpr const char* kKind = "cirtorch";
  // "gem" (one exponent), "gemmp" (one exponent per channel), "mac", "rmac" or "spoc".
  std::string pooling = "gem";
  // A learned linear layer with bias after pooling (cirtorch's "whitening").
  bool fc_whitening = false;
  // A learned linear layer at every location of the feature map, before pooling.
  bool local_whitening = false;
  // Pools the whole map and each of R-MAC's regions (Tolias et al., ICLR 2016), applies one learned linear
  // layer to each, and adds them up, as cirtorch's Rpool.
  bool regional = false;
  // Rows of the layer of fc_whitening, without which it must be 0. 0: C.
  int output_dimension = 0;
  // Power normalisation: each element x of the pooled descriptor becomes sign(x) |x|^power. The descriptor is
  // then scaled to unit length again; the layer of fc_whitening and whitenings follow. 1: none; 0.5 is usual.
  double power = 1;
  // Scales the pooled descriptor to unit length before the layer of fc_whitening, as in cirtorch; false: as
  // in AP-GeM (Revaud et al., ICCV 2019). The descriptor has unit length in any case.
  bool pooled_norm = true;
};
void Declare(OptionsDescription& description, CirtorchHeadOptions& options);

// The network of CosPlace (CVPR 2022) and EigenPlaces (ICCV 2023): l2n over channels at every location, GeM,
// a linear layer with bias, l2n. A VGG's map is taken before the last ReLU. Dimension: output_dimension.
struct CosPlaceHeadOptions {
  static constexpr const char* kKind = "cosplace";
  // Rows of the linear layer; 0: C.
  int output_dimension = 0;
  // False: no linear layer, as in the benchmark of visual geo-localisation (Berton et al., CVPR 2022).
  bool linear = true;
};
void Declare(OptionsDescription& description, CosPlaceHeadOptions& options);

// How a feature map becomes local features: MVA 2022 (Vaccaro, Bertini, Uricchio, Del Bimbo, "Effective
// triplet mining improves training of multi-scale pooled CNN for image retrieval"), section 3.
struct LocalOptions {
  // Output channels of a learned 1x1 convolution that comes first and is initialised with a PCA; 0: none.
  int projection = 0;
  // Sides of the windows that the map is max-pooled with, at stride 1; the locals of all pooled maps are
  // concatenated. Empty: the map itself. Each in [1, 64]; {2, 3} in the paper.
  std::vector<int64_t> windows = {};
  // Dimension of a local feature; its option is local_dimension. The channels of each location are split into
  // locals of this dimension, which must divide them. 0: one local per location. 512 in the paper.
  int dimension = 0;
  // VGG only: take the map after the last ReLU, as in the paper. False: before it, as in NetVLAD's own
  // networks (Arandjelovic et al., CVPR 2016).
  bool last_relu = true;
};
// Adds the fields directly to a head's section.
void Declare(OptionsDescription& description, LocalOptions& options);

// What follows the aggregation of local features.
struct AggregateOptions {
  // Power normalisation; see CirtorchHeadOptions::power.
  double power = 1;
  // Rows of a learned linear layer with bias, followed by l2n; 0: there is no such layer.
  int output_dimension = 0;
};
void Declare(OptionsDescription& description, AggregateOptions& options);

// NetVLAD over local features: Arandjelovic et al., "NetVLAD: CNN architecture for weakly supervised place
// recognition", CVPR 2016, as MVA 2022's code computes it. Dimension: clusters times that of a local, or
// aggregate.output_dimension.
struct NetVladHeadOptions {
  static constexpr const char* kKind = "netvlad";
  LocalOptions locals = {};
  // Number of clusters, K. 64 in both papers.
  int clusters = 64;
  // Number of additional clusters that take part in the assignment and are then dropped (Zhong, Arandjelovic,
  // Zisserman, "GhostVLAD", ACCV 2018).
  int ghost_clusters = 0;
  // Hardness of the assignment when parameters are made from cluster centres. 30 in MVA 2022's code.
  double alpha = 30;
  // What is scaled to unit length before the whole descriptor is. "cluster": the residual of each cluster
  // (CVPR 2016). "across": for each dimension of the locals, the residuals of all clusters. "none": nothing.
  // Differs from the paper: "across" is what MVA 2022's code does.
  std::string intra_norm = "across";
  // Order of the descriptor's elements. "dk": by dimension of the locals, then by cluster, as in MVA 2022's
  // code and hloc. "kd": by cluster, then by dimension.
  std::string order = "dk";
  AggregateOptions aggregate = {};
};
void Declare(OptionsDescription& description, NetVladHeadOptions& options);

// The generalised mean of local features, with one learned exponent. Dimension: that of a local, or
// aggregate.output_dimension.
struct LocalGemHeadOptions {
  static constexpr const char* kKind = "local-gem";
  LocalOptions locals = {};
  AggregateOptions aggregate = {};
};
void Declare(OptionsDescription& description, LocalGemHeadOptions& options);

// SALAD (Izquierdo and Civera, "Optimal transport aggregation for visual place recognition", CVPR 2024), over
// a transformer's patches and class token. Optimal transport assigns patches to clusters, or to a dust bin
// that discards uninformative ones; each cluster sums up the features of its patches. The descriptor is the
// class token's part and the clusters' sums. Dimension: token_dimension + clusters * cluster_dimension, or
// output_dimension. A photo with at most `clusters` patches is an Error. MegaLoc (Berton and Masone,
// "MegaLoc: One retrieval to place them all", CVPRW 2025) is this head with cluster_dimension 256 and
// output_dimension 8448. Differs from the paper: trained without dropout.
struct SaladHeadOptions {
  static constexpr const char* kKind = "salad";
  // Defaults are those of the authors' network.
  int clusters = 64;
  // Dimension of the features of a patch that a cluster sums up.
  int cluster_dimension = 128;
  // Dimension of the class token's part.
  int token_dimension = 256;
  // Hidden channels of the three MLPs: for the class token, the features of patches and their scores.
  int hidden = 512;
  // Rows of a learned linear layer with bias, followed by l2n; 0: there is no such layer.
  int output_dimension = 0;
};
void Declare(OptionsDescription& description, SaladHeadOptions& options);

// BoQ (Ali-bey, Chaib-draa, Giguere, "BoQ: A place is worth a bag of learnable queries", CVPR 2024): a 3x3
// convolution of the feature map (of a transformer: before the final norm), then `blocks` blocks. In each, a
// transformer encoder layer refines the map, and learned queries attend to its output; attention has heads of
// 64 channels. A linear layer combines the results of all queries into `rows` vectors of `projection`
// channels. Dimension: rows * projection, or output_dimension. The authors' networks have projection 384 with
// DINOv2 B, and 512 with ResNet-50 up to layer3 (resnet50_conv4).
struct BoqHeadOptions {
  static constexpr const char* kKind = "boq";
  // Channels of the convolution and of all attention: a multiple of 64.
  int projection = 384;
  // Learned queries of each block.
  int queries = 64;
  int blocks = 2;
  // Vectors that the results of the blocks * queries queries are combined into.
  int rows = 32;
  // Rows of a learned linear layer with bias, followed by l2n; 0: there is no such layer.
  int output_dimension = 0;
};
void Declare(OptionsDescription& description, BoqHeadOptions& options);

// A transformer's class token after the final norm, of unit length. Dimension: C, or output_dimension.
struct ClassTokenHeadOptions {
  static constexpr const char* kKind = "class-token";
  // Rows of a learned linear layer with bias, followed by l2n; 0: there is no such layer.
  int output_dimension = 0;
};
void Declare(OptionsDescription& description, ClassTokenHeadOptions& options);

// VLAD (Jegou et al., CVPR 2010) of a transformer's tokens, as in AnyLoc (Keetha et al., "AnyLoc: Towards
// universal visual place recognition", RA-L 2023). Local features are the patch tokens of one block, before
// the final norm, of unit length. Each belongs to the nearest cluster centre; residuals are summed per
// cluster, then each sum and the whole are scaled to unit length. The centres are computed by k-means over
// photos; no training is needed. Dimension: clusters * C, or output_dimension. Differs from AnyLoc: takes a
// block's tokens, where AnyLoc recommends the values of its attention; clusters by Euclidean distance instead
// of cosine similarity.
struct VladHeadOptions {
  static constexpr const char* kKind = "vlad";
  // From 0; negative values count from the end: -1 is the last block.
  int block = -1;
  int clusters = 32;
  // Rows of a learned linear layer with bias, followed by l2n; 0: there is no such layer.
  int output_dimension = 0;
};
void Declare(OptionsDescription& description, VladHeadOptions& options);

struct HeadFamily {
  static constexpr const char* kDefault = CirtorchHeadOptions::kKind;
  static const Kinds& Table();
};
using HeadChoice = Choice<HeadFamily>;

}  // namespace vantage

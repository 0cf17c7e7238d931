// SPDX-License-Identifier: BSD-3-Clause
// Heads, which turn a trunk's features into a descriptor: their kinds and options. A program adds its own
// with RegisterHead (torch.h).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "vantage/choice.h"
#include "vantage/options.h"

namespace vantage {

// A pooling of the feature map and l2n, then optional linear layers: TPAMI 2019, section 3, as in cirtorch.
struct CirtorchHeadOptions {
  static constexpr const char* kKind = "cirtorch";
  // "gem" (one exponent), "gemmp" (one exponent per channel), "mac", "rmac" or "spoc".
  std::string pooling = "gem";
  // A learned linear layer with bias after pooling (cirtorch's "whitening").
  bool fc_whitening = false;
  // A learned linear layer at every location of the feature map, before pooling.
  bool local_whitening = false;
  // Pools the whole map and each of R-MAC's regions, whitens each with a learned linear layer, and adds them.
  bool regional = false;
  // Rows of the layer of fc_whitening; 0: as many as the trunk has channels.
  int output_dimension = 0;
  // Power normalisation: each element x of the pooled descriptor becomes sign(x) |x|^power. The descriptor is
  // then scaled to unit length again; the layer of fc_whitening and whitenings follow. 1: none; 0.5 is usual.
  double power = 1;
  // Scales the pooled descriptor to unit length before the layer of fc_whitening, as in cirtorch; false: as
  // in AP-GeM (Revaud et al., ICCV 2019). The descriptor has unit length in any case.
  bool pooled_norm = true;
};
void Declare(OptionsDescription& description, CirtorchHeadOptions& options);

// The network of CosPlace (CVPR 2022) and EigenPlaces (ICCV 2023): their shortened trunk, l2n over channels
// at every location, GeM, a linear layer with bias, l2n.
struct CosPlaceHeadOptions {
  static constexpr const char* kKind = "cosplace";
  // Rows of the linear layer; 0: as many as the trunk has channels.
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
  // Dimension of a local (the option local_dimension): the channels of each location are cut into pieces of
  // this many. 0: one piece. 512 in the paper.
  int dimension = 0;
  // VGG only: take the map after the last ReLU, as in the paper. False: before it, as in NetVLAD's own
  // networks (Arandjelovic et al., CVPR 2016).
  bool last_relu = true;
};
// Adds the fields to those of a head's options, without a section of their own.
void Declare(OptionsDescription& description, LocalOptions& options);

// What follows the aggregation of local features.
struct AggregateOptions {
  // Power normalisation; see CirtorchHeadOptions::power.
  double power = 1;
  // Rows of a learned linear layer with bias, followed by l2n; 0: there is no such layer.
  int output_dimension = 0;
};
void Declare(OptionsDescription& description, AggregateOptions& options);

// Local features and NetVLAD: Arandjelovic et al., "NetVLAD: CNN architecture for weakly supervised place
// recognition", CVPR 2016, as MVA 2022's code computes it.
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

// The generalised mean of local features.
struct LocalGemHeadOptions {
  static constexpr const char* kKind = "local-gem";
  LocalOptions locals = {};
  AggregateOptions aggregate = {};
};
void Declare(OptionsDescription& description, LocalGemHeadOptions& options);

// SALAD (Izquierdo and Civera, "Optimal transport aggregation for visual place recognition", CVPR 2024), over
// a transformer's patches and class token. Scores of patches for clusters, with a dust bin for patches that
// tell nothing, become an assignment by optimal transport; each cluster sums up the features of its patches.
// MegaLoc (Berton and Masone, "MegaLoc: One retrieval to place them all", CVPRW 2025) is this head with
// cluster_dimension 256 and output_dimension 8448. A photo needs more patches than there are clusters.
// Differs from the paper: trained without dropout.
struct SaladHeadOptions {
  static constexpr const char* kKind = "salad";
  int clusters = 64;
  // Dimension of a patch's features that a cluster sums up.
  int cluster_dimension = 128;
  // Dimension of what the class token becomes.
  int token_dimension = 256;
  // Channels inside of the three perceptrons.
  int hidden = 512;
  // Rows of a learned linear layer with bias, followed by l2n; 0: there is no such layer.
  int output_dimension = 0;
};
void Declare(OptionsDescription& description, SaladHeadOptions& options);

// BoQ (Ali-bey, Chaib-draa, Giguere, "BoQ: A place is worth a bag of learnable queries", CVPR 2024): a 3x3
// convolution of the feature map (a transformer's before the final norm), then blocks of a transformer's
// encoder layer and of learned queries that attend to its output, all with heads of 64 channels; the answers
// are combined to `rows` rows. With DINOv2 B the authors' networks have projection 384, with ResNet-50 up to
// layer3 (resnet50_conv4) 512.
struct BoqHeadOptions {
  static constexpr const char* kKind = "boq";
  // Channels of the convolution and of all attention: a multiple of 64.
  int projection = 384;
  // Learned queries of a block.
  int queries = 64;
  int blocks = 2;
  int rows = 32;
  // Rows of a learned linear layer with bias, followed by l2n; 0: there is no such layer.
  int output_dimension = 0;
};
void Declare(OptionsDescription& description, BoqHeadOptions& options);

// A transformer's class token, of unit length.
struct ClassTokenHeadOptions {
  static constexpr const char* kKind = "class-token";
  // Rows of a learned linear layer with bias, followed by l2n; 0: there is no such layer.
  int output_dimension = 0;
};
void Declare(OptionsDescription& description, ClassTokenHeadOptions& options);

// VLAD (Jegou et al., CVPR 2010) of a transformer's tokens, as in AnyLoc (Keetha et al., "AnyLoc: Towards
// universal visual place recognition", RA-L 2023): each patch's token of one block, before the final norm and
// of unit length, belongs to the nearest of the clusters; the residuals are summed up, and each cluster's sum
// and the whole are scaled to unit length. The centres come from k-means over the training photos, and no
// training is needed. Differs from AnyLoc, which prefers the values of attention to tokens and clusters by
// cosines.
struct VladHeadOptions {
  static constexpr const char* kKind = "vlad";
  // From 0; negative values count from the end.
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

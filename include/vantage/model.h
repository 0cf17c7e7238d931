// SPDX-License-Identifier: BSD-3-Clause
// Models: what a network is made of, and what a file of one holds.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "vantage/options.h"
#include "vantage/whitening.h"

namespace vantage::nn {
struct ModelParts;
}

namespace vantage {

// How a feature map becomes local features: MVA 2022 (Vaccaro, Bertini, Uricchio, Del Bimbo, "Effective
// triplet mining improves training of multi-scale pooled CNN for image retrieval"), section 3.
struct LocalOptions {
  // Channels of a learned 1x1 convolution before everything else, which begins as a PCA; 0: none.
  int projection = 0;
  // Sides of the windows that the map is max-pooled with, stride 1; the locals of all pooled maps are taken
  // together. Empty: the map itself. Each in [1, 64]; {2, 3} in the paper.
  std::vector<int64_t> windows;
  // Of a local: each location's channels are cut into pieces of so many. 0: one piece. 512 in the paper.
  int dimension = 0;
  // VGG only: whether the map is taken after the last ReLU, as in the paper, or before it, as in NetVLAD's
  // own networks (Arandjelovic et al., CVPR 2016).
  bool last_relu = true;

  bool operator==(const LocalOptions&) const = default;
};
void Declare(OptionsDescription& description, LocalOptions& options);

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

// What a descriptor network is made of.
struct DescriptorNetOptions {
  // A trunk: `vantage extract --help` lists them.
  std::string architecture = "resnet101";
  // "gem" (one exponent), "gemmp" (one a channel), "mac", "rmac" or "spoc".
  std::string pooling = "gem";
  // A learned linear layer, D x D with bias, after pooling (cirtorch's "whitening").
  bool fc_whitening = false;
  // A learned linear layer at every location of the feature map, before pooling.
  bool local_whitening = false;
  // Pool the whole map and each of R-MAC's regions, whiten each with a learned linear layer, and add them up.
  bool regional = false;
  // What follows the trunk; one of HeadNames(). "cosplace" is the network of CosPlace (CVPR 2022) and
  // EigenPlaces (ICCV 2023): the trunk as they cut it, l2n over channels at every location, GeM, a linear
  // layer with bias, l2n. It takes the pooling "gem" and none of the three layers above. "netvlad" (MVA 2022)
  // and "local-gem" describe a photo by its local features: `locals` and `netvlad` say how. They take the
  // pooling "gem", which means nothing to them, and fc_whitening of an output_dimension.
  std::string head = "cirtorch";
  // Rows of the last linear layer (fc_whitening, or that of "cosplace"); 0: as many as the trunk has
  // channels.
  int output_dimension = 0;
  // Exponent of the power normalisation of the pooled, or aggregated, descriptor, before it gets unit length
  // again and before linear layers and whitenings; 1: none, 0.5 in the field. Range [0.01, 1]. Not of
  // "cosplace". sign(x) |x|^power of each element.
  double power = 1;
  LocalOptions locals;
  NetVladOptions netvlad;

  bool operator==(const DescriptorNetOptions&) const = default;
};
// "cirtorch", "cosplace", "netvlad" and "local-gem".
std::vector<std::string> HeadNames();
// "resnet101-gem, regional, with FC whitening".
std::string NameOf(const DescriptorNetOptions& options);
void Declare(OptionsDescription& description, DescriptorNetOptions& options);
// locals.* and netvlad.*, which are not part of Declare.
void DeclareLocals(OptionsDescription& description, DescriptorNetOptions& options);

// What is said of a network, by its file or by whoever reads it. What is empty, false or 0 is not said.
struct NetWish {
  std::optional<std::string> architecture;
  std::optional<std::string> pooling;
  std::optional<std::string> head;
  bool fc_whitening = false;
  bool local_whitening = false;
  bool regional = false;
  std::optional<int> output_dimension;
  std::optional<double> power;
  std::optional<LocalOptions> locals;
  std::optional<NetVladOptions> netvlad;

  NetWish() = default;
  // Says the names that are not empty, the layers that are there, an output dimension above 0, a power other
  // than 1, and the local options.
  NetWish(const DescriptorNetOptions& options);  // NOLINT: implicit
  // The options' defaults for what is not said, but "" for architecture and pooling.
  DescriptorNetOptions Options() const;
};

// A descriptor network and everything that another user of its file needs to get the same descriptors. Copies
// share the weights.
class Model {
 public:
  // Reads a model: a checkpoint of this project or of cirtorch, CosPlace's or EigenPlaces' weights, or bare
  // weights of a trunk under torchvision's names; a PyTorch file (of the zip format or the one before),
  // safetensors, or the MATLAB file of NetVLAD that hloc takes, told by its first bytes. What the network is
  // made of stands in the file's meta, or else is found from the tensors' names and shapes.
  //
  // wanted: what the network must be made of; for trunk weights alone it says what follows the trunk, or GeM.
  // Throws UsageError if the file contradicts it.
  //
  // allow_missing: beginnings of names. A tensor that begins so may be missing in the file (it keeps its
  // initial value, which is logged) or may be unknown to the network (it is left out). Classifiers of
  // published weights are left out without it. A name is the file's or the network's.
  //
  // Throws Error naming the file where it is damaged or its weights are not those that it was written with,
  // and naming tensors (three first, with shapes) that are unknown, missing or of another shape.
  static Model Read(const std::filesystem::path& path, const NetWish& wanted = {},
                    const std::vector<std::string>& allow_missing = {});

  // Writes the model in one of Formats(), whole or not at all. Bare tensors go into a safetensors file if the
  // name ends so. Throws UsageError for an unknown format, or one that the network or the name does not fit;
  // Error if the disk is full.
  void Write(const std::filesystem::path& path, const std::string& format = "checkpoint") const;
  // "checkpoint" (cirtorch's schema, which Python's torch.load opens; a safetensors file if the name ends
  // so), "cosplace" (the bare tensors as CosPlace and EigenPlaces publish them), "safetensors" (a
  // checkpoint), "weights" (the trunk's tensors alone under its own, torchvision's, names).
  static std::vector<std::string> Formats();

  // Dimension D of the descriptors, without whitening.
  int64_t dimension() const;
  const DescriptorNetOptions& net_options() const;
  // Longest side that photos are reduced to, pixels; 0: not known.
  int image_size() const;
  // Scales that photos are described at unless others are asked for.
  const std::vector<double>& scales() const;
  // Licence of the weights; "" if not known.
  const std::string& licence() const;
  void SetLicence(const std::string& licence);
  // Where it came from, as JSON text: configuration, training set, trunk weights, version.
  const std::string& origin() const;
  // SHA-256 of the file that it was read from; "" if there is none, or the model was changed since.
  const std::string& file_sha256() const;

  const std::map<std::string, ModelWhitening>& whitenings() const;
  // Name of the one that belongs to the descriptor unless another is asked for; "": none.
  const std::string& default_whitening() const;
  // Adds or replaces a whitening, which becomes the default one.
  void SetWhitening(const std::string& name, ModelWhitening whitening);

  // Moves the weights: "cpu", "cuda" or "cuda:1". Throws UsageError if there is no such device.
  void MoveTo(const std::string& device);

  // For vantage's own modules.
  Model(nn::ModelParts parts);  // NOLINT: implicit
  const nn::ModelParts& parts() const { return *parts_; }
  nn::ModelParts& parts() { return *parts_; }

  ~Model();
  Model(const Model& other);
  Model(Model&& other) noexcept;
  Model& operator=(const Model& other);
  Model& operator=(Model&& other) noexcept;

 private:
  std::unique_ptr<nn::ModelParts> parts_;
};

struct TensorInfo {
  std::string name;
  std::string type;  // "float32", "int64", ...
  std::vector<int64_t> shape;
};

// What a model file holds.
struct ModelInfo {
  // "vantage checkpoint", "cirtorch checkpoint", "CosPlace or EigenPlaces weights", "NetVLAD weights of
  // MVA 2022's code", "pytorch-NetVlad weights", "hloc's NetVLAD weights", "weights of resnet18"
  // (with its classifier: as torchvision publishes them), "trunk weights of resnet18", "unknown weights".
  std::string kind;
  std::string format;  // "PyTorch zip", "PyTorch before 1.6", "safetensors", "MATLAB 5"
  std::vector<TensorInfo> tensors;
  // Elements of all tensors but the statistics of batch norms.
  int64_t parameters = 0;
  // "" where the file does not tell.
  std::string architecture;
  std::string pooling;
  std::string head;
  // Licence under which weights of the trunk are published under these names, of bare weights; "" if it is not
  // known.
  std::string published_licence;
  int64_t dimension = 0;  // of the descriptors; 0 where the file does not tell
  struct WhiteningInfo {
    std::string name;
    std::string scales;  // "ss": learned at one scale, "ms": at several
    std::vector<int64_t> shape;
  };
  std::vector<WhiteningInfo> whitenings;
  // As cirtorch's checkpoints and this project's have them, JSON text: mean, std, and under "vantage"
  // everything that this project adds; "null" where there is none.
  std::string meta = "null";
  // Epoch that training had reached; -1 where the file does not tell.
  int64_t epoch = -1;
  bool has_optimizer = false;
};

// Reads names, shapes and facts of a model file, and no weights. Throws Error naming the file where it is
// damaged or no model's.
ModelInfo ReadModelInfo(const std::filesystem::path& path);

// Describing photos otherwise than the network was trained to, without learning anything: the pooling of
// SuperGlobal (Shao et al., Global Features are All You Need for Image Retrieval and Reranking, ICCV 2023).
// The defaults change nothing.
struct SuperGlobalPooling {
  // Regional GeM: each location of the last feature map becomes the mean of itself and of the generalised
  // mean of the square of so many locations around it (odd; 5 in the paper's code). 0: it stays.
  int regional_size = 0;
  // Exponent of that generalised mean.
  double regional_exponent = 2.5;  // of the paper's code
  // GeM's exponent in place of the model's own (4.6 in the paper's code). 0: the model's own.
  double exponent = 0;
  // How the descriptors of several scales become one: "mean", as TPAMI 2019 (with GeM's exponent where GeM is
  // the only thing after the trunk); "max", the largest of each dimension after each has unit length (scale
  // GeM with an infinite exponent); "gem", their generalised mean of the exponent 10, less the smallest value
  // before and with it again after.
  std::string scale_pooling = "mean";

  bool operator==(const SuperGlobalPooling&) const = default;
};
void Declare(OptionsDescription& description, SuperGlobalPooling& options);

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
// Models: the architecture of a network, and the content of a model file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "vantage/options.h"
#include "vantage/preprocessing.h"
#include "vantage/whitening.h"

namespace vantage::nn {
struct ModelParts;
}

namespace vantage {

// How a feature map becomes local features: MVA 2022 (Vaccaro, Bertini, Uricchio, Del Bimbo, "Effective
// triplet mining improves training of multi-scale pooled CNN for image retrieval"), section 3.
struct LocalOptions {
  // Output channels of a learned 1x1 convolution that comes first and is initialised with a PCA; 0: none.
  int projection = 0;
  // Sides of the windows that the map is max-pooled with, at stride 1; the locals of all pooled maps are
  // concatenated. Empty: the map itself. Each in [1, 64]; {2, 3} in the paper.
  std::vector<int64_t> windows;
  // Dimension of a local: the channels of each location are cut into pieces of this many. 0: one piece. 512
  // in the paper.
  int dimension = 0;
  // VGG only: take the map after the last ReLU, as in the paper. False: before it, as in NetVLAD's own
  // networks (Arandjelovic et al., CVPR 2016).
  bool last_relu = true;

  bool operator==(const LocalOptions&) const = default;
};
void Declare(OptionsDescription& description, LocalOptions& options);

// NetVLAD: Arandjelovic et al., "NetVLAD: CNN architecture for weakly supervised place recognition", CVPR
// 2016, as MVA 2022's code computes it.
struct NetVladOptions {
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

  bool operator==(const NetVladOptions&) const = default;
};
void Declare(OptionsDescription& description, NetVladOptions& options);

// Architecture of a descriptor network.
struct DescriptorNetOptions {
  // Trunk; `vantage extract --help` lists the names.
  std::string architecture = "resnet101";
  // "gem" (one exponent), "gemmp" (one exponent per channel), "mac", "rmac" or "spoc".
  std::string pooling = "gem";
  // A learned linear layer, D x D with bias, after pooling (cirtorch's "whitening").
  bool fc_whitening = false;
  // A learned linear layer at every location of the feature map, before pooling.
  bool local_whitening = false;
  // Pool the whole map and each of R-MAC's regions, whiten each with a learned linear layer, and add them up.
  bool regional = false;
  // What follows the trunk; one of HeadNames(). "cosplace" is the network of CosPlace (CVPR 2022) and
  // EigenPlaces (ICCV 2023): their shortened trunk, l2n over channels at every location, GeM, a linear layer
  // with bias, l2n. It requires the pooling "gem" and none of the three layers above. "netvlad" (MVA 2022)
  // and "local-gem" describe a photo by its local features, as `locals` and `netvlad` say. They require the
  // pooling "gem" (ignored); they accept fc_whitening, which then requires output_dimension.
  std::string head = "cirtorch";
  // Rows of the last linear layer (fc_whitening, or that of "cosplace"); 0: as many as the trunk has
  // channels.
  int output_dimension = 0;
  // Power normalisation: each element x of the pooled or aggregated descriptor becomes sign(x) |x|^power. The
  // descriptor is then scaled to unit length again; linear layers and whitenings follow. 1: none; 0.5 is
  // usual. [0.01, 1]. Not for "cosplace".
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
// Declares locals.* and netvlad.*, which Declare leaves out.
void DeclareLocals(OptionsDescription& description, DescriptorNetOptions& options);

// Facts about a network that its file or its reader states. Empty, false or 0: not stated.
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
  // States the names that are not empty, the layers that are there, an output dimension above 0, a power
  // other than 1, and always `locals` and `netvlad`.
  NetWish(const DescriptorNetOptions& options);  // NOLINT: implicit
  // The stated facts, and defaults for the others; architecture and pooling default to "".
  DescriptorNetOptions Options() const;
};

// A descriptor network, and everything that another user of its file needs to get the same descriptors.
// Copies share the weights.
class Model {
 public:
  // Reads a model: a checkpoint of this project or of cirtorch, weights of CosPlace or EigenPlaces, or bare
  // weights of a trunk under torchvision's names. The file is a PyTorch file (zip format or the one before),
  // safetensors, or the MATLAB file of NetVLAD that hloc uses; its first bytes decide which. The architecture
  // comes from the file's meta or, without it, from the names and shapes of the tensors.
  //
  // wanted: what the network must be made of. For bare trunk weights it also says what follows the trunk; GeM
  // by default. Throws UsageError if the file contradicts it.
  //
  // allow_missing: prefixes of tensor names, in the file or in the network. A tensor with such a prefix may
  // be missing in the file (it keeps its initial value, and the log names it) or unknown to the network (it
  // is left out). Classifiers of published weights are always left out.
  //
  // Throws Error naming the file if it is damaged, or if its weights are not those that it was written with.
  // Throws Error naming tensors (the first three, with shapes) that are unknown, missing or of another shape.
  static Model Read(const std::filesystem::path& path, const NetWish& wanted = {},
                    const std::vector<std::string>& allow_missing = {});

  // Writes the model in one of Formats(), whole or not at all. Bare tensors become a safetensors file if the
  // name ends in .safetensors. Throws UsageError if the format is unknown or does not fit the network or the
  // name; Error if the disk is full.
  void Write(const std::filesystem::path& path, const std::string& format = "checkpoint") const;
  // Names of the formats: "checkpoint" (cirtorch's schema, which Python's torch.load opens; a safetensors
  // file if the name ends in .safetensors), "cosplace" (bare tensors, as CosPlace and EigenPlaces publish
  // them), "safetensors" (a checkpoint), "weights" (only the trunk's tensors, under torchvision's names).
  static std::vector<std::string> Formats();

  // Dimension D of the descriptors before whitening.
  int64_t dimension() const;
  const DescriptorNetOptions& net_options() const;
  // How photos are prepared to be described, and how they were for training; unset: not known.
  const std::optional<Preprocessing>& preprocessing() const;
  const std::optional<Preprocessing>& training_preprocessing() const;
  // Scales that photos are described at by default.
  const std::vector<double>& scales() const;
  // Licence of the weights; "" if not known.
  const std::string& licence() const;
  void SetLicence(const std::string& licence);
  // Origin of the model as JSON text: configuration, training set, trunk weights, version.
  const std::string& origin() const;
  // SHA-256 of the file that the model was read from; "" if there is none, or if the model was changed since.
  const std::string& file_sha256() const;

  const std::map<std::string, ModelWhitening>& whitenings() const;
  // Name of the whitening that is applied by default; "": none.
  const std::string& default_whitening() const;
  // Adds or replaces a whitening and makes it the default.
  void SetWhitening(const std::string& name, ModelWhitening whitening);

  // Moves the weights to "cpu", "cuda" or "cuda:1". Throws UsageError if there is no such device.
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

// Content of a model file.
struct ModelInfo {
  // "vantage checkpoint", "cirtorch checkpoint", "CosPlace or EigenPlaces weights", "NetVLAD weights of
  // MVA 2022's code", "pytorch-NetVlad weights", "hloc's NetVLAD weights", "weights of resnet18"
  // (with its classifier: as torchvision publishes them), "trunk weights of resnet18", "unknown weights".
  std::string kind;
  std::string format;  // "PyTorch zip", "PyTorch before 1.6", "safetensors", "MATLAB 5"
  std::vector<TensorInfo> tensors;
  // Elements of all tensors, except statistics of batch norms.
  int64_t parameters = 0;
  // "" if the file does not say.
  std::string architecture;
  std::string pooling;
  std::string head;
  // For bare weights of a trunk: the licence under which weights with these names are published; "" if it is
  // not known.
  std::string published_licence;
  int64_t dimension = 0;  // of the descriptors; 0 if the file does not say
  struct WhiteningInfo {
    std::string name;
    std::string scales;  // "ss": learned at one scale, "ms": at several
    std::vector<int64_t> shape;
  };
  std::vector<WhiteningInfo> whitenings;
  // The meta of cirtorch's and this project's checkpoints, as JSON text: mean, std, and under "vantage"
  // everything that this project adds. "null" if there is none.
  std::string meta = "null";
  // Epoch that training had reached; -1 if the file does not say.
  int64_t epoch = -1;
  bool has_optimizer = false;
};

// Reads names, shapes and facts of a model file, but no weights. Throws Error naming the file if it is
// damaged or not a model.
ModelInfo ReadModelInfo(const std::filesystem::path& path);

// Changes to how a trained network describes photos, without further training: the pooling of SuperGlobal
// (Shao et al., Global Features are All You Need for Image Retrieval and Reranking, ICCV 2023). The defaults
// change nothing.
struct SuperGlobalPooling {
  // Regional GeM: each location of the last feature map becomes the mean of itself and of the generalised
  // mean over a square of this many locations per side around it (odd; 5 in the paper's code). 0: off.
  int regional_size = 0;
  // Exponent of that generalised mean.
  double regional_exponent = 2.5;  // as in the paper's code
  // GeM's exponent, instead of the model's own (4.6 in the paper's code). 0: the model's own.
  double exponent = 0;
  // How the descriptors of several scales become one. "mean": as in TPAMI 2019 (with GeM's exponent if GeM is
  // the only layer after the trunk). "max": the largest value of each dimension, after each descriptor is
  // scaled to unit length (scale GeM with an infinite exponent). "gem": their generalised mean with exponent
  // 10; the smallest value is subtracted before and added again after.
  std::string scale_pooling = "mean";

  bool operator==(const SuperGlobalPooling&) const = default;
};
void Declare(OptionsDescription& description, SuperGlobalPooling& options);

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
// Models: the architecture of a network, and the content of a model file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "vantage/heads.h"
#include "vantage/options.h"
#include "vantage/preprocessing.h"
#include "vantage/whitening.h"

namespace vantage::nn {
struct ModelParts;
}

namespace vantage {

// Architecture of a descriptor network.
struct DescriptorNetOptions {
  // Trunk; `vantage extract --help` lists the names. A transformer's name may state that it differs in the
  // number of blocks or in how learned positions are resized: "dinov2_vits14:blocks=2,positions=size"
  // (docs/formats.md).
  std::string architecture = "resnet101";
  // What follows the trunk.
  HeadChoice head = {};

  bool operator==(const DescriptorNetOptions&) const = default;
};
// "resnet101 with the head cirtorch:pooling=mac": options of the head are named that differ from the
// defaults.
std::string NameOf(const DescriptorNetOptions& options);
void Declare(OptionsDescription& description, DescriptorNetOptions& options);

// What a user states about the network of a file. Empty: not stated.
struct NetWish {
  std::string architecture = {};
  // A kind of head and the options that are stated: "netvlad" or "netvlad:windows=2,3". See SetChoice.
  std::string head = {};
  // Where the network's tensors are: the beginning of their names, with the keys of their dictionaries, as in
  // "state_dict_ema" or "teacher.backbone". Needed if a file holds several networks.
  std::string state = {};
  // "FROM=TO", in order: tensors whose names begin with FROM are read under names that begin with TO. Names
  // are those that ReadModelInfo gives.
  std::vector<std::string> rename = {};

  NetWish() = default;
  NetWish(std::string trunk, std::string head_text)
      : architecture(std::move(trunk)), head(std::move(head_text)) {}
  // States the architecture, the kind of head, and the head's options that differ from their defaults.
  NetWish(const DescriptorNetOptions& options)  // NOLINT(google-explicit-constructor)
      : architecture(options.architecture), head(options.head.Text()) {}
};
void Declare(OptionsDescription& description, NetWish& wish);

// A descriptor network, and everything that another user of its file needs to get the same descriptors.
// Copies share the weights.
class Model {
 public:
  // Reads a model: a checkpoint of this project, of cirtorch or of a trainer; weights of CosPlace,
  // EigenPlaces, MegaLoc, SALAD, BoQ or a NetVLAD network; or bare weights of a trunk under torchvision's
  // names, or of DINOv2 and DINOv3 under Meta's, timm's or transformers' (docs/formats.md). The file is a
  // PyTorch file (zip format or the one before PyTorch 1.6), safetensors, or the MATLAB file of NetVLAD that
  // hloc uses; its first bytes decide which. The architecture comes from the file's meta or, without it, from
  // the names and shapes of the tensors.
  //
  // wanted: what the network must be made of. Options that the file does not reveal take the stated values.
  // For bare trunk weights that is the whole head; cirtorch with GeM by default. Throws UsageError if the
  // file contradicts what is stated.
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
  // them), "safetensors" (a checkpoint), "weights" (only the trunk's tensors, under torchvision's or Meta's
  // names), "timm" and "transformers" (the tensors of a vision transformer, under these libraries' names),
  // "megaloc", "salad" and "boq" (the tensors that their authors' code loads). All except checkpoint and
  // safetensors hold no whitenings and no preprocessing.
  static std::vector<std::string> Formats();

  // Dimension D of the descriptors before whitening.
  int64_t dimension() const;
  const DescriptorNetOptions& net_options() const;
  // How photos are prepared to be described, and how they were for training; unset: not known.
  const std::optional<Preprocessing>& preprocessing() const;
  const std::optional<Preprocessing>& training_preprocessing() const;
  // Whether photos are turned as their EXIF orientation says; unset: not known.
  std::optional<bool> applies_exif_orientation() const;
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
  // MVA 2022's code", "pytorch-NetVlad weights", "hloc's NetVLAD weights", "MegaLoc weights", "SALAD
  // weights", "BoQ weights", "weights of resnet18" (with its classifier: as torchvision publishes them),
  // "trunk weights of resnet18", "deep-image-retrieval checkpoint",
  // "deep-visual-geo-localization-benchmark weights", "several networks", "unknown weights".
  std::string kind;
  std::string format;  // "PyTorch zip", "PyTorch before 1.6", "safetensors", "MATLAB 5"
  // Whose names the tensors have: "timm", "hloc", ...; "" for those of this project, cirtorch, torchvision
  // and for unknown ones.
  std::string layout;
  // Where the network was found: keys of the dictionaries that its tensors are in, joined by points ("": the
  // file's own dictionary), and what is left out of their names, a prefix and parts that wrappers inserted.
  std::string dictionaries;
  std::string prefix;
  std::vector<std::string> wrappers;
  // What else the file holds, by key or beginning of names, and what it is: "8 tensors", "dict".
  std::map<std::string, std::string> ignored;
  // Tensors beside the network's that it does not have: reading the model is an error unless allow_missing
  // has the beginning of their names.
  std::map<std::string, std::string> unknown;
  // If the file holds several networks: the beginnings of their tensors' names (NetWish::state), and what
  // they are.
  std::map<std::string, std::string> networks;
  std::vector<TensorInfo> tensors;
  // Elements of all tensors, except statistics of batch norms.
  int64_t parameters = 0;
  // "" if the file does not say.
  std::string architecture;
  // None (head.kind() is "") if the file does not say, or if it holds the weights of a trunk alone.
  HeadChoice head{""};
  // For files without meta: the licence under which weights with these names are published, and how their
  // authors prepare photos, as ParsePreprocessing reads it; each "" if not known. Files with meta have both
  // there.
  std::string published_licence;
  std::string preprocessing;
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
// damaged or not a model. wish: see NetWish::state and rename; the rest is not used.
ModelInfo ReadModelInfo(const std::filesystem::path& path, const NetWish& wish = {});

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

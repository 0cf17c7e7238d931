// SPDX-License-Identifier: BSD-3-Clause
// Turns photos into descriptors.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "vantage/descriptors.h"
#include "vantage/image.h"
#include "vantage/model.h"
#include "vantage/options.h"
#include "vantage/photos.h"
#include "vantage/preprocessing.h"
#include "vantage/run_context.h"
#include "vantage/whitening.h"

namespace vantage::nn {
class DescriptorNet;
}

namespace vantage {

class FileLock;

// The limit on the pixels of all photos in one pass on a GPU, if batch_pixels is 0.
inline constexpr int64_t kGpuBatchPixels = int64_t{1} << 22;

struct ExtractOptions {
  Preprocessing preprocessing = LongestSide(1024);  // TPAMI 2019, section 5.1; 362 for training
  // Turn photos as their EXIF orientation says.
  bool apply_exif_orientation = false;
  // Scales at which a preprocessed photo is described. It is resized bilinearly to each, and the descriptors
  // are averaged (TPAMI 2019, section 5.1).
  std::vector<double> scales = {1};
  // "exact": decodes photos at full resolution, as cirtorch does. "fast": decodes at reduced size (JPEG: a
  // half, a quarter or an eighth) to at least the size of the first preprocessing step, if the format allows
  // it and that step is kLongest; descriptors change a little (docs/performance.md). Photos with a box are
  // always decoded exactly.
  std::string decode = "exact";
  // Number format of the trunk's computation: "fp32", "tf32", "bf16" or "fp16".
  std::string precision = "fp32";
  // Photos of exactly equal size share a pass through the network, up to this many pixels together. 0: one
  // photo per pass on a CPU, where batches gain nothing, and 2^22 pixels on a GPU.
  int64_t batch_pixels = 0;
  // Changes to the model's own pooling.
  SuperGlobalPooling super_global;
};

// Throws UsageError naming the first option whose value is not allowed.
void CheckOptions(const ExtractOptions& options);

// Decodes photo i and applies the preprocessing's steps on photos. A box is cut out first, then reduced by
// the factor for the whole photo, as cirtorch does for the queries of Oxford and Paris. Throws Error naming
// the photo.
Image LoadPhoto(const PhotoSource& photos, int64_t i, const ExtractOptions& options);

// Parses "1,0.7071,0.5": one to sixteen numbers in [0.01, 16]. Throws UsageError.
std::vector<double> ParseScales(const std::string& text);

// How photos are described. Defaults come from the model; docs/reference/extract.md explains each option.
struct ModelDescriptorOptions {
  int image_size = 0;
  // As ParsePreprocessing reads it, or "default": the model's own, with image_size if that is above 0.
  std::string preprocessing = "default";
  // "apply", "ignore", or "default": the model's own.
  std::string exif_orientation = "default";
  // As ParseScales reads them, or "default": the model's own.
  std::string scales = "default";
  std::string whitening = "default";
  int dimension = 0;
  std::string decode = "exact";
  std::string precision = "fp32";
  int64_t batch_pixels = 0;
  SuperGlobalPooling super_global;
};
void Declare(OptionsDescription& description, ModelDescriptorOptions& options);

// The preprocessing and the scales that result from the options and the model. Throws UsageError if
// image_size and preprocessing are both set.
Preprocessing EffectivePreprocessing(const Model& model, const ModelDescriptorOptions& options);
std::vector<double> EffectiveScales(const Model& model, const ModelDescriptorOptions& options);
// Whether photos are turned as their EXIF orientation says. They are if neither the options nor the model
// says.
bool EffectiveExifOrientation(const Model& model, const ModelDescriptorOptions& options);

// The whitening that the options name; empty for none. Prefers the version learned at one scale or at
// several, as the scales are. Throws UsageError if the model has none of that name (the message lists its
// whitenings), or if a dimension is asked for without whitening.
std::optional<Whitening> ChooseWhitening(const Model& model, const ModelDescriptorOptions& options);

// Provenance of the descriptors that the model makes with these options. path: the model's file. A model that
// was created or changed has no SHA-256 until it is written and read again.
DescriptorProvenance ProvenanceOf(const Model& model, const std::string& path,
                                  const ModelDescriptorOptions& options);

// The options, with the model's own values filled in.
ExtractOptions ResolveOptions(const Model& model, const ModelDescriptorOptions& options);

// Outcome of describing one photo.
struct DescribedPhoto {
  std::vector<float> values;  // its descriptor; empty if it failed
  std::string reason;         // why it failed
};

// Turns photos into descriptors: a network prepared for inference, its preprocessing and its whitening. The
// class to embed in a program. Copies are cheap and share the network. All methods may be called from several
// threads.
//
//   const Describer describer = Describer::Load("model.pth");
//   const std::vector<float> descriptor = describer.Describe("photo.jpg");
//
// Everything that affects a descriptor comes from the model file unless the options override it, so two users
// of one file get the same descriptors. A process that describes many photos should call KeepFreedMemory
// (run_context.h) first.
class Describer {
 public:
  // For vantage's own modules: the network as it is now (its weights are copied), without whitening. Throws
  // UsageError if an option is wrong or bf16 would be very slow on this machine.
  explicit Describer(const nn::DescriptorNet& net, const ExtractOptions& options = {});
  // The model with its whitening. Throws UsageError as above, and as ChooseWhitening does.
  explicit Describer(const Model& model, const ModelDescriptorOptions& options = {});
  // The same, with the model's tensors instead of copies, which needs less memory and time. Afterwards, also
  // if it throws, the model may only be assigned to or destroyed. Tensors that copies of the model share must
  // not be changed in place.
  static Describer Take(Model&& model, const ModelDescriptorOptions& options = {});
  // device: see Model::MoveTo. Throws Error as Model::Read does.
  static Describer Load(const std::filesystem::path& path, const ModelDescriptorOptions& options = {},
                        const std::string& device = "cpu");

  // Dimension D of the descriptors.
  int64_t dimension() const;
  // The options in effect, with the model's own values and the device's batch size filled in.
  const ExtractOptions& options() const;
  // SHA-256 of the model's file, as descriptor files store it. Compare it to decide whether descriptors may
  // be compared. "" if no file was loaded.
  const std::string& model_sha256() const;
  // Licence of the model's weights; "" if not known.
  const std::string& licence() const;
  // Whether the network computes on the CPU.
  bool IsOnCpu() const;
  // SHA-256 of everything that can change a descriptor, if only in the last bit: version, network, weights,
  // whitening, options, kind of device and SIMD level. Computed by the first call.
  const std::string& identity() const;

  // The descriptor of a photo of any size: D floats of unit length. Throws Error if the photo is too small
  // for the network, its descriptor is not finite, or memory runs out.
  std::vector<float> Describe(const Image& photo) const;
  // Reads the photo first, and turns it by its EXIF orientation if options() say so; an Image is taken as it
  // is. Throws Error naming the file, also if it cannot be read.
  std::vector<float> Describe(const std::filesystem::path& photo) const;

  // Descriptors of photos of any sizes, one row each. Photos that have the same size after preprocessing
  // share passes through the network. Throws Error as above, naming the index of the photo.
  DescriptorMatrix Describe(const std::vector<Image>& photos) const;

  // The same for images to which the steps on photos were already applied (LoadPhoto); applies those on the
  // tensor. Reports images that are too small for the network, or whose descriptor is not finite, instead of
  // throwing. Throws Error for failures not caused by a photo: lack of memory, a fault of the device.
  std::vector<DescribedPhoto> DescribeReduced(const std::vector<Image>& images) const;

 private:
  struct State;
  explicit Describer(std::shared_ptr<const State> state);

  std::shared_ptr<const State> state_;
};

// Identifies a descriptor in a store: the first half of a SHA-256.
using DescriptorKey = std::array<unsigned char, 16>;

// Key of the descriptor that a describer makes of photo i. It depends on the describer (Describer::identity),
// the photo's identity and its box. Empty if the photo has no identity.
std::optional<DescriptorKey> KeyOf(const std::string& describer_identity, const PhotoSource& photos,
                                   int64_t i);

// Descriptors on disk, kept while a task makes them. If the task is killed, it resumes without making them
// again, even if photos were added. Failed photos are not kept; they are read again. One process at a time
// can hold a store.
class DescriptorStore {
 public:
  // Opens the file or creates it. Cuts off an incomplete record that a killed process left at the end. Throws
  // Error if another process holds the file, or if it is not a store.
  explicit DescriptorStore(std::filesystem::path path);
  // Deletes the file if it holds no descriptors.
  ~DescriptorStore();
  DescriptorStore(const DescriptorStore&) = delete;
  DescriptorStore& operator=(const DescriptorStore&) = delete;

  const std::filesystem::path& path() const { return path_; }
  // Number of descriptors.
  size_t size() const { return places_.size(); }
  // Number of descriptors that earlier runs left; 0 from the second call on.
  size_t TakeHeldBefore() { return std::exchange(held_before_, 0); }

  // Fills `values` and returns true if the store has a descriptor with that key and that dimension.
  bool Read(const DescriptorKey& key, std::span<float> values) const;

  // Adds descriptors of equal dimension. If the process is killed meanwhile, none of them is stored. Throws
  // Error if the disk is full.
  void Append(const std::vector<std::pair<DescriptorKey, std::vector<float>>>& descriptors);

  // Removes all descriptors.
  void Clear();

  // Deletes the file. Call nothing else afterwards.
  void Remove();

  // Deletes the store of an earlier run, if there is one. Throws as the constructor does.
  static void Discard(const std::filesystem::path& path);

 private:
  struct Place {
    uint64_t offset = 0;  // of the first float
    uint32_t dimension = 0;
  };
  // Records the places of the descriptors in a record's payload that starts at `offset`. False if the payload
  // is damaged.
  bool Index(const std::string& payload, uint64_t offset);
  void Cut(uint64_t size) const;

  std::filesystem::path path_;
  std::unique_ptr<FileLock> lock_;
  uint64_t begin_ = 0;  // end of the file's head, where the first record starts
  uint64_t end_ = 0;    // end of the last whole record
  size_t held_before_ = 0;
  bool is_removed_ = false;
  std::map<DescriptorKey, Place> places_;
};

// Describes photos. Each photo is described, or listed in `failed` if it cannot be read, is too small for the
// network, or has a descriptor that is not finite; a failed photo does not stop the others.
// Worker threads decode ahead. On a CPU, each also describes what it decoded, so that the cores work on
// photos in parallel. Photos of equal size are batched within windows of consecutive photos. The windows
// depend only on the list and the options. Every bit of the result is therefore independent of the number of
// threads and of where a run of the same list was interrupted, unless memory ran short.
// With a store, descriptors are kept there as they are made. A window is not described again if the store
// holds all of its photos.
// Memory: the descriptors and the photos in progress. Throws Interrupted; Error for lack of memory or a fault
// of the device.
ExtractedDescriptors ExtractDescriptors(const Describer& describer, const PhotoSource& photos,
                                        const RunContext& context = {}, DescriptorStore* store = nullptr);

// Describes named photos. Leaves out and lists those that fail. Throws Error if all fail.
DescriptorFile ExtractNamedPhotos(const Describer& describer, NamedPhotos photos,
                                  const RunContext& context = {}, DescriptorStore* store = nullptr);

}  // namespace vantage

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
#include "vantage/run_context.h"
#include "vantage/whitening.h"

namespace vantage::nn {
class DescriptorNet;
}

namespace vantage {

class FileLock;

// Photos of equal size that share a pass on a GPU have together at most so many pixels, where no option says.
inline constexpr int64_t kGpuBatchPixels = int64_t{1} << 22;

struct ExtractOptions {
  // Photos are reduced so that their longest side has at most so many pixels; never enlarged.
  int image_size = 1024;  // TPAMI 2019, section 5.1: 1024 for testing, 362 for training
  // Turn photos as their EXIF orientation says. Off as in cirtorch.
  bool apply_exif_orientation = false;
  // Scales that a photo, reduced to image_size, is described at: each resized bilinearly, the descriptors
  // averaged (TPAMI 2019, section 5.1).
  std::vector<double> scales = {1};
  // "exact": photos are decoded at full resolution, as cirtorch does. "fast": photos of formats that can be
  // decoded small (JPEG: at a half, a quarter or an eighth of their size) are, if that is still as large as
  // image_size; descriptors change a little (docs/performance.md).
  // Parts of photos are decoded exactly in any case.
  std::string decode = "exact";
  // What the trunk computes in: "fp32", "tf32", "bf16" or "fp16".
  std::string precision = "fp32";
  // Photos of exactly equal size share a pass through the network while they have together at most so many
  // pixels. 0: each alone on a CPU, where nothing is won by it, and 2^22 on a GPU.
  int64_t batch_pixels = 0;
  // Pooling other than the model's own.
  SuperGlobalPooling super_global;
};

// Throws UsageError naming the first option whose value breaks its rule.
void CheckOptions(const ExtractOptions& options);

// A photo reduced to the size that the network takes. A box is cut out first and reduced by the factor that
// the whole photo would be, as cirtorch does for the queries of Oxford and Paris. Throws Error naming the
// photo.
Image LoadPhoto(const PhotoRequest& request, const ExtractOptions& options);

// "1,0.7071,0.5": one to sixteen numbers in [0.01, 16]. Throws UsageError.
std::vector<double> ParseScales(const std::string& text);

// How photos are described, with what the model says as default: docs/reference/extract.md explains each
// option.
struct ModelDescriptorOptions {
  int image_size = 0;
  bool apply_exif_orientation = false;
  // As ParseScales reads them. A model's whitening learned at several scales is taken for several.
  std::string scales = "default";
  std::string whitening = "default";
  int dimension = 0;
  std::string decode = "exact";
  std::string precision = "fp32";
  int64_t batch_pixels = 0;
  SuperGlobalPooling super_global;
};
void Declare(OptionsDescription& description, ModelDescriptorOptions& options);

// The size and the scales that the options and the model come to.
int EffectiveImageSize(const Model& model, const ModelDescriptorOptions& options);
std::vector<double> EffectiveScales(const Model& model, const ModelDescriptorOptions& options);

// The whitening that the options name, or nothing for none. Throws UsageError that lists the model's where it
// has none of that name, or a dimension is asked for without whitening.
std::optional<Whitening> ChooseWhitening(const Model& model, const ModelDescriptorOptions& options);

// What the model and the options make of photos. path: the model's file. A model that was changed or made has
// no SHA-256 until it is written and read again.
DescriptorProvenance ProvenanceOf(const Model& model, const std::string& path,
                                  const ModelDescriptorOptions& options);

// The options with the model's own values filled in.
ExtractOptions ResolveOptions(const Model& model, const ModelDescriptorOptions& options);

// What became of one photo.
struct DescribedPhoto {
  std::vector<float> values;  // its descriptor; empty if it failed
  std::string reason;         // why it failed
};

// Turns photos into descriptors: a network made ready for that alone, its preprocessing and its whitening.
// What a program embeds. Copies are cheap and share the network; all methods may be called from several
// threads.
//
//   const Describer describer = Describer::Load("model.pth");
//   const std::vector<float> descriptor = describer.Describe(ReadImage("photo.jpg"));
//
// Everything that decides a descriptor comes from the model file unless the options say otherwise, so that
// two users of one file get the same. A process that describes many photos should call KeepFreedMemory
// (run_context.h) first.
class Describer {
 public:
  // For vantage's own modules: a network as it is now (its weights are copied), without whitening. Throws
  // UsageError where an option is wrong or bf16 would be very slow here.
  explicit Describer(const nn::DescriptorNet& net, const ExtractOptions& options = {});
  // A model with its whitening. Throws UsageError also where it has no whitening of that name.
  explicit Describer(const Model& model, const ModelDescriptorOptions& options = {});
  // device: as Model::MoveTo. Throws Error as Model::Read does.
  static Describer Load(const std::filesystem::path& path, const ModelDescriptorOptions& options = {},
                        const std::string& device = "cpu");

  // Dimension D of the descriptors.
  int64_t dimension() const;
  // What decides them, with the model's own values and the device's batch size filled in.
  const ExtractOptions& options() const;
  // SHA-256 of the model's file, as descriptor files name it: tells whether descriptors may be compared. ""
  // where no file was loaded.
  const std::string& model_sha256() const;
  // The licence of the model's weights; "" where not known.
  const std::string& licence() const;
  // Whether the network computes on the CPU.
  bool IsOnCpu() const;
  // Tells apart describers whose descriptors may differ, if only in the last bit: by weights, whitening,
  // options and kind of device. SHA-256, computed in the first call.
  const std::string& identity() const;

  // The descriptor of a photo of any size: D floats of unit length. Throws Error if it is too small for the
  // network, or if memory does not suffice.
  std::vector<float> Describe(const Image& photo) const;

  // Descriptors of photos of any sizes, a row each; those that come to one size share passes through the
  // network. Throws Error that names the index of a photo that is too small.
  DescriptorMatrix Describe(const std::vector<Image>& photos) const;

  // The same for images that have been reduced already (LoadPhoto). Says which are too small for the network,
  // or have a descriptor that is not finite, instead of throwing. Throws Error for what is no fault of a
  // photo: lack of memory, a fault of the device.
  std::vector<DescribedPhoto> DescribeReduced(const std::vector<Image>& images) const;

 private:
  struct State;
  explicit Describer(std::shared_ptr<const State> state);
  static std::shared_ptr<State> MakeState(const nn::DescriptorNet& net, const ExtractOptions& options);
  static std::shared_ptr<State> MakeState(const Model& model, const ModelDescriptorOptions& options);

  std::shared_ptr<const State> state_;
};

// Names a descriptor in a store: the first half of a SHA-256.
using DescriptorKey = std::array<unsigned char, 16>;

// The key of what a describer makes of a photo. It changes with whatever decides the descriptor: the
// describer (Describer::identity), the photo's path, size and time of change, its box and its turn. None if
// there is no such file.
std::optional<DescriptorKey> KeyOf(const std::string& describer_identity, const PhotoRequest& photo);

// Descriptors on disk while a task makes them, so that a task that was killed resumes without making them
// again, with photos that were added, too. Photos that failed are not kept: they are read again. One process
// at a time holds a store.
class DescriptorStore {
 public:
  // Opens the file or makes it. What a killed process left half-written at the end is cut off. Throws Error
  // if another process holds the file, or if it is no store.
  explicit DescriptorStore(std::filesystem::path path);
  // Deletes the file if it holds no descriptor.
  ~DescriptorStore();
  DescriptorStore(const DescriptorStore&) = delete;
  DescriptorStore& operator=(const DescriptorStore&) = delete;

  const std::filesystem::path& path() const { return path_; }
  // Number of descriptors.
  size_t size() const { return places_.size(); }
  // Number of descriptors that earlier runs left; 0 from the second call on.
  size_t TakeHeldBefore() { return std::exchange(held_before_, 0); }

  // Fills `values` if the store has a descriptor of that key and of as many dimensions.
  bool Read(const DescriptorKey& key, std::span<float> values) const;

  // Adds descriptors of equal dimension: all or, if the process is killed, none of them. Throws Error if the
  // disk is full.
  void Append(const std::vector<std::pair<DescriptorKey, std::vector<float>>>& descriptors);

  // Forgets all descriptors.
  void Clear();

  // Deletes the file. No other call may follow.
  void Remove();

  // Deletes the store that an earlier run left, if there is one. Throws as the constructor does.
  static void Discard(const std::filesystem::path& path);

 private:
  struct Place {
    uint64_t offset = 0;  // of the first float
    uint32_t dimension = 0;
  };
  // Notes the places of the descriptors in a record's payload that begins at `offset`; false if it is
  // damaged.
  bool Index(const std::string& payload, uint64_t offset);
  void Cut(uint64_t size) const;

  std::filesystem::path path_;
  std::unique_ptr<FileLock> lock_;
  uint64_t begin_ = 0;  // of the first record after the file's head
  uint64_t end_ = 0;    // of the whole records
  size_t held_before_ = 0;
  bool is_removed_ = false;
  std::map<DescriptorKey, Place> places_;
};

// Describes photos. A photo that cannot be read or is too small for the network is counted and named, and the
// rest goes on; each photo is described or among the failed. Worker threads decode ahead; on a CPU each
// describes what it has decoded, so that the cores work on photos side by side. Photos are looked through for
// equal sizes a window of consecutive ones at a time, which depends on the list and the options only: so does
// each bit of the result, unless memory ran short, and not on the number of threads or on where a run of the
// same list was interrupted. With a store, descriptors are kept there as they are made; photos that it holds
// are not described again. Memory: the descriptors and what the photos in work take. Throws Interrupted;
// Error for lack of memory or a fault of the device.
ExtractedDescriptors ExtractDescriptors(const Describer& describer, const std::vector<PhotoRequest>& requests,
                                        const RunContext& context = {}, DescriptorStore* store = nullptr);

// Describes named photos, failed ones left out and listed. Throws Error where all fail.
DescriptorFile ExtractNamedPhotos(const Describer& describer, NamedPhotos photos,
                                  const RunContext& context = {}, DescriptorStore* store = nullptr);

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "vantage/descriptors/descriptors.h"
#include "vantage/extract/extract.h"
#include "vantage/extract/model_descriptors.h"
#include "vantage/image/image.h"

namespace vantage {

class DescriptorNet;
struct Model;

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
// (util/memory.h) first.
class Describer {
 public:
  // A network as it is now (its weights are copied), without whitening. Throws UsageError where an option is
  // wrong or bf16 would be very slow here.
  explicit Describer(const DescriptorNet& net, const ExtractOptions& options = {});
  // A model with its whitening. Throws UsageError also where it has no whitening of that name.
  explicit Describer(const Model& model, const ModelDescriptorOptions& options = {});
  // device: see ParseDevice. Throws Error as ReadModel does.
  static Describer Load(const std::filesystem::path& path, const ModelDescriptorOptions& options = {},
                        const std::string& device = "cpu");

  // Of the descriptors: D.
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
  static std::shared_ptr<State> MakeState(const DescriptorNet& net, const ExtractOptions& options);
  static std::shared_ptr<State> MakeState(const Model& model, const ModelDescriptorOptions& options);

  std::shared_ptr<const State> state_;
};

}  // namespace vantage

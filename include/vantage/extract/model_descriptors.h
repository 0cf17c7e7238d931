// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

#include "vantage/config/options_description.h"
#include "vantage/descriptors/descriptor_provenance.h"
#include "vantage/extract/extract.h"

namespace vantage {

struct Model;
struct Whitening;

struct ModelDescriptorOptions {
  // Longest side that photos are reduced to, pixels; 0: the model's own, or 1024 where it names none.
  int image_size = 0;
  bool apply_exif_orientation = false;
  // Comma-separated (ParseScales), or "default": the model's own. A model's whitening learned at several
  // scales is taken for several.
  std::string scales = "default";
  // Name of one of the model's whitenings, "default" for the one that belongs to it, "none".
  std::string whitening = "default";
  // Keep the first so many dimensions of the whitening; 0: all.
  int dimension = 0;
  // See ExtractOptions.
  std::string decode = "exact";
  std::string precision = "fp32";
  int64_t batch_pixels = 0;
  SuperGlobalPooling super_global;
};
void Declare(OptionsDescription& description, ModelDescriptorOptions& options);

// The size and the scales that the options and the model come to.
int EffectiveImageSize(const Model& model, const ModelDescriptorOptions& options);
std::vector<double> EffectiveScales(const Model& model, const ModelDescriptorOptions& options);

// The whitening that the options name, or null for none. Throws UsageError that lists the model's where it
// has none of that name, or a dimension is asked for without whitening.
const Whitening* ChooseWhitening(const Model& model, const ModelDescriptorOptions& options);

// What the model and the options make of photos. path: the model's file, which is read for its SHA-256.
DescriptorProvenance ProvenanceOf(const Model& model, const std::string& path,
                                  const ModelDescriptorOptions& options);

// The options with the model's own values filled in.
ExtractOptions ResolveOptions(const Model& model, const ModelDescriptorOptions& options);

}  // namespace vantage

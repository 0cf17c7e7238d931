// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/describer.h"

#include <nlohmann/json.hpp>

#include "image/codecs/codec.h"
#include "nn/precision.h"
#include "util/check.h"
#include "util/hash.h"
#include "util/log.h"
#include "vantage/run_context.h"

namespace vantage {
namespace {

constexpr int kDefaultImageSize = 1024;  // TPAMI 2019, section 5.1: for testing

}  // namespace

void Declare(OptionsDescription& description, ModelDescriptorOptions& options) {
  description
      .Add("image_size", options.image_size,
           "Longest side that photos are reduced to, pixels; 0: the model's own, or 1024 if it has none")
      .Range(0, 16384)
      .Flag("size");
  description.Add("preprocessing", options.preprocessing,
                  "How photos are prepared, such as longest=1024 or \"square=322,bicubic + crop=224\" "
                  "(docs/preprocessing.md); 'default': the model's own, with --size");
  description
      .Add("exif_orientation", options.exif_orientation,
           "apply: turn photos as their EXIF orientation says; ignore; or 'default': as the model says, and "
           "apply if it does not say")
      .OneOf({"default", "apply", "ignore"});
  description.Add(
      "scales", options.scales,
      "Scales that a reduced photo is described at, such as 1,0.7071,0.5, or 'default': the model's own");
  description
      .Add("whitening", options.whitening,
           "Name of one of the model's whitenings, 'default' for its default one, or 'none'")
      .Flag("whiten");
  description
      .Add("dimension", options.dimension, "Dimensions of the whitening to keep, from the first; 0: all")
      .AtLeast(0)
      .Flag("dim");
  description
      .Add("decode", options.decode,
           StrCat("exact, or fast: large photos of formats that can be decoded small (",
                  image::CodecNames(image::CodecsThat(&Codec::decodes_small)),
                  ") are decoded at a reduced size, which changes descriptors a little"))
      .OneOf({"exact", "fast"});
  description
      .Add("precision", options.precision,
           "Precision of the network: fp32; bf16 on a GPU or a CPU with AMX or AVX512-BF16; tf32 or fp16 on "
           "a GPU")
      .OneOf(nn::PrecisionNames());
  description
      .Add("batch_pixels", options.batch_pixels,
           "Most pixels of a pass, which photos of equal size share; 0: one photo on a CPU, 4 megapixels on "
           "a GPU")
      .Range(0, 1 << 28);
  Declare(description, options.super_global);
}

Preprocessing EffectivePreprocessing(const Model& model, const ModelDescriptorOptions& options) {
  if (options.preprocessing != "default") {
    if (options.image_size > 0)
      throw UsageError("image_size and preprocessing both say which size photos get; set one of them");
    return ParsePreprocessing(options.preprocessing);
  }
  const Preprocessing own = model.preprocessing().value_or(LongestSide(kDefaultImageSize));
  return options.image_size > 0 ? WithSize(own, options.image_size) : own;
}

std::vector<double> EffectiveScales(const Model& model, const ModelDescriptorOptions& options) {
  return options.scales == "default" ? model.scales() : ParseScales(options.scales);
}

bool EffectiveExifOrientation(const Model& model, const ModelDescriptorOptions& options) {
  if (options.exif_orientation == "default") return model.applies_exif_orientation().value_or(true);
  return options.exif_orientation == "apply";
}

std::optional<Whitening> ChooseWhitening(const Model& model, const ModelDescriptorOptions& options) {
  const std::string name = options.whitening == "default" ? model.default_whitening()
                           : options.whitening == "none"  ? ""
                                                          : options.whitening;
  if (name.empty()) {
    if (options.dimension > 0)
      throw UsageError("a dimension is kept of a whitening only, and none is applied");
    return std::nullopt;
  }
  const auto found = model.whitenings().find(name);
  if (found == model.whitenings().end()) {
    std::vector<std::string> names;
    for (const auto& [known, whitening] : model.whitenings()) names.push_back(known);
    throw UsageError(StrCat("the model has no whitening '", name, "'; it has ",
                            names.empty() ? "none" : Join(names, ", ")));
  }
  // One learned at the same number of scales fits best; another one is better than none.
  const auto& [single_scale, multi_scale] = found->second;
  const bool wants_multi = EffectiveScales(model, options).size() > 1;
  const std::optional<Whitening>& best = wants_multi ? multi_scale : single_scale;
  const std::optional<Whitening>& other = wants_multi ? single_scale : multi_scale;
  if (!best) {
    VANTAGE_CHECK(other, "the model's whitening '", name, "' is empty");
    LogInfo("the whitening '", name, "' was learned at ", wants_multi ? "one scale" : "several scales");
  }
  return best ? best : other;
}

DescriptorProvenance ProvenanceOf(const Model& model, const std::string& path,
                                  const ModelDescriptorOptions& options) {
  DescriptorProvenance made;
  made.vantage = Version();
  made.model = path;
  if (!model.file_sha256().empty()) made.model_sha256 = model.file_sha256();
  made.architecture = model.net_options().architecture;
  made.head = model.net_options().head.Text();
  made.preprocessing = ToText(EffectivePreprocessing(model, options));
  made.apply_exif_orientation = EffectiveExifOrientation(model, options);
  made.scales = EffectiveScales(model, options);
  made.whitening = options.whitening == "default" ? model.default_whitening() : options.whitening;
  made.dimension = options.dimension;
  made.decode = options.decode;
  made.precision = options.precision;
  made.batch_pixels = options.batch_pixels;
  const SuperGlobalPooling& pooled = options.super_global;
  if (pooled != SuperGlobalPooling{}) {
    made.other["super_global"] = nlohmann::json({{"regional_size", pooled.regional_size},
                                                 {"regional_exponent", pooled.regional_exponent},
                                                 {"exponent", pooled.exponent},
                                                 {"scale_pooling", pooled.scale_pooling}})
                                     .dump();
  }
  return made;
}

ExtractOptions ResolveOptions(const Model& model, const ModelDescriptorOptions& options) {
  return {EffectivePreprocessing(model, options),
          EffectiveExifOrientation(model, options),
          EffectiveScales(model, options),
          options.decode,
          options.precision,
          options.batch_pixels,
          options.super_global};
}

}  // namespace vantage

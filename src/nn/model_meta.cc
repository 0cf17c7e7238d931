// SPDX-License-Identifier: BSD-3-Clause
#include "nn/model_meta.h"

#include <cmath>

#include "config/options_json.h"
#include "nn/head.h"
#include "nn/model_source.h"
#include "util/check.h"

namespace vantage::nn {
namespace {

using nlohmann::json;

// Version of the content of "vantage". Files of a later version cannot be read.
constexpr int64_t kVersion = 1;

std::array<double, 3> ThreeNumbers(const json& meta, const char* key, const std::array<double, 3>& fallback,
                                   const std::string& what) {
  const auto numbers = MetaValue(meta, key, std::vector<double>(fallback.begin(), fallback.end()), what);
  VANTAGE_CHECK(numbers.size() == 3, what, ": ", key, ": ", numbers.size(), " numbers instead of three");
  return {numbers[0], numbers[1], numbers[2]};
}

// The head of a file of cirtorch.
CirtorchHeadOptions HeadOfCirtorch(const json& meta, const TensorShapes& shapes, const std::string& what) {
  const auto flag = [&](const char* key) {
    const auto found = meta.find(key);
    return found != meta.end() && found->is_number() ? found->get<double>() != 0
                                                     : MetaValue(meta, key, false, what);
  };
  CirtorchHeadOptions head;
  head.pooling = MetaValue<std::string>(meta, "pooling", "", what);
  VANTAGE_CHECK(!head.pooling.empty(), what, ": pooling is missing");
  head.fc_whitening = flag("whitening");
  head.local_whitening = flag("local_whitening");
  head.regional = flag("regional");
  if (head.fc_whitening) head.output_dimension = RowsOf(shapes, "whiten");
  return head;
}

void WritePreprocessing(const ModelParts& model, json& own) {
  if (model.preprocessing) own["preprocessing"] = ToText(*model.preprocessing);
  if (model.training_preprocessing) own["training_preprocessing"] = ToText(*model.training_preprocessing);
  if (model.applies_exif_orientation) own["apply_exif_orientation"] = *model.applies_exif_orientation;
}

std::optional<Preprocessing> ReadPreprocessing(const json& own, const char* key, const std::string& what) {
  const auto text = MetaValue<std::string>(own, key, "", what);
  if (text.empty()) return std::nullopt;
  try {
    return ParsePreprocessing(text);
  } catch (const UsageError& error) {
    throw Error(StrCat(what, ": ", key, ": ", error.what()));
  }
}

}  // namespace

json MetaOf(const ModelParts& model) {
  DescriptorNetOptions options = model.net.options();
  OptionsDescription head;
  Declare(head, options.head);
  json meta = {{"architecture", options.architecture},
               {"mean", model.net.normalization.mean},
               {"std", model.net.normalization.std},
               {"outputdim", model.net.dimension()},
               {kOwnMeta,
                {{"version", kVersion},
                 {"head", ToJson(head)},
                 {"scales", model.scales},
                 {"default_whitening", model.default_whitening},
                 {"licence", model.licence},
                 {"origin", json::parse(model.origin)},
                 {"weights_sha256", WeightsSha256(model.net)}}}};
  WritePreprocessing(model, meta[kOwnMeta]);
  if (const auto* layers = options.head.If<CirtorchHeadOptions>()) {
    meta.update({{"pooling", layers->pooling},
                 {"local_whitening", layers->local_whitening},
                 {"regional", layers->regional},
                 {"whitening", layers->fc_whitening}});
  }
  return meta;
}

bool HasArchitecture(const json& meta) { return meta.is_object() && meta.contains("architecture"); }

NetOfSource NetOfMeta(const json& meta, const TensorShapes& shapes, const std::string& what) {
  NetOfSource net;
  net.architecture = MetaValue<std::string>(meta, "architecture", "", what);
  const json own = meta.value(kOwnMeta, json());
  if (own.is_object() && own.contains("head")) {
    OptionsDescription description;
    Declare(description, net.head);
    ReadJson(description, own["head"], StrCat(what, ": ", kOwnMeta, ": head"));
    VANTAGE_CHECK(net.head, what, ": ", kOwnMeta, ": head: kind is missing");
    net.unrevealed = UnrevealedOf(net.head, true);
  } else {
    net.head = HeadOfCirtorch(meta, shapes, what);
    net.unrevealed = UnrevealedOf(net.head, false);  // cirtorch has no power normalisation
  }
  return net;
}

void ApplyMeta(const json& meta, const std::string& what, ModelParts& model) {
  Normalization& normalization = model.net.normalization;
  normalization.mean = ThreeNumbers(meta, "mean", normalization.mean, what);
  normalization.std = ThreeNumbers(meta, "std", normalization.std, what);
  for (const double deviation : normalization.std) {
    VANTAGE_CHECK(std::isfinite(deviation) && deviation > 0, what, ": a standard deviation of ", deviation);
  }
  const json own = meta.value(kOwnMeta, json());
  if (own.is_null()) return;
  VANTAGE_CHECK(own.is_object(), what, ": ", kOwnMeta, " is a ", own.type_name(), ", not a dictionary");
  const auto version = MetaValue<int64_t>(own, "version", 0, what);
  VANTAGE_CHECK(version <= kVersion, what, ": written by a later vantage (version ", version,
                " of what it keeps); this program reads ", kVersion);
  model.preprocessing = ReadPreprocessing(own, "preprocessing", what);
  model.training_preprocessing = ReadPreprocessing(own, "training_preprocessing", what);
  model.applies_exif_orientation.reset();
  if (own.contains("apply_exif_orientation"))
    model.applies_exif_orientation = MetaValue(own, "apply_exif_orientation", false, what);
  model.scales = MetaValue(own, "scales", model.scales, what);
  VANTAGE_CHECK(!model.scales.empty() && model.scales.size() <= kMaxScales, what, ": ", model.scales.size(),
                " scales");
  for (const double scale : model.scales) {
    VANTAGE_CHECK(IsScale(scale), what, ": a scale of ", scale);
  }
  model.default_whitening = MetaValue<std::string>(own, "default_whitening", "", what);
  model.licence = MetaValue<std::string>(own, "licence", "", what);
  model.origin = own.value("origin", json::object()).dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string WeightsSha256OfMeta(const json& meta, const std::string& what) {
  return MetaValue<std::string>(meta.value(kOwnMeta, json()), "weights_sha256", "", what);
}

}  // namespace vantage::nn

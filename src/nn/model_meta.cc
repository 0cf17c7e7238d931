// SPDX-License-Identifier: BSD-3-Clause
#include "nn/model_meta.h"
#include "config/options_json.h"

#include <cmath>

#include "nn/head.h"
#include "nn/model_source.h"
#include "util/check.h"

namespace vantage::nn {
namespace {

using nlohmann::json;

// Versions of the part under "vantage". A model has the lowest version that describes it, so that older
// programs read all models that they can reproduce. 2 added power normalisation, 3 preprocessing.
constexpr int64_t kVersion = 3;
constexpr const char* kInterpolation = "lanczos";
constexpr const char* kSizeRule = "longest side, never enlarged";
constexpr int64_t kMaxImageSize = 16384;

std::array<double, 3> ThreeNumbers(const json& meta, const char* key, const std::array<double, 3>& fallback,
                                   const std::string& what) {
  const auto numbers = MetaValue(meta, key, std::vector<double>(fallback.begin(), fallback.end()), what);
  VANTAGE_CHECK(numbers.size() == 3, what, ": ", key, ": ", numbers.size(), " numbers instead of three");
  return {numbers[0], numbers[1], numbers[2]};
}

// Sets what the head declares.
void ReadOwnOptions(const HeadRow& head, const json& own, const std::string& what,
                    DescriptorNetOptions& options) {
  OptionsDescription description;
  head.declare(description, options);
  for (const OptionField& field : description.fields()) {
    const size_t dot = field.key.find('.');
    const json section = own.value(field.key.substr(0, dot), json());
    std::visit(
        [&](auto* value) {
          if constexpr (!std::is_same_v<decltype(value), AnyChoice*> &&
                        !std::is_same_v<decltype(value), AnyChoiceList*>)  // locals have none
            *value = MetaValue(section, field.key.substr(dot + 1), *value, what);
        },
        field.target);
  }
  try {
    CheckOptions(description);
  } catch (const UsageError& error) {
    throw Error(StrCat(what, ": ", error.what()));
  }
}

// Preprocessing of version 1: the longest side is reduced. Its size, or nothing.
std::optional<int64_t> LongestSideOf(const Preprocessing& preprocessing) {
  if (preprocessing.steps.size() != 1) return std::nullopt;
  const int64_t size = preprocessing.steps[0].size;
  return preprocessing == LongestSide(static_cast<int>(size)) ? std::optional(size) : std::nullopt;
}

void WritePreprocessing(const ModelParts& model, json& own) {
  const std::optional<int64_t> size =
      model.preprocessing ? LongestSideOf(*model.preprocessing) : std::optional<int64_t>(0);
  if (size) {
    own.update({{"image_size", *size}, {"size_rule", kSizeRule}, {"interpolation", kInterpolation}});
  } else {
    own["preprocessing"] = ToText(*model.preprocessing);
    own["version"] = 3;
  }
  if (model.training_preprocessing) own["training_preprocessing"] = ToText(*model.training_preprocessing);
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

void CheckSame(const json& own, const char* key, const std::string& known, const std::string& what) {
  const auto value = MetaValue<std::string>(own, key, known, what);
  VANTAGE_CHECK(value == known, what, ": ", key, " is '", value, "'; this program knows only '", known, "'");
}

}  // namespace

json MetaOf(const ModelParts& model) {
  const DescriptorNetOptions& options = model.net.options();
  json meta = {{"architecture", options.architecture},
               {"pooling", options.pooling},
               {"local_whitening", options.local_whitening},
               {"regional", options.regional},
               {"whitening", options.fc_whitening},
               {"mean", model.net.normalization.mean},
               {"std", model.net.normalization.std},
               {"outputdim", model.net.dimension()},
               {kOwnMeta,
                {{"version", options.power == 1 ? 1 : 2},
                 {"head", options.head},
                 {"scales", model.scales},
                 {"default_whitening", model.default_whitening},
                 {"licence", model.licence},
                 {"origin", json::parse(model.origin)},
                 {"weights_sha256", WeightsSha256(model.net)}}}};
  if (options.power != 1) meta[kOwnMeta]["power"] = options.power;
  WritePreprocessing(model, meta[kOwnMeta]);
  if (const auto declare = model.net.head_row().declare) {
    DescriptorNetOptions copy = options;
    OptionsDescription description;
    declare(description, copy);
    meta[kOwnMeta].update(ToJson(description));
  }
  return meta;
}

bool HasArchitecture(const json& meta) { return meta.is_object() && meta.contains("architecture"); }

NetWish NetOfMeta(const json& meta, const std::string& what) {
  DescriptorNetOptions options;
  options.architecture = MetaValue<std::string>(meta, "architecture", "", what);
  options.pooling = MetaValue<std::string>(meta, "pooling", "", what);
  VANTAGE_CHECK(!options.pooling.empty(), what, ": pooling is missing");
  const auto flag = [&](const char* key) {
    const auto found = meta.find(key);
    return found != meta.end() && found->is_number() ? found->get<double>() != 0
                                                     : MetaValue(meta, key, false, what);
  };
  options.fc_whitening = flag("whitening");
  options.local_whitening = flag("local_whitening");
  options.regional = flag("regional");
  const json own = meta.value(kOwnMeta, json());
  options.head = MetaValue(own, "head", options.head, what);
  options.power = MetaValue(own, "power", options.power, what);
  const HeadRow* head = FindHead(options.head);
  if (head != nullptr && head->declare != nullptr) ReadOwnOptions(*head, own, what, options);
  return options;
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
  CheckSame(own, "interpolation", kInterpolation, what);
  CheckSame(own, "size_rule", kSizeRule, what);
  const auto size = MetaValue<int64_t>(own, "image_size", 0, what);
  VANTAGE_CHECK(size >= 0 && size <= kMaxImageSize, what, ": image_size is ", size);
  model.preprocessing = ReadPreprocessing(own, "preprocessing", what);
  if (size > 0) model.preprocessing = LongestSide(static_cast<int>(size));
  model.training_preprocessing = ReadPreprocessing(own, "training_preprocessing", what);
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

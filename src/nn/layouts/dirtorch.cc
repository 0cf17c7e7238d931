// SPDX-License-Identifier: BSD-3-Clause
#include "nn/layouts/dirtorch.h"

#include <cmath>
#include <memory>
#include <string_view>
#include <utility>

#include "config/options_json.h"
#include "nn/head.h"
#include "nn/model_meta.h"
#include "util/check.h"

namespace vantage::nn {
namespace {

using nlohmann::json;
using serialize::PickleValue;

// The power of the PCA's variances that the authors divide by in their evaluation, and the PCA of it.
constexpr double kWhiteningPower = 0.25;
constexpr const char* kUsualWhitening = "Landmarks_clean";

struct DirtorchPooling {
  const char* theirs;
  const char* own;
};
constexpr DirtorchPooling kDirtorchPoolings[] = {{"gem", "gem"}, {"max", "mac"}, {"avg", "spoc"}};

std::string PoolingOf(const json& options, const std::string& what) {
  const auto pooling = MetaValue<std::string>(options, "pooling", "gem", what);
  for (const DirtorchPooling& names : kDirtorchPoolings) {
    if (pooling.starts_with(names.theirs)) return names.own;
  }
  throw Error(StrCat(what, ": a pooling '", pooling, "' that is not known"));
}

// Rows of float64 numbers as a tensor.
SourceTensor Matrix(const std::string& name, int64_t rows, const std::vector<double>& values) {
  return InMemory(name, serialize::ElementType::kFloat64, {rows, static_cast<int64_t>(values.size()) / rows},
                  {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(double)});
}

// scikit-learn's PCA as a whitening: P = diag(variances)^(-power) components.
void AddPca(const std::string& name, const PickleValue& pca, ModelSource& source) {
  const std::string what = StrCat(source.path, ": pca: ", name);
  VANTAGE_CHECK(pca.is(PickleValue::Kind::kObject) && pca.state != nullptr, what, ": is a ",
                serialize::KindName(pca), ", not an object of scikit-learn's PCA");
  const auto numbers = [&](const char* key) {
    return serialize::ToNumbers(serialize::Member(*pca.state, key, what), StrCat(what, ": ", key));
  };
  const std::vector<double> mean = numbers("mean_");
  std::vector<double> components = numbers("components_");
  const std::vector<double> variances = numbers("explained_variance_");
  VANTAGE_CHECK(!mean.empty() && !variances.empty() && components.size() == mean.size() * variances.size(),
                what, ": ", components.size(), " numbers in the components of ", variances.size(),
                " variances and ", mean.size(), " dimensions");
  const PickleValue* whiten = pca.state->Find("whiten");
  const bool divides = whiten == nullptr || whiten->integer != 0;
  for (size_t row = 0; divides && row < variances.size(); ++row) {
    VANTAGE_CHECK(variances[row] > 0, what, ": a variance of ", variances[row]);
    const double scale = std::pow(variances[row], -kWhiteningPower);
    for (size_t i = row * mean.size(); i < (row + 1) * mean.size(); ++i) components[i] *= scale;
  }
  const std::string key = name + ".ss.";
  source.whitenings[key + "m"] = Matrix(key + "m", static_cast<int64_t>(mean.size()), mean);
  source.whitenings[key + "P"] = Matrix(key + "P", static_cast<int64_t>(variances.size()), components);
}

// The architecture of "resnet101_rmac"; "" if it is not known.
std::string TrunkOf(const json& options, const std::string& what) {
  constexpr std::string_view kEnd = "_rmac";
  const auto arch = MetaValue<std::string>(options, "arch", "", what);
  if (!arch.ends_with(kEnd)) return "";
  const std::string trunk = arch.substr(0, arch.size() - kEnd.size());
  return FindTrunk(trunk) != nullptr ? trunk : "";
}

}  // namespace

bool DescribeDirtorch(const PickleValue& root, ModelSource& source) {
  const PickleValue* stated = root.Find("model_options");
  if (stated == nullptr) return false;
  const std::string what = source.path + ": model_options";
  const json options = ToJson(*stated, what);
  const std::string trunk = TrunkOf(options, what);
  if (trunk.empty()) return false;
  VANTAGE_CHECK(MetaValue<double>(options, "center_bias", 0, what) == 0, what,
                ": a bias towards the centre of photos (center_bias) is not computed here");
  const bool has_linear = !MetaValue<bool>(options, "without_fc", false, what);
  std::erase_if(source.tensors,
                [&](const SourceTensor& tensor) { return !has_linear && tensor.name.starts_with("fc."); });
  for (SourceTensor& tensor : source.tensors) {
    if (tensor.name.starts_with("fc.")) tensor.name.replace(0, 3, "whiten.");
    if (tensor.name == "adpool.p") tensor.name = "pool.p";
  }
  HeadChoice head =
      CirtorchHeadOptions{.pooling = PoolingOf(options, what),
                          .fc_whitening = has_linear,
                          .output_dimension = has_linear ? RowsOf(ShapesOf(source), "whiten") : 0,
                          .pooled_norm = MetaValue<bool>(options, "norm_features", false, what)};
  OptionsDescription description;
  Declare(description, head);
  source.meta = {{"architecture", trunk}, {kOwnMeta, {{"head", ToJson(description)}}}};
  if (const PickleValue* preprocess = root.Find("preprocess")) {
    const json stated_pixels = ToJson(*preprocess, source.path + ": preprocess");
    for (const char* key : {"mean", "std"}) {
      if (stated_pixels.contains(key)) source.meta[key] = stated_pixels[key];
    }
  }
  const PickleValue* pcas = root.Find("pca");
  for (size_t i = 0; pcas != nullptr && i + 1 < pcas->items.size(); i += 2)
    AddPca(serialize::ToText(*pcas->items[i], source.path + ": pca"), *pcas->items[i + 1], source);
  if (source.whitenings.contains(StrCat(kUsualWhitening, ".ss.P")))
    source.meta[kOwnMeta]["default_whitening"] = kUsualWhitening;
  source.kind = "deep-image-retrieval checkpoint";
  return true;
}

}  // namespace vantage::nn

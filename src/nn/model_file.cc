// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/nn/model_file.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/from_blob.h>

#include <nlohmann/json.hpp>
#include <set>

#include "vantage/util/error.h"
#include "vantage/util/log.h"

namespace vantage {
namespace {

using nlohmann::json;

constexpr size_t kNamesInMessages = 3;

// "'a' and 'b'", "'a', 'b', 'c' and 5 more".
std::string NameSome(const std::vector<std::string>& names) {
  std::vector<std::string> first(
      names.begin(), names.begin() + static_cast<std::ptrdiff_t>(std::min(kNamesInMessages, names.size())));
  for (std::string& name : first) name = "'" + name + "'";
  const std::string more =
      names.size() > first.size() ? StrCat(" and ", names.size() - first.size(), " more") : "";
  return Join(first, ", ") + more;
}

std::string ShapeText(at::IntArrayRef shape) {
  std::vector<std::string> sizes;
  for (const int64_t size : shape) sizes.push_back(std::to_string(size));
  return "(" + Join(sizes, " x ") + ")";
}

bool StartsWithAny(const std::string& name, const std::vector<std::string>& prefixes) {
  for (const std::string& prefix : prefixes) {
    if (name.rfind(prefix, 0) == 0) return true;
  }
  return false;
}

// The tensors of a state dictionary by name, still unread.
using PickledTensors = std::map<std::string, const PickleValue*>;

PickledTensors StateDict(const TorchFile& file) {
  const PickleValue* dict = file.root().Find("state_dict");
  if (dict == nullptr) dict = &file.root();
  VANTAGE_CHECK(dict->is(PickleValue::Kind::kDict), file.source(), ": holds a ", DescribeKind(*dict),
                ", not a state dictionary");
  PickledTensors tensors;
  for (size_t i = 0; i + 1 < dict->items.size(); i += 2) {
    const std::string& name = ToText(*dict->items[i], file.source() + ": name of a tensor");
    VANTAGE_CHECK(TorchFile::IsTensor(*dict->items[i + 1]), file.source(), ": '", name, "' is a ",
                  DescribeKind(*dict->items[i + 1]), ", not a tensor");
    file.Tensor(*dict->items[i + 1], name);  // checks it, whether it is used or not
    tensors[name] = dict->items[i + 1];
  }
  return tensors;
}

// Fills the network's tensors from the file. `is_checkpoint`: everything must be there; bare weights fill the
// trunk.
void FillNet(DescriptorNet& net, const TorchFile& file, bool is_checkpoint) {
  const PickledTensors tensors = StateDict(file);
  std::map<std::string, std::string> own_names;  // cirtorch's name -> the trunk's own
  net.trunk().layers->Visit([&](const std::string& name, at::Tensor&, TensorRole) {
    own_names[CirtorchName(net.trunk(), name)] = name;
  });

  std::set<std::string> used;
  std::vector<std::string> missing;
  std::vector<std::string> misshapen;
  net.Visit([&](const std::string& name, at::Tensor& tensor, TensorRole) {
    auto found = tensors.find(name);
    if (found == tensors.end() && own_names.count(name) == 1) found = tensors.find(own_names[name]);
    if (found == tensors.end()) {
      const bool optional = name.ends_with("num_batches_tracked") || (!is_checkpoint && IsExponent(name));
      if (!optional) missing.push_back(name);
      return;
    }
    used.insert(found->first);
    const std::vector<int64_t> shape = file.Tensor(*found->second, found->first).shape;
    if (tensor.sizes() != at::IntArrayRef(shape)) {
      misshapen.push_back(StrCat(found->first, " ", ShapeText(shape), " for ", ShapeText(tensor.sizes())));
      return;
    }
    tensor = ReadTensor(file, *found->second, found->first).to(tensor.scalar_type());
  });

  std::vector<std::string> unknown;
  std::vector<std::string> classifier;
  for (const auto& [name, value] : tensors) {
    if (used.count(name) == 1) continue;
    (StartsWithAny(name, net.trunk().classifier_prefixes) ? classifier : unknown).push_back(name);
  }
  const std::string what = StrCat(file.source(), ": as a ", NameOf(net.options()));
  VANTAGE_CHECK(missing.empty(), what, " it lacks ", missing.size(), " tensors: ", NameSome(missing));
  VANTAGE_CHECK(misshapen.empty(), what, " it has ", misshapen.size(),
                " tensors of another shape: ", NameSome(misshapen));
  VANTAGE_CHECK(unknown.empty(), what, " it has ", unknown.size(), " unknown tensors: ", NameSome(unknown));
  if (!classifier.empty()) LogInfo(file.source(), ": classifier left out: ", NameSome(classifier));
}

std::array<double, 3> ThreeNumbers(const PickleValue& value, const std::string& what) {
  const std::vector<double> numbers = ToNumbers(value, what);
  VANTAGE_CHECK(numbers.size() == 3, what, ": ", numbers.size(), " numbers instead of three");
  return {numbers[0], numbers[1], numbers[2]};
}

// A matrix that cirtorch pickled as a NumPy array or this project as a tensor.
Eigen::MatrixXd ReadMatrix(const TorchFile& file, const PickleValue& value, const std::string& what) {
  std::vector<int64_t> shape;
  std::vector<double> values;
  if (IsNumpyArray(value)) {
    const NpyArray array = ToNumpyArray(value, what);
    shape = array.shape;
    values = array.As<double>();
  } else {
    const at::Tensor tensor = ReadTensor(file, value, what).to(at::kDouble);
    shape = tensor.sizes().vec();
    values.assign(tensor.const_data_ptr<double>(), tensor.const_data_ptr<double>() + tensor.numel());
  }
  VANTAGE_CHECK(shape.size() == 2 && shape[0] > 0 && shape[1] > 0, what, ": not a matrix");
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  return Eigen::Map<const RowMajor>(values.data(), shape[0], shape[1]);
}

std::optional<Whitening> ReadWhitening(const TorchFile& file, const PickleValue* value,
                                       const std::string& what) {
  if (value == nullptr) return std::nullopt;
  const Eigen::MatrixXd mean = ReadMatrix(file, Member(*value, "m", what), what + ": m");
  Whitening whitening{mean, ReadMatrix(file, Member(*value, "P", what), what + ": P")};
  VANTAGE_CHECK(mean.cols() == 1 && whitening.projection.cols() == mean.rows(), what, ": P of ",
                whitening.projection.rows(), " x ", whitening.projection.cols(), " for a mean of ",
                mean.rows(), " x ", mean.cols());
  return whitening;
}

TorchValue ToTorch(const Eigen::MatrixXd& matrix) {
  Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> rows = matrix;
  return {at::from_blob(rows.data(), {rows.rows(), rows.cols()}, at::kDouble).clone()};
}

TorchValue ToTorch(const Whitening& whitening) {
  TorchDict dict;
  dict.Set("m", ToTorch(Eigen::MatrixXd(whitening.mean)));
  dict.Set("P", ToTorch(whitening.projection));
  return {std::move(dict)};
}

TorchDict Meta(const Model& model) {
  const DescriptorNetOptions& options = model.net.options();
  TorchDict meta;
  meta.Set("architecture", {options.architecture});
  meta.Set("pooling", {options.pooling});
  meta.Set("local_whitening", {options.local_whitening});
  meta.Set("regional", {options.regional});
  meta.Set("whitening", {options.fc_whitening});
  meta.Set("mean", FromJson(model.net.normalization.mean));
  meta.Set("std", FromJson(model.net.normalization.std));
  meta.Set("outputdim", {model.net.dimension()});
  if (!model.whitenings.empty()) {
    TorchDict all;
    for (const auto& [name, whitening] : model.whitenings) {
      TorchDict scales;
      if (whitening.single_scale) scales.Set("ss", ToTorch(*whitening.single_scale));
      if (whitening.multi_scale) scales.Set("ms", ToTorch(*whitening.multi_scale));
      all.Set(name, {std::move(scales)});
    }
    meta.Set("Lw", {std::move(all)});
  }
  TorchDict own;
  own.Set("image_size", {int64_t{model.image_size}});
  own.Set("default_whitening", {model.default_whitening});
  own.Set("licence", {model.licence});
  own.Set("origin", FromJson(json::parse(model.origin)));
  meta.Set("vantage", {std::move(own)});
  return meta;
}

DescriptorNetOptions OptionsOf(const PickleValue& meta, const std::string& source) {
  DescriptorNetOptions options;
  options.architecture = ToText(Member(meta, "architecture", source), source + ": architecture");
  options.pooling = ToText(Member(meta, "pooling", source), source + ": pooling");
  const auto flag = [&](std::string_view key) {
    const PickleValue* value = meta.Find(key);
    return value != nullptr && ToInteger(*value, StrCat(source, ": ", key)) != 0;
  };
  options.fc_whitening = flag("whitening");
  options.local_whitening = flag("local_whitening");
  options.regional = flag("regional");
  return options;
}

}  // namespace

Model ReadModel(const std::filesystem::path& path, const DescriptorNetOptions& options) {
  const TorchFile file(path);
  const std::string source = path.string() + ": meta";
  const PickleValue* meta = file.root().Find("meta");
  if (meta == nullptr) {
    Model model{DescriptorNet(options), {}};
    FillNet(model.net, file, /*is_checkpoint=*/false);
    return model;
  }
  Model model{DescriptorNet(OptionsOf(*meta, source)), {}};
  if (const PickleValue* mean = meta->Find("mean"))
    model.net.normalization.mean = ThreeNumbers(*mean, source + ": mean");
  if (const PickleValue* std = meta->Find("std"))
    model.net.normalization.std = ThreeNumbers(*std, source + ": std");
  if (const PickleValue* whitenings = meta->Find("Lw")) {
    for (size_t i = 0; i + 1 < whitenings->items.size(); i += 2) {
      const std::string& name = ToText(*whitenings->items[i], source + ": Lw");
      const PickleValue& scales = *whitenings->items[i + 1];
      model.whitenings[name] = {ReadWhitening(file, scales.Find("ss"), source + ": Lw: " + name + ": ss"),
                                ReadWhitening(file, scales.Find("ms"), source + ": Lw: " + name + ": ms")};
    }
  }
  if (const PickleValue* own = meta->Find("vantage")) {
    model.image_size =
        static_cast<int>(ToInteger(Member(*own, "image_size", source), source + ": image_size"));
    model.default_whitening =
        ToText(Member(*own, "default_whitening", source), source + ": default_whitening");
    model.licence = ToText(Member(*own, "licence", source), source + ": licence");
    model.origin = ToJson(Member(*own, "origin", source)).dump();
  }
  FillNet(model.net, file, /*is_checkpoint=*/true);
  return model;
}

void WriteModel(Model& model, const std::filesystem::path& path, const TorchDict& more) {
  TorchDict state;
  state.ordered = true;
  model.net.Visit(
      [&](const std::string& name, at::Tensor& tensor, TensorRole) { state.Set(name, {tensor}); });
  TorchDict file;
  file.Set("meta", {Meta(model)});
  file.Set("state_dict", {std::move(state)});
  for (const auto& item : more.items) file.items.push_back(item);
  WriteTorchFile({std::move(file)}, path);
}

void WriteTrunkWeights(const Trunk& trunk, const std::filesystem::path& path) {
  TorchDict state;
  state.ordered = true;
  trunk.layers->Visit(
      [&](const std::string& name, at::Tensor& tensor, TensorRole) { state.Set(name, {tensor}); });
  WriteTorchFile({std::move(state)}, path);
}

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/core/Tensor.h>

#include <algorithm>
#include <future>

#include "nn/fill_net.h"
#include "nn/find_network.h"
#include "nn/head.h"
#include "nn/intra_op_threads.h"
#include "nn/layouts/layout.h"
#include "nn/model_file.h"
#include "nn/model_meta.h"
#include "nn/model_source.h"
#include "nn/net_of_source.h"
#include "util/check.h"
#include "util/hash.h"
#include "util/rethrow.h"

namespace vantage::nn {
namespace {

// The tensors whose names start with none of the prefixes.
TensorShapes Without(const TensorShapes& shapes, const std::vector<std::string>& prefixes) {
  TensorShapes rest = shapes;
  std::erase_if(rest, [&](const auto& item) {
    return std::any_of(prefixes.begin(), prefixes.end(),
                       [&](const std::string& prefix) { return item.first.starts_with(prefix); });
  });
  return rest;
}

// Throws UsageError if the file reveals another value of an option than the stated head has.
void CheckStated(const ModelSource& source, const NetOfSource& net, const HeadChoice& stated) {
  const auto refuse = [&](const std::string& asked) {
    throw UsageError(StrCat(source.path, ": holds a ", NameOf(net.options()), "; asked for is ", asked));
  };
  if (stated.kind() != net.head.kind()) refuse("the head " + stated.kind());
  const HeadChoice of_file = Simplified(net.options()).head;
  for (const AnyChoice::Setting& setting : Simplified({net.architecture, stated}).head.Unlike(of_file)) {
    const auto& open = net.unrevealed;
    if (std::find(open.begin(), open.end(), setting.key) == open.end())
      refuse(StrCat(stated.kind(), ":", setting.Text()));
  }
}

// Combines the file's network with the wanted one. Without the tensors that may be left out, the file may
// hold a smaller trunk.
DescriptorNetOptions Combine(const ModelSource& source, NetOfSource net, NetWish wanted,
                             const std::vector<std::string>& allow_missing) {
  if (const TrunkRow* named = FindTrunk(wanted.architecture)) wanted.architecture = named->name;
  if (!HasArchitecture(source.meta) && !allow_missing.empty() && !wanted.architecture.empty() &&
      FindNet(Without(ShapesOf(source), allow_missing)).architecture == wanted.architecture) {
    net.architecture = wanted.architecture;
  }
  if (!HasArchitecture(source.meta) && !net.architecture.empty() && !wanted.architecture.empty()) {
    // Tensors do not reveal how positions are resized.
    const TrunkRow& asked = TrunkNamed(wanted.architecture);
    const TrunkRow& row = TrunkNamed(net.architecture);
    if (row.positions.empty() == asked.positions.empty() &&
        VariantOf(row, {}, asked.positions).name == asked.name)
      net.architecture = asked.name;
  }
  if (net.architecture.empty()) net.architecture = wanted.architecture;
  if (!wanted.architecture.empty() && net.architecture != wanted.architecture) {
    throw UsageError(
        StrCat(source.path, ": holds a ", NameOf(net.options()), "; asked for is a ", wanted.architecture));
  }
  if (net.architecture.empty()) {
    throw UsageError(StrCat(source.path, ": holds the tensors of no trunk that is known ('",
                            source.tensors[0].name, "' ", serialize::ShapeText(source.tensors[0].shape),
                            ", ...); --architecture names one of ", Join(TrunkArchitectures(), ", ")));
  }
  HeadChoice head = net.head ? net.head : HeadChoice();
  if (!wanted.head.empty()) SetChoice(head, wanted.head, "head");
  if (net.head) CheckStated(source, net, head);
  return {net.architecture, head};
}

DescriptorNet MakeNet(const ModelSource& source, const DescriptorNetOptions& options) {
  try {
    return DescriptorNet(options);
  } catch (const UsageError& error) {
    const std::string message = StrCat(source.path, ": ", error.what());
    if (HasArchitecture(source.meta)) throw Error(message);  // the file's fault
    throw UsageError(message);
  }
}

Eigen::MatrixXd ReadMatrix(const SourceTensor& entry, const std::string& what) {
  VANTAGE_CHECK(entry.shape.size() == 2 && entry.shape[0] > 0 && entry.shape[1] > 0, what,
                ": not a matrix: ", serialize::ShapeText(entry.shape));
  const at::Tensor tensor = ToTensor(entry).to(at::kDouble);
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  return Eigen::Map<const RowMajor>(tensor.const_data_ptr<double>(), entry.shape[0], entry.shape[1]);
}

void ReadWhitenings(const ModelSource& source, ModelParts& model) {
  for (const auto& [key, mean_entry] : source.whitenings) {
    const std::string what = StrCat(source.path, ": meta: Lw: ", key);
    const auto [name, scales] = WhiteningOf(key);
    const bool is_known = scales == "ss" || scales == "ms";
    VANTAGE_CHECK(is_known && (key.ends_with(".m") || key.ends_with(".P")), what,
                  ": neither mean (m) nor projection (P) of a whitening");
    if (key.ends_with(".P")) continue;
    const auto found = source.whitenings.find(StrCat(name, ".", scales, ".P"));
    VANTAGE_CHECK(found != source.whitenings.end(), what, ": a mean without its projection P");
    const Eigen::MatrixXd mean = ReadMatrix(mean_entry, what);
    Whitening whitening{mean, ReadMatrix(found->second, what)};
    VANTAGE_CHECK(mean.cols() == 1 && whitening.projection.cols() == mean.rows(), what, ": P of ",
                  serialize::ShapeText(found->second.shape), " for a mean of ",
                  serialize::ShapeText(mean_entry.shape));
    ModelWhitening& both = model.whitenings[name];
    (scales == "ss" ? both.single_scale : both.multi_scale) = std::move(whitening);
  }
}

}  // namespace

ModelParts ReadModel(const std::filesystem::path& path, const NetWish& wanted,
                     const std::vector<std::string>& allow_missing) try {
  const IntraOpThreads one_thread(1);  // as in FrozenNet
  one_thread.Enter();
  const ModelSource source = OpenModelSource(path, wanted);
  CheckOneNetwork(source);
  // In parallel: it takes as long as reading.
  std::future<std::string> file_sha256 =
      std::async(std::launch::async, [path] { return Sha256OfFile(path); });
  const NetOfSource net = FindNet(source);
  ModelParts model{MakeNet(source, Combine(source, net, wanted, allow_missing)), {}};
  const bool is_trunk_only = !net.head;
  const bool is_complete = FillNet(InOwnLayout(source), is_trunk_only, allow_missing, model.net);
  const LayoutRow* layout = RecogniseLayout(ShapesOf(source));
  if (layout != nullptr && layout->normalization)
    model.net.normalization = source.normalization.value_or(*layout->normalization);
  ReadWhitenings(source, model);
  model.preprocessing = net.preprocessing;
  if (net.head) model.applies_exif_orientation = false;  // cirtorch's and the others' loaders ignore it
  model.licence = net.licence;
  if (!HasArchitecture(source.meta)) {
    model.file_sha256 = file_sha256.get();
    return model;
  }
  const std::string what = source.path + ": meta";
  ApplyMeta(source.meta, what, model);
  const std::string sha256 = WeightsSha256OfMeta(source.meta, what);
  if (!sha256.empty() && is_complete) {
    const std::string actual = WeightsSha256(model.net);
    VANTAGE_CHECK(actual == sha256, source.path,
                  ": its weights are not those that it was written with: ", "their SHA-256 is ", actual,
                  ", not ", sha256);
  }
  model.file_sha256 = file_sha256.get();
  return model;
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage::nn

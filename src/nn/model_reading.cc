// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/core/Tensor.h>

#include <algorithm>
#include <future>

#include "nn/fill_net.h"
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

// Tensors whose names do not begin so.
TensorShapes Without(const TensorShapes& shapes, const std::vector<std::string>& prefixes) {
  TensorShapes rest = shapes;
  std::erase_if(rest, [&](const auto& item) {
    return std::any_of(prefixes.begin(), prefixes.end(),
                       [&](const std::string& prefix) { return item.first.starts_with(prefix); });
  });
  return rest;
}

// The file's network and the wanted one brought together. Without the tensors that may be left out, the file
// may hold a smaller trunk.
NetOfSource Agree(const ModelSource& source, const NetWish& wanted,
                  const std::vector<std::string>& allow_missing) {
  NetOfSource net = FindNet(source);
  NetWish& found = net.found;
  const auto agree = [&](auto& of_file, const auto& asked, const std::string& what) {
    if (of_file && asked && *of_file != *asked) {
      throw UsageError(
          StrCat(source.path, ": holds a ", NameOf(found.Options()), "; asked for is ", what, *asked));
    }
    if (!of_file) of_file = asked;
  };
  const bool has_meta = HasArchitecture(source.meta);
  if (!has_meta && !allow_missing.empty() && wanted.architecture &&
      FindNet(Without(ShapesOf(source), allow_missing)).found.architecture == wanted.architecture) {
    found.architecture = wanted.architecture;
  }
  if (!has_meta && found.architecture && wanted.architecture) {
    // Tensors do not tell how positions are resized.
    const TrunkRow& asked = TrunkNamed(*wanted.architecture);
    const TrunkRow& row = TrunkNamed(*found.architecture);
    if (row.positions.empty() == asked.positions.empty() &&
        VariantOf(row, {}, asked.positions).name == asked.name)
      found.architecture = asked.name;
  }
  agree(found.architecture, wanted.architecture, "a ");
  if (!found.architecture) {
    throw UsageError(StrCat(source.path, ": holds the tensors of no trunk that is known ('",
                            source.tensors[0].name, "' ", serialize::ShapeText(source.tensors[0].shape),
                            ", ...); --architecture names one of ", Join(TrunkArchitectures(), ", ")));
  }
  const HeadRow* head = FindHead(found.head.value_or(""));
  if (!has_meta && head != nullptr && head->complete != nullptr) head->complete(wanted, found);
  agree(found.pooling, wanted.pooling, "the pooling ");
  agree(found.head, wanted.head, "the head of ");
  agree(found.power, wanted.power, "the power ");
  agree(found.output_dimension, wanted.output_dimension, "the output dimension ");
  found.fc_whitening = found.fc_whitening || wanted.fc_whitening;
  found.local_whitening = found.local_whitening || wanted.local_whitening;
  found.regional = found.regional || wanted.regional;
  if (net.is_trunk_only) {
    found.locals = wanted.locals;
    found.netvlad = wanted.netvlad;
  }
  if (!found.pooling) found.pooling = DescriptorNetOptions().pooling;
  return net;
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
  const ModelSource source = OpenModelSource(path);
  // Beside reading: it takes as long.
  std::future<std::string> file_sha256 =
      std::async(std::launch::async, [path] { return Sha256OfFile(path); });
  const NetOfSource net = Agree(source, wanted, allow_missing);
  ModelParts model{MakeNet(source, net.found.Options()), {}};
  const bool is_complete = FillNet(InOwnLayout(source), net.is_trunk_only, allow_missing, model.net);
  const LayoutRow* layout = RecogniseLayout(ShapesOf(source));
  if (layout != nullptr && layout->normalization)
    model.net.normalization = source.normalization.value_or(*layout->normalization);
  ReadWhitenings(source, model);
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

// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/core/Tensor.h>

#include <algorithm>
#include <future>

#include "nn/fill_net.h"
#include "nn/intra_op_threads.h"
#include "nn/model_file.h"
#include "nn/model_meta.h"
#include "nn/model_source.h"
#include "nn/net_of_source.h"
#include "nn/netvlad_layouts.h"
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
NetOfSource Agree(const ModelSource& source, const DescriptorNetOptions& wanted,
                  const std::vector<std::string>& allow_missing) {
  NetOfSource net = FindNet(source);
  DescriptorNetOptions& options = net.options;
  const auto refuse = [&](const std::string& asked) {
    throw UsageError(StrCat(source.path, ": holds a ", NameOf(options), "; asked for is ", asked));
  };
  if (!wanted.architecture.empty() && options.architecture != wanted.architecture) {
    const bool fits_a_part =
        !HasArchitecture(source.meta) && !allow_missing.empty() &&
        FindNet(Without(ShapesOf(source), allow_missing)).options.architecture == wanted.architecture;
    if (!options.architecture.empty() && !fits_a_part) {
      refuse("a " + wanted.architecture);
    }
    options.architecture = wanted.architecture;
  }
  if (options.architecture.empty()) {
    throw UsageError(StrCat(source.path, ": holds the tensors of no trunk that is known ('",
                            source.tensors[0].name, "' ", serialize::ShapeText(source.tensors[0].shape),
                            ", ...); --architecture names one of ", Join(TrunkArchitectures(), ", ")));
  }
  if (net.is_trunk_only) {  // what follows is for the user to say
    const DescriptorNetOptions found = options;
    options = wanted;
    options.architecture = found.architecture;
    options.fc_whitening = wanted.fc_whitening || found.fc_whitening;
    options.local_whitening = wanted.local_whitening || found.local_whitening;
    options.regional = wanted.regional || found.regional;
    if (found.output_dimension > 0) options.output_dimension = found.output_dimension;
    if (options.pooling.empty()) options.pooling = "gem";
    if (options.head.empty()) options.head = "cirtorch";
    return net;
  }
  if (HasLocals(options) && !HasArchitecture(source.meta)) {  // what tensors do not tell
    options.locals.windows = wanted.locals.windows;
    if (wanted.head == options.head) options.netvlad.alpha = wanted.netvlad.alpha;
  }
  if (!wanted.pooling.empty() && wanted.pooling != options.pooling) refuse("the pooling " + wanted.pooling);
  if (!wanted.head.empty() && wanted.head != options.head) refuse("the head of " + wanted.head);
  options.fc_whitening = options.fc_whitening || wanted.fc_whitening;
  options.local_whitening = options.local_whitening || wanted.local_whitening;
  options.regional = options.regional || wanted.regional;
  if (wanted.power != 1) {
    if (options.power != 1 && options.power != wanted.power) refuse(StrCat("the power ", wanted.power));
    options.power = wanted.power;
  }
  if (wanted.output_dimension > 0) {
    if (options.output_dimension > 0 && options.output_dimension != wanted.output_dimension)
      refuse(StrCat(wanted.output_dimension, " dimensions"));
    options.output_dimension = wanted.output_dimension;
  }
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

ModelParts ReadModel(const std::filesystem::path& path, const DescriptorNetOptions& wanted,
                     const std::vector<std::string>& allow_missing) try {
  const IntraOpThreads one_thread(1);  // as in DescriptorNet::Frozen
  one_thread.Enter();
  const ModelSource source = OpenModelSource(path);
  // Beside reading: it takes as long.
  std::future<std::string> file_sha256 =
      std::async(std::launch::async, [path] { return Sha256OfFile(path); });
  const NetOfSource net = Agree(source, wanted, allow_missing);
  ModelParts model{MakeNet(source, net.options), {}};
  const bool is_complete = FillNet(InOwnLayout(source), net.is_trunk_only, allow_missing, model.net);
  if (const NetVladLayout* layout = FindNetVladLayout(ShapesOf(source)))
    model.net.normalization = source.normalization.value_or(layout->normalization);
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

// SPDX-License-Identifier: BSD-3-Clause
#include "nn/fold_whitening.h"

#include <ATen/core/grad_mode.h>

#include <Eigen/Core>
#include <map>

#include "util/check.h"

namespace vantage::nn {
namespace {

template <typename Derived>
void CopyInto(const Eigen::MatrixBase<Derived>& values, at::Tensor& tensor) {
  using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  VANTAGE_CHECK(values.size() == tensor.numel() && tensor.is_contiguous() && tensor.is_cpu(),
                "whitening: ", values.rows(), " x ", values.cols(), " numbers do not fit the layer");
  Eigen::Map<RowMajor>(tensor.mutable_data_ptr<float>(), values.rows(), values.cols()) =
      values.template cast<float>();
}

// The options of the network with a last linear layer.
DescriptorNetOptions WithLinear(DescriptorNetOptions options, int rows) {
  const HeadRow& row = RowOf(options.head);
  if (row.add_linear && row.add_linear(options.head, rows)) return options;
  throw UsageError(StrCat("the network is a ", NameOf(options),
                          ", to which no linear layer can be added: a whitening cannot be folded into it, ",
                          "only stored with it"));
}

}  // namespace

void CheckTakesWhitening(const DescriptorNetOptions& options) { WithLinear(options, 1); }

DescriptorNet FoldWhitening(const DescriptorNet& net, const Whitening& whitening) {
  const DescriptorNetOptions options =
      WithLinear(net.options(), static_cast<int>(whitening.projection.rows()));
  VANTAGE_CHECK(whitening.dimension() == net.dimension(), "whitening: learned for descriptors of ",
                whitening.dimension(), " dimensions, not ", net.dimension());
  const at::NoGradGuard no_grad;
  DescriptorNet copy = net.Clone();
  copy.To(at::kCPU);
  std::map<std::string, at::Tensor> tensors;
  copy.Visit([&](const std::string& name, const at::Tensor& tensor, TensorRole) { tensors[name] = tensor; });
  DescriptorNet folded(options);
  folded.normalization = net.normalization;
  const std::string linear = folded.head_row().linear;
  folded.Replace([&](const std::string& name, at::Tensor& tensor, TensorRole) {
    if (name == linear + ".weight") {
      CopyInto(whitening.projection, tensor);
    } else if (name == linear + ".bias") {
      CopyInto(-whitening.projection * whitening.mean, tensor);
    } else {
      tensor = tensors.at(name);
    }
  });
  folded.To(net.device());
  return folded;
}

}  // namespace vantage::nn

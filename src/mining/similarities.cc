// SPDX-License-Identifier: BSD-3-Clause
#include "mining/similarities.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/mm.h>

namespace vantage::mining {

void Similarities(const Eigen::Ref<const DescriptorMatrix>& a, const Eigen::Ref<const DescriptorMatrix>& b,
                  DescriptorMatrix& product) {
  const auto tensor = [](const float* data, Eigen::Index rows, Eigen::Index columns, Eigen::Index stride) {
    return at::from_blob(const_cast<float*>(data), {rows, columns}, {stride, 1});  // NOLINT: only read
  };
  product.resize(a.rows(), b.rows());
  at::Tensor out = tensor(product.data(), product.rows(), product.cols(), product.cols());
  at::mm_out(out, tensor(a.data(), a.rows(), a.cols(), a.outerStride()),
             tensor(b.data(), b.rows(), b.cols(), b.outerStride()).t());
}

}  // namespace vantage::mining

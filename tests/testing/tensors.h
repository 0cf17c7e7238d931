// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "nn/descriptor_net.h"

namespace vantage::testing {

// An .npy as a tensor of its type (float32, float64 or int64).
at::Tensor ReadNpyTensor(const std::filesystem::path& path);

// Largest absolute difference, divided by the largest absolute value of `expected`.
double RelativeError(const at::Tensor& actual, const at::Tensor& expected);

// Names of all architectures; transformers as variants of two blocks, which have the layers of the whole
// ones.
std::vector<std::string> SmallArchitectures();

// The name as that of a parameterised test.
std::string TestName(std::string name);

// Fills a tensor by the formula of the reference data (shared/reference, trunks and vit): from nothing but
// its name.
void FillByFormula(const std::string& name, const at::Tensor& tensor);

// The gradient of f at x by central differences. x: float64, any shape; f: tensor to scalar tensor.
at::Tensor NumericalGradient(const std::function<at::Tensor(const at::Tensor&)>& f, const at::Tensor& x,
                             double step);

// The gradient of f at x by autograd.
at::Tensor AutogradGradient(const std::function<at::Tensor(const at::Tensor&)>& f, const at::Tensor& x);

}  // namespace vantage::testing

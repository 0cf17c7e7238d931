// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <c10/core/Device.h>

#include <string>

namespace vantage::nn {

// "cpu", "cuda" or "cuda:1". Throws UsageError for another name, or if this LibTorch or machine has no such
// device.
at::Device ParseDevice(const std::string& name);

}  // namespace vantage::nn

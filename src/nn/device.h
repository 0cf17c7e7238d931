// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <c10/core/Device.h>

#include <string>

namespace vantage::nn {

// Parses "cpu", "cuda" or "cuda:1". Throws UsageError for any other name, and for a device that this LibTorch
// or this machine does not have.
at::Device ParseDevice(const std::string& name);

}  // namespace vantage::nn

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "util/gpu_driver.h"

namespace vantage::nn {

// Whether LibTorch is a CUDA build.
bool TorchHasCuda();

// Number of GPUs that LibTorch can compute on.
int CudaDeviceCount();

// CUDA version that LibTorch was built for, such as 13000 for 13.0; 0 for a CPU build.
int64_t TorchCudaVersion();

// The reason why CudaDeviceCount() is 0.
std::string WhyNoCudaDevice(const GpuDriver& driver);

}  // namespace vantage::nn

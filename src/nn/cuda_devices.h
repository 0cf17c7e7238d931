// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "util/gpu_driver.h"

namespace vantage::nn {

// Whether LibTorch is a CUDA build.
bool TorchHasCuda();

// GPUs that LibTorch can compute on.
int CudaDeviceCount();

// The CUDA that LibTorch is built for, 13000 for 13.0; 0: a build for CPUs.
int64_t TorchCudaVersion();

// Why CudaDeviceCount() is 0.
std::string WhyNoCudaDevice(const GpuDriver& driver);

}  // namespace vantage::nn

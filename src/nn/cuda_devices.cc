// SPDX-License-Identifier: BSD-3-Clause
#include "nn/cuda_devices.h"

#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>

#include "util/string.h"

namespace vantage::nn {

bool TorchHasCuda() { return c10::impl::hasDeviceGuardImpl(c10::DeviceType::CUDA); }

int CudaDeviceCount() {
  return TorchHasCuda() ? c10::impl::getDeviceGuardImpl(c10::DeviceType::CUDA)->deviceCount() : 0;
}

int64_t TorchCudaVersion() { return TorchHasCuda() ? at::detail::getCUDAHooks().versionCUDART() : 0; }

std::string WhyNoCudaDevice(const GpuDriver& driver) {
  if (!TorchHasCuda()) return "the LibTorch that vantage is built with is one for CPUs";
  if (!driver.problem.empty()) return driver.problem;
  // A driver runs what is built for an older CUDA, or for a newer one of the same major version.
  if (driver.cuda_version / 1000 < TorchCudaVersion() / 1000) {
    return StrCat("the NVIDIA driver runs CUDA up to ", CudaVersionText(driver.cuda_version),
                  ", LibTorch is built for ", CudaVersionText(TorchCudaVersion()));
  }
  return "LibTorch cannot start CUDA";
}

}  // namespace vantage::nn

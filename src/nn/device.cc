// SPDX-License-Identifier: BSD-3-Clause
#include "nn/device.h"

#include <c10/util/Exception.h>

#include <optional>

#include "nn/cuda_devices.h"
#include "util/string.h"
#include "vantage/error.h"

namespace vantage::nn {

at::Device ParseDevice(const std::string& name) {
  std::optional<at::Device> device;
  try {
    device = at::Device(name);
  } catch (const c10::Error&) {  // said below
  }
  if (device && device->is_cpu()) return *device;
  if (!device || !device->is_cuda())
    throw UsageError(StrCat("unknown device '", name, "'; known are cpu, cuda, cuda:1, ..."));
  const int count = CudaDeviceCount();
  if (count == 0) throw UsageError(StrCat("device '", name, "': ", WhyNoCudaDevice(AskGpuDriver())));
  if (device->index() >= count)
    throw UsageError(StrCat("device '", name, "': the last one here is cuda:", count - 1));
  return *device;
}

}  // namespace vantage::nn

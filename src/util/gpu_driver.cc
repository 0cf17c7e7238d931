// SPDX-License-Identifier: BSD-3-Clause
#include "util/gpu_driver.h"

#include <dlfcn.h>

#include <array>
#include <utility>

#include "util/string.h"

namespace vantage {
namespace {

constexpr int kSuccess = 0;
// CUdevice_attribute in CUDA's driver API.
constexpr int kComputeCapabilityMajor = 75;
constexpr int kComputeCapabilityMinor = 76;

// A shared library that may be missing. It is never unloaded, since CUDA's libraries leave threads running.
class SharedLibrary {
 public:
  explicit SharedLibrary(const char* name) : handle_(::dlopen(name, RTLD_NOW | RTLD_LOCAL)) {}
  explicit operator bool() const { return handle_ != nullptr; }

  // Calls a function that returns 0 on success. Returns -1 if there is no such function.
  template <typename... Parameters>
  int Call(const char* function, Parameters... parameters) const {
    const auto address = reinterpret_cast<int (*)(Parameters...)>(::dlsym(handle_, function));
    return address == nullptr ? -1 : address(parameters...);
  }

 private:
  void* handle_;
};

std::string DriverVersion() {
  std::string version;
  const SharedLibrary nvml("libnvidia-ml.so.1");
  if (!nvml || nvml.Call("nvmlInit_v2") != kSuccess) return version;
  std::array<char, 96> text{};
  if (nvml.Call("nvmlSystemGetDriverVersion", text.data(), static_cast<unsigned>(text.size() - 1)) ==
      kSuccess)
    version = text.data();
  nvml.Call("nvmlShutdown");
  return version;
}

std::string CudaErrorText(const SharedLibrary& cuda, int error) {
  const char* text = nullptr;
  if (cuda.Call("cuGetErrorString", error, &text) == kSuccess && text != nullptr) return text;
  return StrCat("error ", error);
}

GpuInfo AskGpu(const SharedLibrary& cuda, int device) {
  GpuInfo gpu;
  std::array<char, 256> text{};
  if (cuda.Call("cuDeviceGetName", text.data(), static_cast<int>(text.size() - 1), device) == kSuccess)
    gpu.name = text.data();
  size_t bytes = 0;
  if (cuda.Call("cuDeviceTotalMem_v2", &bytes, device) == kSuccess)
    gpu.memory_bytes = static_cast<int64_t>(bytes);
  cuda.Call("cuDeviceGetAttribute", &gpu.major, kComputeCapabilityMajor, device);
  cuda.Call("cuDeviceGetAttribute", &gpu.minor, kComputeCapabilityMinor, device);
  text = {};
  if (cuda.Call("cuDeviceGetPCIBusId", text.data(), static_cast<int>(text.size() - 1), device) == kSuccess)
    gpu.pci_bus_id = ToLower(text.data());
  return gpu;
}

}  // namespace

GpuDriver AskGpuDriver() {
  GpuDriver driver;
  const SharedLibrary cuda("libcuda.so.1");
  driver.loaded = static_cast<bool>(cuda);
  if (!driver.loaded) {
    driver.problem = "there is no NVIDIA driver here (no libcuda.so.1)";
    return driver;
  }
  driver.version = DriverVersion();
  cuda.Call("cuDriverGetVersion", &driver.cuda_version);
  int count = 0;
  int error = cuda.Call("cuInit", 0U);
  if (error == kSuccess) error = cuda.Call("cuDeviceGetCount", &count);
  if (error != kSuccess) {
    driver.problem = StrCat("the NVIDIA driver gives no GPU: ", CudaErrorText(cuda, error));
    return driver;
  }
  for (int i = 0; i < count; ++i) {
    int device = 0;
    if (cuda.Call("cuDeviceGet", &device, i) == kSuccess) driver.gpus.push_back(AskGpu(cuda, device));
  }
  if (driver.gpus.empty()) driver.problem = "the NVIDIA driver gives no GPU";
  return driver;
}

std::string CudaVersionText(int64_t version) { return StrCat(version / 1000, ".", version % 1000 / 10); }

}  // namespace vantage

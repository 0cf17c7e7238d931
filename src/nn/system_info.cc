// SPDX-License-Identifier: BSD-3-Clause
#include "nn/system_info.h"

#include <ATen/Version.h>
#include <dlfcn.h>
#include <torch/version.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "nn/cuda_devices.h"
#include "nn/precision.h"
#include "util/cpu.h"
#include "util/index.h"
#include "util/simd.h"
#include "util/string.h"
#include "vantage/run_context.h"

namespace vantage::nn {
namespace {

using nlohmann::json;

// LibTorch's CUDA libraries bring NCCL into the process; its header need not be there.
std::string NcclVersion() {
  int version = 0;
  const auto function = reinterpret_cast<int (*)(int*)>(::dlsym(RTLD_DEFAULT, "ncclGetVersion"));
  if (function == nullptr || function(&version) != 0) return "";
  return StrCat(version / 10000, ".", version / 100 % 100, ".", version % 100);  // since 2.9
}

json TextOrNull(const std::string& text) { return text.empty() ? json(nullptr) : json(text); }

json PrecisionsOfCpu(bool has_fast_bfloat16) {
  return has_fast_bfloat16 ? json{"fp32", "bf16"} : json{"fp32"};
}

json PrecisionsOf(const GpuInfo& gpu) {
  return gpu.HasFastBfloat16() ? json(PrecisionNames()) : json{"fp32", "fp16"};
}

// By the names that --device takes.
json Devices(const SystemInfo& info) {
  json devices = {{"cpu", {{"name", info.cpu}, {"precisions", PrecisionsOfCpu(info.cpu_has_fast_bfloat16)}}}};
  for (size_t i = 0; i < info.gpus.size(); ++i) {
    const GpuInfo& gpu = info.gpus[i];
    constexpr double kGibibyte = 1 << 30;
    devices[StrCat("cuda:", i)] = {
        {"name", gpu.name},
        {"memory_gib", std::round(static_cast<double>(gpu.memory_bytes) / kGibibyte * 10) / 10},
        {"compute_capability", StrCat(gpu.major, ".", gpu.minor)},
        {"pci_bus_id", gpu.pci_bus_id},
        {"precisions", PrecisionsOf(gpu)}};
  }
  return devices;
}

json DriverFacts(const GpuDriver& driver) {
  if (!driver.loaded) return nullptr;
  json names = json::array();
  for (const GpuInfo& gpu : driver.gpus) names.push_back(gpu.name);
  return {{"version", TextOrNull(driver.version)},
          {"cuda", CudaVersionText(driver.cuda_version)},
          {"gpus", names}};
}

}  // namespace

SystemInfo ReadSystemInfo() {
  SystemInfo info;
  info.version = Version();
  info.build_type = BuildType();
  info.compiler = Compiler();
  info.cpu = CpuName();
  info.vector_instructions = VectorInstructions();
  info.simd = SimdLevelName(UsedSimdLevel());
  info.torch_capability = at::get_cpu_capability();
  info.processors = UsableProcessors();
  info.cpu_has_fast_bfloat16 = HasFastBfloat16();
  info.torch_version = TORCH_VERSION;
  if (TorchHasCuda()) info.torch_cuda = CudaVersionText(TorchCudaVersion());
  info.nccl_version = NcclVersion();
  info.driver = AskGpuDriver();
  info.gpus = info.driver.gpus;
  info.gpus.resize(std::min(info.gpus.size(), ToIndex(CudaDeviceCount())));
  if (info.gpus.empty()) info.no_gpu = WhyNoCudaDevice(info.driver);
  return info;
}

json ToJson(const SystemInfo& info) {
  json result = {
      {"kind", "system"},
      {"version", info.version},
      {"build_type", info.build_type},
      {"compiler", info.compiler},
      {"processors", info.processors},
      {"vector_instructions", info.vector_instructions},
      {"simd", info.simd},
      {"libtorch",
       {{"version", info.torch_version},
        {"build", info.torch_cuda.empty() ? "CPU" : StrCat("CUDA ", info.torch_cuda)},
        {"cpu_capability", info.torch_capability}}},
      {"nccl", TextOrNull(info.nccl_version)},
      {"nvidia_driver", DriverFacts(info.driver)},
      {"devices", Devices(info)},
  };
  if (!info.no_gpu.empty()) result["no_gpu"] = info.no_gpu;
  return result;
}

}  // namespace vantage::nn

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "util/gpu_driver.h"

namespace vantage::nn {

// This installation of vantage, and the hardware that it can use.
struct SystemInfo {
  std::string version;
  std::string build_type;
  std::string compiler;

  std::string cpu;
  std::vector<std::string> vector_instructions;
  // Instruction set that vantage's own kernels use: SimdLevelName of UsedSimdLevel.
  std::string simd;
  // Instruction set that LibTorch's own kernels use: "AVX2", "AVX512", "DEFAULT".
  std::string torch_capability;
  // Number of processors that this process may use, and therefore its number of threads.
  int processors = 1;
  bool cpu_has_fast_bfloat16 = false;

  std::string torch_version;
  // CUDA version that LibTorch was built for, such as "13.0"; empty for a CPU build.
  std::string torch_cuda;
  // Version of NCCL in LibTorch; empty if it has none.
  std::string nccl_version;

  GpuDriver driver;
  // GPUs that vantage can compute on: cuda:0, ...
  std::vector<GpuInfo> gpus;
  // Why vantage can compute on no GPU; empty if it can.
  std::string no_gpu;
};

SystemInfo ReadSystemInfo();

// The JSON object that `vantage info` prints.
nlohmann::json ToJson(const SystemInfo& info);

}  // namespace vantage::nn

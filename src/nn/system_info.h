// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "util/gpu_driver.h"

namespace vantage::nn {

// What vantage is here, and what it can compute on.
struct SystemInfo {
  std::string version;
  std::string build_type;
  std::string compiler;

  std::string cpu;
  std::vector<std::string> vector_instructions;
  // What vantage's own kernels use: SimdLevelName of UsedSimdLevel.
  std::string simd;
  // What LibTorch's own kernels use: "AVX2", "AVX512", "DEFAULT".
  std::string torch_capability;
  // Processors that this process may use, and so the threads that it works with.
  int processors = 1;
  bool cpu_has_fast_bfloat16 = false;

  std::string torch_version;
  // The CUDA that LibTorch is built for: "13.0"; empty: a build for CPUs.
  std::string torch_cuda;
  // Of NCCL in LibTorch; empty where it has none.
  std::string nccl_version;

  GpuDriver driver;
  // GPUs that vantage can compute on: cuda:0, ...
  std::vector<GpuInfo> gpus;
  // Why it can on none; empty where it can.
  std::string no_gpu;
};

SystemInfo ReadSystemInfo();

// An object of what `vantage info` prints.
nlohmann::json ToJson(const SystemInfo& info);

}  // namespace vantage::nn

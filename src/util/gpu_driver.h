// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace vantage {

struct GpuInfo {
  std::string name;
  int64_t memory_bytes = 0;
  // Compute capability: 9.0 is 9 and 0.
  int major = 0;
  int minor = 0;
  std::string pci_bus_id;  // "0000:3b:00.0"

  // Whether it computes bfloat16 in hardware. Other GPUs convert to float32 and back.
  bool HasFastBfloat16() const { return major >= 8; }
};

// What NVIDIA's driver reports through its own library, libcuda.so.1. No CUDA toolkit is needed.
struct GpuDriver {
  bool loaded = false;
  std::string version;        // "580.65.06"; empty if it is not known
  int cuda_version = 0;       // newest CUDA version that it supports; 13000 is 13.0
  std::vector<GpuInfo> gpus;  // GPUs that this process may use (CUDA_VISIBLE_DEVICES applies)
  std::string problem;        // why `gpus` is empty
};

GpuDriver AskGpuDriver();

// "13.0" for 13000.
std::string CudaVersionText(int64_t version);

}  // namespace vantage

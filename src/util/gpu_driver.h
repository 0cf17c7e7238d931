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

  // Whether it computes in bfloat16 by hardware, and not by turns through float32.
  bool HasFastBfloat16() const { return major >= 8; }
};

// What NVIDIA's driver says. It is asked through its own library, libcuda.so.1: nothing of a CUDA toolkit is
// needed.
struct GpuDriver {
  bool loaded = false;
  std::string version;        // "580.65.06"; empty where it is not known
  int cuda_version = 0;       // the newest CUDA that it runs; 13.0 is 13000
  std::vector<GpuInfo> gpus;  // those that this process may use: CUDA_VISIBLE_DEVICES counts
  std::string problem;        // why there are none
};

GpuDriver AskGpuDriver();

// 13000 is "13.0".
std::string CudaVersionText(int64_t version);

}  // namespace vantage

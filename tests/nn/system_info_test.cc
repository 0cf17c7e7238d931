// SPDX-License-Identifier: BSD-3-Clause
#include "nn/system_info.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <torch/version.h>

#include <nlohmann/json.hpp>
#include <string_view>

#include "nn/descriptor_net.h"
#include "nn/device.h"
#include "vantage/error.h"

namespace vantage::nn {
namespace {

using nlohmann::json;

TEST(SystemInfo, IsOfTheLibTorchThatItIsBuiltWith) {
  const SystemInfo info = ReadSystemInfo();
  EXPECT_EQ(info.torch_version, TORCH_VERSION);
  EXPECT_EQ(info.gpus.empty(), !info.no_gpu.empty());
}

// LibTorch calls the BLAS that is loaded first. OpenBLAS's threads wait for each other inside LibTorch's.
TEST(SystemInfo, LibTorchFindsItsOwnBlas) {
  void* libtorch = dlopen("libtorch_cpu.so", RTLD_LAZY | RTLD_NOLOAD);
  ASSERT_NE(libtorch, nullptr) << dlerror();
  void* sgemm = dlsym(libtorch, "sgemm_");
  Dl_info info{};
  const bool is_own = sgemm != nullptr && dladdr(sgemm, &info) != 0 &&
                      std::string_view(info.dli_fname).ends_with("libtorch_cpu.so");
  dlclose(libtorch);
  if (!is_own) GTEST_SKIP() << "LibTorch does not contain its BLAS";
  EXPECT_EQ(dlsym(RTLD_DEFAULT, "sgemm_"), sgemm);
}

TEST(SystemInfo, OffersBfloat16WhereAGpuHasIt) {
  SystemInfo info;
  info.driver.loaded = true;
  info.driver.cuda_version = 13000;
  info.gpus = {{"T4", int64_t{16} << 30, 7, 5, "0000:3b:00.0"},
               {"H200", int64_t{141} << 30, 9, 0, "0000:5e:00.0"}};
  const json devices = ToJson(info)["devices"];
  ASSERT_EQ(devices.size(), 3);
  EXPECT_EQ(devices["cuda:0"]["compute_capability"], "7.5");
  EXPECT_EQ(devices["cuda:0"]["precisions"], json({"fp32", "fp16"}));
  EXPECT_EQ(devices["cuda:1"]["precisions"], json({"fp32", "tf32", "bf16", "fp16"}));
  EXPECT_EQ(devices["cuda:1"]["memory_gib"], 141);
}

TEST(SystemInfo, ADeviceThatIsNotThereIsRefusedWithTheReason) {
  const SystemInfo info = ReadSystemInfo();
  if (!info.gpus.empty()) GTEST_SKIP() << "there is a GPU";
  try {
    ParseDevice("cuda:1");
    FAIL() << "there is no GPU";
  } catch (const UsageError& error) {
    EXPECT_EQ(error.what(), "device 'cuda:1': " + info.no_gpu);
  }
}

}  // namespace
}  // namespace vantage::nn

// SPDX-License-Identifier: BSD-3-Clause
#include "nn/precision.h"

#include <ATen/Context.h>

#include <array>
#include <cstdlib>
#include <utility>

#include "util/cpu.h"
#include "util/gpu_driver.h"
#include "util/index.h"
#include "util/string.h"
#include "vantage/error.h"

namespace vantage::nn {
namespace {

constexpr std::array<std::pair<const char*, Precision>, 4> kPrecisions = {{{"fp32", Precision::kFp32},
                                                                           {"tf32", Precision::kTf32},
                                                                           {"bf16", Precision::kBf16},
                                                                           {"fp16", Precision::kFp16}}};

void CheckOnCpu(Precision precision) {
  if (precision == Precision::kBf16 && !HasFastBfloat16()) {
    throw UsageError(
        "precision: bf16 takes hundreds of times as long as fp32 on this CPU, which has neither AMX nor "
        "AVX512-BF16");
  }
  if (precision == Precision::kTf32 || precision == Precision::kFp16)
    throw UsageError("precision: tf32 and fp16 are for GPUs");
}

void CheckOnGpu(Precision precision, const at::Device& device) {
  if (precision != Precision::kTf32 && precision != Precision::kBf16) return;
  const std::vector<GpuInfo> gpus = AskGpuDriver().gpus;
  const auto index = ToIndex(device.has_index() ? device.index() : 0);
  if (index >= gpus.size() || gpus[index].HasFastBfloat16()) return;
  throw UsageError(StrCat("precision: a ", gpus[index].name, " (compute capability ", gpus[index].major, ".",
                          gpus[index].minor, ") has neither tf32 nor bf16; it has fp16"));
}

}  // namespace

std::vector<std::string> PrecisionNames() {
  std::vector<std::string> names;
  for (const auto& [name, precision] : kPrecisions) names.emplace_back(name);
  return names;
}

Precision ParsePrecision(const std::string& name, const at::Device& device) {
  for (const auto& [known, precision] : kPrecisions) {
    if (name != known) continue;
    if (device.is_cpu()) {
      CheckOnCpu(precision);
    } else {
      CheckOnGpu(precision, device);
    }
    return precision;
  }
  throw UsageError(StrCat("precision: '", name, "' is not one of ", Join(PrecisionNames(), ", ")));
}

at::ScalarType TypeOf(Precision precision) {
  switch (precision) {
    case Precision::kBf16:
      return at::kBFloat16;
    case Precision::kFp16:
      return at::kHalf;
    default:
      return at::kFloat;
  }
}

at::Tensor CastLike(const at::Tensor& weight, const at::Tensor& x) {
  return weight.defined() ? weight.to(x.scalar_type()) : weight;
}

void RoundToTf32(bool rounds) {
  at::Context& context = at::globalContext();
  if (context.allowTF32CuDNN() == rounds && context.allowTF32CuBLAS() == rounds) return;
  context.setAllowTF32CuDNN(rounds);
  context.setAllowTF32CuBLAS(rounds);
}

void PreferDeterministicKernels() {
  // cuBLAS gives the same bits only with a workspace of a fixed size, which it reads here.
  ::setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0);  // NOLINT(concurrency-mt-unsafe)
  at::Context& context = at::globalContext();
  context.setBenchmarkCuDNN(false);
  context.setDeterministicCuDNN(true);
  context.setDeterministicAlgorithms(true, /*warn_only=*/true);
}

}  // namespace vantage::nn

// SPDX-License-Identifier: BSD-3-Clause
#include "nn/precision.h"

#include <ATen/Context.h>

#include "testing/files.h"
#include "util/cpu.h"
#include "vantage/error.h"

namespace vantage::nn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using vantage::testing::ErrorOf;

TEST(Precision, IsNamedAndFitsTheDevice) {
  EXPECT_THAT(PrecisionNames(), ElementsAre("fp32", "tf32", "bf16", "fp16"));
  EXPECT_EQ(ParsePrecision("fp32", at::kCPU), Precision::kFp32);
  EXPECT_THAT(ErrorOf([] { ParsePrecision("fp16", at::kCPU); }), HasSubstr("tf32 and fp16 are for GPUs"));
  EXPECT_THAT(ErrorOf([] { ParsePrecision("tf32", at::kCPU); }), HasSubstr("tf32 and fp16 are for GPUs"));
  EXPECT_THAT(ErrorOf([] { ParsePrecision("fp8", at::kCPU); }), HasSubstr("'fp8' is not one of fp32, tf32"));
  if (HasFastBfloat16()) {
    EXPECT_EQ(ParsePrecision("bf16", at::kCPU), Precision::kBf16);
  } else {
    EXPECT_THAT(ErrorOf([] { ParsePrecision("bf16", at::kCPU); }), HasSubstr("neither AMX"));
  }
}

TEST(Precision, IsOfTheTypeThatItSays) {
  EXPECT_EQ(TypeOf(Precision::kFp32), at::kFloat);
  EXPECT_EQ(TypeOf(Precision::kTf32), at::kFloat);
  EXPECT_EQ(TypeOf(Precision::kBf16), at::kBFloat16);
  EXPECT_EQ(TypeOf(Precision::kFp16), at::kHalf);
}

TEST(Precision, SetsLibTorchsRounding) {
  for (const bool rounds : {false, true, false}) {
    RoundToTf32(rounds);
    EXPECT_EQ(at::globalContext().allowTF32CuDNN(), rounds);
    EXPECT_EQ(at::globalContext().allowTF32CuBLAS(), rounds);
  }
}

}  // namespace
}  // namespace vantage::nn

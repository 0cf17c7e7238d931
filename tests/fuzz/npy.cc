// SPDX-License-Identifier: BSD-3-Clause
#include "serialize/npy.h"

#include "fuzz/harness.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace vantage;
  const std::string_view bytes = fuzz::View(data, size);
  fuzz::Run(bytes, {.bytes_per_byte = 40}, [&] {
    const serialize::NpyArray array = serialize::ParseNpy(bytes, "input");
    array.As<float>();
    array.As<double>();
    array.As<int64_t>();
  });
  return 0;
}

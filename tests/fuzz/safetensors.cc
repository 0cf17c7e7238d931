// SPDX-License-Identifier: BSD-3-Clause
#include "serialize/safetensors.h"

#include "fuzz/harness.h"

// A file, and every tensor of it.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace vantage;
  const fuzz::MemoryFile input(fuzz::View(data, size));
  fuzz::Run(fuzz::View(data, size), {.bytes_per_byte = 1024}, [&] {
    const serialize::SafetensorsFile file(input.path());
    for (const serialize::SafetensorsFile::Tensor& tensor : file.tensors()) {
      std::string elements(tensor.size, '\0');
      file.Read(tensor, elements);
    }
  });
  return 0;
}

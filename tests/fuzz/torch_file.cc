// SPDX-License-Identifier: BSD-3-Clause
#include "serialize/torch_file.h"

#include "fuzz/checksums.h"
#include "fuzz/harness.h"
#include "vantage/error.h"

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned int seed) {
  return vantage::fuzz::MutateAndRepair(data, size, max_size, seed, vantage::fuzz::RepairZip);
}

// A PyTorch file of either format, and every tensor of its dictionary with its storage.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace vantage;
  const fuzz::MemoryFile input(fuzz::View(data, size));
  fuzz::Run(fuzz::View(data, size), {.bytes_per_byte = 512}, [&] {
    const serialize::TorchFile file(input.path());
    for (const serialize::PickleValue* value : file.root().items) {
      try {
        const serialize::TensorRecord tensor = file.Tensor(*value, "value");
        std::string elements(tensor.bytes(), '\0');
        file.Read(tensor, elements);
      } catch (const Error&) {
        // The next value may be a tensor.
      }
    }
  });
  return 0;
}

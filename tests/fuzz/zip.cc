// SPDX-License-Identifier: BSD-3-Clause
#include "serialize/zip.h"

#include "fuzz/checksums.h"
#include "fuzz/harness.h"
#include "vantage/error.h"

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned int seed) {
  return vantage::fuzz::MutateAndRepair(data, size, max_size, seed, vantage::fuzz::RepairZip);
}

// An archive, and every entry of it.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace vantage;
  const fuzz::MemoryFile input(fuzz::View(data, size));
  fuzz::Run(fuzz::View(data, size), {.bytes_per_byte = 8}, [&] {
    const InputFile file(input.path());
    serialize::ZipReader::LooksLikeZip(file);
    const serialize::ZipReader reader(file);
    for (const auto& [name, entry] : reader.entries()) {
      try {
        reader.Read(name);
      } catch (const Error&) {
        // The next entry may be whole.
      }
    }
  });
  return 0;
}

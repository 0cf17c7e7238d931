// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>

namespace vantage::fuzz {

// Mutated archives and pictures would nearly all be refused for their checksums. These set them right in
// place, as far as the structure is found; the rest is left alone.
void RepairZip(uint8_t* data, size_t size);
void RepairPng(uint8_t* data, size_t size);

// libFuzzer's own mutation, repaired three times in four. For LLVMFuzzerCustomMutator.
size_t MutateAndRepair(uint8_t* data, size_t size, size_t max_size, unsigned int seed,
                       void (*repair)(uint8_t* data, size_t size));

}  // namespace vantage::fuzz

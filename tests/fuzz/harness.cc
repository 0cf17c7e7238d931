// SPDX-License-Identifier: BSD-3-Clause
#include "fuzz/harness.h"

#include <sanitizer/allocator_interface.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "util/string.h"
#include "vantage/error.h"

namespace vantage::fuzz {
namespace {

// Live heap memory of the thread, while it runs an input.
struct Meter {
  bool running = false;
  int64_t live = 0;
  int64_t limit = 0;
};
thread_local Meter meter;

void OnAllocation(const volatile void* /*block*/, size_t size) {
  if (!meter.running) return;
  meter.live += static_cast<int64_t>(size);
  if (meter.live <= meter.limit) return;
  meter.running = false;
  std::fprintf(stderr, "MEMORY: %lld bytes of live memory with the latest %zu, more than the bound of %lld\n",
               static_cast<long long>(meter.live), size, static_cast<long long>(meter.limit));
  std::abort();
}

void OnRelease(const volatile void* block) {
  if (!meter.running || block == nullptr) return;
  meter.live -= static_cast<int64_t>(__sanitizer_get_allocated_size(block));
}

const bool kHooked = __sanitizer_install_malloc_and_free_hooks(OnAllocation, OnRelease) != 0;

}  // namespace

void Run(std::string_view input, const MemoryBound& bound, const std::function<void()>& read) {
  if (!kHooked) std::abort();
  meter = {true, 0, static_cast<int64_t>(bound.fixed + bound.bytes_per_byte * input.size())};
  try {
    read();
  } catch (const Error&) {
    // Most inputs are damaged.
  }
  meter.running = false;
}

MemoryFile::MemoryFile(std::string_view bytes) : descriptor_(::memfd_create("input", MFD_CLOEXEC)) {
  if (descriptor_ < 0 ||
      ::write(descriptor_, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
    std::perror("memfd");
    std::abort();
  }
}

MemoryFile::~MemoryFile() { ::close(descriptor_); }

std::filesystem::path MemoryFile::path() const { return StrCat("/proc/self/fd/", descriptor_); }

}  // namespace vantage::fuzz

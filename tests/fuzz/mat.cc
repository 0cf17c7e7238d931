// SPDX-License-Identifier: BSD-3-Clause
#include "fuzz/harness.h"
#include "serialize/mat_file.h"

namespace vantage {
namespace {

constexpr int64_t kMostRead = 1 << 16;  // a small file may inflate to much

void ReadAll(const serialize::MatFile& file, const serialize::MatValue& value) {
  if (value.kind == serialize::MatValue::Kind::kNumbers && value.elements() <= kMostRead) file.Read(value);
  for (const serialize::MatValue& item : value.items) ReadAll(file, item);
}

}  // namespace
}  // namespace vantage

// A file, and the arrays of the variable "net".
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace vantage;
  const fuzz::MemoryFile input(fuzz::View(data, size));
  fuzz::Run(fuzz::View(data, size), {.bytes_per_byte = 1024, .fixed = uint64_t{1} << 25}, [&] {
    const serialize::MatFile file(input.path());
    if (const serialize::MatValue* net = file.Find("net")) ReadAll(file, *net);
  });
  return 0;
}

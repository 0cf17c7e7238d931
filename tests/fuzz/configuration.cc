// SPDX-License-Identifier: BSD-3-Clause
#include <cstdio>
#include <cstdlib>

#include "fuzz/harness.h"
#include "vantage/error.h"
#include "vantage/options.h"

namespace vantage {
namespace {

struct InnerOptions {
  int count = 1;
  std::vector<int64_t> sizes;
};

void Declare(OptionsDescription& description, InnerOptions& options) {
  description.Add("count", options.count, "Count").AtLeast(0);
  description.Add("sizes", options.sizes, "Sizes").AtLeast(1);
}

// One option of each type.
struct OuterOptions {
  bool flag = false;
  int64_t seed = 0;
  double rate = 0.5;
  std::string name = "gem";
  std::vector<double> scales = {1};
  std::vector<std::string> names;
  InnerOptions inner;
};

void Declare(OptionsDescription& description, OuterOptions& options) {
  description.Add("flag", options.flag, "Flag");
  description.Add("seed", options.seed, "Seed");
  description.Add("rate", options.rate, "Rate").Range(0, 1);
  description.Add("name", options.name, "Name").OneOf({"gem", "mac"});
  description.Add("scales", options.scales, "Scales").Above(0);
  description.Add("names", options.names, "Names");
  description.Nest("inner", options.inner, "Inner");
}

}  // namespace
}  // namespace vantage

// A TOML file. Options that it sets are written and read again.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace vantage;
  const std::string_view text = fuzz::View(data, size);
  fuzz::Run(text, {.bytes_per_byte = 1024}, [&] {
    OuterOptions options;
    OptionsDescription description;
    Declare(description, options);
    ReadToml(description, text, "input");
    const std::string written = ToToml(description, /*with_comments=*/true);
    try {
      ReadToml(description, written, "written");
    } catch (const Error& error) {
      std::fprintf(stderr, "%s\n%s\n", error.what(), written.c_str());
      std::abort();
    }
  });
  return 0;
}

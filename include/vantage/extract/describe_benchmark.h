// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

#include "vantage/evaluation/benchmark.h"
#include "vantage/extract/describer.h"

namespace vantage {

struct BenchmarkDescriptors {
  DescriptorMatrix queries;         // a row for each of the benchmark's queries
  DescriptorMatrix database;        // a row for each of its photos; zeros where it failed
  std::vector<std::string> failed;  // why photos could not be described
};

// Describes a benchmark's database, and those of its queries that are parts of photos or not in it. store:
// see ExtractDescriptors.
BenchmarkDescriptors DescribeBenchmark(const Benchmark& benchmark, const Describer& describer,
                                       const RunContext& context = {}, DescriptorStore* store = nullptr);

}  // namespace vantage

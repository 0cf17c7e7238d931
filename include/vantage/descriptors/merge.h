// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <vector>

#include "vantage/descriptors/descriptors.h"
#include "vantage/util/run_context.h"

namespace vantage {

struct MergeOptions {
  // Merge the shards that are there, also where others of the run are missing.
  bool partial = false;
};

void Declare(OptionsDescription& description, MergeOptions& options);

struct MergedDescriptors {
  DescriptorFile file;
  std::vector<int64_t> missing_shards;  // numbers, from 1; empty unless MergeOptions::partial
};

// Puts descriptor files of one model and one way of extraction after each other.
//
// Shards of one run carry {"shard": {"index": i, "count": n}}, i = 1 .. n, in their provenance. They come in
// the order of their numbers, whatever the order of `paths`; as each holds a contiguous part of the list of
// photos, the result is what one run over all photos would have written. "shard" is left out of the result's
// provenance; shards that were missing are listed there as "missing_shards". Files without it come in the
// order of `paths`.
//
// Memory: the result and a block of rows. Throws Error that names the file where one cannot be read, differs
// from the first in dimension or in what made it (the key and both values; the model's path may differ where
// its hash does not), repeats a name, is one shard twice, or where a shard is missing.
MergedDescriptors MergeDescriptors(const std::vector<std::filesystem::path>& paths,
                                   const MergeOptions& options = {}, const RunContext& context = {});

}  // namespace vantage

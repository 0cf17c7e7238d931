// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "vantage/descriptors.h"
#include "vantage/evaluation.h"

namespace vantage::evaluation {

// A benchmark's descriptors, read from descriptor files.
struct SavedDescriptors {
  DescriptorMatrix queries;   // a row for each of the benchmark's queries; zeros if it has no descriptor
  DescriptorMatrix database;  // a row for each of its photos; zeros if it has no descriptor
  std::vector<std::string> failed;  // for each photo or query without a descriptor, why
  int64_t left_out = 0;             // descriptors of the database's file that the benchmark does not use
};

struct SavedDescriptorsOptions {
  // The benchmark's folder. The files name its photos by paths relative to it.
  std::filesystem::path folder;
  // Names of the two files in messages.
  std::string source;
  std::string queries_source;
  // Whether to add to the benchmark the photos of the file that are neither below the folder nor queries.
  bool take_distractors = false;
};

// The names of queries in a descriptor file: PhotoName, then "NAME#2", "NAME#3", ... for further queries with
// the same photo.
std::vector<std::string> QueryNames(const Benchmark& benchmark, const std::filesystem::path& folder);

// Selects the rows of the benchmark's photos and queries. file: descriptors of the database, matched by exact
// name. queries: descriptors of the queries, matched as PhotoFinder::Find does; may be null. A query without
// a box that is not in `queries` gets the descriptor of its photo in `file`. Photos and queries without a
// descriptor count as failed, as they do if a model describes them. Throws Error if no photo or no query has
// a descriptor, if a query has a box and `queries` is null, or if the files' dimensions differ.
SavedDescriptors TakeDescriptors(Benchmark& benchmark, const DescriptorFile& file,
                                 const DescriptorFile* queries, const SavedDescriptorsOptions& options);

}  // namespace vantage::evaluation

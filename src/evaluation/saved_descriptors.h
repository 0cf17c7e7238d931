// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "vantage/descriptors.h"
#include "vantage/evaluation.h"

namespace vantage::evaluation {

// A benchmark's descriptors, taken from descriptor files.
struct SavedDescriptors {
  DescriptorMatrix queries;         // a row for each of the benchmark's queries; zeros if there is none
  DescriptorMatrix database;        // a row for each of its photos; zeros if there is none
  std::vector<std::string> failed;  // why photos and queries have none
  int64_t left_out = 0;             // descriptors of the database's file that the benchmark does not use
};

struct SavedDescriptorsOptions {
  // The benchmark's folder: the files name its photos by their paths from there.
  std::filesystem::path folder;
  // What the files are called in messages.
  std::string source;
  std::string queries_source;
  // Whether photos of the file that are neither below the folder nor queries are added to the benchmark.
  bool take_distractors = false;
};

// The names that queries have in a descriptor file: PhotoName, and "NAME#2", "NAME#3" for the next queries of
// one photo.
std::vector<std::string> QueryNames(const Benchmark& benchmark, const std::filesystem::path& folder);

// Takes the rows of the benchmark's photos and queries. file: the database's, by exact name. queries: a file
// of the queries, found as PhotoFinder does; null if there is none: then a query without a box has the
// descriptor of its photo. Photos and queries without descriptor are counted as failed, as they are when a
// model describes them. Throws Error if no photo, or no query, has a descriptor, or if a query has a box and
// `queries` is null.
SavedDescriptors TakeDescriptors(Benchmark& benchmark, const DescriptorFile& file,
                                 const DescriptorFile* queries, const SavedDescriptorsOptions& options);

}  // namespace vantage::evaluation

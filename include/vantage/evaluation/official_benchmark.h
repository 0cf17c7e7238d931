// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "vantage/evaluation/benchmark.h"
#include "vantage/util/photo_finder.h"

namespace vantage {

// Ground truth of the Oxford and Paris benchmarks, classic or revisited, and of INSTRE.
struct GroundTruth {
  std::vector<std::string> image_names;  // of the database
  std::vector<std::string> query_names;
  struct Query {
    std::vector<double> box;    // left, top, right, bottom; pixels
    std::vector<int64_t> ok;    // classic
    std::vector<int64_t> easy;  // revisited
    std::vector<int64_t> hard;
    std::vector<int64_t> junk;
  };
  std::vector<Query> queries;
};

// Reads gnd_*.pkl as cirtorch and revisitop have them; of INSTRE (Wang and Jiang, 2015) the split of Iscen et
// al., CVPR 2017, in the same form (docs/formats.md). Throws Error naming the file and what is wrong with
// it.
GroundTruth ReadPickledGroundTruth(const std::filesystem::path& path);

// Reads the text files of Oxford5k and Paris6k (NAME_query.txt, _good, _ok, _junk) below a folder; what is
// good or ok is ok. The files do not name the whole database: it is all of `photos`, and what they name
// besides. Throws Error naming the file and line.
GroundTruth ReadTextGroundTruth(const std::filesystem::path& folder, const PhotoFinder& photos);

// The revisited protocol's three tasks (Radenović et al., CVPR 2018, section 3): what counts and what is
// ignored.
enum class RevisitedTask { kEasy, kMedium, kHard };
Relevance RevisitedRelevance(const GroundTruth::Query& query, RevisitedTask task);

// The benchmark that ground truth and the photos at hand make; medium is the revisited protocol's main task.
// What is not there is named in Benchmark::missing and left out; so are queries whose photo is not there.
Benchmark MakeBenchmark(const std::string& name, const GroundTruth& truth, bool revisited,
                        const PhotoFinder& photos);

// Reads oxford5k, paris6k, roxford5k, rparis6k or instre. ground_truth: a pickle, or a folder that holds
// gnd_NAME.pkl or, for Oxford5k and Paris6k, text files. Fewer photos than the benchmark has count as missing
// where the text files cannot name them.
Benchmark ReadOfficialBenchmark(const std::string& name, const std::filesystem::path& ground_truth,
                                const PhotoFinder& photos);

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
// Measures the exact search of a descriptor file on disk, its two bounds, and FAISS:
// product: only the inner products, of blocks of the same size in memory;
// read: only reading the file;
// vantage: NearestNeighbors over the file;
// faiss: IndexFlatIP, the file converted to float32 in memory before the clock starts.
// Each measurement is a separate process; the kinds take turns, and medians over the rounds are compared.
#include <faiss/IndexFlat.h>
#include <fcntl.h>
#include <omp.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <Eigen/Dense>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "harness.h"
#include "serialize/npy.h"
#include "util/check.h"
#include "util/file.h"
#include "util/parallel.h"
#include "util/random.h"
#include "util/stopwatch.h"
#include "vantage/run_context.h"
#include "vantage/search.h"

extern "C" void openblas_set_num_threads(int threads) __attribute__((weak));

namespace vantage {
namespace {

namespace fs = std::filesystem;
using benchmarks::Figures;

constexpr int64_t kBlockValues = int64_t{1} << 22;  // values of the database, as in NearestNeighbors

struct Setting {
  std::string file;
  int64_t rows = 50000;
  int64_t dimension = 2048;
  int64_t queries = 1000;
  int64_t k = 100;
  int threads = 0;
  bool cold = false;
};

// Unit vectors of uniform values.
DescriptorMatrix MakeRows(int64_t count, int64_t dimension, uint64_t seed) {
  DescriptorMatrix rows(count, dimension);
  RandomStream random(seed, "search benchmark");
  for (Eigen::Index i = 0; i < rows.size(); i += 4) {
    const uint64_t bits = random.Next();
    for (Eigen::Index j = 0; j < std::min<Eigen::Index>(4, rows.size() - i); ++j) {
      rows.data()[i + j] = static_cast<float>((bits >> (16 * j)) & 0xffffU) - 32767.5F;
    }
  }
  NormalizeRows(rows);
  return rows;
}

// Writes the file and its names, a block at a time, unless they exist.
void MakeFile(const Setting& setting) {
  const fs::path path = setting.file;
  fs::path sidecar = path;
  sidecar.replace_extension(".json");
  if (fs::exists(path) && fs::exists(sidecar)) return;
  const int64_t block = 4096;
  AtomicFile file(path);
  file.Write(serialize::NpyHeader("<f2", {setting.rows, setting.dimension}));
  for (int64_t first = 0; first < setting.rows; first += block) {
    const Eigen::Matrix<Eigen::half, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> rows =
        MakeRows(std::min(block, setting.rows - first), setting.dimension, static_cast<uint64_t>(first) + 1)
            .cast<Eigen::half>();
    file.Write(rows.data(), static_cast<uint64_t>(rows.size()) * sizeof(Eigen::half));
  }
  file.Commit();
  nlohmann::json facts = {{"names", nlohmann::json::array()},
                          {"failed", nlohmann::json::array()},
                          {"provenance", nlohmann::json::object()}};
  for (int64_t i = 0; i < setting.rows; ++i) facts["names"].push_back(StrCat(i, ".jpg"));
  WriteFile(sidecar, facts.dump());
}

// Drops the file from the page cache.
void DropFromCache(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  ::posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED);
  ::close(descriptor);
}

double Similarity(const std::vector<std::vector<Neighbor>>& found) {
  double sum = 0;
  for (const auto& neighbors : found) {
    for (const Neighbor& neighbor : neighbors) sum += static_cast<double>(neighbor.score);
  }
  return sum;
}

void Multiply(const Setting& setting) {
  const int64_t block_rows = std::min(kBlockValues / setting.dimension, setting.rows);
  const DescriptorMatrix queries = MakeRows(setting.queries, setting.dimension, 0);
  const DescriptorMatrix rows = MakeRows(block_rows, setting.dimension, 1);
  DescriptorMatrix product(setting.queries, block_rows);
  for (int64_t first = 0; first < setting.rows; first += block_rows) {
    product.leftCols(std::min(block_rows, setting.rows - first)).noalias() =
        queries * rows.topRows(std::min(block_rows, setting.rows - first)).transpose();
  }
}

void ReadBytes(const Setting& setting, int threads) {
  const InputFile file(setting.file);
  const uint64_t piece = kBlockValues * sizeof(Eigen::half);
  ParallelFor(static_cast<int64_t>((file.size() + piece - 1) / piece), threads, [&](int64_t i) {
    thread_local std::string bytes(piece, '\0');
    const uint64_t offset = static_cast<uint64_t>(i) * piece;
    file.ReadAt(offset, bytes.data(), std::min(piece, file.size() - offset));
  });
}

double SearchFaiss(const Setting& setting, faiss::IndexFlatIP& index, const DescriptorMatrix& queries) {
  std::vector<float> scores(static_cast<size_t>(setting.queries * setting.k));
  std::vector<faiss::Index::idx_t> labels(scores.size());
  index.search(setting.queries, queries.data(), setting.k, scores.data(), labels.data());
  double sum = 0;
  for (const float score : scores) sum += static_cast<double>(score);
  return sum;
}

Figures Measure(const std::string& kind, const Setting& setting) {
  KeepFreedMemory();
  RunContext context;
  context.threads = setting.threads;
  omp_set_num_threads(context.ThreadCount());
  if (openblas_set_num_threads != nullptr) openblas_set_num_threads(context.ThreadCount());
  const DescriptorMatrix queries = MakeRows(setting.queries, setting.dimension, 0);
  faiss::IndexFlatIP index(setting.dimension);
  const DescriptorDatabase database(setting.file);
  if (kind == "faiss") {
    index.codes.reserve(static_cast<size_t>(setting.rows) * index.code_size);
    const int64_t block = 4096;
    for (int64_t first = 0; first < setting.rows; first += block) {
      const DescriptorMatrix rows = database.Read(first, std::min(block, setting.rows - first));
      index.add(rows.rows(), rows.data());
    }
  }
  if (setting.cold) DropFromCache(setting.file);
  double similarity = 0;  // of what was found, summed
  const double cpu_before = benchmarks::CpuSeconds();
  const auto start = std::chrono::steady_clock::now();
  if (kind == "product") {
    Multiply(setting);
  } else if (kind == "read") {
    ReadBytes(setting, context.ThreadCount());
  } else if (kind == "faiss") {
    similarity = SearchFaiss(setting, index, queries);
  } else {
    similarity = Similarity(NearestNeighbors(queries, database, setting.k, context));
  }
  const double seconds = SecondsSince(start);
  return {{"seconds", seconds},
          {"cpu_seconds", benchmarks::CpuSeconds() - cpu_before},
          {"similarity", similarity}};
}

void Compare(const benchmarks::Turns& turns, const Setting& setting, const std::vector<std::string>& kinds) {
  std::vector<std::string> arguments = {"--file",      setting.file,
                                        "--rows",      StrCat(setting.rows),
                                        "--dimension", StrCat(setting.dimension),
                                        "--queries",   StrCat(setting.queries),
                                        "-k",          StrCat(setting.k),
                                        "--threads",   StrCat(setting.threads)};
  if (setting.cold) arguments.emplace_back("--cold");
  const auto measured = turns.Measure(kinds, arguments, "cpu_seconds");
  const Figures& vantage = measured.at("vantage");
  std::printf(
      "%lld queries, %lld x %lld float16, the %lld nearest, %s file\n| | s | : vantage | CPU s | : vantage | "
      "peak MiB | summed similarity |\n|---|---|---|---|---|---|---|\n",
      static_cast<long long>(setting.queries), static_cast<long long>(setting.rows),
      static_cast<long long>(setting.dimension), static_cast<long long>(setting.k),
      setting.cold ? "a cold" : "a cached");
  for (const std::string& kind : kinds) {
    const Figures& one = measured.at(kind);
    std::printf("| %s | %.2f | %.2f | %.2f | %.2f | %.0f | %.6g |\n", kind.c_str(), one.at("seconds"),
                one.at("seconds") / vantage.at("seconds"), one.at("cpu_seconds"),
                one.at("cpu_seconds") / vantage.at("cpu_seconds"), one.at("peak_mib"), one.at("similarity"));
  }
}

int Main(int argc, char** argv) {
  CLI::App app("Times exact search in a file against a bare product, bare reading, and FAISS.");
  Setting setting;
  std::vector<std::string> kinds = {"product", "read", "vantage", "faiss"};
  const benchmarks::Turns turns(app, 3);
  app.add_option("--file", setting.file,
                 "The .npy, written if it does not exist; default: in the temporary folder");
  app.add_option("--rows", setting.rows, "Descriptors of the database");
  app.add_option("--dimension", setting.dimension, "Dimensions of the descriptors");
  app.add_option("--queries", setting.queries, "Queries");
  app.add_option("-k", setting.k, "Nearest of each query");
  app.add_option("--threads", setting.threads, "Threads; 0: as many as cores");
  app.add_flag("--cold", setting.cold, "Drop the file from the page cache before each measurement");
  app.add_option("--kinds", kinds, "What to compare with vantage")->delimiter(',');
  CLI11_PARSE(app, argc, argv);
  if (setting.file.empty()) {
    setting.file =
        fs::temp_directory_path() / StrCat("search-benchmark-", setting.rows, "x", setting.dimension, ".npy");
  }
  if (turns.MeasuresHere([&](const std::string& kind) { return Measure(kind, setting); })) return 0;
  MakeFile(setting);
  Compare(turns, setting, kinds);
  return 0;
}

}  // namespace
}  // namespace vantage

int main(int argc, char** argv) { return vantage::benchmarks::Run(argc, argv, vantage::Main); }

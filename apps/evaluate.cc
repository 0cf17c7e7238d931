// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "command_line.h"
#include "model_arguments.h"
#include "session.h"
#include "vantage/evaluation/benchmark.h"
#include "vantage/extract/describe_benchmark.h"
#include "vantage/util/error.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;

// Takes the descriptors of the benchmark's photos from a file, where they are named by their paths below
// `folder`; the file's other descriptors become distractors.
BenchmarkDescriptors TakeFromFile(Benchmark& benchmark, const fs::path& folder, const fs::path& path) {
  DescriptorFile file = ReadDescriptors(path);
  std::map<std::string, int64_t> row_of;
  for (size_t i = 0; i < file.descriptors.names.size(); ++i) {
    row_of[file.descriptors.names[i]] = static_cast<int64_t>(i);
  }
  std::vector<int64_t> rows;
  for (const fs::path& photo : benchmark.photos) {
    const auto found = row_of.find(photo.lexically_relative(folder).generic_string());
    VANTAGE_CHECK(found != row_of.end(), path.string(), ": no descriptor of ", photo.string());
    rows.push_back(found->second);
    row_of.erase(found);
  }
  for (const auto& [name, row] : row_of) {
    benchmark.photos.emplace_back(name);
    rows.push_back(row);
  }
  BenchmarkDescriptors result;
  result.database = file.descriptors.values(rows, Eigen::all);
  std::vector<int64_t> query_rows;
  for (const BenchmarkQuery& query : benchmark.queries) {
    VANTAGE_CHECK(
        query.row && !query.box, query.photo.string(),
        ": is a query with a box, whose descriptor no file holds; give a model instead of descriptors");
    query_rows.push_back(*query.row);
  }
  result.queries = result.database(query_rows, Eigen::all);
  return result;
}

class EvaluateCommand : public Command {
 public:
  std::string Name() const override { return "evaluate"; }
  std::string Summary() const override {
    return "Search a benchmark's queries in its photos and print the figures";
  }

  void Declare(CommandLine& line) override {
    model_.Declare(line, "MODEL_OR_DESCRIPTORS",
                   "Model, or descriptors (.npy, .h5) of the benchmark's photos");
    line.Option("--data", data_, "The benchmark's folder", /*required=*/true);
    line.Option(
        "--benchmark", benchmark_,
        "folder: sub-folders are classes; queries: queries.json names queries, boxes and their positives; "
        "default: queries where there is a queries.json");
    line.Option("--query-every", query_every_, "folder: every so many-th photo is a query");
    line.Option("--distractors", distractors_,
                "Folder of photos to add that match no query (may be repeated)");
    line.Example("vantage evaluate model.pth --data landmarks/ --distractors streets/");
  }

  void Run(Session& session) override {
    Benchmark benchmark = ReadBenchmark();
    BenchmarkDescriptors described;
    if (IsDescriptorPath(model_.path)) {
      if (!distractors_.empty()) throw UsageError("--distractors: descriptors from a file bring their own");
      described = TakeFromFile(benchmark, data_, model_.path);
    } else {
      for (const std::string& folder : distractors_) AddDistractors(benchmark, folder);
      described =
          DescribeBenchmark(benchmark, Describer(model_.Read(session), model_.descriptor), session.context());
    }
    const RetrievalScores scores =
        EvaluateDescriptors(benchmark, described.queries, described.database, session.context());
    Print(session, benchmark, described, scores);
  }

 private:
  Benchmark ReadBenchmark() const {
    const bool has_queries = fs::exists(fs::path(data_) / "queries.json");
    const std::string kind = !benchmark_.empty() ? benchmark_ : has_queries ? "queries" : "folder";
    if (kind == "queries") return ReadBoxedQueries(data_);
    if (kind == "folder") return ReadClassFolders(data_, query_every_);
    throw UsageError(StrCat("--benchmark: '", kind, "' is not one of folder, queries"));
  }

  static void Print(Session& session, const Benchmark& benchmark, const BenchmarkDescriptors& described,
                    const RetrievalScores& scores) {
    nlohmann::json result = {{"benchmark", benchmark.name},          {"queries", benchmark.queries.size()},
                             {"photos", benchmark.photos.size()},    {"dimension", described.database.cols()},
                             {"map", scores.mean_average_precision}, {"failed", described.failed}};
    std::vector<std::vector<std::string>> table = {
        {"benchmark", "queries", "photos", "mAP"},
        {benchmark.name, std::to_string(benchmark.queries.size()), std::to_string(benchmark.photos.size()),
         FormatFixed(100 * scores.mean_average_precision, 2)}};
    for (const auto& [k, precision] : scores.mean_precision_at) {
      table[0].push_back(StrCat("mP@", k));
      table[1].push_back(FormatFixed(100 * precision, 2));
      result["mean_precision_at"][std::to_string(k)] = precision;
    }
    std::string text = FormatTable(table);
    if (!described.failed.empty()) text += StrCat(described.failed.size(), " photos skipped:\n");
    for (const std::string& reason : described.failed) text += "  " + reason + "\n";
    session.PrintResult(result, text);
  }

  ModelArguments model_;
  std::string data_;
  std::string benchmark_;
  int query_every_ = 1;
  std::vector<std::string> distractors_;
};

}  // namespace

std::unique_ptr<Command> MakeEvaluateCommand() { return std::make_unique<EvaluateCommand>(); }

}  // namespace vantage

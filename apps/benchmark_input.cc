// SPDX-License-Identifier: BSD-3-Clause
#include "benchmark_input.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "vantage/evaluation/holidays.h"
#include "vantage/evaluation/results.h"
#include "vantage/search/descriptor_database.h"
#include "vantage/util/error.h"
#include "vantage/util/file.h"
#include "vantage/util/photo_finder.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kKinds = {"oxford5k", "paris6k", "roxford5k", "rparis6k",
                                         "holidays", "instre",  "folder",    "queries"};

bool IsOfficial(const std::string& kind) { return kind != "folder" && kind != "queries"; }

std::vector<fs::path> Paths(const std::vector<std::string>& names) { return {names.begin(), names.end()}; }

// Rows of the benchmark's photos in a file, where they are named by their paths below `folder`. The file's
// other descriptors become distractors where `take_all`.
std::vector<int64_t> RowsOfPhotos(Benchmark& benchmark, const std::vector<std::string>& names,
                                  const fs::path& folder, bool take_all, const std::string& source) {
  const PhotoFinder finder(Paths(names));
  std::vector<bool> taken(names.size());
  std::vector<int64_t> rows;
  for (const fs::path& photo : benchmark.photos) {
    const std::optional<int64_t> found = finder.FindExact(PhotoName(photo, folder));
    VANTAGE_CHECK(found, source, ": no descriptor of ", photo.string());
    rows.push_back(*found);
    taken[static_cast<size_t>(*found)] = true;
  }
  if (!take_all) return rows;
  for (size_t row = 0; row < names.size(); ++row) {
    if (taken[row]) continue;
    benchmark.photos.emplace_back(names[row]);
    rows.push_back(static_cast<int64_t>(row));
  }
  return rows;
}

// Photos of an official benchmark that descriptor files name: the database's, and queries' that are not of
// it.
PhotoFinder PhotosOfFiles(const std::vector<std::string>& database, const std::vector<std::string>& queries) {
  PhotoFinder known(Paths(database));
  std::vector<fs::path> names = Paths(database);
  for (const std::string& name : queries) {
    if (!known.Find(name)) names.emplace_back(name);
  }
  return PhotoFinder(std::move(names));
}

// The queries' descriptors out of a file of their own.
DescriptorMatrix TakeQueries(const Benchmark& benchmark, const DescriptorFile& file, const std::string& path,
                             const BenchmarkInput& database, const std::string& database_path,
                             const fs::path& folder) {
  CheckSameModel(file.provenance, path, database.provenance, database_path);
  VANTAGE_CHECK(file.descriptors.dimension() == database.described.database.cols(), path, ": descriptors of ",
                file.descriptors.dimension(), " dimensions, those of ", database_path, " have ",
                database.described.database.cols());
  const PhotoFinder finder(Paths(file.descriptors.names));
  std::vector<int64_t> rows;
  for (const BenchmarkQuery& query : benchmark.queries) {
    const std::optional<int64_t> found = finder.Find(PhotoName(query.photo, folder));
    VANTAGE_CHECK(found, path, ": no descriptor of the query ", query.photo.string());
    rows.push_back(*found);
  }
  return file.descriptors.values(rows, Eigen::all);
}

void LeaveOutFailed(BenchmarkInput& input, bool official) {
  Benchmark& benchmark = input.benchmark;
  for (size_t q = 0; q < benchmark.queries.size(); ++q) {
    if (!input.described.queries.row(static_cast<Eigen::Index>(q)).isZero(0)) continue;
    LeaveOut(benchmark.queries[q]);
    if (official) benchmark.missing.push_back(benchmark.queries[q].photo.string());
  }
  if (!official) return;
  for (size_t row = 0; row < benchmark.photos.size(); ++row) {
    if (!input.described.database.row(static_cast<Eigen::Index>(row)).isZero(0)) continue;
    benchmark.missing.push_back(benchmark.photos[row].string());
  }
}

}  // namespace

void BenchmarkArguments::Declare(CommandLine& line) {
  line.Option("--data", data_, "The benchmark's folder", /*required=*/true);
  line.Option(
      "--benchmark", kind_,
      "oxford5k, paris6k, roxford5k, rparis6k, holidays, instre: the official ones; folder: sub-folders are "
      "classes; "
      "queries: queries.json names queries, boxes and their positives; default: queries where there is a "
      "queries.json, else folder");
  line.Option("--ground-truth", ground_truth_,
              "gnd_NAME.pkl, a folder with it or with the text files, or holidays_images.dat; default: the "
              "folder of --data");
  line.Option("--queries", queries_,
              "Descriptors of the queries' boxes, named as the queries, where the photos' come from a file");
  line.Option(
      "--turns", turns_,
      "Text file of what photos are turned by before they are described, 'NAME DEGREES' a line, clockwise: "
      "upright Holidays");
  line.Option("--query-every", query_every_, "folder: every so many-th photo is a query");
  line.Option(
      "--distractors", distractors_,
      "Folder of photos, or descriptor file, to add that matches no query (may be repeated). A file is "
      "read block by block: it may be larger than memory");
  line.Option(
      "--save", save_,
      "NAME: write the model's descriptors to NAME.npy, and the queries' to NAME-queries.npy, to search "
      "them in several ways");
  line.Flag("--partial", partial_, "Judge what is there of a benchmark although photos are missing");
}

void BenchmarkArguments::Save(const BenchmarkInput& input) const {
  DescriptorFile database{{{}, input.described.database}, {}, input.provenance};
  for (const fs::path& photo : input.benchmark.photos) {
    database.descriptors.names.push_back(PhotoName(photo, data_));
  }
  WriteDescriptors(database, save_);
  DescriptorFile queries{{{}, input.described.queries}, {}, input.provenance};
  for (const BenchmarkQuery& query : input.benchmark.queries) {
    queries.descriptors.names.push_back(PhotoName(query.photo, data_));
  }
  WriteDescriptors(queries, save_ + "-queries");
}

void BenchmarkArguments::CheckComplete(const Benchmark& benchmark) const {
  VANTAGE_CHECK(benchmark.missing.empty() || partial_, benchmark.name, ": ", benchmark.missing.size(),
                " photos are missing: ", SomeOf(benchmark.missing),
                "; without them the figure is not the benchmark's (--partial judges what is there)");
}

std::string BenchmarkArguments::Kind() const {
  if (kind_.empty()) return fs::exists(fs::path(data_) / "queries.json") ? "queries" : "folder";
  if (std::find(kKinds.begin(), kKinds.end(), kind_) == kKinds.end()) {
    throw UsageError(StrCat("--benchmark: '", kind_, "' is not one of ", Join(kKinds, ", ")));
  }
  return kind_;
}

std::vector<std::string> BenchmarkArguments::HolidaysList() const {
  const fs::path beside = fs::path(data_) / "holidays_images.dat";
  if (!ground_truth_.empty()) {
    return ReadHolidaysList(fs::is_directory(ground_truth_) ? fs::path(ground_truth_) / beside.filename()
                                                            : fs::path(ground_truth_));
  }
  return fs::exists(beside) ? ReadHolidaysList(beside) : std::vector<std::string>();
}

Benchmark BenchmarkArguments::ReadOfficial(const std::string& kind, const PhotoFinder& photos) const {
  if (kind == "holidays") return MakeHolidays(HolidaysList(), photos);
  return ReadOfficialBenchmark(kind, ground_truth_.empty() ? data_ : ground_truth_, photos);
}

Benchmark BenchmarkArguments::ReadFromFolder(const std::string& kind) const {
  if (kind == "queries") return ReadBoxedQueries(data_);
  if (kind == "folder") return ReadClassFolders(data_, query_every_);
  return ReadOfficial(kind, PhotoFinder::InFolder(data_));
}

std::vector<std::string> BenchmarkArguments::DistractorFiles() const {
  std::vector<std::string> files;
  std::copy_if(distractors_.begin(), distractors_.end(), std::back_inserter(files),
               [](const std::string& path) { return IsDescriptorPath(path); });
  return files;
}

BenchmarkInput BenchmarkArguments::ReadDescribed(const std::string& path) const {
  if (DistractorFiles().size() != distractors_.size()) {
    throw UsageError(
        "--distractors: a folder of photos needs a model; here the descriptors come from a file");
  }
  const std::string kind = Kind();
  DescriptorFile file = ReadDescriptors(path);
  const DescriptorFile queries = queries_.empty() ? DescriptorFile() : ReadDescriptors(queries_);
  BenchmarkInput input;
  input.provenance = file.provenance;
  input.benchmark = IsOfficial(kind)
                        ? ReadOfficial(kind, PhotosOfFiles(file.descriptors.names, queries.descriptors.names))
                        : ReadFromFolder(kind);
  const std::vector<int64_t> rows =
      RowsOfPhotos(input.benchmark, file.descriptors.names, IsOfficial(kind) ? fs::path() : fs::path(data_),
                   !IsOfficial(kind), path);
  input.described.database = file.descriptors.values(rows, Eigen::all);
  if (!queries_.empty()) {
    input.described.queries = TakeQueries(input.benchmark, queries, queries_, input, path, data_);
    return input;
  }
  std::vector<int64_t> query_rows;
  for (const BenchmarkQuery& query : input.benchmark.queries) {
    VANTAGE_CHECK(query.row && !query.box, query.photo.string(),
                  ": is a query with a box, whose descriptor this file does not hold; name a file of the "
                  "queries' descriptors (--queries), or give a model instead of descriptors");
    query_rows.push_back(*query.row);
  }
  input.described.queries = input.described.database(query_rows, Eigen::all);
  return input;
}

BenchmarkInput BenchmarkArguments::Read(const ModelArguments& model, Session& session) const {
  BenchmarkInput input;
  if (IsDescriptorPath(model.path)) {
    if (!turns_.empty()) throw UsageError("--turns: is for a model, which describes the turned photos");
    input = ReadDescribed(model.path);
  } else {
    if (!queries_.empty()) throw UsageError("--queries: the model describes the queries");
    input.benchmark = ReadFromFolder(Kind());
    for (const std::string& folder : distractors_) {
      if (!IsDescriptorPath(folder)) AddDistractors(input.benchmark, folder);
    }
    CheckComplete(input.benchmark);
    if (!turns_.empty()) ReadTurns(input.benchmark, turns_);
    const Model read = model.Read(session);
    input.provenance = model.Provenance(read).dump();
    input.described =
        DescribeBenchmark(input.benchmark, Describer(read, model.descriptor), session.context());
    if (!save_.empty()) Save(input);
  }
  LeaveOutFailed(input, IsOfficial(Kind()));
  CheckComplete(input.benchmark);
  return input;
}

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#include "benchmark_input.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "descriptor_files/descriptor_output.h"
#include "evaluation/saved_descriptors.h"
#include "util/check.h"
#include "util/file.h"
#include "vantage/describer.h"
#include "vantage/descriptors.h"
#include "vantage/evaluation.h"
#include "vantage/photos.h"

namespace vantage::cli {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kKinds = {"oxford5k", "paris6k", "roxford5k", "rparis6k",
                                         "holidays", "instre",  "folder",    "queries"};

bool IsOfficial(const std::string& kind) { return kind != "folder" && kind != "queries"; }

std::vector<fs::path> Paths(const std::vector<std::string>& names) { return {names.begin(), names.end()}; }

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

// Whether both paths name one descriptor file, by either of the files of a pair.
bool IsSameFile(const std::string& a, const std::string& b) {
  const auto values = [](const fs::path& path) {
    return path.extension() == ".json" ? fs::path(path).replace_extension(".npy") : path;
  };
  std::error_code error;
  return fs::equivalent(values(a), values(b), error);
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

void BenchmarkArguments::AddTo(CommandLine& line) {
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
      "read block by block: it may be larger than memory. The file of the benchmark's own descriptors: its "
      "photos that are not the benchmark's");
  line.Option(
      "--save", save_,
      "NAME: write the model's descriptors to NAME.npy, and the queries' to NAME-queries.npy, to search "
      "them in several ways. An interrupted call resumes");
  line.Flag("--restart", restart_,
            "With --save: describe all photos anew, including those of an interrupted call");
  line.Flag("--partial", partial_, "Judge what is there of a benchmark although photos are missing");
}

void BenchmarkArguments::CheckInputs() const {
  if (restart_ && save_.empty()) throw UsageError("--restart: goes with --save, which keeps descriptors");
  for (const std::string& path : distractors_) {
    if (IsDescriptorPath(path)) {
      const DescriptorDatabase readable(path);
    } else {
      VANTAGE_CHECK(fs::is_directory(path), path, ": no such folder");
    }
  }
}

void BenchmarkArguments::CheckOutputs(const OutputRules& rules) const {
  if (save_.empty()) return;
  for (const std::string& name : {save_, save_ + "-queries"})
    descriptor_files::CheckDescriptorOutput(name, {}, rules);
}

void BenchmarkArguments::Save(const BenchmarkInput& input) const {
  std::vector<std::string> names;
  for (const fs::path& photo : input.benchmark.photos) names.push_back(PhotoName(photo, data_));
  const std::vector<std::string> query_names = evaluation::QueryNames(input.benchmark, data_);
  const auto write = [&](const std::vector<std::string>& all, const DescriptorMatrix& values,
                         const std::string& path) {
    DescriptorFile file{{}, {}, input.provenance};
    std::vector<int64_t> rows;
    for (size_t i = 0; i < all.size(); ++i) {
      if (values.row(static_cast<Eigen::Index>(i)).isZero(0)) {
        file.failed.push_back({all[i], all[i] + ": could not be described"});
      } else {
        file.descriptors.names.push_back(all[i]);
        rows.push_back(static_cast<int64_t>(i));
      }
    }
    file.descriptors.values = values(rows, Eigen::all);
    WriteDescriptors(file, path);
  };
  write(names, input.described.database, save_);
  write(query_names, input.described.queries, save_ + "-queries");
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
  return ReadOfficial(kind, FindPhotosIn(data_));
}

std::vector<std::string> BenchmarkArguments::DistractorFiles(const std::string& own) const {
  std::vector<std::string> files;
  std::copy_if(distractors_.begin(), distractors_.end(), std::back_inserter(files),
               [&](const std::string& path) { return IsDescriptorPath(path) && !IsSameFile(path, own); });
  return files;
}

BenchmarkInput BenchmarkArguments::ReadDescribed(const std::string& path) const {
  if (!std::all_of(distractors_.begin(), distractors_.end(), IsDescriptorPath)) {
    throw UsageError(
        "--distractors: a folder of photos needs a model; here the descriptors come from a file");
  }
  const std::string kind = Kind();
  const DescriptorFile file = ReadDescriptors(path);
  const DescriptorFile queries = queries_.empty() ? DescriptorFile() : ReadDescriptors(queries_);
  BenchmarkInput input;
  input.provenance = file.provenance;
  input.benchmark = IsOfficial(kind)
                        ? ReadOfficial(kind, PhotosOfFiles(file.descriptors.names, queries.descriptors.names))
                        : ReadFromFolder(kind);
  WarnUnlessUnitLength(file.descriptors.values, path);
  if (!queries_.empty()) {
    CheckComparable(queries.provenance, queries_, file.provenance, path);
    WarnUnlessUnitLength(queries.descriptors.values, queries_);
  }
  evaluation::SavedDescriptors saved = evaluation::TakeDescriptors(
      input.benchmark, file, queries_.empty() ? nullptr : &queries,
      {data_, path, queries_, DistractorFiles(path).size() < distractors_.size()});
  input.described = {std::move(saved.queries), std::move(saved.database), std::move(saved.failed)};
  input.left_out = saved.left_out;
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
    input.provenance = model.Provenance(read);
    std::optional<DescriptorStore> store;
    if (!save_.empty()) {
      if (restart_) DescriptorStore::Discard(save_ + ".partial");
      store.emplace(save_ + ".partial");
    }
    const Describer describer(read, model.descriptor);
    input.described = DescribeBenchmark(input.benchmark, [&](const std::vector<PhotoRequest>& photos) {
      return ExtractDescriptors(describer, photos, session.context(), store ? &*store : nullptr);
    });
    if (store) {
      Save(input);
      store->Remove();
    }
  }
  LeaveOutFailed(input, IsOfficial(Kind()));
  CheckComplete(input.benchmark);
  return input;
}

}  // namespace vantage::cli

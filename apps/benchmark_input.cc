// SPDX-License-Identifier: BSD-3-Clause
#include "benchmark_input.h"

#include <filesystem>
#include <optional>
#include <utility>

#include "descriptor_files/descriptor_output.h"
#include "util/string.h"
#include "vantage/describer.h"
#include "vantage/descriptors.h"
#include "vantage/error.h"
#include "vantage/evaluation.h"
#include "vantage/photos.h"

namespace vantage::cli {
namespace {

// "oxford5k, paris6k: official; folder: sub-folders are classes; default: ...".
std::string HelpOfBenchmark(const std::vector<Protocol>& protocols) {
  std::string help;
  std::vector<std::string> recognised;
  for (size_t i = 0; i < protocols.size(); ++i) {
    const bool is_last = i + 1 == protocols.size() || protocols[i + 1].help != protocols[i].help;
    help += protocols[i].name + (is_last ? StrCat(": ", protocols[i].help, "; ") : ", ");
    if (protocols[i].recognises) recognised.push_back(protocols[i].name);
  }
  return StrCat(help, "default: the first of ", Join(recognised, ", "), " that --data holds");
}

}  // namespace

BenchmarkArguments::BenchmarkArguments() {
  for (const Protocol& protocol : protocols_) {
    if (protocol.declare) protocol.declare(description_);
  }
}

void BenchmarkArguments::AddTo(CommandLine& line) {
  line.Option("--data", data_, "The benchmark's folder", /*required=*/true);
  line.Option("--benchmark", kind_, HelpOfBenchmark(protocols_));
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
  line.Options(description_);
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

std::vector<std::string> BenchmarkArguments::Inputs() const {
  std::vector<std::string> inputs = {data_, ground_truth_, queries_, turns_};
  for (const Protocol& protocol : protocols_) {
    if (!protocol.file.empty()) inputs.push_back((std::filesystem::path(data_) / protocol.file).string());
  }
  std::erase(inputs, "");
  return inputs;
}

void BenchmarkArguments::CheckOutputs(const OutputRules& rules) const {
  if (restart_ && save_.empty()) throw UsageError("--restart: goes with --save, which keeps descriptors");
  if (save_.empty()) return;
  for (const std::string& name : {save_, QueriesPath(save_)})
    descriptor_files::CheckDescriptorOutput(name, {}, rules);
}

EvaluationResults BenchmarkArguments::JudgeLists(const std::string& path, int64_t shown) const {
  const Protocol protocol = Chosen();
  if (!protocol.judge_lists) {
    std::vector<std::string> names;
    for (const Protocol& other : protocols_) {
      if (other.judge_lists) names.push_back(other.name);
    }
    throw UsageError(
        StrCat(path, ": ranked lists (.txt) are judged with --benchmark ", Join(names, ", --benchmark ")));
  }
  return protocol.judge_lists(path, Source(), shown);
}

DescribedBenchmark BenchmarkArguments::Describe(const ModelArguments& model, const Distractors& distractors,
                                                Session& session) const {
  if (!queries_.empty()) throw UsageError("--queries: the model describes the queries");
  DescribedBenchmark input{ReadBenchmark(Chosen(), Source()), {}};
  for (const std::string& folder : distractors.folders) AddDistractors(input.benchmark, folder);
  if (!partial_) CheckComplete(input.benchmark);
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
    WriteDescribedBenchmark(input, data_, save_);
    store->Remove();
  }
  LeaveOutFailed(input);
  return input;
}

DescribedBenchmark BenchmarkArguments::Read(const ModelArguments& model, const Distractors& distractors,
                                            Session& session) const {
  const bool from_file = IsDescriptorPath(model.path);
  if (from_file && !turns_.empty())
    throw UsageError("--turns: is for a model, which describes the turned photos");
  if (from_file && !distractors.folders.empty()) {
    throw UsageError(
        "--distractors: a folder of photos needs a model; here the descriptors come from a file");
  }
  DescribedBenchmark input =
      from_file ? ReadDescribedBenchmark(Chosen(), Source(), {model.path, queries_, distractors.is_own})
                : Describe(model, distractors, session);
  if (!partial_) CheckComplete(input.benchmark);
  return input;
}

}  // namespace vantage::cli

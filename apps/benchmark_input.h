// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "command_line.h"
#include "model_arguments.h"
#include "session.h"
#include "vantage/evaluation.h"

namespace vantage::cli {

// The arguments that name a benchmark and where its descriptors come from.
class BenchmarkArguments {
 public:
  BenchmarkArguments();
  BenchmarkArguments(const BenchmarkArguments&) = delete;
  BenchmarkArguments& operator=(const BenchmarkArguments&) = delete;

  void AddTo(CommandLine& line);

  // Reads the benchmark and describes its photos with the model, or takes their descriptors from the file
  // that `model` names: see ReadDescribedBenchmark. Throws Error that names what is missing unless --partial
  // was given.
  DescribedBenchmark Read(const ModelArguments& model, const Distractors& distractors,
                          Session& session) const;

  // Judges the ranked lists of another program. Throws UsageError if the benchmark reads none.
  EvaluationResults JudgeLists(const std::string& path, int64_t shown) const;

  // Those of --distractors. own: the benchmark's descriptors. Throws Error if one cannot be read.
  Distractors ReadDistractors(const std::string& own) const { return SortDistractors(distractors_, own); }

  const std::string& data() const { return data_; }

  // The files and folders that are read, or might be.
  std::vector<std::string> Inputs() const;
  // Whether --save may write its files; see CheckOutput.
  void CheckOutputs(const OutputRules& rules) const;

 private:
  Protocol Chosen() const { return ChooseProtocol(protocols_, kind_, data_); }
  BenchmarkSource Source() const { return {data_, ground_truth_, query_every_}; }
  DescribedBenchmark Describe(const ModelArguments& model, const Distractors& distractors,
                              Session& session) const;

  std::vector<Protocol> protocols_ = Protocols();
  OptionsDescription description_;  // of the protocols' own options
  std::string data_;
  std::string kind_;
  std::string ground_truth_;
  std::string queries_;
  std::string turns_;
  int query_every_ = 1;
  std::vector<std::string> distractors_;
  bool partial_ = false;
  std::string save_;
  bool restart_ = false;
};

}  // namespace vantage::cli

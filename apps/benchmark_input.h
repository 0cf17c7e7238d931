// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "command_line.h"
#include "model_arguments.h"
#include "session.h"
#include "vantage/describer.h"
#include "vantage/evaluation.h"

namespace vantage::cli {

// A benchmark and the descriptors of its photos and queries.
struct BenchmarkInput {
  Benchmark benchmark;
  BenchmarkDescriptors described;
  DescriptorProvenance provenance;  // of the descriptors
  int64_t left_out = 0;             // descriptors of the file that the benchmark does not use
};

// The arguments that name a benchmark and where its descriptors come from.
class BenchmarkArguments {
 public:
  void AddTo(CommandLine& line);

  // Reads the benchmark and describes its photos with the model, or takes their descriptors from the file
  // that `model` names. In both cases photos without descriptor are named among the failed and queries
  // without descriptor are left out; in a benchmark with official ground truth, such photos are missing.
  // Throws Error that names what is missing unless --partial was given.
  BenchmarkInput Read(const ModelArguments& model, Session& session) const;

  // The files, not the folders, of --distractors, except `own`, whose photos are in memory.
  std::vector<std::string> DistractorFiles(const std::string& own) const;

  const std::string& data() const { return data_; }
  bool IsHolidays() const { return kind_ == "holidays"; }
  // The list of a benchmark's photos of Holidays; empty where none is named or lies beside them.
  std::vector<std::string> HolidaysList() const;

  // Throws Error if a folder or descriptor file of --distractors cannot be read: before photos are described.
  void CheckInputs() const;
  // Whether --save may write its files; see CheckOutput.
  void CheckOutputs(const OutputRules& rules) const;

 private:
  void Save(const BenchmarkInput& input) const;
  void CheckComplete(const Benchmark& benchmark) const;
  std::string Kind() const;
  Benchmark ReadFromFolder(const std::string& kind) const;
  Benchmark ReadOfficial(const std::string& kind, const PhotoFinder& photos) const;
  BenchmarkInput ReadDescribed(const std::string& path) const;

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

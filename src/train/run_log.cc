// SPDX-License-Identifier: BSD-3-Clause
#include "train/run_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <map>
#include <system_error>

#include "report/metrics.h"
#include "report/run_examples.h"
#include "util/check.h"
#include "util/file.h"
#include "util/random.h"

namespace vantage::train {
namespace {

namespace fs = std::filesystem;

template <typename Metrics>
void WriteMetrics(const std::vector<Metrics>& lines, const fs::path& path) {
  std::string text = report::MetricsHeader<Metrics>();
  for (const Metrics& line : lines) text += report::MetricsLine(line);
  WriteFile(path, text);
}

// Removes the lines from number `end` on from the file, and returns the others. first: the number of a run's
// first line.
template <typename Metrics>
std::vector<Metrics> KeepBefore(int64_t end, int64_t first, const fs::path& path) {
  std::vector<Metrics> lines;
  if (end > first && fs::exists(path)) lines = report::ReadMetrics<Metrics>(path);
  const auto number = std::get<int64_t Metrics::*>(report::MetricFields<Metrics>()[0].member);
  std::erase_if(lines, [&](const Metrics& line) { return line.*number >= end; });
  WriteMetrics(lines, path);
  return lines;
}

template <typename Metrics>
void Draw(const Metrics& metrics, serialize::TensorBoardFile& curves) {
  const std::vector<double> numbers = report::ToNumbers(metrics);
  const auto step = static_cast<int64_t>(numbers[0]);
  for (size_t i = 0; i < numbers.size(); ++i) {
    const char* tag = report::MetricFields<Metrics>()[i].tag;
    if (tag != nullptr && !std::isnan(numbers[i])) curves.AddScalar(tag, numbers[i], step);
  }
}

report::ExamplePhoto PhotoOf(const TrainingSet& set, PhotoId id) {
  const TrainingPhoto& photo = set.photos[IndexOf(id)];
  return {.path = photo.path, .scene = set.scenes[IndexOf(photo.scene)].name};
}

report::RunExample ExampleOf(const TrainingSet& set, const mining::Tuple& tuple) {
  report::RunExample example{.query = PhotoOf(set, tuple.query), .positive = PhotoOf(set, tuple.positive)};
  example.positive.distance = tuple.positive_distance;
  for (size_t i = 0; i < tuple.negatives.size(); ++i) {
    example.negatives.push_back(PhotoOf(set, tuple.negatives[i]));
    example.negatives.back().distance = tuple.negative_distances.at(i);
  }
  return example;
}

}  // namespace

RunLog::RunLog(const fs::path& folder, int64_t first_step, int64_t first_epoch)
    : folder_(folder),
      epochs_(KeepBefore<EpochMetrics>(first_epoch, 0, folder / "metrics.csv")),
      step_curves_(folder / "tensorboard/steps", first_step),
      epoch_curves_(folder / "tensorboard/epochs", first_epoch),
      steps_path_(folder / "steps.csv") {
  KeepBefore<StepMetrics>(first_step, 1, steps_path_);
  // The examples of the epoch under way may have been mined before the checkpoint, so they are kept.
  for (const int64_t epoch : report::EpochsWithExamples(folder)) {
    if (epoch > first_epoch || first_epoch == 0) fs::remove(report::ExamplesPath(folder, epoch));
  }
  steps_file_ = ::open(steps_path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  VANTAGE_CHECK(steps_file_ >= 0, steps_path_.string(),
                ": cannot be written: ", std::generic_category().message(errno));
}

RunLog::~RunLog() { ::close(steps_file_); }

void RunLog::Add(const StepMetrics& step) {
  step_lines_ += report::MetricsLine(step);
  Draw(step, step_curves_);
}

void RunLog::Add(const EpochMetrics& epoch) {
  epochs_.push_back(epoch);
  Draw(epoch, epoch_curves_);
  Flush();
  WriteMetrics(epochs_, folder_ / "metrics.csv");
}

void RunLog::Flush() {
  WriteAll(steps_file_, step_lines_, steps_path_);
  step_lines_.clear();
  VANTAGE_CHECK(::fsync(steps_file_) == 0, steps_path_.string(),
                ": cannot be brought to disk: ", std::generic_category().message(errno));
  step_curves_.Flush();
  epoch_curves_.Flush();
}

void RunLog::AddExamples(int64_t epoch, const TrainingSet& set, const fs::path& photo_root,
                         const std::vector<mining::Tuple>& tuples, int count) const {
  // Sorts queries by the hash of their photos' numbers, so that epochs with different draws show the same
  // ones.
  std::map<uint64_t, const mining::Tuple*> by_query;
  for (const mining::Tuple& tuple : tuples) by_query.try_emplace(MixBits(IndexOf(tuple.query)), &tuple);
  report::RunExamples examples{.epoch = epoch, .photo_root = photo_root};
  for (const auto& [key, tuple] : by_query) {
    if (static_cast<int>(examples.examples.size()) >= count) break;
    examples.examples.push_back(ExampleOf(set, *tuple));
  }
  report::WriteRunExamples(examples, folder_);
}

}  // namespace vantage::train

// SPDX-License-Identifier: BSD-3-Clause
#include "train/run_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "vantage/util/error.h"
#include "vantage/util/file.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int64_t kStateVersion = 1;

// The fields of a line of metrics.csv, in order.
std::vector<double> Fields(const EpochMetrics& m) {
  return {static_cast<double>(m.epoch),
          m.learning_rate,
          m.train_loss,
          m.val_loss,
          m.train_negative_distance,
          m.val_negative_distance,
          m.exponent,
          static_cast<double>(m.tuples),
          m.seconds};
}

EpochMetrics FromFields(const std::vector<double>& f) {
  return {static_cast<int64_t>(f[0]), f[1], f[2], f[3], f[4], f[5], f[6], static_cast<int64_t>(f[7]), f[8]};
}

constexpr const char* kMetricsHeader =
    "epoch,learning_rate,train_loss,val_loss,train_negative_distance,val_negative_distance,exponent,tuples,"
    "seconds\n";

std::string MetricsCsv(const std::vector<EpochMetrics>& metrics) {
  std::string csv = kMetricsHeader;
  for (const EpochMetrics& epoch : metrics) {
    std::vector<std::string> texts;
    for (const double field : Fields(epoch)) texts.push_back(FormatShortest(field));
    csv += Join(texts, ",") + "\n";
  }
  return csv;
}

TorchValue NumberList(const std::vector<double>& numbers) {
  std::vector<TorchValue> list;
  for (const double number : numbers) list.push_back({number});
  return {std::move(list)};
}

}  // namespace

RunFolder::RunFolder(const fs::path& folder) : folder_(folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  VANTAGE_CHECK(!error, folder.string(), ": cannot be made: ", error.message());
  const fs::path lock = folder / ".lock";
  lock_ = ::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  VANTAGE_CHECK(lock_ >= 0, folder.string(), ": cannot be written to");
  if (::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    ::close(lock_);
    throw Error(StrCat(folder.string(), ": another process trains in this folder"));
  }
}

RunFolder::~RunFolder() { ::close(lock_); }

bool RunFolder::HasCheckpoint() const { return fs::exists(last()); }

void RunFolder::KeepConfig(TrainOptions options) const {
  OptionsDescription description;
  Describe(description, options);
  if (HasCheckpoint() && fs::exists(config())) {
    TrainOptions old;
    OptionsDescription old_description;
    Describe(old_description, old);
    ReadToml(old_description, ReadFile(config()), config().string());
    for (const OptionField& field : description.fields()) {
      const std::string old_value = old_description.Find(field.key)->ValueText();
      if (field.key == "epochs" || field.ValueText() == old_value) continue;
      throw UsageError(StrCat(config().string(), ": the run was started with ", field.key, " = ", old_value,
                              ", not ", field.ValueText(),
                              "; go on with the old value, or train in another folder"));
    }
  }
  WriteFile(config(), ToToml(description, /*with_comments=*/true));
}

void RunFolder::WriteCheckpoint(Model& model, const Optimizer& optimizer, double learning_rate,
                                const RunState& state) const {
  TorchDict training;
  training.Set("version", {kStateVersion});
  training.Set("best_epoch", {state.best_epoch});
  std::vector<TorchValue> metrics;
  for (const EpochMetrics& epoch : state.metrics) metrics.push_back(NumberList(Fields(epoch)));
  training.Set("metrics", {std::move(metrics)});

  TorchDict more;
  more.Set("epoch", {state.epochs_done});
  more.Set("min_loss", {state.best_loss});
  more.Set("optimizer", optimizer.StateDict(learning_rate));
  more.Set("vantage_training", {std::move(training)});

  // best.pth comes first: whoever is stopped between the two does the epoch again and writes the same.
  if (state.best_epoch == state.epochs_done) {
    json origin = json::parse(model.origin);
    origin["epoch"] = state.best_epoch;
    Model best = model;
    best.origin = origin.dump();
    WriteModel(best, this->best());
  }
  WriteModel(model, last(), more);
  WriteFile(this->metrics(), MetricsCsv(state.metrics));
}

RunState RunFolder::ReadState(Optimizer& optimizer) const {
  const TorchFile file(last());
  const std::string& source = file.source();
  RunState state;
  state.epochs_done = ToInteger(Member(file.root(), "epoch", source), source + ": epoch");
  state.best_loss = ToNumber(Member(file.root(), "min_loss", source), source + ": min_loss");
  optimizer.LoadStateDict(file, Member(file.root(), "optimizer", source));
  const PickleValue& training = Member(file.root(), "vantage_training", source);
  const int64_t version = ToInteger(Member(training, "version", source), source + ": version");
  VANTAGE_CHECK(version == kStateVersion, source, ": a checkpoint of version ", version,
                "; this program reads ", kStateVersion);
  state.best_epoch = ToInteger(Member(training, "best_epoch", source), source + ": best_epoch");
  for (const PickleValue* epoch : Member(training, "metrics", source).items) {
    const std::vector<double> fields = ToNumbers(*epoch, source + ": metrics");
    VANTAGE_CHECK(fields.size() == Fields({}).size(), source, ": metrics of ", fields.size(), " fields");
    state.metrics.push_back(FromFields(fields));
  }
  return state;
}

}  // namespace vantage

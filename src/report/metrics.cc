// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/metrics.h"
#include "report/metrics.h"

#include <cmath>
#include <map>
#include <optional>

#include "util/check.h"
#include "util/file.h"
#include "util/string.h"

namespace vantage::report {
namespace {

// 2^53: doubles hold all whole numbers up to here exactly.
constexpr double kLargestWhole = 9007199254740992;

constexpr MetricField<StepMetrics> kStepFields[] = {
    {"step", nullptr, &StepMetrics::step},
    {"epoch", nullptr, &StepMetrics::epoch},
    {"loss", "step/loss", &StepMetrics::loss},
    {"learning_rate", "step/learning_rate", &StepMetrics::learning_rate},
    {"gradient_norm", "step/gradient_norm", &StepMetrics::gradient_norm},
    {"tuples", nullptr, &StepMetrics::tuples},
    {"photos", "step/photos", &StepMetrics::photos},
    {"photos_with_gradient", "step/photos_with_gradient", &StepMetrics::photos_with_gradient},
    {"seconds", "step_time/all", &StepMetrics::seconds},
    {"data_wait_seconds", "step_time/data_wait", &StepMetrics::data_wait_seconds},
    {"forward_seconds", "step_time/forward", &StepMetrics::forward_seconds},
    {"backward_seconds", "step_time/backward", &StepMetrics::backward_seconds},
};

constexpr MetricField<EpochMetrics> kEpochFields[] = {
    {"epoch", nullptr, &EpochMetrics::epoch},
    {"learning_rate", "epoch/learning_rate", &EpochMetrics::learning_rate},
    {"train_loss", "loss/train", &EpochMetrics::train_loss},
    {"val_loss", "loss/val", &EpochMetrics::val_loss},
    {"train_negative_distance", "negative_distance/train", &EpochMetrics::train_negative_distance},
    {"val_negative_distance", "negative_distance/val", &EpochMetrics::val_negative_distance},
    {"exponent", "epoch/exponent", &EpochMetrics::exponent},
    {"tuples", "epoch/tuples", &EpochMetrics::tuples},
    {"seconds", "epoch_time/all", &EpochMetrics::seconds},
    {"photos", "epoch/photos", &EpochMetrics::photos},
    {"photos_with_gradient", "epoch/photos_with_gradient", &EpochMetrics::photos_with_gradient},
    {"images_per_second", "epoch/images_per_second", &EpochMetrics::images_per_second},
    {"mining_seconds", "epoch_time/mining", &EpochMetrics::mining_seconds},
    {"data_wait_seconds", "epoch_time/data_wait", &EpochMetrics::data_wait_seconds},
    {"forward_seconds", "epoch_time/forward", &EpochMetrics::forward_seconds},
    {"backward_seconds", "epoch_time/backward", &EpochMetrics::backward_seconds},
    {"optimizer_seconds", "epoch_time/optimizer", &EpochMetrics::optimizer_seconds},
    {"validation_seconds", "epoch_time/validation", &EpochMetrics::validation_seconds},
    {"evaluation_seconds", "epoch_time/evaluation", &EpochMetrics::evaluation_seconds},
    {"benchmark_score", "benchmark/score", &EpochMetrics::benchmark_score},
    {"best_epoch", nullptr, &EpochMetrics::best_epoch},
    {"skipped_steps", "epoch/skipped_steps", &EpochMetrics::skipped_steps},
};

template <typename Metrics>
void SetField(Metrics& metrics, const MetricField<Metrics>& field, double value, const std::string& source) {
  if (const auto* number = std::get_if<double Metrics::*>(&field.member)) {
    metrics.** number = value;
    return;
  }
  VANTAGE_CHECK(std::abs(value) <= kLargestWhole && value == std::floor(value), source, ": ", field.name,
                " is ", FormatShortest(value), ", not a whole number");
  metrics.*std::get<int64_t Metrics::*>(field.member) = static_cast<int64_t>(value);
}

// The field of each column of the heading; none if the column is unknown.
template <typename Metrics>
std::vector<std::optional<size_t>> ColumnsOf(std::string_view heading, const std::string& source) {
  std::map<std::string, size_t> known;
  for (size_t i = 0; i < MetricFields<Metrics>().size(); ++i) known[MetricFields<Metrics>()[i].name] = i;
  std::vector<std::optional<size_t>> columns;
  for (const std::string& name : SplitText(heading, ',')) {
    const auto found = known.find(name);
    columns.push_back(found == known.end() ? std::nullopt : std::optional(found->second));
  }
  VANTAGE_CHECK(!columns.empty() && columns[0] == size_t{0}, source, ": the first column is not '",
                MetricFields<Metrics>()[0].name, "'");
  return columns;
}

template <typename Metrics>
Metrics ParseLine(std::string_view line, const std::vector<std::optional<size_t>>& columns,
                  const std::string& source) {
  const std::vector<std::string> values = SplitText(line, ',');
  VANTAGE_CHECK(values.size() == columns.size(), source, ": has ", values.size(), " values; there are ",
                columns.size(), " columns");
  Metrics metrics;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (!columns[i]) continue;
    const MetricField<Metrics>& field = MetricFields<Metrics>()[*columns[i]];
    SetField(metrics, field, ParseDouble(values[i], StrCat(source, ": ", field.name)), source);
  }
  return metrics;
}

}  // namespace

template <>
std::span<const MetricField<StepMetrics>> MetricFields() {
  return kStepFields;
}
template <>
std::span<const MetricField<EpochMetrics>> MetricFields() {
  return kEpochFields;
}

template <typename Metrics>
std::vector<double> ToNumbers(const Metrics& metrics) {
  std::vector<double> numbers;
  for (const MetricField<Metrics>& field : MetricFields<Metrics>()) {
    numbers.push_back(
        std::visit([&](auto member) { return static_cast<double>(metrics.*member); }, field.member));
  }
  return numbers;
}

template <typename Metrics>
Metrics FromNumbers(std::span<const double> numbers, const std::string& source) {
  const std::span<const MetricField<Metrics>> fields = MetricFields<Metrics>();
  VANTAGE_CHECK(numbers.size() == fields.size(), source, ": ", numbers.size(), " metrics; this program has ",
                fields.size());
  Metrics metrics;
  for (size_t i = 0; i < fields.size(); ++i) SetField(metrics, fields[i], numbers[i], source);
  return metrics;
}

template <typename Metrics>
std::string MetricsHeader() {
  std::vector<std::string> names;
  for (const MetricField<Metrics>& field : MetricFields<Metrics>()) names.emplace_back(field.name);
  return Join(names, ",") + "\n";
}

template <typename Metrics>
std::string MetricsLine(const Metrics& metrics) {
  std::vector<std::string> texts;
  for (const double number : ToNumbers(metrics)) {
    texts.push_back(std::isnan(number) ? "nan" : FormatShortest(number));
  }
  return Join(texts, ",") + "\n";
}

template <typename Metrics>
std::vector<Metrics> ReadMetrics(const std::filesystem::path& path) {
  const std::string text = ReadFile(path);
  std::vector<std::optional<size_t>> columns;
  std::vector<Metrics> all;
  int64_t number = 1;
  for (size_t at = 0; at < text.size(); ++number) {
    const size_t end = text.find('\n', at);
    if (end == text.npos) break;
    const std::string_view line = std::string_view(text).substr(at, end - at);
    const std::string source = StrCat(path.string(), ":", number);
    at = end + 1;
    if (number == 1) {
      columns = ColumnsOf<Metrics>(line, source);
      continue;
    }
    const auto metrics = ParseLine<Metrics>(line, columns, source);
    const auto first = std::get<int64_t Metrics::*>(MetricFields<Metrics>()[0].member);
    VANTAGE_CHECK(all.empty() || metrics.*first > all.back().*first, source, ": ",
                  MetricFields<Metrics>()[0].name, " ", metrics.*first, " comes after ",
                  all.empty() ? 0 : all.back().*first);
    all.push_back(metrics);
  }
  VANTAGE_CHECK(!columns.empty(), path.string(), ": is empty");
  return all;
}

template std::vector<double> ToNumbers(const StepMetrics&);
template std::vector<double> ToNumbers(const EpochMetrics&);
template StepMetrics FromNumbers(std::span<const double>, const std::string&);
template EpochMetrics FromNumbers(std::span<const double>, const std::string&);
template std::string MetricsHeader<StepMetrics>();
template std::string MetricsHeader<EpochMetrics>();
template std::string MetricsLine(const StepMetrics&);
template std::string MetricsLine(const EpochMetrics&);
template std::vector<StepMetrics> ReadMetrics(const std::filesystem::path&);
template std::vector<EpochMetrics> ReadMetrics(const std::filesystem::path&);

}  // namespace vantage::report

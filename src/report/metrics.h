// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "vantage/metrics.h"

namespace vantage::report {

template <typename Metrics>
struct MetricField {
  const char* name;  // the column
  const char* tag;   // TensorBoard's; null where it draws none
  std::variant<int64_t Metrics::*, double Metrics::*> member;
};

// Every field, in the order of columns: files, tags and checkpoints are made by this table alone.
template <typename Metrics>
std::span<const MetricField<Metrics>> MetricFields();
template <>
std::span<const MetricField<StepMetrics>> MetricFields();
template <>
std::span<const MetricField<EpochMetrics>> MetricFields();

// The fields as numbers, and back. Throws Error naming `source` where there are more or fewer numbers than
// fields, or a whole number is none.
template <typename Metrics>
std::vector<double> ToNumbers(const Metrics& metrics);
template <typename Metrics>
Metrics FromNumbers(std::span<const double> numbers, const std::string& source);

// "step,epoch,...\n" and a line of values, as short as they read back the same; NaN is "nan".
template <typename Metrics>
std::string MetricsHeader();
template <typename Metrics>
std::string MetricsLine(const Metrics& metrics);

// Reads a file of such lines. Columns are found by name: a missing one leaves its field as it is by default,
// an unknown one is ignored. A last line without line end, cut by a process that was killed, is left out.
// Throws Error naming file and line where it is damaged, and where the first field does not rise from line to
// line.
template <typename Metrics>
std::vector<Metrics> ReadMetrics(const std::filesystem::path& path);

}  // namespace vantage::report

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
  const char* name;  // name of the column
  const char* tag;   // TensorBoard's tag; null if there is no curve
  std::variant<int64_t Metrics::*, double Metrics::*> member;
};

// Every field, in the order of columns. Files, tags and checkpoints are made from this table alone.
template <typename Metrics>
std::span<const MetricField<Metrics>> MetricFields();
template <>
std::span<const MetricField<StepMetrics>> MetricFields();
template <>
std::span<const MetricField<EpochMetrics>> MetricFields();

// Converts fields to numbers, and back. FromNumbers throws Error naming `source` if the number of values is
// not the number of fields, or an integer field gets a value that is not whole.
template <typename Metrics>
std::vector<double> ToNumbers(const Metrics& metrics);
template <typename Metrics>
Metrics FromNumbers(std::span<const double> numbers, const std::string& source);

// "step,epoch,...\n", and a line of values. Each value is the shortest text that reads back as the same
// number; NaN is "nan".
template <typename Metrics>
std::string MetricsHeader();
template <typename Metrics>
std::string MetricsLine(const Metrics& metrics);

// Reads a file of such lines. Columns are found by name: the field of a missing column keeps its default, and
// unknown columns are ignored. A last line without line end, from a killed process, is ignored. Throws Error
// naming the file and the line if it is damaged, or if the first field does not increase from line to line.
template <typename Metrics>
std::vector<Metrics> ReadMetrics(const std::filesystem::path& path);

}  // namespace vantage::report

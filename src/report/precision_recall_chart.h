// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "report/evaluation_report.h"

namespace vantage::report {

// A chart for each task: mean interpolated precision against recall, of both runs; "" if no rankings are
// known.
std::string PrecisionRecallSection(const EvaluationReport& report);

// The interpolated precision of one query against recall as a small picture; other: of the other run, or
// null. "" if there is nothing to show.
std::string PrecisionRecallSketch(const QueryResult& query, const QueryResult* other);

}  // namespace vantage::report

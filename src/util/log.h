// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "util/string.h"
#include "vantage/run_context.h"

namespace vantage {

void Log(LogLevel level, const std::string& message);

template <typename... Args>
void LogDebug(const Args&... args) {
  Log(LogLevel::kDebug, StrCat(args...));
}
template <typename... Args>
void LogInfo(const Args&... args) {
  Log(LogLevel::kInfo, StrCat(args...));
}
template <typename... Args>
void LogWarning(const Args&... args) {
  Log(LogLevel::kWarning, StrCat(args...));
}

}  // namespace vantage

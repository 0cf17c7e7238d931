// SPDX-License-Identifier: BSD-3-Clause
#include "progress_line.h"

#include "util/string.h"

namespace vantage::cli {

bool ProgressLine::Take(const Progress& progress, Time now) {
  const bool begins = progress.task != progress_.task || progress.done < done_at_start_ || IsFinished();
  progress_ = progress;
  now_ = now;
  if (begins) {
    start_ = now;
    done_at_start_ = progress.done;
  }
  return begins;
}

std::string ProgressLine::Text() const {
  const auto& [task, done, total, note] = progress_;
  std::string line = task;
  if (total > 0) {
    line += StrCat(" ", done, "/", total, " (", 100 * done / total, " %)");
    const double seconds = std::chrono::duration<double>(now_ - start_).count();
    if (done > done_at_start_ && seconds > 0.5) {
      const double rate = static_cast<double>(done - done_at_start_) / seconds;
      line += StrCat(", ", FormatFixed(rate, rate < 10 ? 2 : 1), "/s");
      if (done < total)
        line += StrCat(", ", FormatDuration(static_cast<double>(total - done) / rate), " left");
    }
  }
  return note.empty() ? line : StrCat(line, "; ", note);
}

}  // namespace vantage::cli

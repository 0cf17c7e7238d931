// SPDX-License-Identifier: BSD-3-Clause
// How calls run: progress, cancelling and threads of long work, the process's log and memory, the library's
// version.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace vantage {

// How far a piece of long work has come.
struct Progress {
  std::string task;   // "extracting", "epoch 3 of 10"
  int64_t done = 0;   // finished units
  int64_t total = 0;  // all units; 0 where not known
  std::string note;   // what else is worth seeing, such as the loss
};

// What a caller hands to long work: whom to tell, when to stop, how many threads to use.
struct RunContext {
  // Called often and from the thread that does the work; cheap to leave empty.
  std::function<void(const Progress&)> on_progress;
  // Asked often; true ends the work with vantage::Interrupted.
  std::function<bool()> is_cancelled;
  // Worker threads, at most 1024. 0: those of the process's affinity and quota.
  int threads = 0;

  void Report(const Progress& progress) const {
    if (on_progress) on_progress(progress);
  }
  bool IsCancelled() const { return is_cancelled && is_cancelled(); }

  // Throws Interrupted if the caller wants to stop.
  void CheckCancelled() const;

  // `threads`, or the number of processors that this process may use.
  int ThreadCount() const;
};

enum class LogLevel { kDebug, kInfo, kWarning, kError, kOff };

// "debug", "info", "warning", "error", "off". Throws UsageError for another name.
LogLevel ParseLogLevel(const std::string& name);

// What becomes of a message at or above the level. Called from any thread, one call at a time.
using LogSink = std::function<void(LogLevel, const std::string&)>;

// Least level that is passed on. The library starts at kWarning.
void SetLogLevel(LogLevel level);

// Replaces the default sink, which writes to standard error. An empty one restores it.
void SetLogSink(LogSink sink);

// Keeps freed memory in the process instead of giving it back to the kernel. The large buffers of a network
// come and go with every operator; the kernel would clear each anew: up to a fifth of the time. For the start
// of a program, before it has threads: all of them then share one pool. Does nothing where the C library is
// not glibc.
void KeepFreedMemory();

// "0.1.0"
const char* Version();

// "Release", as CMake calls it.
const char* BuildType();

// "GNU 12.2.0": what the library was compiled by.
const char* Compiler();

}  // namespace vantage

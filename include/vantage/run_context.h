// SPDX-License-Identifier: BSD-3-Clause
// How calls run: progress, cancellation and threads of long calls; the process's log and memory; the
// library's version.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace vantage {

// Progress of a long call.
struct Progress {
  std::string task;   // "extracting", "epoch 3 of 10"
  int64_t done = 0;   // finished units
  int64_t total = 0;  // all units; 0: not known
  std::string note;   // further information, such as the loss
};

// What a caller passes to a long call: callbacks for progress and cancellation, and the number of threads.
struct RunContext {
  // Called often, from the thread that does the work. May be empty.
  std::function<void(const Progress&)> on_progress;
  // Called often; true ends the call with vantage::Interrupted.
  std::function<bool()> is_cancelled;
  // Worker threads, at most 1024. 0: as many as the process's CPU affinity and quota allow.
  int threads = 0;

  void Report(const Progress& progress) const {
    if (on_progress) on_progress(progress);
  }
  bool IsCancelled() const { return is_cancelled && is_cancelled(); }

  // Throws Interrupted if IsCancelled().
  void CheckCancelled() const;

  // `threads`, or the number of processors that this process may use.
  int ThreadCount() const;
};

enum class LogLevel { kDebug, kInfo, kWarning, kError, kOff };

// "debug", "info", "warning", "error", "off". Throws UsageError for another name.
LogLevel ParseLogLevel(const std::string& name);

// Receives each message at or above the log level. Called from any thread, one call at a time.
using LogSink = std::function<void(LogLevel, const std::string&)>;

// Sets the lowest level that is passed to the sink. The default is kWarning.
void SetLogLevel(LogLevel level);

// Replaces the default sink, which writes to standard error. An empty one restores it.
void SetLogSink(LogSink sink);

// Keeps freed memory in the process instead of returning it to the kernel. A network allocates and frees
// large buffers in every operator, and the kernel would zero each one again, which takes up to a fifth of the
// time. Also makes all threads share one pool, so call it at the start of a program, before it has threads.
// Does nothing if the C library is not glibc.
void KeepFreedMemory();

// "0.1.0"
const char* Version();

// "Release", as CMake calls it.
const char* BuildType();

// "GNU 12.2.0": the compiler that built the library.
const char* Compiler();

}  // namespace vantage

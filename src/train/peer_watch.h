// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace vantage::train {

// A key-value store that all processes read and write.
class SharedStore {
 public:
  SharedStore() = default;
  virtual ~SharedStore() = default;
  SharedStore(const SharedStore&) = delete;
  SharedStore& operator=(const SharedStore&) = delete;

  // Both throw an exception if the store cannot be reached. Get waits until there is a value.
  virtual void Set(const std::string& key, const std::string& value) = 0;
  virtual std::string Get(const std::string& key) = 0;
};

// How a process ended before its work was done.
struct PeerEnd {
  enum class Kind { kGone, kFailed, kInterrupted };
  int rank = 0;
  Kind kind = Kind::kGone;
  std::string message;
};

// Shows the other processes that this one is alive, and notices if one of them no longer is. A thread writes
// a counter into the store and reads the others' counters, once per interval. A process that ends early, or
// learns that another did, writes that next to its counter, so that all processes learn of it even if the
// store disappears.
class PeerWatch {
 public:
  using Clock = std::chrono::steady_clock;
  struct Options {
    Clock::duration interval = std::chrono::seconds(1);
    // A process counts as gone if its counter has not changed for this long.
    Clock::duration patience = std::chrono::seconds(20);
    // How long the host of the store stays after an early end, so that the others can learn the reason.
    Clock::duration farewell = std::chrono::seconds(5);
  };

  // `is_host`: whether the store disappears with this process.
  PeerWatch(std::unique_ptr<SharedStore> store, int rank, int size, bool is_host, Options options);
  ~PeerWatch();
  PeerWatch(const PeerWatch&) = delete;
  PeerWatch& operator=(const PeerWatch&) = delete;

  // Starts the thread. Call it after each process has constructed its watch, because only then do all
  // counters exist.
  void Start();

  // The first early end that this process knows of, including its own.
  std::optional<PeerEnd> End() const;
  // Waits for an early end, at most for `limit`. From this call on, a counter that does not change for a few
  // intervals is enough to count as gone.
  std::optional<PeerEnd> WaitForEnd(Clock::duration limit);

  // Reports that this process's work is done, or why it ends early, and ends the thread.
  void Leave(std::optional<PeerEnd> end = std::nullopt);

 private:
  struct State;
  static void Run(const std::shared_ptr<State>& state);

  std::shared_ptr<State> state_;  // shared with the thread, which is detached if the store hangs
  std::thread thread_;
};

}  // namespace vantage::train

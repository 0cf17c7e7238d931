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

// Values under names that all processes read and write.
class SharedStore {
 public:
  SharedStore() = default;
  virtual ~SharedStore() = default;
  SharedStore(const SharedStore&) = delete;
  SharedStore& operator=(const SharedStore&) = delete;

  // Both throw an exception where the store cannot be reached. Get waits until there is a value.
  virtual void Set(const std::string& key, const std::string& value) = 0;
  virtual std::string Get(const std::string& key) = 0;
};

// How a process ended before the work was done.
struct PeerEnd {
  enum class Kind { kGone, kFailed, kInterrupted };
  int rank = 0;
  Kind kind = Kind::kGone;
  std::string message;
};

// Tells the other processes that this one lives, and notices where one of them does not any more: a thread
// writes a counter into the store and reads those of the others, once an interval. Who ends early, or learns
// that another did, writes that beside its counter, so that all come to know of it even if the store goes.
class PeerWatch {
 public:
  using Clock = std::chrono::steady_clock;
  struct Options {
    Clock::duration interval = std::chrono::seconds(1);
    // A counter that stood still for so long is that of a process that is gone.
    Clock::duration patience = std::chrono::seconds(20);
    // How long the host of the store stays after an early end, so that the others learn why.
    Clock::duration farewell = std::chrono::seconds(5);
  };

  // `is_host`: the store goes when this process does. `host`: the process that is gone where the store is.
  PeerWatch(std::unique_ptr<SharedStore> store, int rank, int size, bool is_host, Options options);
  ~PeerWatch();
  PeerWatch(const PeerWatch&) = delete;
  PeerWatch& operator=(const PeerWatch&) = delete;

  // Starts the thread, once each process has made its watch: only then there are counters to be read.
  void Start();

  // The first early end that this process knows of, its own included.
  std::optional<PeerEnd> End() const;
  // Waits for one until `deadline`. Meanwhile a counter need only stand still for a few intervals.
  std::optional<PeerEnd> WaitForEnd(Clock::duration limit);

  // The last word of this process: that its work is done, or why it ends early. The thread ends.
  void Leave(std::optional<PeerEnd> end = std::nullopt);

 private:
  struct State;
  static void Run(const std::shared_ptr<State>& state);

  std::shared_ptr<State> state_;  // shared with the thread, which is left behind where the store hangs
  std::thread thread_;
};

}  // namespace vantage::train

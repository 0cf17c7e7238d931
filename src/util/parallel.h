// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "util/index.h"

namespace vantage {

// Calls work(0) .. work(count - 1) once each, on at most `threads` threads, in no fixed order. After the
// first exception no further call starts, and that exception is rethrown here.
void ParallelFor(int64_t count, int threads, const std::function<void(int64_t)>& work);

// Makes items 0 .. count - 1 ahead of their use on worker threads, and returns them in order. At most
// `window` items that Next has not returned yet exist at a time. An exception in making an item is rethrown
// by the Next that would have returned the item.
template <typename T>
class OrderedPrefetch {
 public:
  OrderedPrefetch(int64_t count, int threads, int64_t window, std::function<T(int64_t)> make)
      : count_(count), make_(std::move(make)), slots_(ToIndex(std::max<int64_t>(1, window))) {
    const int64_t useful = std::min<int64_t>({threads, count, std::ssize(slots_)});
    for (int64_t i = 0; i < useful; ++i) threads_.emplace_back([this] { Work(); });
  }

  ~OrderedPrefetch() {
    {
      const std::scoped_lock lock(mutex_);
      closed_ = true;
    }
    changed_.notify_all();
  }

  OrderedPrefetch(const OrderedPrefetch&) = delete;
  OrderedPrefetch& operator=(const OrderedPrefetch&) = delete;

  // The next item, or nothing after the last.
  std::optional<T> Next() {
    if (handed_out_ == count_) return std::nullopt;
    Slot& slot = slots_[ToIndex(handed_out_) % slots_.size()];
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return slot.ready; });
    std::optional<T> item = std::move(slot.item);
    const std::exception_ptr error = std::exchange(slot.error, nullptr);
    slot.item.reset();
    slot.ready = false;
    ++handed_out_;
    lock.unlock();
    changed_.notify_all();
    if (error) std::rethrow_exception(error);
    return item;
  }

 private:
  struct Slot {
    bool ready = false;
    std::optional<T> item;
    std::exception_ptr error;
  };

  void Work() {
    for (;;) {
      std::unique_lock lock(mutex_);
      changed_.wait(
          lock, [&] { return closed_ || started_ == count_ || started_ < handed_out_ + std::ssize(slots_); });
      if (closed_ || started_ == count_) return;
      const int64_t index = started_++;
      lock.unlock();

      std::optional<T> item;
      std::exception_ptr error;
      try {
        item.emplace(make_(index));
      } catch (...) {
        error = std::current_exception();
      }

      lock.lock();
      Slot& slot = slots_[ToIndex(index) % slots_.size()];
      slot.item = std::move(item);
      slot.error = error;
      slot.ready = true;
      lock.unlock();
      changed_.notify_all();
    }
  }

  const int64_t count_;
  const std::function<T(int64_t)> make_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Slot> slots_;  // item i lives in slot i modulo the window
  int64_t started_ = 0;      // items whose making has started
  int64_t handed_out_ = 0;   // items that Next has returned
  bool closed_ = false;
  std::vector<std::jthread> threads_;  // last member: joined before the state that they use is destroyed
};

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#include "train/tuple_runner.h"

#include <ATen/ops/ones.h>

#include <chrono>
#include <cmath>
#include <condition_variable>
#include <exception>
#include <list>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "nn/intra_op_threads.h"
#include "train/ordered_sum.h"
#include "util/index.h"
#include "util/stopwatch.h"

namespace vantage::train {
namespace {

using Clock = std::chrono::steady_clock;

// What is added up of a pass's statistics.
std::vector<at::Tensor> ToSummands(nn::BatchStatistics seen) {
  std::vector<at::Tensor> summands;
  for (auto& [name, values] : seen) summands.push_back(std::move(values));
  if (!summands.empty()) summands.push_back(at::ones({1}, summands[0].options()));
  return summands;
}

// A tuple between its first pass and its last.
struct OpenTuple {
  size_t index = 0;
  TupleGradient gradient;
  size_t passes = 0;   // of the direction that it is in
  size_t started = 0;  // of these
  size_t finished = 0;
  bool is_backward = false;
};

class Runner {
 public:
  Runner(const nn::Network& net, const TupleLoss& loss, std::span<const at::Tensor> parameters, size_t count,
         const std::function<LoadedTuple(size_t)>& next, const TupleRunnerOptions& options,
         const std::function<void(size_t, const TupleOutcome&)>& on_tuple)
      : net_(net),
        loss_(loss),
        parameters_(parameters),
        next_(next),
        options_(options),
        on_tuple_(on_tuple),
        threads_of_a_pass_(options.threads_per_pass) {
    outcome_.tuples.resize(count);
  }

  StepOutcome Run() {
    {
      std::vector<std::jthread> workers;
      for (int i = 1; i < options_.workers; ++i) workers.emplace_back([this] { Work(); });
      Work();
    }
    if (error_) std::rethrow_exception(error_);
    outcome_.gradients = sum_.Take();
    outcome_.statistics = statistics_.Take();
    for (double* seconds : {&outcome_.times.data, &outcome_.times.forward, &outcome_.times.backward})
      *seconds /= options_.workers;
    return std::move(outcome_);
  }

 private:
  void Work() {
    threads_of_a_pass_.Enter();
    std::unique_lock lock(mutex_);
    while (!error_ && finished_tuples_ < outcome_.tuples.size()) {
      bool did_something = false;
      try {
        did_something = RunPass(lock) || OpenNext(lock);
      } catch (...) {
        if (!lock.owns_lock()) lock.lock();
        if (!error_) error_ = std::current_exception();
      }
      if (did_something || error_) {
        changed_.notify_all();
      } else {
        changed_.wait(lock);
      }
    }
    changed_.notify_all();
  }

  // The first tuple with a pass that nobody has taken, backward before forward.
  OpenTuple* WithWork() {
    OpenTuple* forward = nullptr;
    for (OpenTuple& tuple : open_) {
      if (tuple.started == tuple.passes) continue;
      if (tuple.is_backward) return &tuple;
      if (forward == nullptr) forward = &tuple;
    }
    return forward;
  }

  bool RunPass(std::unique_lock<std::mutex>& lock) {
    OpenTuple* tuple = WithWork();
    if (tuple == nullptr) return false;
    const size_t pass = tuple->started++;
    const bool is_backward = tuple->is_backward;
    lock.unlock();
    const auto start = Clock::now();
    if (is_backward) {
      sum_.Add(tuple->index, pass, tuple->gradient.Backward(pass));
    } else {
      statistics_.Add(tuple->index, pass, ToSummands(tuple->gradient.Forward(pass)));
    }
    const double seconds = SecondsSince(start);
    lock.lock();
    (is_backward ? outcome_.times.backward : outcome_.times.forward) += seconds;
    if (++tuple->finished == tuple->passes) {
      if (is_backward) {
        Close(*tuple);
      } else {
        TurnBack(*tuple);
      }
    }
    return true;
  }

  // All descriptors are there: the loss, and what must go backward. Takes next to no time.
  void TurnBack(OpenTuple& tuple) {
    tuple.gradient.DifferentiateLoss();
    TupleOutcome& outcome = outcome_.tuples[tuple.index];
    outcome.loss = tuple.gradient.loss();
    outcome.photos = static_cast<int64_t>(tuple.gradient.photos());
    outcome.photos_with_gradient = static_cast<int64_t>(tuple.gradient.photos_with_gradient());
    if (on_tuple_) on_tuple_(tuple.index, outcome);
    tuple.is_backward = true;
    tuple.passes = tuple.gradient.backward_passes();
    tuple.started = 0;
    tuple.finished = 0;
    sum_.Close(tuple.index, tuple.passes);
    if (tuple.passes == 0) Close(tuple);
  }

  void Close(OpenTuple& tuple) {
    ++finished_tuples_;
    open_.remove_if([&](const OpenTuple& other) { return &other == &tuple; });
  }

  bool OpenNext(std::unique_lock<std::mutex>& lock) {
    const size_t count = outcome_.tuples.size();
    const auto most_open = ToIndex(options_.workers);
    if (is_opening_ || opened_ == count || open_.size() >= most_open) return false;
    is_opening_ = true;
    const size_t index = opened_++;
    lock.unlock();
    const auto start = Clock::now();
    LoadedTuple loaded = next_(index);
    const double seconds = SecondsSince(start);
    lock.lock();
    outcome_.times.data += seconds;
    is_opening_ = false;
    if (!loaded.skipped.empty()) {
      outcome_.tuples[index].skipped = loaded.skipped;
      if (on_tuple_) on_tuple_(index, outcome_.tuples[index]);
      sum_.Close(index, 0);
      statistics_.Close(index, 0);
      ++finished_tuples_;
      return true;
    }
    OpenTuple& tuple = open_.emplace_back(
        OpenTuple{index, TupleGradient(net_, loss_, parameters_, std::move(loaded), options_.limits)});
    tuple.passes = tuple.gradient.forward_passes();
    statistics_.Close(index, tuple.passes);
    return true;
  }

  const nn::Network& net_;
  const TupleLoss& loss_;
  std::span<const at::Tensor> parameters_;
  const std::function<LoadedTuple(size_t)>& next_;
  TupleRunnerOptions options_;
  const std::function<void(size_t, const TupleOutcome&)>& on_tuple_;
  nn::IntraOpThreads threads_of_a_pass_;
  OrderedSum sum_;
  OrderedSum statistics_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::list<OpenTuple> open_;  // in their order
  size_t opened_ = 0;
  bool is_opening_ = false;
  size_t finished_tuples_ = 0;
  StepOutcome outcome_;
  std::exception_ptr error_;
};

}  // namespace

StepOutcome RunTuples(const nn::Network& net, const TupleLoss& loss, std::span<const at::Tensor> parameters,
                      size_t count, const std::function<LoadedTuple(size_t)>& next,
                      const TupleRunnerOptions& options,
                      const std::function<void(size_t, const TupleOutcome&)>& on_tuple) {
  return Runner(net, loss, parameters, count, next, options, on_tuple).Run();
}

}  // namespace vantage::train

// SPDX-License-Identifier: BSD-3-Clause
#include "train/engine.h"

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
#include "vantage/describer.h"

namespace vantage::train {
namespace {

using Clock = std::chrono::steady_clock;

// A pass's statistics, and 1 for the pass.
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
  size_t passes = 0;   // of the current direction
  size_t started = 0;  // of these
  size_t finished = 0;
  bool is_backward = false;
};

class Runner {
 public:
  Runner(const nn::Network& net, std::span<const at::Tensor> parameters, size_t count, const TupleWork& work,
         const WorkerEngineOptions& options)
      : net_(net),
        parameters_(parameters),
        work_(work),
        options_(options),
        threads_of_a_pass_(options.threads_per_pass) {
    outcome_.tuples.resize(count);
  }

  EngineOutcome Run() {
    {
      std::vector<std::jthread> workers;
      for (int i = 1; i < options_.workers; ++i) workers.emplace_back([this] { Work(); });
      Work();
    }
    if (error_) std::rethrow_exception(error_);
    outcome_.gradients = sum_.Take();
    outcome_.statistics = statistics_.Take();
    for (double* seconds : {&outcome_.seconds.data, &outcome_.seconds.forward, &outcome_.seconds.backward})
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

  // The first open tuple with a pass that no worker has taken; prefers backward passes.
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
    (is_backward ? outcome_.seconds.backward : outcome_.seconds.forward) += seconds;
    if (++tuple->finished == tuple->passes) {
      if (is_backward) {
        Close(*tuple);
      } else {
        BeginBackward(*tuple);
      }
    }
    return true;
  }

  // Computes the loss from the tuple's descriptors, and plans the backward passes. Takes almost no time.
  void BeginBackward(OpenTuple& tuple) {
    tuple.gradient.DifferentiateLoss();
    TupleOutcome& outcome = outcome_.tuples[tuple.index];
    outcome.loss = tuple.gradient.loss();
    outcome.photos = static_cast<int64_t>(tuple.gradient.photos());
    outcome.photos_with_gradient = static_cast<int64_t>(tuple.gradient.photos_with_gradient());
    if (work_.on_tuple) work_.on_tuple(tuple.index, outcome);
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
    LoadedTuple loaded = work_.next(index);
    const double seconds = SecondsSince(start);
    lock.lock();
    outcome_.seconds.data += seconds;
    is_opening_ = false;
    if (!loaded.skipped.empty()) {
      outcome_.tuples[index].skipped = loaded.skipped;
      if (work_.on_tuple) work_.on_tuple(index, outcome_.tuples[index]);
      sum_.Close(index, 0);
      statistics_.Close(index, 0);
      ++finished_tuples_;
      return true;
    }
    OpenTuple& tuple = open_.emplace_back(
        OpenTuple{index, TupleGradient(net_, work_.loss, parameters_, std::move(loaded), options_.limits,
                                       work_.gradient_scale, work_.frozen)});
    tuple.passes = tuple.gradient.forward_passes();
    statistics_.Close(index, tuple.passes);
    return true;
  }

  const nn::Network& net_;
  std::span<const at::Tensor> parameters_;
  const TupleWork& work_;
  WorkerEngineOptions options_;
  nn::IntraOpThreads threads_of_a_pass_;
  OrderedSum sum_;
  OrderedSum statistics_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::list<OpenTuple> open_;  // in their order
  size_t opened_ = 0;
  bool is_opening_ = false;
  size_t finished_tuples_ = 0;
  EngineOutcome outcome_;
  std::exception_ptr error_;
};

class WorkerEngine : public Engine {
 public:
  explicit WorkerEngine(const WorkerEngineOptions& options) : options_(options) {}

  EngineOutcome Run(const nn::Network& net, std::span<const at::Tensor> parameters, size_t count,
                    const TupleWork& work) const override {
    return Runner(net, parameters, count, work, options_).Run();
  }

 private:
  WorkerEngineOptions options_;
};

}  // namespace

std::unique_ptr<Engine> MakeWorkerEngine(const WorkerEngineOptions& options) {
  return std::make_unique<WorkerEngine>(options);
}

std::unique_ptr<Engine> MakeEngine(const ComputeOptions& options, const at::Device& device, int threads) {
  WorkerEngineOptions workers;
  workers.workers = device.is_cpu() ? threads : 1;
  workers.threads_per_pass = device.is_cpu() ? 1 : threads;
  workers.limits.batch_pixels =
      options.batch_pixels > 0 || device.is_cpu() ? options.batch_pixels : kGpuBatchPixels;
  workers.limits.kept_pixels = options.kept_pixels;
  return MakeWorkerEngine(workers);
}

}  // namespace vantage::train

// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/training.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

#include <unistd.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <numeric>
#include <thread>
#include <utility>

#include "train/gpu_collectives.h"
#include "train/meeting.h"
#include "train/peer_watch.h"
#include "util/gpu_driver.h"
#include "util/index.h"
#include "util/log.h"
#include "vantage/error.h"
#include "vantage/run_context.h"

namespace vantage {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPoll(100);
constexpr std::chrono::microseconds kGpuPoll(200);
constexpr auto kTimeToExplain = std::chrono::seconds(6);
// No time limit: PeerWatch detects lost processes, and slow ones are waited for.
constexpr milliseconds kNoLimit = std::chrono::hours(24 * 365);
constexpr int64_t kBucketBytes = 25 << 20;  // as DistributedDataParallel

// Set by the thread of c10d that finishes a collective.
class Completion {
 public:
  void Complete() {
    const std::scoped_lock lock(mutex_);
    complete_ = true;
    changed_.notify_all();
  }
  bool WaitFor(milliseconds limit) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, [&] { return complete_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool complete_ = false;
};

at::Tensor Bytes(const std::string& bytes, int64_t length) {
  at::Tensor tensor = at::zeros({length}, at::kByte);
  if (!bytes.empty()) std::memcpy(tensor.mutable_data_ptr<uint8_t>(), bytes.data(), bytes.size());
  return tensor;
}

std::string ToBytes(const at::Tensor& tensor, int64_t length) {
  return {reinterpret_cast<const char*>(tensor.const_data_ptr<uint8_t>()), ToIndex(length)};
}

// Ends of buckets over tensors of one type and device.
std::vector<size_t> BucketEnds(const std::vector<at::Tensor>& tensors) {
  std::vector<size_t> ends;
  int64_t bytes = 0;
  for (size_t i = 0; i < tensors.size(); ++i) {
    const bool fits = i == 0 || (tensors[i].scalar_type() == tensors[i - 1].scalar_type() &&
                                 tensors[i].device() == tensors[i - 1].device() &&
                                 bytes + static_cast<int64_t>(tensors[i].nbytes()) <= kBucketBytes);
    if (!fits) {
      ends.push_back(i);
      bytes = 0;
    }
    bytes += static_cast<int64_t>(tensors[i].nbytes());
  }
  if (!tensors.empty()) ends.push_back(tensors.size());
  return ends;
}

// Host and PCI address of the device's GPU, which differ for all GPUs, while its number does not: processes
// that each see one GPU all name it "cuda:0". Empty if the device is not a GPU.
std::string GpuName(const std::string& device) {
  if (!device.starts_with("cuda")) return "";
  const at::Device parsed(device);
  const auto index = ToIndex(parsed.has_index() ? parsed.index() : 0);
  const std::vector<GpuInfo> gpus = AskGpuDriver().gpus;
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  return StrCat(host.data(), "/", index < gpus.size() ? gpus[index].pci_bus_id : device);
}

// Whether each process has a GPU that no other process has.
bool HasGpusOfTheirOwn(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  return !names.front().empty() && std::adjacent_find(names.begin(), names.end()) == names.end();
}

}  // namespace

struct ProcessGroup::State {
  LaunchEnvironment launch;
  RunContext context;
  train::Meeting meeting;
  c10::intrusive_ptr<c10d::Backend> gpus;  // null: tensors of GPUs go over the CPU

  // Throws the error that another process's end causes in this one.
  [[noreturn]] void Fail(const train::PeerEnd& end) const {
    const std::string who = StrCat("process ", end.rank, " of ", launch.size);
    switch (end.kind) {
      case train::PeerEnd::Kind::kInterrupted:
        throw Interrupted(StrCat(who, " was interrupted"));
      case train::PeerEnd::Kind::kFailed:
        throw PeerError(StrCat(who, " failed: ", end.message));
      case train::PeerEnd::Kind::kGone:
        break;
    }
    throw PeerError(
        StrCat(who, " is gone (", end.message,
               "); start all processes again, with --resume, to continue after the last checkpoint"));
  }

  void CheckPeers() const {
    if (const auto end = meeting.watch->End(); end && end->rank != launch.rank) Fail(*end);
  }

  void Wait(const c10::intrusive_ptr<c10d::Work>& work) {
    const auto completion = std::make_shared<Completion>();
    work->getFuture()->addCallback([completion](c10::ivalue::Future&) { completion->Complete(); });
    WaitUntil([&] { return completion->WaitFor(kPoll); });
    Finish(work);
  }

  // Polls, because the future of a GPU collective is complete as soon as the collective is queued.
  void WaitOnGpu(const c10::intrusive_ptr<c10d::Work>& work) {
    WaitUntil([&, waited = false]() mutable {
      if (std::exchange(waited, true)) std::this_thread::sleep_for(kGpuPoll);
      return work->isCompleted();
    });
    Finish(work);
  }

  template <typename IsDone>
  void WaitUntil(IsDone is_done) {
    while (!is_done()) {
      try {
        CheckPeers();
        context.CheckCancelled();
      } catch (...) {
        // The collective will never complete, and the destructors would wait for it. The process ends now.
        static_cast<void>(meeting.collectives.release());
        static_cast<void>(gpus.release());
        throw;
      }
    }
  }

  // Throws if a collective that is done has failed.
  void Finish(const c10::intrusive_ptr<c10d::Work>& work) const {
    try {
      work->wait();
    } catch (const std::exception& error) {
      // A connection broke. The watch learns the reason a moment later.
      if (const auto end = meeting.watch->WaitForEnd(kTimeToExplain); end && end->rank != launch.rank)
        Fail(*end);
      throw PeerError(StrCat("the connection between the processes broke: ", train::ShortMessage(error)));
    }
  }

  void AllReduce(at::Tensor& tensor) {
    std::vector<at::Tensor> tensors = {tensor};
    c10d::AllreduceOptions options;
    options.timeout = kNoLimit;
    if (gpus && tensor.is_cuda()) {
      WaitOnGpu(gpus->allreduce(tensors, options));
    } else {
      Wait(meeting.collectives->allreduce(tensors, options));
    }
  }

  std::vector<at::Tensor> AllGather(const at::Tensor& tensor) {
    std::vector<at::Tensor> inputs = {tensor};
    std::vector<std::vector<at::Tensor>> outputs(1);
    for (int rank = 0; rank < launch.size; ++rank) {
      outputs[0].push_back(at::empty(tensor.sizes(), tensor.options()));
    }
    c10d::AllgatherOptions options;
    options.timeout = kNoLimit;
    Wait(meeting.collectives->allgather(outputs, inputs, options));
    return outputs[0];
  }

  void Broadcast(at::Tensor& tensor) {
    std::vector<at::Tensor> tensors = {tensor};
    c10d::BroadcastOptions options;
    options.timeout = kNoLimit;
    Wait(meeting.collectives->broadcast(tensors, options));
  }

  // The numbers that the processes pass, in the order of ranks.
  std::vector<int64_t> AllGatherNumber(int64_t number) {
    std::vector<int64_t> numbers;
    for (const at::Tensor& other : AllGather(at::full({1}, number, at::kLong))) {
      numbers.push_back(other.item<int64_t>());
    }
    return numbers;
  }
};

ProcessGroup::ProcessGroup() = default;
ProcessGroup::ProcessGroup(ProcessGroup&&) noexcept = default;

ProcessGroup& ProcessGroup::operator=(ProcessGroup&& other) noexcept {
  std::swap(launch_, other.launch_);
  std::swap(state_, other.state_);
  return *this;
}

ProcessGroup::~ProcessGroup() {
  if (state_)
    state_->meeting.watch->Leave(train::PeerEnd{rank(), train::PeerEnd::Kind::kFailed, "it ended early"});
}

ProcessGroup ProcessGroup::Join(const LaunchEnvironment& launch, const RunContext& context,
                                const ProcessGroupOptions& options) {
  ProcessGroup group;
  group.launch_ = launch;
  if (launch.size > 1) {
    group.state_ = std::make_unique<State>(State{launch, context, train::Meet(launch, context, options), {}});
    const std::string gpu = GpuName(options.device);
    const bool takes_nccl = HasGpusOfTheirOwn(group.AllGather(HasNccl() ? gpu : ""));
    if (group.IsFirst() && !gpu.empty()) {
      LogInfo("gradients of ", launch.size, " processes are added up ",
              takes_nccl  ? "by NCCL"
              : HasNccl() ? "over the CPU by Gloo: a process has no GPU of its own, or no NCCL"
                          : "over the CPU by Gloo: this build has no NCCL");
    }
    if (takes_nccl) {
      const auto store = c10::make_intrusive<c10d::PrefixStore>(StrCat("vantage/", launch.restart, "/nccl"),
                                                                group.state_->meeting.store);
      group.state_->gpus = train::ConnectGpus(store, launch.rank, launch.size);
    }
  }
  return group;
}

void ProcessGroup::AllReduceSum(const std::vector<at::Tensor>& tensors) const {
  if (!state_) return;
  const at::NoGradGuard no_grad;
  size_t begin = 0;
  for (const size_t end : BucketEnds(tensors)) {
    std::vector<at::Tensor> parts;
    for (size_t i = begin; i < end; ++i) parts.push_back(tensors[i].reshape({-1}));
    at::Tensor bucket = at::cat(parts);
    if (!state_->gpus) bucket = bucket.to(at::kCPU);
    state_->AllReduce(bucket);
    int64_t offset = 0;
    for (; begin < end; ++begin) {
      const at::Tensor& tensor = tensors[begin];
      tensor.copy_(bucket.narrow(0, offset, tensor.numel()).view(tensor.sizes()));
      offset += tensor.numel();
    }
  }
}

std::vector<std::string> ProcessGroup::AllGather(const std::string& bytes) const {
  if (!state_) return {bytes};
  const std::vector<int64_t> lengths = state_->AllGatherNumber(std::ssize(bytes));
  const int64_t longest = *std::max_element(lengths.begin(), lengths.end());
  std::vector<std::string> texts(lengths.size());
  if (longest == 0) return texts;
  const std::vector<at::Tensor> padded = state_->AllGather(Bytes(bytes, longest));
  for (size_t i = 0; i < texts.size(); ++i) texts[i] = ToBytes(padded[i], lengths[i]);
  return texts;
}

DescriptorMatrix ProcessGroup::AllGatherRows(const DescriptorMatrix& rows) const {
  if (!state_) return rows;
  const std::vector<int64_t> counts = state_->AllGatherNumber(rows.rows());
  const int64_t most = *std::max_element(counts.begin(), counts.end());
  DescriptorMatrix all(std::accumulate(counts.begin(), counts.end(), int64_t{0}), rows.cols());
  if (most == 0) return all;
  at::Tensor padded = at::zeros({most, rows.cols()}, at::kFloat);
  std::copy_n(rows.data(), rows.size(), padded.mutable_data_ptr<float>());
  const std::vector<at::Tensor> parts = state_->AllGather(padded);
  float* target = all.data();
  for (size_t i = 0; i < counts.size(); ++i) {
    target = std::copy_n(parts[i].const_data_ptr<float>(), counts[i] * rows.cols(), target);
  }
  return all;
}

std::string ProcessGroup::Broadcast(const std::string& bytes) const {
  if (!state_) return bytes;
  at::Tensor length = at::full({1}, std::ssize(bytes), at::kLong);
  state_->Broadcast(length);
  const auto count = length.item<int64_t>();
  if (count == 0) return "";
  at::Tensor content = IsFirst() ? Bytes(bytes, count) : at::empty({count}, at::kByte);
  state_->Broadcast(content);
  return ToBytes(content, count);
}

void ProcessGroup::Barrier() const { AllGather(""); }

RunContext ProcessGroup::Watched(const RunContext& context) const {
  if (!state_) return context;
  RunContext watched = context;
  watched.is_cancelled = [this, is_cancelled = context.is_cancelled] {
    return (is_cancelled && is_cancelled()) || (state_ && state_->meeting.watch->End().has_value());
  };
  return watched;
}

void ProcessGroup::CheckPeers() const {
  if (state_) state_->CheckPeers();
}

void ProcessGroup::Finish() {
  if (!state_) return;
  Barrier();
  state_->meeting.watch->Leave();
  state_.reset();
}

void ProcessGroup::Abandon(const std::exception& reason) {
  if (!state_) return;
  const bool is_interrupt = dynamic_cast<const Interrupted*>(&reason) != nullptr;
  state_->meeting.watch->Leave(train::PeerEnd{
      rank(), is_interrupt ? train::PeerEnd::Kind::kInterrupted : train::PeerEnd::Kind::kFailed,
      train::ShortMessage(reason)});
}

}  // namespace vantage

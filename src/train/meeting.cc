// SPDX-License-Identifier: BSD-3-Clause
#include "train/meeting.h"

#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <chrono>
#include <cstdlib>
#include <thread>

#include "train/reach.h"
#include "util/log.h"
#include "vantage/error.h"
#include "vantage/run_context.h"

namespace vantage::train {
namespace {

using c10d::ProcessGroupGloo;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kPause(50);
constexpr milliseconds kProbe(2000);
constexpr auto kLogAfter = std::chrono::seconds(5);

milliseconds Milliseconds(double seconds) { return milliseconds(static_cast<int64_t>(seconds * 1000)); }

class C10dStore : public SharedStore {
 public:
  explicit C10dStore(c10::intrusive_ptr<c10d::Store> store) : store_(std::move(store)) {}
  void Set(const std::string& key, const std::string& value) override { store_->set(key, value); }
  std::string Get(const std::string& key) override {
    const std::vector<uint8_t> value = store_->get(key);
    return {value.begin(), value.end()};
  }

 private:
  c10::intrusive_ptr<c10d::Store> store_;
};

class Arrival {
 public:
  Arrival(const LaunchEnvironment& launch, const RunContext& context, const ProcessGroupOptions& options)
      : launch_(launch), context_(context), options_(options), deadline_(Clock::now() + Timeout()) {}

  Meeting Meet() {
    Meeting meeting;
    if (IsHost()) server_ = Connect(/*listens=*/true);
    const std::string address = WaitForHost();
    meeting.store = IsHost() ? server_ : Connect(false);
    const auto shared = WithPrefix(meeting.store);
    SignIn(*shared);
    auto watch_store = std::make_unique<C10dStore>(WithPrefix(Connect(false)));
    PeerWatch::Options watch_options;
    watch_options.patience = Milliseconds(options_.peer_timeout);
    meeting.watch = std::make_unique<PeerWatch>(std::move(watch_store), launch_.rank, launch_.size, IsHost(),
                                                watch_options);
    shared->add("arrived", 1);
    WaitForAll(*shared);
    meeting.collectives = ConnectAll(shared, address);
    meeting.watch->Start();
    return meeting;
  }

 private:
  bool IsHost() const { return launch_.rank == 0 && !launch_.agent_hosts_store; }
  milliseconds Timeout() const { return Milliseconds(options_.join_timeout); }
  std::string Where() const { return StrCat(launch_.master_address, ":", launch_.master_port); }

  c10::intrusive_ptr<c10d::Store> Connect(bool listens) const {
    c10d::TCPStoreOptions options;
    options.port = static_cast<uint16_t>(launch_.master_port);
    options.isServer = listens;
    options.waitWorkers = false;
    options.timeout = Timeout();
    try {
      return c10::make_intrusive<c10d::TCPStore>(launch_.master_address, options);
    } catch (const std::exception& error) {
      if (listens) {
        throw UsageError(StrCat("process 0 cannot listen at MASTER_ADDR:MASTER_PORT, ", Where(), ": ",
                                ShortMessage(error)));
      }
      throw Error(StrCat("no store of shared values at ", Where(), ": ", ShortMessage(error)));
    }
  }

  // If torchrun restarts the processes, each start has keys of its own.
  c10::intrusive_ptr<c10d::Store> WithPrefix(const c10::intrusive_ptr<c10d::Store>& store) const {
    return c10::make_intrusive<c10d::PrefixStore>(StrCat("vantage/", launch_.restart), store);
  }

  // Polls until `ready`. Throws Interrupted, or Error after join_timeout.
  template <typename Ready, typename Missing>
  void WaitUntil(const Ready& ready, const Missing& what_is_missing) const {
    const Clock::time_point start = Clock::now();
    bool logged = false;
    while (!ready()) {
      context_.CheckCancelled();
      const Clock::time_point now = Clock::now();
      if (now > deadline_) {
        throw Error(StrCat(what_is_missing(), " within ", FormatDuration(options_.join_timeout),
                           "; were all processes started, with the same MASTER_ADDR and MASTER_PORT?"));
      }
      if (!logged && now - start > kLogAfter) {
        LogInfo("waiting for the other processes at ", Where());
        logged = true;
      }
      std::this_thread::sleep_for(kPause);
    }
  }

  std::string WaitForHost() const {
    std::optional<std::string> address;
    WaitUntil(
        [&] {
          return (address = AddressTowards(launch_.master_address, launch_.master_port, kProbe)).has_value();
        },
        [&] { return StrCat("no process answers at MASTER_ADDR:MASTER_PORT, ", Where(), ","); });
    return *address;
  }

  // Checks that all processes have the same WORLD_SIZE and different RANKs.
  void SignIn(c10d::Store& store) const {
    if (launch_.rank == 0) store.set("size", std::to_string(launch_.size));
    WaitUntil([&] { return store.check({"size"}); }, [] { return std::string("process 0 did not arrive"); });
    const std::vector<uint8_t> value = store.get("size");
    const std::string size(value.begin(), value.end());
    if (size != std::to_string(launch_.size)) {
      throw UsageError(StrCat("the environment variable WORLD_SIZE is ", launch_.size, " in process ",
                              launch_.rank, " and ", size, " in process 0"));
    }
    if (store.add(StrCat("rank/", launch_.rank), 1) > 1) {
      throw UsageError(StrCat("the environment variable RANK is ", launch_.rank,
                              " in two processes that meet at ", Where()));
    }
  }

  void WaitForAll(c10d::Store& store) const {
    int64_t arrived = 0;
    WaitUntil([&] { return (arrived = store.add("arrived", 0)) >= launch_.size; },
              [&] { return StrCat("only ", arrived, " of ", launch_.size, " processes came to ", Where()); });
  }

  c10::intrusive_ptr<c10d::Backend> ConnectAll(const c10::intrusive_ptr<c10d::Store>& store,
                                               const std::string& address) const {
    auto options = ProcessGroupGloo::Options::create(Timeout());
    // As in PyTorch, this variable selects a network interface if a machine has several.
    const char* interface = std::getenv("GLOO_SOCKET_IFNAME");  // NOLINT(concurrency-mt-unsafe)
    try {
      options->devices.push_back(interface != nullptr ? ProcessGroupGloo::createDeviceForInterface(interface)
                                                      : ProcessGroupGloo::createDeviceForHostname(address));
      return c10::make_intrusive<ProcessGroupGloo>(c10::make_intrusive<c10d::PrefixStore>("gloo", store),
                                                   launch_.rank, launch_.size, options);
    } catch (const std::exception& error) {
      throw Error(StrCat("process ", launch_.rank, " of ", launch_.size, " at ", address,
                         " cannot connect with the others: ", ShortMessage(error)));
    }
  }

  const LaunchEnvironment& launch_;
  const RunContext& context_;
  const ProcessGroupOptions& options_;
  Clock::time_point deadline_;
  c10::intrusive_ptr<c10d::Store> server_;
};

}  // namespace

Meeting Meet(const LaunchEnvironment& launch, const RunContext& context, const ProcessGroupOptions& options) {
  return Arrival(launch, context, options).Meet();
}

std::string ShortMessage(const std::exception& error) {
  const auto* of_c10 = dynamic_cast<const c10::Error*>(&error);
  const std::string message = of_c10 != nullptr ? of_c10->what_without_backtrace() : error.what();
  return message.substr(0, message.find('\n'));
}

}  // namespace vantage::train

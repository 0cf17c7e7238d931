// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/training.h"

#include <cstdlib>
#include <optional>

#include "util/string.h"
#include "vantage/error.h"

namespace vantage {
namespace {

constexpr int kMostProcesses = 65536;
constexpr const char* kHowSet = "torchrun sets RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT together";

class Variables {
 public:
  explicit Variables(const std::function<const char*(const char*)>& get) : get_(get) {}

  std::optional<std::string> Text(const char* name) const {
    const char* value = get_ ? get_(name) : std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
    if (value == nullptr || *value == '\0') return std::nullopt;
    return value;
  }

  std::string Required(const char* name, const char* because) const {
    const std::optional<std::string> text = Text(name);
    if (!text) throw UsageError(StrCat("the environment variable ", name, " is missing: ", because));
    return *text;
  }

  int Number(const char* name, const std::string& text, int least, int most) const {
    long long number = 0;
    try {
      number = ParseInteger(text, name);
    } catch (const Error&) {
      throw UsageError(
          StrCat("the environment variable ", name, " is '", text, "', which is not a whole number"));
    }
    if (number < least || number > most) {
      throw UsageError(StrCat("the environment variable ", name, " is ", number, ", which is not in ", least,
                              " .. ", most));
    }
    return static_cast<int>(number);
  }

 private:
  const std::function<const char*(const char*)>& get_;
};

}  // namespace

LaunchEnvironment ReadLaunchEnvironment(const std::function<const char*(const char*)>& get) {
  const Variables variables(get);
  LaunchEnvironment launch;
  if (!variables.Text("RANK") && !variables.Text("WORLD_SIZE")) return launch;
  const std::string size = variables.Required("WORLD_SIZE", StrCat("RANK is set; ", kHowSet).c_str());
  const std::string rank = variables.Required("RANK", StrCat("WORLD_SIZE is set; ", kHowSet).c_str());
  launch.size = variables.Number("WORLD_SIZE", size, 1, kMostProcesses);
  launch.rank = variables.Number("RANK", rank, 0, kMostProcesses);
  if (launch.rank >= launch.size) {
    throw UsageError(StrCat("the environment variable RANK is ", launch.rank, ", but WORLD_SIZE is ",
                            launch.size, ": ranks count from 0"));
  }
  if (const auto local = variables.Text("LOCAL_RANK")) {
    launch.local_rank = variables.Number("LOCAL_RANK", *local, 0, kMostProcesses);
    if (launch.local_rank > launch.rank) {
      throw UsageError(StrCat("the environment variable LOCAL_RANK is ", launch.local_rank,
                              ", but RANK is only ", launch.rank));
    }
  }
  if (const auto local_size = variables.Text("LOCAL_WORLD_SIZE")) {
    launch.local_size = variables.Number("LOCAL_WORLD_SIZE", *local_size, launch.local_rank + 1, launch.size);
  }
  if (launch.size == 1) return launch;
  const std::string because = StrCat("WORLD_SIZE is ", launch.size, "; ", kHowSet);
  launch.master_address = variables.Required("MASTER_ADDR", because.c_str());
  launch.master_port =
      variables.Number("MASTER_PORT", variables.Required("MASTER_PORT", because.c_str()), 1, 65535);
  launch.agent_hosts_store = ToLower(variables.Text("TORCHELASTIC_USE_AGENT_STORE").value_or("")) == "true";
  if (const auto restart = variables.Text("TORCHELASTIC_RESTART_COUNT")) {
    launch.restart = variables.Number("TORCHELASTIC_RESTART_COUNT", *restart, 0, 1 << 30);
  }
  return launch;
}

std::string DeviceOfProcess(const std::string& device, const LaunchEnvironment& launch, int gpus) {
  if (device != "cuda" || launch.size == 1) return device;
  if (gpus <= 1) return "cuda:0";
  if (launch.local_rank >= gpus) {
    throw UsageError(StrCat("the environment variable LOCAL_RANK is ", launch.local_rank,
                            ", but this process sees ", gpus, " GPUs: start as many processes as GPUs"));
  }
  return StrCat("cuda:", launch.local_rank);
}

}  // namespace vantage

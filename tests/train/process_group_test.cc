// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/training.h"

#include <csignal>

#include "testing/files.h"
#include "testing/processes.h"
#include "util/subprocess.h"

namespace vantage::train {
namespace {

using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::FreePort;
using vantage::testing::GroupVariables;
using vantage::testing::RunGroup;
using Results = std::vector<std::pair<int, std::string>>;

constexpr int kKilled = 128 + SIGKILL;

// Each process by itself ends after two minutes at most.
std::vector<std::string> Program(const std::string& scenario, const std::string& limit = "120") {
  return {"timeout", "-s", "KILL", limit, VANTAGE_PROCESS_GROUP_PROGRAM, scenario};
}

Results RunScenario(const std::string& scenario, size_t size) {
  return RunGroup(std::vector<std::vector<std::string>>(size, Program(scenario)));
}

TEST(ProcessGroup, AloneNeedsNoNetwork) {
  ProcessGroup group = ProcessGroup::Join({});
  EXPECT_EQ(group.size(), 1);
  EXPECT_TRUE(group.IsFirst());
  DescriptorMatrix rows(2, 3);
  rows << 1, 2, 3, 4, 5, 6;
  EXPECT_EQ(group.AllGatherRows(rows), rows);
  EXPECT_EQ(group.Broadcast("bytes"), "bytes");
  EXPECT_EQ(group.AllGather("a"), std::vector<std::string>{"a"});
  group.AllReduceSum({});
  group.Barrier();
  group.CheckPeers();
  EXPECT_FALSE(group.Watched({}).IsCancelled());
  group.Finish();
}

TEST(ProcessGroup, CollectivesOfTwoAndThree) {
  for (const size_t size : {2, 3}) {
    for (const auto& [code, output] : RunScenario("collectives", size)) EXPECT_EQ(code, 0) << output;
  }
}

TEST(ProcessGroup, ASlowProcessIsWaitedFor) {
  for (const auto& [code, output] : RunScenario("slow", 2)) EXPECT_EQ(code, 0) << output;
}

TEST(ProcessGroup, AKilledPeerEndsThoseThatWaitForIt) {
  const Results results = RunScenario("kill-last", 3);
  EXPECT_EQ(results[2].first, kKilled);
  for (const int rank : {0, 1}) {
    EXPECT_EQ(results[rank].first, 1);
    EXPECT_THAT(results[rank].second, HasSubstr("error: process 2 of 3 is gone"));
    EXPECT_THAT(results[rank].second, HasSubstr("--resume"));
  }
}

TEST(ProcessGroup, TheFirstKilledEndsTheOthersToo) {
  const Results results = RunScenario("kill-first", 2);
  EXPECT_EQ(results[0].first, kKilled);
  EXPECT_EQ(results[1].first, 1);
  EXPECT_THAT(results[1].second, HasSubstr("error: process 0 of 2 is gone"));
}

TEST(ProcessGroup, AKilledPeerEndsThoseThatCompute) {
  const Results results = RunScenario("compute", 2);
  EXPECT_EQ(results[1].first, kKilled);
  EXPECT_EQ(results[0].first, 1);
  EXPECT_THAT(results[0].second, HasSubstr("error: process 1 of 2 is gone (no sign of life for 3.0 s)"));
}

TEST(ProcessGroup, AFrozenPeerEndsThoseThatWaitForIt) {
  const Results results = RunGroup({Program("frozen"), Program("frozen", "15")});
  EXPECT_EQ(results[0].first, 1);
  EXPECT_THAT(results[0].second, HasSubstr("error: process 1 of 2 is gone"));
}

TEST(ProcessGroup, AnErrorIsToldToTheOthers) {
  const Results results = RunScenario("fail", 3);
  for (const int rank : {0, 1}) {
    EXPECT_EQ(results[rank].first, 1);
    EXPECT_THAT(results[rank].second, HasSubstr("error: process 2 of 3 failed: photo.jpg: no such file"));
  }
  const Results of_first = RunScenario("fail-first", 2);
  EXPECT_EQ(of_first[1].first, 1);
  EXPECT_THAT(of_first[1].second, HasSubstr("error: process 0 of 2 failed: disk full"));
}

TEST(ProcessGroup, AnInterruptEndsAll) {
  for (const auto& [code, output] : RunScenario("interrupt", 2)) EXPECT_EQ(code, 3) << output;
}

TEST(ProcessGroup, ProcessesThatDoNotComeOrDoNotBelongTogetherAreNamed) {
  const int port = FreePort();
  const auto alone = [&](int rank) {
    return CaptureCommand(Program("alone"), GroupVariables(rank, 2, port)).second;
  };
  EXPECT_THAT(alone(0), HasSubstr("error: only 1 of 2 processes came to 127.0.0.1:"));
  EXPECT_THAT(alone(1), HasSubstr("error: no process answers at MASTER_ADDR:MASTER_PORT, 127.0.0.1:"));

  const auto run_as = [](const std::string& variable, const std::string& first, const std::string& second) {
    const auto with = [&](const std::string& value) {
      std::vector<std::string> command = Program("alone");
      command.insert(command.begin(), {"env", variable + "=" + value});
      return command;
    };
    return RunGroup({with(first), with(second)});
  };
  EXPECT_THAT(run_as("WORLD_SIZE", "2", "3")[1].second,
              HasSubstr("usage: the environment variable WORLD_SIZE is 3 in process 1 and 2 in process 0"));
  const Results twins = run_as("MASTER_ADDR", "127.0.0.1", "no-such-host.invalid");
  EXPECT_THAT(twins[1].second,
              HasSubstr("no process answers at MASTER_ADDR:MASTER_PORT, no-such-host.invalid:"));
}

}  // namespace
}  // namespace vantage::train

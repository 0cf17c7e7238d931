// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/training.h"

#include <map>

#include "testing/files.h"

namespace vantage::train {
namespace {

using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using Variables = std::map<std::string, std::string>;

LaunchEnvironment Read(const Variables& variables) {
  return ReadLaunchEnvironment([&](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

const Variables kSecondOfThree = {{"RANK", "1"},
                                  {"WORLD_SIZE", "3"},
                                  {"LOCAL_RANK", "1"},
                                  {"MASTER_ADDR", "10.0.0.1"},
                                  {"MASTER_PORT", "29500"}};

std::string ErrorWith(const std::string& name, const std::string& value) {
  Variables variables = kSecondOfThree;
  variables[name] = value;
  return ErrorOf([&] { Read(variables); });
}

TEST(LaunchEnvironment, WithoutVariablesIsOneProcess) {
  EXPECT_EQ(Read({}).size, 1);
  EXPECT_EQ(Read({}).rank, 0);
  // Variables that a machine's profile may set for all programs have no effect alone.
  EXPECT_EQ(Read({{"MASTER_ADDR", "head"}, {"MASTER_PORT", "x"}, {"LOCAL_RANK", "3"}}).size, 1);
  // One process needs no address.
  EXPECT_EQ(Read({{"RANK", "0"}, {"WORLD_SIZE", "1"}}).size, 1);
}

TEST(LaunchEnvironment, IsWhatTorchrunSets) {
  Variables variables = kSecondOfThree;
  LaunchEnvironment launch = Read(variables);
  EXPECT_EQ(launch.rank, 1);
  EXPECT_EQ(launch.size, 3);
  EXPECT_EQ(launch.local_rank, 1);
  EXPECT_EQ(launch.master_address, "10.0.0.1");
  EXPECT_EQ(launch.master_port, 29500);
  EXPECT_FALSE(launch.agent_hosts_store);
  variables["TORCHELASTIC_USE_AGENT_STORE"] = "True";
  variables["TORCHELASTIC_RESTART_COUNT"] = "2";
  variables["LOCAL_WORLD_SIZE"] = "2";
  launch = Read(variables);
  EXPECT_TRUE(launch.agent_hosts_store);
  EXPECT_EQ(launch.restart, 2);
  EXPECT_EQ(launch.local_size, 2);
}

TEST(DeviceOfProcess, IsTheGpuOfItsNumberOrTheOnlyOneThatItSees) {
  const LaunchEnvironment third{.rank = 2, .size = 4, .local_rank = 2, .local_size = 4};
  EXPECT_EQ(DeviceOfProcess("cuda", third, 4), "cuda:2");
  EXPECT_EQ(DeviceOfProcess("cuda", third, 1), "cuda:0");  // SLURM's --gpus-per-task=1
  EXPECT_EQ(DeviceOfProcess("cuda:1", third, 4), "cuda:1");
  EXPECT_EQ(DeviceOfProcess("cpu", third, 4), "cpu");
  EXPECT_EQ(DeviceOfProcess("cuda", {}, 4), "cuda");
  EXPECT_THAT(ErrorOf([&] { DeviceOfProcess("cuda", third, 2); }),
              HasSubstr("LOCAL_RANK is 2, but this process sees 2 GPUs"));
}

TEST(LaunchEnvironment, WrongVariablesAreNamed) {
  EXPECT_THAT(ErrorWith("RANK", ""), HasSubstr("variable RANK is missing"));
  EXPECT_THAT(ErrorWith("RANK", "one"), HasSubstr("variable RANK is 'one', which is not a whole number"));
  EXPECT_THAT(ErrorWith("RANK", "-1"), HasSubstr("variable RANK is -1, which is not in 0 .."));
  EXPECT_THAT(ErrorWith("RANK", "3"), HasSubstr("variable RANK is 3, but WORLD_SIZE is 3"));
  EXPECT_THAT(ErrorWith("WORLD_SIZE", ""), HasSubstr("variable WORLD_SIZE is missing"));
  EXPECT_THAT(ErrorWith("WORLD_SIZE", "0"), HasSubstr("variable WORLD_SIZE is 0"));
  EXPECT_THAT(ErrorWith("WORLD_SIZE", "3.5"), HasSubstr("variable WORLD_SIZE is '3.5'"));
  EXPECT_THAT(ErrorWith("LOCAL_RANK", "2"), HasSubstr("variable LOCAL_RANK is 2, but RANK is only 1"));
  EXPECT_THAT(ErrorWith("LOCAL_WORLD_SIZE", "1"),
              HasSubstr("variable LOCAL_WORLD_SIZE is 1, which is not in 2 .. 3"));
  EXPECT_THAT(ErrorWith("MASTER_ADDR", ""), HasSubstr("variable MASTER_ADDR is missing: WORLD_SIZE is 3"));
  EXPECT_THAT(ErrorWith("MASTER_PORT", ""), HasSubstr("variable MASTER_PORT is missing"));
  EXPECT_THAT(ErrorWith("MASTER_PORT", "70000"), HasSubstr("variable MASTER_PORT is 70000"));
  EXPECT_THROW(Read({{"RANK", "0"}}), UsageError);
}

}  // namespace
}  // namespace vantage::train

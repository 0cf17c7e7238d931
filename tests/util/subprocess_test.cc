// SPDX-License-Identifier: BSD-3-Clause
#include "util/subprocess.h"

#include <chrono>
#include <thread>

#include "testing/files.h"
#include "util/file.h"
#include "util/string.h"

namespace vantage {
namespace {

using vantage::testing::TemporaryFolder;

TEST(RunCommand, KeepsTheLogAndTheExitCode) {
  const TemporaryFolder folder;
  Command command{
      {"sh", "-c", "echo out; echo err >&2; echo $WORD; exit 3"}, {{"WORD", "hello"}}, folder / "log"};
  EXPECT_EQ(RunCommand(command, {}).exit_code, 3);
  EXPECT_EQ(ReadFile(folder / "log"), "out\nerr\nhello\n");
  RunCommand(command, {});
  EXPECT_EQ(ReadFile(folder / "log"), "out\nerr\nhello\nout\nerr\nhello\n");
}

TEST(RunCommand, TellsSignalsAndMissingPrograms) {
  EXPECT_EQ(RunCommand({{"sh", "-c", "kill -SEGV $$"}, {}, {}}, {}).exit_code, 128 + 11);
  EXPECT_EQ(RunCommand({{"no-such-program-anywhere"}, {}, {}}, {}).exit_code, 127);
}

TEST(RunCommand, EndsTheProgramAndItsChildrenWhenCancelled) {
  const TemporaryFolder folder;
  const auto start = std::chrono::steady_clock::now();
  RunContext context;
  context.is_cancelled = [&] { return std::filesystem::exists(folder / "started"); };
  const std::string script = "sleep 60 & echo $! > " + (folder / "child").string() + "; touch " +
                             (folder / "started").string() + "; wait";
  EXPECT_THROW(RunCommand({{"sh", "-c", script}, {}, {}}, context), Interrupted);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30));
  const std::string child(Trim(ReadFile(folder / "child")));
  // Give the init process a moment to reap it.
  for (int i = 0; i < 100 && CaptureCommand({"sh", "-c", "kill -0 " + child}).first == 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    if (CaptureCommand({"sh", "-c", "grep -q 'State:.Z' /proc/" + child + "/status"}).first == 0) return;
  }
  EXPECT_NE(CaptureCommand({"sh", "-c", "kill -0 " + child}).first, 0);
}

TEST(RunCommand, EndsTheProgramAtItsTimeLimitAndCallsMeanwhile) {
  Command command{{"sh", "-c", "sleep 60"}, {}, {}};
  command.time_limit = 2;
  int calls = 0;
  command.on_wait = [&] { ++calls; };
  const CommandResult result = RunCommand(command, {});
  EXPECT_TRUE(result.timed_out);
  EXPECT_GT(calls, 0);
  command.arguments = {"true"};
  command.time_limit = 60;
  EXPECT_FALSE(RunCommand(command, {}).timed_out);
}

TEST(CaptureCommand, ReturnsOutputAndErrors) {
  const auto [code, text] = CaptureCommand({"sh", "-c", "echo a; echo b >&2"});
  EXPECT_EQ(code, 0);
  EXPECT_EQ(text, "a\nb\n");
}

}  // namespace
}  // namespace vantage

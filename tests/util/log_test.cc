// SPDX-License-Identifier: BSD-3-Clause
#include "util/log.h"
#include "vantage/run_context.h"

#include "testing/files.h"

namespace vantage {
namespace {

TEST(Log, PassesOnWhatIsAtOrAboveTheLevel) {
  std::vector<std::string> messages;
  SetLogSink([&](LogLevel, const std::string& message) { messages.push_back(message); });
  SetLogLevel(LogLevel::kInfo);
  LogDebug("no");
  LogInfo("photo ", 3);
  LogWarning("{} is no placeholder");
  SetLogSink({});
  SetLogLevel(LogLevel::kWarning);
  EXPECT_THAT(messages, ::testing::ElementsAre("photo 3", "{} is no placeholder"));
}

TEST(Log, KnowsItsLevelsByName) {
  EXPECT_EQ(ParseLogLevel("warning"), LogLevel::kWarning);
  EXPECT_THROW(ParseLogLevel("loud"), UsageError);
}

}  // namespace
}  // namespace vantage

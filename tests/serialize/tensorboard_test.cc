// SPDX-License-Identifier: BSD-3-Clause
#include "serialize/tensorboard.h"

#include <cstdlib>
#include <cstring>

#include "testing/files.h"
#include "util/file.h"
#include "util/subprocess.h"

namespace vantage::serialize {
namespace {

using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::FileSizeLimit;
using vantage::testing::TemporaryFolder;

// RFC 3720, appendix B.4.
TEST(Crc32c, IsThatOfTheStandard) {
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8A9136AAU);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62A8AB43U);
  std::string rising;
  for (int i = 0; i < 32; ++i) rising += static_cast<char>(i);
  EXPECT_EQ(Crc32c(rising), 0x46DD794EU);
  EXPECT_EQ(Crc32c("123456789"), 0xE3069283U);
  EXPECT_EQ(Crc32c(""), 0U);
}

TEST(TfRecord, HoldsLengthDataAndTheirMaskedSums) {
  const std::string record = TfRecord("foo");
  ASSERT_EQ(record.size(), 8U + 4 + 3 + 4);
  EXPECT_EQ(record.substr(0, 8), std::string("\3\0\0\0\0\0\0\0", 8));
  EXPECT_EQ(record.substr(12, 3), "foo");
  const auto sum = [&](size_t at) {
    uint32_t value = 0;
    std::memcpy(&value, record.data() + at, sizeof(value));
    const uint32_t rotated = value - 0xA282EAD8U;
    return rotated >> 17 | rotated << 15;
  };
  EXPECT_EQ(sum(8), Crc32c(record.substr(0, 8)));
  EXPECT_EQ(sum(15), Crc32c("foo"));
}

TEST(TensorBoardFile, BeginsWithTheVersionAndTheSession) {
  const TemporaryFolder folder;
  TensorBoardFile file(folder / "new/curves", 7);
  file.Flush();
  const std::string bytes = ReadFile(file.path());
  // Length, its sum; wall time (tag 1, double), step 0, then the version.
  EXPECT_EQ(bytes.substr(12 + 9, 17), std::string("\x10\0\x1a\x0d", 4) + "brain.Event:2");
  const size_t second = 12 + 9 + 17 + 4;
  // Step 7; session_log {status: START}.
  EXPECT_EQ(bytes.substr(second + 12 + 9),
            std::string("\x10\7\x3a\2\x08\1", 6) + bytes.substr(bytes.size() - 4));
  EXPECT_THAT(file.path().filename().string(),
              ::testing::MatchesRegex("events.out.tfevents.[0-9]+.*.vantage"));
}

TEST(TensorBoardFile, NamesOfLaterOnesSortLater) {
  const TemporaryFolder folder;
  WriteFile(folder / "events.out.tfevents.4000000000.elsewhere.1.v2", "");
  WriteFile(folder / "events.out.tfevents.later", "");
  TensorBoardFile first(folder.path(), 0);
  TensorBoardFile second(folder.path(), 0);
  EXPECT_GT(first.path().string(), (folder / "events.out.tfevents.4000000000.z").string());
  EXPECT_GT(second.path(), first.path());
}

TEST(TensorBoardFile, AFullDiskIsAnErrorThatNamesTheFile) {
  const TemporaryFolder folder;
  TensorBoardFile file(folder.path(), 0);
  for (int i = 0; i < 1000; ++i) file.AddScalar("loss", i, i);
  const FileSizeLimit limit(2000);
  EXPECT_THAT(ErrorOf([&] { file.Flush(); }), HasSubstr(file.path().string() + ": cannot be written: "));
}

// Empty if there is no Python with TensorBoard.
std::string PythonWithTensorBoard() {
  const char* python = std::getenv("VANTAGE_PYTHON");  // NOLINT(concurrency-mt-unsafe)
  return python != nullptr && CaptureCommand({python, "-c", "import tensorboard"}).first == 0 ? python : "";
}

#define REQUIRE_TENSORBOARD()                                  \
  if (PythonWithTensorBoard().empty())                         \
  GTEST_SKIP() << "needs VANTAGE_PYTHON naming a Python with " \
                  "tensorboard"

// "TAG STEP VALUE" a line, as TensorBoard's own reader finds them.
std::string TensorBoardReads(const std::filesystem::path& folder) {
  constexpr char kScript[] = R"(
import logging, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
logging.disable()
events = EventAccumulator(sys.argv[1])
events.Reload()
for tag in sorted(events.Tags()['scalars']):
    for event in events.Scalars(tag):
        print(tag, event.step, event.value)
)";
  const auto [code, output] = CaptureCommand({PythonWithTensorBoard(), "-c", kScript, folder.string()},
                                             {{"PYTHONIOENCODING", "utf-8"}});
  EXPECT_EQ(code, 0) << output;
  return output;
}

TEST(TensorBoardFile, TensorBoardReadsItAndForgetsWhatIsDoneAgain) {
  REQUIRE_TENSORBOARD();
  const TemporaryFolder folder;
  {
    TensorBoardFile file(folder.path(), 1);
    for (int64_t step = 1; step <= 5; ++step)
      file.AddScalar("loss/train", 0.5 * static_cast<double>(step), step);
    file.AddScalar("öl", -1, int64_t{1} << 40);
    file.Flush();
    file.AddScalar("loss/train", 99, 6);  // lost with the process
  }
  EXPECT_EQ(TensorBoardReads(folder.path()),
            "loss/train 1 0.5\nloss/train 2 1.0\nloss/train 3 1.5\nloss/train 4 2.0\nloss/train 5 2.5\n"
            "öl 1099511627776 -1.0\n");
  TensorBoardFile file(folder.path(), 4);
  file.AddScalar("loss/train", 7, 4);
  file.Flush();
  EXPECT_EQ(TensorBoardReads(folder.path()),
            "loss/train 1 0.5\nloss/train 2 1.0\nloss/train 3 1.5\nloss/train 4 7.0\n");
}

// A process that was killed leaves a record that is cut.
TEST(TensorBoardFile, TensorBoardReadsPastAFileThatIsCut) {
  REQUIRE_TENSORBOARD();
  const TemporaryFolder folder;
  TensorBoardFile cut(folder.path(), 1);
  cut.AddScalar("loss", 1, 1);
  cut.AddScalar("loss", 2, 2);
  cut.Flush();
  std::filesystem::resize_file(cut.path(), std::filesystem::file_size(cut.path()) - 5);
  TensorBoardFile next(folder.path(), 2);
  next.AddScalar("loss", 3, 2);
  next.Flush();
  EXPECT_EQ(TensorBoardReads(folder.path()), "loss 1 1.0\nloss 2 3.0\n");
}

}  // namespace
}  // namespace vantage::serialize

// SPDX-License-Identifier: BSD-3-Clause
#include "serialize/zip.h"

#include "testing/files.h"
#include "util/random.h"

namespace vantage::serialize {
namespace {

using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::SharedFolder;
using vantage::testing::TemporaryFolder;

void WriteArchive(const std::filesystem::path& path) {
  AtomicFile file(path);
  ZipWriter writer(file);
  writer.Add("a/data.pkl", "hello");
  writer.Add("a/data/0", std::string(1000, 'x'));
  writer.Add("a/empty", "");
  writer.Finish();
  file.Commit();
}

void ReadAll(const std::filesystem::path& path) {
  const InputFile file(path);
  const ZipReader reader(file);
  for (const auto& [name, entry] : reader.entries()) reader.Read(name);
}

TEST(Zip, ReadsBackWhatItWrites) {
  const TemporaryFolder folder;
  WriteArchive(folder / "a.zip");
  const InputFile file(folder / "a.zip");
  EXPECT_TRUE(ZipReader::LooksLikeZip(file));
  const ZipReader reader(file);
  EXPECT_EQ(reader.entries().size(), 3U);
  EXPECT_EQ(reader.Read("a/data.pkl"), "hello");
  EXPECT_EQ(reader.Read("a/data/0"), std::string(1000, 'x'));
  EXPECT_EQ(reader.Read("a/empty"), "");
  EXPECT_THAT(ErrorOf([&] { reader.Read("b"); }), HasSubstr("no entry 'b'"));
}

TEST(Zip, AlignsEntriesTo64Bytes) {
  const TemporaryFolder folder;
  WriteArchive(folder / "a.zip");
  const std::string bytes = ReadFile(folder / "a.zip");
  EXPECT_EQ(bytes.find(std::string(1000, 'x')) % 64, 0U);
}

TEST(Zip, ReadsPyTorchsArchives) {
  VANTAGE_REQUIRE_SHARED("weights/squeezenet1_1-imagenet.pth");
  ReadAll(SharedFolder() / "weights/squeezenet1_1-imagenet.pth");
}

TEST(Zip, EveryCutIsAnErrorThatNamesTheFile) {
  const TemporaryFolder folder;
  WriteArchive(folder / "a.zip");
  const std::string good = ReadFile(folder / "a.zip");
  for (size_t size = 0; size < good.size(); size += 13) {
    WriteFile(folder / "cut.zip", good.substr(0, size));
    EXPECT_THAT(ErrorOf([&] { ReadAll(folder / "cut.zip"); }), HasSubstr("cut.zip: ")) << size;
  }
}

TEST(Zip, DamagedContentIsAlwaysFound) {
  const TemporaryFolder folder;
  WriteArchive(folder / "a.zip");
  const std::string good = ReadFile(folder / "a.zip");
  const size_t content = good.find(std::string(1000, 'x'));
  for (size_t i = 0; i < 1000; i += 37) {
    std::string damaged = good;
    damaged[content + i] ^= 1;
    WriteFile(folder / "damaged.zip", damaged);
    EXPECT_THAT(ErrorOf([&] { ReadAll(folder / "damaged.zip"); }), HasSubstr("'a/data/0'"));
  }
}

TEST(Zip, SurvivesAnyFlippedByte) {
  const TemporaryFolder folder;
  WriteArchive(folder / "a.zip");
  const std::string good = ReadFile(folder / "a.zip");
  RandomStream random(1, "zip");
  for (int i = 0; i < 500; ++i) {
    std::string damaged = good;
    damaged[random.Below(damaged.size())] ^= static_cast<char>(1 + random.Below(255));
    WriteFile(folder / "damaged.zip", damaged);
    try {
      ReadAll(folder / "damaged.zip");
    } catch (const Error&) {
      // Most flips are found; those in names, dates and padding do no harm.
    }
  }
}

TEST(Zip, OverlappingEntriesAreRefused) {
  const TemporaryFolder folder;
  WriteArchive(folder / "a.zip");
  std::string bytes = ReadFile(folder / "a.zip");
  // The first entry of the directory claims nearly the whole file, as a "zip bomb" would.
  const size_t entry = bytes.find("PK\x01\x02");
  const auto size = static_cast<uint32_t>(bytes.size() - 1);
  bytes.replace(entry + 20, 4, std::string(reinterpret_cast<const char*>(&size), 4));
  bytes.replace(entry + 24, 4, std::string(reinterpret_cast<const char*>(&size), 4));
  WriteFile(folder / "bomb.zip", bytes);
  EXPECT_THAT(ErrorOf([&] { ReadAll(folder / "bomb.zip"); }), HasSubstr("zip entries overlap"));
}

}  // namespace
}  // namespace vantage::serialize

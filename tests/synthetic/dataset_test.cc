// SPDX-License-Identifier: BSD-3-Clause
#include <map>
#include <sstream>

#include "synthetic/synthetic.h"
#include "testing/files.h"
#include "util/file.h"
#include "util/file_lock.h"
#include "util/hash.h"
#include "vantage/colmap.h"

namespace vantage::synthetic {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::FilesBelow;
using vantage::testing::TemporaryFolder;

SyntheticOptions SmallDataset() {
  SyntheticOptions options;
  options.seed = 11;
  options.train_scenes = 2;
  options.val_scenes = 1;
  options.test_scenes = 2;
  options.scene_photos = 3;
  options.test_photos = 2;
  options.distractors = 2;
  options.image_size = 96;
  return options;
}

RunContext Threads(int threads) {
  RunContext context;
  context.threads = threads;
  return context;
}

std::map<std::string, std::string> HashesBelow(const fs::path& folder) {
  std::map<std::string, std::string> hashes;
  for (const std::string& file : FilesBelow(folder)) hashes[file] = Sha256OfFile(folder / file);
  return hashes;
}

TEST(SyntheticDataset, IsTheSameOnAnyNumberOfThreads) {
  const TemporaryFolder folder;
  const SyntheticSummary summary = SynthesizeDataset(SmallDataset(), folder / "one", Threads(1));
  EXPECT_EQ(summary.scenes, 5);
  EXPECT_EQ(summary.photos, 2 * 3 + 3 + 2 * 2 + 2);
  EXPECT_EQ(summary.written, summary.photos);
  SynthesizeDataset(SmallDataset(), folder / "two", Threads(2));
  EXPECT_EQ(HashesBelow(folder / "one"), HashesBelow(folder / "two"));
}

TEST(SyntheticDataset, HoldsPhotosAndModelsThatReadBack) {
  const TemporaryFolder folder;
  SynthesizeDataset(SmallDataset(), folder.path(), Threads(0));
  int scenes = 0;
  for (const char* split : {"train", "val", "test"}) {
    for (const auto& entry : fs::directory_iterator(folder / split / "models")) {
      ++scenes;
      const Reconstruction model = ReadColmapModel(entry.path());
      EXPECT_EQ(model.images.size(), std::string(split) == "test" ? 2U : 3U);
      for (const auto& [id, image] : model.images) {
        EXPECT_TRUE(fs::exists(folder / split / "photos" / entry.path().filename() / image.name));
      }
    }
  }
  EXPECT_EQ(scenes, 5);
  EXPECT_EQ(FilesBelow(folder / "test/distractors").size(), 2U);
}

TEST(SyntheticDataset, GoesOnWhereItWasInterrupted) {
  const TemporaryFolder folder;
  SynthesizeDataset(SmallDataset(), folder / "whole", Threads(1));
  const auto whole = HashesBelow(folder / "whole");
  for (int stop = 1; stop < 40; stop += 6) {
    const fs::path target = folder / std::to_string(stop);
    int asked = 0;
    RunContext context = Threads(1);
    context.is_cancelled = [&] { return ++asked > stop; };
    EXPECT_THROW(SynthesizeDataset(SmallDataset(), target, context), Interrupted);
    EXPECT_LT(HashesBelow(target).size(), whole.size());
    SynthesizeDataset(SmallDataset(), target, Threads(1));
    EXPECT_EQ(HashesBelow(target), whole) << "interrupted at " << stop;
  }
  EXPECT_EQ(SynthesizeDataset(SmallDataset(), folder / "whole", Threads(1)).written, 0);
}

TEST(SyntheticDataset, TwoRunsOnOneFolderExcludeEachOther) {
  const TemporaryFolder folder;
  WriteFile(folder / ".partial/train/photos/of-another-run/0.jpg", "");
  const FileLock other(folder / ".lock", "");
  EXPECT_THAT(ErrorOf([&] { SynthesizeDataset({}, folder.path(), {}); }),
              HasSubstr(".lock: another run synthesizes into this folder"));
  EXPECT_TRUE(std::filesystem::exists(folder / ".partial/train/photos/of-another-run/0.jpg"));
}

TEST(SyntheticDataset, ResumesWhateverTheCommentsOfItsOptionsSay) {
  const TemporaryFolder folder;
  SynthesizeDataset(SmallDataset(), folder.path(), Threads(0));
  const fs::path file = folder / "synthetic.toml";
  const std::string text = ReadFile(file);
  ASSERT_NE(text.find('#'), text.npos);
  std::string other = "# a comment of another version\n";
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with('#')) other += line + "\n";
  }
  WriteFile(file, other);
  EXPECT_EQ(SynthesizeDataset(SmallDataset(), folder.path(), Threads(0)).written, 0);
}

TEST(SyntheticDataset, OtherOptionsNeedAnotherFolder) {
  const TemporaryFolder folder;
  SynthesizeDataset(SmallDataset(), folder.path(), Threads(0));
  const auto before = HashesBelow(folder.path());
  SyntheticOptions options = SmallDataset();
  options.image_size = 97;
  EXPECT_THAT(ErrorOf([&] { SynthesizeDataset(options, folder.path(), Threads(0)); }),
              HasSubstr("holds other options"));
  options.image_size = 3;
  EXPECT_THAT(ErrorOf([&] { SynthesizeDataset(options, folder / "new", Threads(0)); }),
              HasSubstr("image_size"));
  EXPECT_EQ(HashesBelow(folder.path()), before);
}

}  // namespace
}  // namespace vantage::synthetic

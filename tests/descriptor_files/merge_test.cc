// SPDX-License-Identifier: BSD-3-Clause
#include "descriptors/provenance_json.h"
#include "vantage/descriptors.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "testing/files.h"
#include "util/file.h"
#include "util/random.h"
#include "util/string.h"

namespace vantage::descriptor_files {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::TemporaryFolder;

const json kProvenance = {
    {"model", "m.pth"}, {"model_sha256", "abc"}, {"preprocessing", "longest=64"}, {"scales", {1, 0.5}}};

// Descriptors as of one run over all photos: every fifth failed.
DescriptorFile WholeRun(int64_t photos) {
  RandomStream random(1, "whole");
  DescriptorFile file;
  for (int64_t i = 0; i < photos; ++i) {
    const std::string name = StrCat("photo", (i * 7) % photos, ".jpg");
    if (i % 5 == 4) {
      file.failed.push_back({name, "truncated"});
    } else {
      file.descriptors.names.push_back(name);
    }
  }
  file.descriptors.values.resize(static_cast<Eigen::Index>(file.descriptors.names.size()), 8);
  for (Eigen::Index i = 0; i < file.descriptors.values.size(); ++i) {
    file.descriptors.values.data()[i] = static_cast<float>(random.Normal());
  }
  file.provenance = ProvenanceFrom(kProvenance, "test");
  return file;
}

// Rows and failures in `count` contiguous parts.
DescriptorFile ShardOf(const DescriptorFile& whole, int64_t index, int64_t count) {
  DescriptorFile shard;
  const auto part = [&](int64_t size, int64_t i) { return size * i / count; };
  std::vector<int64_t> rows;
  for (int64_t i = part(whole.descriptors.size(), index - 1); i < part(whole.descriptors.size(), index);
       ++i) {
    rows.push_back(i);
  }
  shard.descriptors = SelectRows(whole.descriptors, rows);
  const auto failed = static_cast<int64_t>(whole.failed.size());
  shard.failed.assign(whole.failed.begin() + part(failed, index - 1),
                      whole.failed.begin() + part(failed, index));
  shard.provenance = whole.provenance;
  shard.provenance.other["shard"] = json({{"index", index}, {"count", count}}).dump();
  return shard;
}

class Merge : public ::testing::Test {
 protected:
  fs::path Write(const std::string& name, const DescriptorFile& file,
                 const DescriptorFormat& format = {}) const {
    WriteDescriptors(file, folder_ / name, format);
    return folder_ / name;
  }

  // A file of one photo.
  fs::path WriteOne(const std::string& name, const std::string& photo, const json& provenance,
                    int64_t dimension = 2) const {
    DescriptorFile file;
    file.descriptors = {{photo}, DescriptorMatrix::Ones(1, dimension)};
    file.provenance = ProvenanceFrom(provenance, "test");
    return Write(name, file);
  }

  TemporaryFolder folder_;
};

TEST_F(Merge, ShardsInAnyOrderGiveTheBytesOfOneRun) {
  const DescriptorFile whole = WholeRun(1000);
  for (const DescriptorFormat& format : {DescriptorFormat{"npy"}, DescriptorFormat{"h5", true}}) {
    Write("whole", whole, format);
    for (const int64_t count : {1, 2, 3, 13}) {
      std::vector<fs::path> paths;
      for (int64_t i = 1; i <= count; ++i) {
        paths.push_back(Write(StrCat("shard-", i), ShardOf(whole, i, count), format));
      }
      RandomStream random(static_cast<uint64_t>(count), "order");
      random.Shuffle(paths);
      const MergedDescriptors merged = MergeDescriptors(paths);
      EXPECT_TRUE(merged.missing_shards.empty());
      EXPECT_EQ(merged.file.failed.size(), whole.failed.size());
      Write("merged", merged.file, format);
      for (const char* extension : {".npy", ".json", ".h5"}) {
        if (!fs::exists(folder_ / (std::string("whole") + extension))) continue;
        EXPECT_TRUE(ReadFile(folder_ / (std::string("whole") + extension)) ==
                    ReadFile(folder_ / (std::string("merged") + extension)))
            << extension << " of " << count << " shards";
      }
    }
    for (const fs::directory_entry& entry : fs::directory_iterator(folder_.path())) fs::remove(entry);
  }
}

TEST_F(Merge, EmptyShardsAreNoObstacle) {
  const DescriptorFile whole = WholeRun(3);
  std::vector<fs::path> paths;
  for (int64_t i = 1; i <= 5; ++i) {  // more shards than photos
    const std::string extension = i % 2 == 0 ? ".h5" : ".npy";
    paths.push_back(Write(StrCat("shard-", i, extension), ShardOf(whole, i, 5)));
  }
  EXPECT_EQ(MergeDescriptors(paths).file.descriptors.values, whole.descriptors.values);
}

TEST_F(Merge, FilesThatAreNoShardsComeInTheOrderGiven) {
  const fs::path b = WriteOne("b", "b.jpg", kProvenance);
  const fs::path a = WriteOne("a.h5", "a.jpg", kProvenance);
  EXPECT_THAT(MergeDescriptors({b, a}).file.descriptors.names, ElementsAre("b.jpg", "a.jpg"));
  EXPECT_EQ(ToJson(MergeDescriptors({b, a}).file.provenance), kProvenance);
}

TEST_F(Merge, WhatMadeThemMustBeTheSame) {
  const fs::path a = WriteOne("a", "a.jpg", kProvenance);
  const auto error = [&](const char* key, const json& value) {
    json other = kProvenance;
    other[key] = value;
    const fs::path b = WriteOne("b", "b.jpg", other);
    return ErrorOf([&] { MergeDescriptors({a, b}); });
  };
  EXPECT_THAT(error("model_sha256", "def"),
              HasSubstr("b: descriptors made in different ways cannot be merged: "));
  EXPECT_THAT(error("model_sha256", "def"), HasSubstr("their models differ (abc and def)"));
  EXPECT_THAT(error("preprocessing", "longest=32"),
              HasSubstr("their preparations of photos differ (longest=64 and longest=32)"));
  EXPECT_THAT(error("scales", {1}), HasSubstr("their scales differ ([1.0,0.5] and [1.0])"));
  EXPECT_THAT(error("whitening", "pca"), HasSubstr("their whitenings differ (not named and pca)"));
  // The same model in another place.
  json elsewhere = kProvenance;
  elsewhere["model"] = "copy/m.pth";
  EXPECT_EQ(MergeDescriptors({a, WriteOne("b", "b.jpg", elsewhere)}).file.descriptors.size(), 2);
  json no_hash = kProvenance;
  no_hash.erase("model_sha256");
  const fs::path c = WriteOne("c", "c.jpg", no_hash);
  no_hash["model"] = "other.pth";
  EXPECT_THAT(ErrorOf([&] {
                MergeDescriptors({c, WriteOne("b", "b.jpg", no_hash)});
              }),
              HasSubstr("their models differ (m.pth and other.pth)"));
}

TEST_F(Merge, NamesAndDimensionsAreChecked) {
  const fs::path a = WriteOne("a", "a.jpg", kProvenance);
  EXPECT_THAT(ErrorOf([&] {
                MergeDescriptors({a, WriteOne("b", "a.jpg", kProvenance)});
              }),
              HasSubstr("b: 'a.jpg' is in "));
  EXPECT_THAT(ErrorOf([&] { MergeDescriptors({a, a}); }), HasSubstr("a: 'a.jpg' is in "));
  EXPECT_THAT(ErrorOf([&] {
                MergeDescriptors({a, WriteOne("b", "b.jpg", kProvenance, 3)});
              }),
              HasSubstr("b: descriptors of 3 dimensions, those of "));
  EXPECT_THAT(ErrorOf([&] {
                MergeDescriptors({a, folder_ / "none"});
              }),
              HasSubstr("none.npy: cannot be opened"));
  EXPECT_THROW(MergeDescriptors({}), UsageError);
}

TEST_F(Merge, EachShardMustBeThereOnce) {
  const auto shard = [&](const std::string& name, const json& number) {
    json provenance = kProvenance;
    provenance["shard"] = number;
    return WriteOne(name, name + ".jpg", provenance);
  };
  const fs::path one = shard("one", {{"index", 1}, {"count", 3}});
  const fs::path two = shard("two", {{"index", 2}, {"count", 3}});
  const fs::path three = shard("three", {{"index", 3}, {"count", 3}});
  EXPECT_THAT(MergeDescriptors({three, one, two}).file.descriptors.names,
              ElementsAre("one.jpg", "two.jpg", "three.jpg"));
  EXPECT_THAT(ErrorOf([&] {
                MergeDescriptors({three, one});
              }),
              HasSubstr("shard 2 of 3 is missing; --partial"));
  const MergedDescriptors partial = MergeDescriptors({three, one}, {.partial = true});
  EXPECT_THAT(partial.file.descriptors.names, ElementsAre("one.jpg", "three.jpg"));
  EXPECT_THAT(partial.missing_shards, ElementsAre(2));
  EXPECT_EQ(partial.file.provenance.other.at("missing_shards"), "[2]");
  EXPECT_FALSE(partial.file.provenance.other.contains("shard"));

  const auto error = [](const std::vector<fs::path>& paths) {
    return ErrorOf([&] { MergeDescriptors(paths, {.partial = true}); });
  };
  EXPECT_THAT(error({one, shard("again", {{"index", 1}, {"count", 3}})}),
              HasSubstr("again: is shard 1 of 3, and so is "));
  EXPECT_THAT(error({one, shard("other", {{"index", 2}, {"count", 4}})}),
              HasSubstr("other: is one of 4 shards"));
  EXPECT_THAT(error({one, WriteOne("none", "none.jpg", kProvenance)}), HasSubstr("none: not a shard"));
  for (const json& number :
       {json("1/3"), json({{"index", 0}, {"count", 3}}), json({{"index", 4}, {"count", 3}}),
        json({{"index", 1}}), json({{"index", 1}, {"count", int64_t{1} << 60}})}) {
    EXPECT_THAT(error({shard("bad", number)}), HasSubstr("bad: provenance 'shard' is "));
  }
}

}  // namespace
}  // namespace vantage::descriptor_files

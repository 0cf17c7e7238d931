// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/index.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "testing/files.h"
#include "util/file.h"
#include "util/hash.h"
#include "util/random.h"
#include "util/string.h"

namespace vantage::ann {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::FilesBelow;
using vantage::testing::TemporaryFolder;

constexpr int64_t kDimension = 32;
const std::vector<std::string> kKinds = IndexFamily::Table().Names();

// Unit vectors around centres, so that there are clusters.
DescriptorMatrix Clustered(int64_t rows, uint64_t seed, int64_t dimension = kDimension) {
  RandomStream random(seed, "approximate test");
  DescriptorMatrix values(rows, dimension);
  for (Eigen::Index i = 0; i < rows; ++i) {
    RandomStream centre(static_cast<uint64_t>(i % 40), "approximate test centres");
    for (Eigen::Index j = 0; j < dimension; ++j) {
      values(i, j) = static_cast<float>(centre.Normal() + 0.5 * random.Normal());
    }
  }
  NormalizeRows(values);
  return values;
}

class ApproximateIndexes : public ::testing::Test {
 protected:
  DescriptorDatabase Write(const std::string& name, const DescriptorMatrix& values,
                           const std::string& prefix = "photo", const std::string& model = "aa",
                           const DescriptorFormat& format = {}) const {
    DescriptorFile file{{{}, values}, {}, {}};
    file.provenance.model_sha256 = model;
    for (int64_t i = 0; i < values.rows(); ++i) file.descriptors.names.push_back(StrCat(prefix, i));
    WriteDescriptors(file, folder_ / name, format);
    return DescriptorDatabase(folder_ / name);
  }

  fs::path IndexPath() const { return folder_ / "photos.faiss"; }
  fs::path SidecarPath() const { return folder_ / "photos.faiss.json"; }

  TemporaryFolder folder_;
};

IndexChoice OfKind(const std::string& kind) {
  IndexChoice options(kind);
  if (auto* lists = options.If<IvfFlatIndexOptions>()) lists->training_rows = 2000;
  if (auto* coded = options.If<IvfPqIndexOptions>()) {
    coded->training_rows = 2000;
    coded->m = 8;
  }
  return options;
}

void ExpectSame(const std::vector<std::vector<Neighbor>>& a, const std::vector<std::vector<Neighbor>>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t q = 0; q < a.size(); ++q) {
    ASSERT_EQ(a[q].size(), b[q].size());
    for (size_t i = 0; i < a[q].size(); ++i) {
      EXPECT_EQ(a[q][i].index, b[q][i].index);
      EXPECT_EQ(a[q][i].score, b[q][i].score);
    }
  }
}

TEST_F(ApproximateIndexes, FlatIsExact) {
  for (const bool half : {false, true}) {
    const DescriptorDatabase database =
        Write(half ? "half.npy" : "full.h5", Clustered(3000, 1), "photo", "aa", {"auto", half});
    const DescriptorMatrix queries = Clustered(300, 2);  // more than one block of them
    const ApproximateIndex index = ApproximateIndex::Build(database, OfKind("flat"));
    EXPECT_EQ(index.size(), 3000);
    EXPECT_EQ(index.dimension(), kDimension);
    const auto found = index.Query(queries, database, 10);
    const auto expected = NearestNeighbors(queries, database, 10);
    for (size_t q = 0; q < expected.size(); ++q) {
      ASSERT_EQ(found[q].size(), 10U);
      for (size_t i = 0; i < 10; ++i) {
        EXPECT_NEAR(found[q][i].score, expected[q][i].score, 1e-6);
        EXPECT_NEAR(database.Read(found[q][i].index, 1).row(0).dot(queries.row(static_cast<Eigen::Index>(q))),
                    found[q][i].score, 1e-6);
      }
    }
    EXPECT_GT(MeasureRecall(index, queries, database, 10, 50, 0), 0.999);
  }
}

TEST_F(ApproximateIndexes, EveryKindFindsMostOfTheNearestAndTheSameAfterLoading) {
  const DescriptorDatabase database =
      Write("database.npy", Clustered(4000, 1), "photo", "aa", {"auto", true});
  const DescriptorMatrix queries = Clustered(60, 2);
  for (const std::string& kind : kKinds) {
    const fs::path path = folder_ / (kind + ".faiss");
    const ObtainedIndex built = ObtainIndex(path, database, OfKind(kind));
    EXPECT_FALSE(built.reused);
    const double recall = MeasureRecall(built.index, queries, database, 10, 1000, 0);
    EXPECT_GT(recall, 0.95) << kind;
    EXPECT_LE(recall, 1.0) << kind;
    const ObtainedIndex loaded = ObtainIndex(path, database, OfKind(kind));
    EXPECT_TRUE(loaded.reused);
    ExpectSame(loaded.index.Query(queries, database, 10), built.index.Query(queries, database, 10));
    EXPECT_EQ(MeasureRecall(loaded.index, queries, database, 10, 1000, 0), recall);
  }
}

TEST_F(ApproximateIndexes, LessIsFoundWhereLessIsLookedAt) {
  const DescriptorDatabase database = Write("database.npy", Clustered(4000, 1));
  const DescriptorMatrix queries = Clustered(60, 2);
  const auto recall = [&](ApproximateIndex& index, const IndexChoice& options) {
    index.SearchAs(options);
    return MeasureRecall(index, queries, database, 20, 1000, 0);
  };
  ApproximateIndex lists = ApproximateIndex::Build(database, OfKind("ivf-flat"));
  IvfFlatIndexOptions options = lists.options().As<IvfFlatIndexOptions>();
  options.nprobe = 1;
  EXPECT_LT(recall(lists, options), 0.99);
  options.nprobe = options.nlist;
  EXPECT_GT(recall(lists, options), 0.999);  // all lists are the whole database
  EXPECT_THAT(ErrorOf([&] { lists.SearchAs(FlatIndexOptions{}); }),
              HasSubstr("of the kind ivf-flat, not flat"));

  IvfPqIndexOptions coarse = OfKind("ivf-pq").As<IvfPqIndexOptions>();
  coarse.m = 2;
  coarse.refine = 0;
  ApproximateIndex coded = ApproximateIndex::Build(database, coarse);
  const double by_codes = recall(coded, coarse);
  coarse.refine = 10;
  EXPECT_GT(recall(coded, coarse), by_codes + 0.1);
}

TEST_F(ApproximateIndexes, MoreThanThereIsGivesAll) {
  const DescriptorDatabase database = Write("database.npy", Clustered(50, 1));
  const DescriptorMatrix queries = Clustered(3, 2);
  for (const std::string kind : {"flat", "ivf-flat", "hnsw"}) {
    const ApproximateIndex index = ApproximateIndex::Build(database, OfKind(kind));
    for (const auto& found : index.Query(queries, database, 1000)) EXPECT_EQ(found.size(), 50U) << kind;
    EXPECT_TRUE(index.Query(DescriptorMatrix(0, kDimension), database, 5).empty());
    EXPECT_TRUE(index.Query(queries, database, 0)[0].empty());
    EXPECT_TRUE(std::isnan(MeasureRecall(index, DescriptorMatrix(0, kDimension), database, 5, 5, 0)));
  }
}

TEST_F(ApproximateIndexes, WrongInputIsNamed) {
  const DescriptorDatabase database = Write("database.npy", Clustered(300, 1));
  const auto error = [&](const IndexChoice& options) {
    return ErrorOf([&] { ApproximateIndex::Build(database, options); });
  };
  EXPECT_THAT(error({}), HasSubstr("no kind is chosen"));
  EXPECT_THAT(ErrorOf([] { IndexChoice("tree"); }), HasSubstr("known are flat, ivf-flat, ivf-pq, hnsw"));
  EXPECT_THAT(error(IvfFlatIndexOptions{.nlist = 301}), HasSubstr("301 clusters (nlist) of 300 descriptors"));
  EXPECT_THAT(error(IvfPqIndexOptions{.m = 5}),
              HasSubstr("5 bytes a descriptor (m) do not divide 32 dimensions"));
  EXPECT_THAT(error(IvfPqIndexOptions{.training_rows = 255}), HasSubstr("at least 256 descriptors, not 255"));

  const ApproximateIndex index = ApproximateIndex::Build(database, OfKind("flat"));
  DescriptorMatrix queries = Clustered(2, 2);
  EXPECT_THAT(ErrorOf([&] { (void)index.Query(Clustered(2, 2, 16), database, 3); }),
              HasSubstr("queries of 16 dimensions in an index of 32"));
  EXPECT_THAT(ErrorOf([&] { (void)index.Query(queries, Write("other.npy", Clustered(299, 1)), 3); }),
              HasSubstr("other.npy: is not what the index was built from (300 photos"));
  EXPECT_THAT(error(IvfFlatIndexOptions{.nprobe = 0}), HasSubstr("nprobe"));
  queries(1, 3) = NAN;
  EXPECT_THAT(ErrorOf([&] { (void)index.Query(queries, database, 3); }), HasSubstr("not finite"));

  DescriptorMatrix damaged = Clustered(300, 1);
  damaged(270, 4) = NAN;
  const DescriptorDatabase with_nan = Write("nan.npy", damaged);
  for (const std::string& kind : kKinds) {
    EXPECT_THAT(ErrorOf([&] { ApproximateIndex::Build(with_nan, OfKind(kind)); }),
                HasSubstr("nan.npy: row 270 holds a value that is not finite ('photo270')"));
  }
  const DescriptorDatabase empty = Write("empty.npy", DescriptorMatrix(0, kDimension));
  EXPECT_THAT(ErrorOf([&] { ApproximateIndex::Build(empty, OfKind("flat")); }),
              HasSubstr("empty.npy: holds no descriptor"));
}

TEST_F(ApproximateIndexes, AnotherDatabaseOrOtherOptionsAreRefused) {
  const DescriptorMatrix values = Clustered(500, 1);
  const DescriptorDatabase database = Write("database.npy", values);
  ObtainIndex(IndexPath(), database, OfKind("ivf-flat"));
  const auto error = [&](const DescriptorDatabase& other) {
    return ErrorOf([&] { ObtainIndex(IndexPath(), other, OfKind("ivf-flat")); });
  };
  EXPECT_THAT(error(Write("fewer.npy", Clustered(499, 1))), HasSubstr("their numbers differ"));
  EXPECT_THAT(error(Write("smaller.npy", Clustered(500, 1, 16))), HasSubstr("their dimensions differ"));
  EXPECT_THAT(error(Write("names.npy", values, "picture")), HasSubstr("the photos' names differ"));
  EXPECT_THAT(error(Write("values.npy", Clustered(500, 7))), HasSubstr("their values differ"));
  EXPECT_THAT(error(Write("model.npy", values, "photo", "bb")), HasSubstr("their models differ (aa and bb)"));
  EXPECT_THAT(ErrorOf([&] { ObtainIndex(IndexPath(), database, OfKind("hnsw")); }),
              HasSubstr("was built with kind ivf-flat, not hnsw"));
  IndexChoice options = OfKind("ivf-flat");
  options.As<IvfFlatIndexOptions>().nprobe = 3;  // an option of the search only
  EXPECT_TRUE(ObtainIndex(IndexPath(), database, options).reused);
  options.As<IvfFlatIndexOptions>().nlist = 5;
  EXPECT_THAT(ErrorOf([&] { ObtainIndex(IndexPath(), database, options); }), HasSubstr("with nlist"));
  EXPECT_TRUE(ObtainIndex(IndexPath(), database, OfKind("ivf-flat")).reused);
}

TEST_F(ApproximateIndexes, DamageIsNamed) {
  const DescriptorDatabase database = Write("database.npy", Clustered(300, 1));
  for (const std::string& kind : kKinds) {
    const ApproximateIndex index = ApproximateIndex::Build(database, OfKind(kind));
    index.Save(IndexPath());
    const std::string bytes = ReadFile(IndexPath());
    const auto error = [&](const std::string& damaged) {
      WriteFile(IndexPath(), damaged);
      return ErrorOf([&] { ApproximateIndex::Load(IndexPath(), database, OfKind(kind)); });
    };
    for (const size_t size : {size_t{0}, size_t{3}, bytes.size() / 2, bytes.size() - 1}) {
      EXPECT_THAT(error(bytes.substr(0, size)), HasSubstr("photos.faiss: is damaged")) << kind << size;
    }
    EXPECT_THAT(error(bytes + "x"), HasSubstr("photos.faiss: is damaged"));
    for (size_t at = 0; at < bytes.size(); at += 1 + bytes.size() / 40) {
      std::string flipped = bytes;
      flipped[at] = static_cast<char>(flipped[at] ^ 0x40);
      EXPECT_THAT(error(flipped), HasSubstr("photos.faiss: is damaged")) << kind << at;
    }
    fs::remove(IndexPath());
    EXPECT_THAT(ErrorOf([&] { ObtainIndex(IndexPath(), database, OfKind(kind)); }),
                HasSubstr("photos.faiss: is missing; an index is two files"));
  }
}

TEST_F(ApproximateIndexes, HalfOfAnIndexIsAnErrorWithAdvice) {
  const DescriptorDatabase database = Write("database.npy", Clustered(300, 1));
  ObtainIndex(IndexPath(), database, OfKind("flat"));
  const std::string sidecar = ReadFile(SidecarPath());
  fs::remove(SidecarPath());
  const auto error = [&] { return ErrorOf([&] { ObtainIndex(IndexPath(), database, OfKind("flat")); }); };
  EXPECT_THAT(error(), HasSubstr("photos.faiss.json: is missing"));
  EXPECT_THAT(error(), HasSubstr("or delete the other to build the index again"));
  // The sidecar of another index of the same database.
  const TemporaryFolder other;
  ApproximateIndex::Build(database, OfKind("hnsw")).Save(other / "other.faiss");
  fs::copy_file(other / "other.faiss", IndexPath(), fs::copy_options::overwrite_existing);
  WriteFile(SidecarPath(), sidecar);
  EXPECT_THAT(error(), HasSubstr("or not the file that"));
  EXPECT_THAT(error(), HasSubstr("delete both to build the index again"));
}

// A file with the right checksum and wrong content.
TEST_F(ApproximateIndexes, AFileThatIsNotTheIndexIsRefused) {
  const DescriptorDatabase database = Write("database.npy", Clustered(300, 1));
  ApproximateIndex::Build(database, OfKind("flat")).Save(IndexPath());
  const std::string bytes = ReadFile(IndexPath());
  const std::string facts = ReadFile(SidecarPath());
  const auto error = [&](const std::string& content) {
    json changed = json::parse(facts);
    changed["bytes"] = content.size();
    changed["sha256"] = Sha256(content);
    WriteFile(IndexPath(), content);
    WriteFile(SidecarPath(), changed.dump());
    return ErrorOf([&] { ApproximateIndex::Load(IndexPath(), database, OfKind("flat")); });
  };
  EXPECT_THAT(error(""), HasSubstr("photos.faiss: ends at byte 0"));
  EXPECT_THAT(error(bytes.substr(0, bytes.size() / 2)), HasSubstr("photos.faiss: ends at byte"));
  EXPECT_THAT(error("no index of FAISS, but long enough to be one"), HasSubstr("photos.faiss: not an index"));
  const TemporaryFolder other;
  ApproximateIndex::Build(database, OfKind("hnsw")).Save(other / "hnsw");
  EXPECT_THAT(error(ReadFile(other / "hnsw")), HasSubstr("photos.faiss: is not the index that"));
}

TEST_F(ApproximateIndexes, ADamagedSidecarIsNamed) {
  const DescriptorDatabase database = Write("database.npy", Clustered(300, 1));
  ApproximateIndex::Build(database, OfKind("flat")).Save(IndexPath());
  const std::string facts = ReadFile(SidecarPath());
  const auto error = [&](const std::string& text) {
    WriteFile(SidecarPath(), text);
    return ErrorOf([&] { ApproximateIndex::Load(IndexPath(), database, OfKind("flat")); });
  };
  EXPECT_THAT(error(facts.substr(0, facts.size() / 2)), HasSubstr("photos.faiss.json"));
  EXPECT_THAT(error("[]"), HasSubstr("photos.faiss.json"));
  json changed = json::parse(facts);
  changed["version"] = 2;
  EXPECT_THAT(error(changed.dump()), HasSubstr("has version 2, this program reads 1"));
  for (const char* key : {"version", "options", "bytes", "sha256", "database"}) {
    changed = json::parse(facts);
    changed.erase(key);
    EXPECT_THAT(error(changed.dump()), HasSubstr("photos.faiss.json")) << key;
    changed[key] = json::array({nullptr});
    EXPECT_THAT(error(changed.dump()), HasSubstr("photos.faiss")) << key;
  }
}

TEST_F(ApproximateIndexes, NothingStaysOfWhatCouldNotBeWritten) {
  const DescriptorDatabase database = Write("database.npy", Clustered(3000, 1));
  const ApproximateIndex index = ApproximateIndex::Build(database, OfKind("flat"));
  const auto before = FilesBelow(folder_.path());
  {
    const vantage::testing::FileSizeLimit limit(100000);
    EXPECT_THAT(ErrorOf([&] { index.Save(IndexPath()); }), HasSubstr("photos.faiss: cannot be written"));
  }
  EXPECT_EQ(FilesBelow(folder_.path()), before);
}

TEST_F(ApproximateIndexes, StopsWhenCancelled) {
  const DescriptorDatabase database = Write("database.npy", Clustered(600, 1));
  RunContext context;
  context.is_cancelled = [] { return true; };
  for (const std::string& kind : kKinds) {
    EXPECT_THROW(ApproximateIndex::Build(database, OfKind(kind), context), Interrupted);
  }
  const ApproximateIndex index = ApproximateIndex::Build(database, OfKind("flat"));
  EXPECT_THROW((void)index.Query(Clustered(2, 2), database, 3, context), Interrupted);
}

}  // namespace
}  // namespace vantage::ann

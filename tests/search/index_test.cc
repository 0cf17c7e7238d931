// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/index.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <thread>

#include "testing/files.h"
#include "util/file.h"
#include "util/random.h"
#include "util/string.h"

namespace vantage::search {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::FilesBelow;
using vantage::testing::TemporaryFolder;

using Vector = std::vector<float>;

Vector RandomVector(RandomStream& random, int64_t dimension) {
  Vector vector;
  // Small whole numbers: sums are exact in any order of addition, and many scores are equal.
  for (int64_t i = 0; i < dimension; ++i) vector.push_back(static_cast<float>(random.Below(7)) - 3);
  return vector;
}

// A slow reference implementation of Index.
struct SlowIndex {
  std::vector<std::pair<std::string, Vector>> entries;

  std::vector<Match> Query(const Vector& query, size_t k) const {
    std::vector<Match> matches;
    for (const auto& [id, vector] : entries) {
      float score = 0;
      for (size_t i = 0; i < query.size(); ++i) score += query[i] * vector[i];
      matches.push_back({id, score});
    }
    std::stable_sort(matches.begin(), matches.end(),
                     [](const Match& a, const Match& b) { return a.score > b.score; });
    matches.resize(std::min(k, matches.size()));
    return matches;
  }
};

void ExpectSame(const std::vector<Match>& a, const std::vector<Match>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].id, b[i].id);
    EXPECT_EQ(a[i].score, b[i].score);
  }
}

Vector Unit(int64_t dimension, size_t place) {
  Vector vector(static_cast<size_t>(dimension));
  vector[place] = 1;
  return vector;
}

TEST(Index, AgreesWithBruteForceWhileItChanges) {
  constexpr int64_t kDimension = 6;
  RandomStream random(1, "index");
  Index index;
  SlowIndex slow;
  const TemporaryFolder folder;
  int next_id = 0;
  for (int step = 0; step < 600; ++step) {
    const uint64_t action = random.Below(10);
    if (action < 5) {
      const std::string id = std::to_string(next_id++);
      const Vector vector = RandomVector(random, kDimension);
      index.Add(id, vector);
      slow.entries.emplace_back(id, vector);
    } else if (action < 6) {
      std::vector<std::string> ids;
      const auto count = static_cast<int64_t>(random.Below(40));
      DescriptorMatrix vectors(count, kDimension);
      for (int64_t i = 0; i < count; ++i) {
        const Vector vector = RandomVector(random, kDimension);
        ids.push_back(std::to_string(next_id++));
        vectors.row(i) = Eigen::Map<const Eigen::RowVectorXf>(vector.data(), kDimension);
        slow.entries.emplace_back(ids.back(), vector);
      }
      index.AddBatch(ids, vectors);
    } else if (action < 8 && !slow.entries.empty()) {
      const auto place = static_cast<int64_t>(random.Below(slow.entries.size()));
      EXPECT_TRUE(index.Remove(slow.entries[static_cast<size_t>(place)].first));
      slow.entries.erase(slow.entries.begin() + place);
    }
    ASSERT_EQ(index.size(), static_cast<int64_t>(slow.entries.size()));
    const Vector query = RandomVector(random, kDimension);
    const size_t k = 1 + random.Below(30);
    ExpectSame(index.Query(query, static_cast<int64_t>(k)), slow.Query(query, k));
  }
  EXPECT_GT(slow.entries.size(), 300U);
  index.Save(folder / "map.h5");
  const Index loaded = Index::Load(folder / "map.h5");
  DescriptorMatrix queries(50, kDimension);
  for (int64_t i = 0; i < 50; ++i) {
    const Vector query = RandomVector(random, kDimension);
    queries.row(i) = Eigen::Map<const Eigen::RowVectorXf>(query.data(), kDimension);
  }
  const auto batch = loaded.QueryBatch(queries, 12);
  ASSERT_EQ(batch.size(), 50U);
  for (int64_t i = 0; i < 50; ++i) {
    const Vector query(queries.row(i).data(), queries.row(i).data() + kDimension);
    ExpectSame(batch[static_cast<size_t>(i)], slow.Query(query, 12));
    ExpectSame(loaded.Query(query, 12), slow.Query(query, 12));
  }
}

TEST(Index, EqualScoresComeInTheOrderOfAdding) {
  Index index;
  for (const char* id : {"c", "a", "b"}) index.Add(id, Vector{1, 0});
  const auto matches = index.Query(Vector{2, 5}, 10);
  ASSERT_EQ(matches.size(), 3U);
  EXPECT_EQ(matches[0].id + matches[1].id + matches[2].id, "cab");
  EXPECT_EQ(matches[0].score, 2);
  EXPECT_TRUE(index.Query(Vector{2, 5}, 0).empty());
}

TEST(Index, WrongInputIsAnErrorAndChangesNothing) {
  Index index;
  EXPECT_EQ(index.dimension(), 0);
  EXPECT_TRUE(index.Query(Vector{1, 2, 3}, 5).empty());
  EXPECT_THAT(ErrorOf([&] { index.Add("none", Vector{}); }), HasSubstr("a vector without values"));
  index.Add("a", Vector{1, 0});
  EXPECT_EQ(index.dimension(), 2);
  EXPECT_THAT(ErrorOf([&] {
                index.Add("b", Vector{1, 0, 0});
              }),
              HasSubstr("a vector of 3 dimensions added in an index of 2"));
  EXPECT_THAT(ErrorOf([&] { index.Query(Vector{1}, 1); }),
              HasSubstr("a vector of 1 dimensions searched for"));
  EXPECT_THAT(ErrorOf([&] { index.Add("a", Vector{0, 1}); }), HasSubstr("'a' is there already"));
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(ErrorOf([&] { index.Add("b", Vector{nan, 1}); }), HasSubstr("vector 0 of those added"));
  EXPECT_THAT(ErrorOf([&] { index.Query(Vector{nan, 1}, 1); }), HasSubstr("not finite"));
  // All or nothing: "b" is new, "c" appears twice.
  EXPECT_THAT(ErrorOf([&] {
                index.AddBatch({"b", "c", "c"}, DescriptorMatrix::Ones(3, 2));
              }),
              HasSubstr("'c' is there already"));
  EXPECT_THAT(ErrorOf([&] { index.AddBatch({"b"}, DescriptorMatrix::Ones(2, 2)); }),
              HasSubstr("1 ids for 2 vectors"));
  EXPECT_EQ(index.size(), 1);
  EXPECT_FALSE(index.Contains("b"));
  EXPECT_FALSE(index.Remove("b"));
  index.Add("b", Vector{0, 1});
  EXPECT_TRUE(index.Contains("b"));
  EXPECT_TRUE(index.Remove("a"));
  ExpectSame(index.Query(Vector{0, 3}, 5), {{"b", 3}});
  EXPECT_THAT(ErrorOf([] { Index(4).Add("a", Vector{1}); }), HasSubstr("in an index of 4"));
  DescriptorFile twice;
  twice.descriptors = {{"a", "a"}, DescriptorMatrix::Ones(2, 2)};
  EXPECT_THAT(ErrorOf([&] { const Index made(twice); }), HasSubstr("'a' is there already"));
}

TEST(Index, SavesItsModelAndWhatCameWithTheFile) {
  const TemporaryFolder folder;
  Index index(2, "0123abcd");
  index.Save(folder / "empty");
  EXPECT_EQ(Index::Load(folder / "empty").model(), "0123abcd");
  index.Add("17", Vector{0.5F, 0.25F});
  index.Save(folder / "map");
  index.Save(folder / "pair.npy");
  EXPECT_THAT(FilesBelow(folder.path()), ElementsAre("empty.h5", "map.h5", "pair.json", "pair.npy"));
  for (const char* name : {"map", "map.h5", "pair.npy"}) {
    const Index loaded = Index::Load(folder / name);
    EXPECT_EQ(loaded.model(), "0123abcd");
    EXPECT_EQ(loaded.dimension(), 2);
    ExpectSame(loaded.Query(Vector{1, 1}, 3), {{"17", 0.75F}});
  }
  // Descriptors of `vantage extract` load as an index, and keep their provenance.
  DescriptorFile file;
  file.descriptors = {{"a.jpg"}, DescriptorMatrix::Ones(1, 2)};
  file.failed = {{"b.jpg", "truncated"}};
  file.provenance.preprocessing = "longest=362";
  file.provenance.model_sha256 = "77";
  WriteDescriptors(file, folder / "extracted");
  Index extracted = Index::Load(folder / "extracted.npy");
  EXPECT_EQ(extracted.model(), "77");
  extracted.Add("c.jpg", Vector{1, 2});
  extracted.Save(folder / "more.h5");
  const DescriptorFile more = ReadDescriptors(folder / "more.h5");
  EXPECT_EQ(more.provenance, file.provenance);
  EXPECT_EQ(more.failed[0].name, "b.jpg");
  EXPECT_THAT(more.descriptors.names, ElementsAre("a.jpg", "c.jpg"));
}

TEST(Index, KeepsWhatMadeItsVectors) {
  const TemporaryFolder folder;
  DescriptorProvenance made;
  made.model_sha256 = "77";
  made.whitening = "sfm";
  Index index(2, made);
  index.Add("a", Vector{1, 0});
  index.Save(folder / "map.h5");
  const Index loaded = Index::Load(folder / "map.h5");
  EXPECT_EQ(loaded.model(), "77");
  EXPECT_EQ(loaded.provenance(), made);
  made.whitening = "none";
  EXPECT_THAT(ErrorOf([&] { CheckComparable(loaded.provenance(), "map.h5", made, "camera"); }),
              HasSubstr("map.h5 and camera: descriptors cannot be compared: their whitenings differ"));
}

TEST(Index, LoadNamesTheDamagedFile) {
  const TemporaryFolder folder;
  Index index;
  for (int i = 0; i < 20; ++i) index.Add(std::to_string(i), Unit(20, static_cast<size_t>(i)));
  index.Save(folder / "map.h5");
  const std::string good = ReadFile(folder / "map.h5");
  EXPECT_THAT(ErrorOf([&] { Index::Load(folder / "none.h5"); }), HasSubstr("none.h5: cannot be opened"));
  for (size_t size = 0; size < good.size(); size += 501) {
    WriteFile(folder / "map.h5", good.substr(0, size));
    EXPECT_THAT(ErrorOf([&] { Index::Load(folder / "map.h5"); }), HasSubstr("map.h5"));
  }
}

TEST(Index, ThreadsSearchWhileOthersChangeIt) {
  constexpr int64_t kDimension = 32;
  constexpr int kSearchers = 4;
  Index index(kDimension);
  index.Add("first", Unit(kDimension, 0));
  std::atomic<bool> done = false;
  std::atomic<int64_t> queries = 0;
  const TemporaryFolder folder;
  {
    std::vector<std::jthread> searchers;
    for (int t = 0; t < kSearchers; ++t) {
      searchers.emplace_back([&] {
        int64_t last_size = 0;
        while (!done) {
          // Vectors added meanwhile have lower scores.
          const auto matches = index.Query(Unit(kDimension, 0), 3);
          EXPECT_EQ(matches.at(0).id, "first");
          EXPECT_EQ(matches[0].score, 1);
          const int64_t size = index.size();
          EXPECT_GE(size + 1, last_size);  // one vector comes and goes
          last_size = size;
          ++queries;
        }
      });
    }
    std::jthread saver([&] {
      while (!done) {
        index.Save(folder / "map.h5");
        EXPECT_TRUE(Index::Load(folder / "map.h5").Contains("first"));
      }
    });
    // Writers finish although there is always a search running.
    for (int i = 0; i < 300; ++i) {
      index.Add(StrCat("other", i), Unit(kDimension, 1 + static_cast<size_t>(i) % 31));
      index.Add("comes and goes", Unit(kDimension, 1));
      EXPECT_TRUE(index.Remove("comes and goes"));
    }
    while (queries < 100) std::this_thread::yield();
    done = true;
  }
  EXPECT_EQ(index.size(), 301);
}

}  // namespace
}  // namespace vantage::search

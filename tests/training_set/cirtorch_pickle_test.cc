// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/training_set.h"

#include <cstdlib>
#include <functional>
#include <nlohmann/json.hpp>

#include "serialize/pickle.h"
#include "testing/files.h"
#include "util/file.h"
#include "util/hash.h"
#include "util/random.h"
#include "util/string.h"
#include "util/subprocess.h"

namespace vantage::training_set {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::FilesBelow;
using vantage::testing::SharedFolder;
using vantage::testing::TemporaryFolder;

// Any JSON as a pickle.
void Write(serialize::PickleWriter& writer, const json& value) {
  if (value.is_string()) {
    writer.String(value.get<std::string>());
  } else if (value.is_boolean()) {
    writer.Bool(value.get<bool>());
  } else if (value.is_number_integer()) {
    writer.Int(value.get<int64_t>());
  } else if (value.is_number()) {
    writer.Float(value.get<double>());
  } else if (value.is_null()) {
    writer.None();
  } else {
    if (value.is_array()) writer.EmptyList();
    if (value.is_object()) writer.EmptyDict();
    writer.Mark();
    for (const auto& [key, item] : value.items()) {
      if (value.is_object()) writer.String(key);
      Write(writer, item);
    }
    if (value.is_array()) writer.Appends();
    if (value.is_object()) writer.SetItems();
  }
}

std::string ToPickle(const json& value) {
  serialize::PickleWriter writer;
  Write(writer, value);
  return std::move(writer).Finish();
}

json Sample() {
  return json::parse(R"({
    "train": {"cids": ["00abcdef", "01abcdef", "02abcdef", "03abcdef", "04abcdef"], "cluster": [7, 2, 7, 2, 7],
              "qidxs": [0, 3, 0], "pidxs": [2, 1, 4]},
    "val": {"cids": ["00fedcba", "01fedcba"], "cluster": [7, 7], "qidxs": [1], "pidxs": [0]}})");
}

TrainingSet Parse(const json& value) { return ParseCirtorchPickle(ToPickle(value), "x.pkl", "data/ims"); }

// The whole content of a set, to compare.
json Contents(const TrainingSet& set) {
  json contents;
  for (const TrainingScene& scene : set.scenes)
    contents["scenes"].push_back({scene.name, SplitName(scene.split)});
  for (const TrainingPhoto& photo : set.photos)
    contents["photos"].push_back({photo.path, photo.width, photo.height, photo.scene});
  for (const TrainingQuery& query : set.queries) {
    json candidates;
    for (const CandidatePositive& c : query.candidates)
      candidates.push_back({c.photo, c.shared_points, c.overlap, c.scale_change, c.camera_rank});
    contents["queries"].push_back({query.photo, query.positive, candidates});
  }
  return contents;
}

TEST(CirtorchPickle, PairsClustersAndPathsBecomeATrainingSet) {
  const TrainingSet set = Parse(Sample());
  const json expected = json::parse(R"({
    "scenes": [["train/2", "train"], ["train/7", "train"], ["val/7", "val"]],
    "photos": [["data/ims/ef/cd/ab/00abcdef", 0, 0, 1], ["data/ims/ef/cd/ab/01abcdef", 0, 0, 0],
               ["data/ims/ef/cd/ab/02abcdef", 0, 0, 1], ["data/ims/ef/cd/ab/03abcdef", 0, 0, 0],
               ["data/ims/ef/cd/ab/04abcdef", 0, 0, 1],
               ["data/ims/ba/dc/fe/00fedcba", 0, 0, 2], ["data/ims/ba/dc/fe/01fedcba", 0, 0, 2]],
    "queries": [[0, 2, [[2, 0, 0.0, 0.0, 0]]], [3, 1, [[1, 0, 0.0, 0.0, 0]]], [0, 4, [[4, 0, 0.0, 0.0, 0]]],
                [6, 5, [[5, 0, 0.0, 0.0, 0]]]]})");
  EXPECT_EQ(Contents(set), expected);
}

TEST(CirtorchPickle, OneSplitMayBeEmpty) {
  json value = Sample();
  value["val"] = {{"cids", json::array()},
                  {"cluster", json::array()},
                  {"qidxs", json::array()},
                  {"pidxs", json::array()}};
  const TrainingSet set = Parse(value);
  EXPECT_EQ(Summarize(set, Split::kTrain).queries, 3);
  EXPECT_EQ(Summarize(set, Split::kVal).photos, 0);
}

class CirtorchPickles : public ::testing::TestWithParam<const char*> {};

TEST_P(CirtorchPickles, HoldWhatTheirTwinInJsonHolds) {
  const std::string name = std::string("reference/pickles/retrieval-SfM-sample_") + GetParam() + ".pkl";
  VANTAGE_REQUIRE_SHARED(name);
  const TrainingSet set = ReadCirtorchPickle(SharedFolder() / name, "ims");
  const json twin = json::parse(ReadFile(SharedFolder() / "reference/pickles/retrieval-SfM-sample.json"));
  EXPECT_EQ(Contents(set), Contents(ParseCirtorchPickle(ToPickle(twin), "twin", "ims")));
  size_t photo = 0;
  size_t query = 0;
  for (const std::string split : {"train", "val"}) {
    const json& lists = twin[split];
    const auto first = static_cast<int64_t>(photo);
    for (size_t i = 0; i < lists["cids"].size(); ++i, ++photo) {
      const std::string cid = lists["cids"][i];
      EXPECT_EQ(set.photos[photo].path, StrCat("ims/", CirtorchPhotoPath(cid)));
      EXPECT_EQ(set.scenes[IndexOf(set.photos[photo].scene)].name,
                StrCat(split, "/", lists["cluster"][i].get<int64_t>()));
    }
    for (size_t i = 0; i < lists["qidxs"].size(); ++i, ++query) {
      EXPECT_EQ(set.queries[query].photo, PhotoId{first + lists["qidxs"][i].get<int64_t>()});
      EXPECT_EQ(set.queries[query].positive, PhotoId{first + lists["pidxs"][i].get<int64_t>()});
    }
  }
  EXPECT_EQ(photo, set.photos.size());
  EXPECT_EQ(query, set.queries.size());
}

INSTANTIATE_TEST_SUITE_P(All, CirtorchPickles,
                         ::testing::Values("protocol0", "protocol2", "protocol4", "numpy"));

TEST(CirtorchPickle, PhotosLieBesideThePickleUnlessSaidOtherwise) {
  const TemporaryFolder folder;
  WriteFile(folder / "data/set.pkl", ToPickle(Sample()));
  EXPECT_EQ(ReadCirtorchPickle(folder / "data/set.pkl", {}, folder / "out").photos[0].path,
            "../data/ims/ef/cd/ab/00abcdef");
  EXPECT_EQ(ReadCirtorchPickle(folder / "data/set.pkl", folder / "photos", folder.path()).photos[0].path,
            "photos/ef/cd/ab/00abcdef");
}

TEST(CirtorchPickle, WhatIsWrittenReadsBackEqual) {
  const TemporaryFolder folder;
  WriteFile(folder / "a/set.pkl", ToPickle(Sample()));
  const TrainingSet set = ReadCirtorchPickle(folder / "a/set.pkl", {}, folder / "a");
  const CirtorchExport result = WriteCirtorchPickle(set, folder / "a", folder / "b/set.pkl");
  EXPECT_EQ(result.photos, 7);
  EXPECT_EQ(result.pairs, 4);
  EXPECT_EQ(result.missing, 7);
  const TrainingSet again = ReadCirtorchPickle(folder / "b/set.pkl", {}, folder / "b");
  EXPECT_EQ(Contents(again), Contents(set));
  WriteCirtorchPickle(again, folder / "b", folder / "c/set.pkl");
  EXPECT_EQ(ReadFile(folder / "c/set.pkl"), ReadFile(folder / "b/set.pkl"));
}

// Photos of three kinds: in the layout of another folder, in that of the pickle, and elsewhere.
TrainingSet MixedSet(const fs::path& folder) {
  TrainingSet set;
  set.scenes = {{"castle", Split::kTrain}, {"kitchen", Split::kVal}};
  set.photos = {{"old/ims/33/22/11/112233", 4, 3, SceneId{0}}, {"castle/1.jpg", 4, 3, SceneId{0}},
                {"kitchen/2.jpg", 4, 3, SceneId{1}},           {"new/ims/66/55/44/445566", 4, 3, SceneId{1}},
                {"castle/missing.jpg", 4, 3, SceneId{0}},      {"other/33/22/11/112233", 4, 3, SceneId{0}}};
  set.queries = {{PhotoId{1}, PhotoId{0}, {{PhotoId{4}, 5, 0.5, 1, 0}, {PhotoId{0}, 5, 0.5, 1, 0}}},
                 {PhotoId{2}, PhotoId{3}, {}}};
  for (const TrainingPhoto& photo : set.photos) {
    if (photo.path != "castle/missing.jpg") WriteFile(folder / photo.path, photo.path);
  }
  return set;
}

TEST(CirtorchPickle, PhotosAreLinkedIntoTheLayout) {
  const TemporaryFolder folder;
  const TrainingSet set = MixedSet(folder.path());
  const CirtorchExport result = WriteCirtorchPickle(set, folder.path(), folder / "new/set.pkl");
  EXPECT_EQ(result.linked, 4);
  EXPECT_EQ(result.missing, 1);
  const TrainingSet read = ReadCirtorchPickle(folder / "new/set.pkl", {}, folder / "new");
  EXPECT_EQ(Summarize(read, Split::kTrain).photos, 4);
  // Photos are ordered by split, within a split as in the set.
  const std::vector<size_t> order = {0, 1, 4, 5, 2, 3};
  for (size_t i = 0; i < order.size(); ++i) {
    const fs::path photo = PhotoPath(read, PhotoId{static_cast<int64_t>(i)}, folder / "new");
    if (order[i] == 4) {
      EXPECT_FALSE(fs::exists(photo));
    } else {
      EXPECT_EQ(ReadFile(photo), set.photos[order[i]].path);
    }
  }
  EXPECT_EQ(read.photos[0].path, "ims/33/22/11/112233");
  EXPECT_EQ(read.photos[5].path, "ims/66/55/44/445566");
  EXPECT_EQ(read.queries[0].photo, PhotoId{1});
  EXPECT_EQ(read.queries[0].positive, PhotoId{0});
  EXPECT_EQ(read.queries[1].photo, PhotoId{4});
  EXPECT_EQ(read.queries[1].positive, PhotoId{5});
  EXPECT_EQ(read.scenes[0].name, "train/0");
  EXPECT_EQ(read.scenes[1].name, "val/1");
  EXPECT_TRUE(fs::read_symlink(folder / "new" / read.photos[1].path).is_relative());

  EXPECT_EQ(WriteCirtorchPickle(set, folder.path(), folder / "new/set.pkl").linked, 0);
  WriteFile(folder / "third/ims/33/22/11/112233", "another photo");
  EXPECT_THAT(ErrorOf([&] { WriteCirtorchPickle(set, folder.path(), folder / "third/set.pkl"); }),
              HasSubstr("third/ims/33/22/11/112233: exists and is not "));
  EXPECT_FALSE(fs::exists(folder / "third/set.pkl"));
}

TEST(CirtorchPickle, PairsAcrossSplitsCannotBeWritten) {
  const TemporaryFolder folder;
  TrainingSet set = MixedSet(folder.path());
  set.queries[0].positive = PhotoId{2};
  EXPECT_THAT(ErrorOf([&] { WriteCirtorchPickle(set, folder.path(), folder / "x.pkl"); }),
              HasSubstr("x.pkl: query 0 and its positive are in different splits"));
}

TEST(CirtorchPickle, PythonOpensItAsCirtorchDoes) {
  const char* python = std::getenv("VANTAGE_PYTHON");  // NOLINT(concurrency-mt-unsafe)
  if (python == nullptr) GTEST_SKIP() << "needs VANTAGE_PYTHON naming a Python";
  const TemporaryFolder folder;
  TrainingSet set = MixedSet(folder.path());
  WriteFile(folder / "castle/missing.jpg", "castle/missing.jpg");
  WriteCirtorchPickle(set, folder.path(), folder / "new/set.pkl");
  WriteFile(folder / "read.py", R"(import os, pickle, sys
def cid2filename(cid, prefix):
    return os.path.join(prefix, cid[-2:], cid[-4:-2], cid[-6:-4], cid)
with open(sys.argv[1], 'rb') as f:
    db = pickle.load(f)
for mode in ('train', 'val'):
    part = db[mode]
    images = [cid2filename(cid, os.path.join(os.path.dirname(sys.argv[1]), 'ims')) for cid in part['cids']]
    texts = [open(image).read() for image in images]
    print(mode, part['cluster'], [(texts[q], texts[p]) for q, p in zip(part['qidxs'], part['pidxs'])])
)");
  const auto [code, text] =
      CaptureCommand({python, (folder / "read.py").string(), (folder / "new/set.pkl").string()});
  EXPECT_EQ(code, 0);
  EXPECT_EQ(text,
            "train [0, 0, 0, 0] [('castle/1.jpg', 'old/ims/33/22/11/112233')]\n"
            "val [1, 1] [('kitchen/2.jpg', 'new/ims/66/55/44/445566')]\n");
}

TEST(CirtorchPickle, NumpysStringsAreRead) {
  const char* python = std::getenv("VANTAGE_PYTHON");  // NOLINT(concurrency-mt-unsafe)
  if (python == nullptr || CaptureCommand({python, "-c", "import numpy"}).first != 0)
    GTEST_SKIP() << "needs VANTAGE_PYTHON naming a Python with numpy";
  const TemporaryFolder folder;
  WriteFile(folder / "sample.json", Sample().dump());
  WriteFile(folder / "write.py", R"(import json, numpy, pickle, sys
for kind in ('U', 'S', 'O'):
    for protocol in (0, 2, 4):
        db = json.load(open(sys.argv[1] + '/sample.json'))
        for part in db.values():
            part['cids'] = numpy.array(part['cids']).astype(kind)
            for name in ('cluster', 'qidxs', 'pidxs'):
                part[name] = numpy.array(part[name], dtype='uint16')
        pickle.dump(db, open('%s/%s%d.pkl' % (sys.argv[1], kind, protocol), 'wb'), protocol)
)");
  const auto [code, text] = CaptureCommand({python, (folder / "write.py").string(), folder.path().string()});
  ASSERT_EQ(code, 0) << text;
  for (const char* name : {"U0", "U2", "U4", "S0", "S2", "S4", "O0", "O2", "O4"}) {
    const std::string bytes = ReadFile(folder / StrCat(name, ".pkl"));
    EXPECT_EQ(Contents(ParseCirtorchPickle(bytes, name, "data/ims")), Contents(Parse(Sample()))) << name;
  }
}

struct Damage {
  std::string at;  // JSON pointer; empty: the whole
  json value;      // null: nothing there
  const char* message;
};

TEST(CirtorchPickle, DamageIsAnErrorThatNamesFileAndField) {
  const std::vector<Damage> cases = {
      {"", json::array(), "x.pkl: a list without the key 'train'"},
      {"/train", nullptr, "x.pkl: a dict without the key 'train'"},
      {"/val", nullptr, "x.pkl: a dict without the key 'val'"},
      {"/val", 3, "x.pkl: 'val': a int without the key 'cids'"},
      {"/train/cids", nullptr, "x.pkl: 'train': a dict without the key 'cids'"},
      {"/train/cluster", nullptr, "without the key 'cluster'"},
      {"/val/qidxs", nullptr, "x.pkl: 'val': a dict without the key 'qidxs'"},
      {"/val/pidxs", nullptr, "without the key 'pidxs'"},
      {"/train/cids", "012345", "x.pkl: 'train.cids': is a str, not a list of strings"},
      {"/train/cids/1", 12, "x.pkl: 'train.cids': is a int, not a string"},
      {"/train/cluster/0", "7", "x.pkl: 'train.cluster': is a str, not an integer"},
      {"/train/cluster/0", 7.5, "x.pkl: 'train.cluster': is a float, not an integer"},
      {"/train/cluster/0", -1, "x.pkl: 'train.cluster': number 0 is -1, not in [0, "},
      {"/train/cluster", {7, 2}, "x.pkl: 'train.cluster' has 2 items, x.pkl: 'train.cids' 5"},
      {"/val/qidxs", {0, 1}, "x.pkl: 'val.pidxs' has 1 items, x.pkl: 'val.qidxs' 2"},
      {"/val/qidxs/0", 2, "x.pkl: 'val.qidxs': number 0 is 2, not in [0, 2)"},
      {"/train/pidxs/2", -1, "x.pkl: 'train.pidxs': number 2 is -1, not in [0, 5)"},
      {"/train/pidxs/2", int64_t{1} << 60, "x.pkl: 'train.pidxs': number 2 is 1152921504606846976"},
      {"/train/cids/4", "", "x.pkl: 'train.cids': image 4 is called ''"},
      {"/train/cids/4", "12345", "x.pkl: 'train.cids': image 4 is called '12345'"},
      {"/train/cids/4", "/etc/passwd", "is called '/etc/passwd'"},
      {"/train/cids/4", "../../../x", "is called '../../../x'"},
      {"/train/cids/4", "abcdef..", "is called 'abcdef..'"},
      {"/train/cids/4", "ab..cdef", "is called 'ab..cdef'"},
      {"/train/cids/4", "ab cdefg", "is called 'ab cdefg'"},
      {"/train/cids/4", std::string("abc\0defg", 8), "x.pkl: 'train.cids': image 4"},
      {"/train/cids/4", "f\u00fcnfundsechzig", "x.pkl: 'train.cids': image 4"},
      {"/train/cids/4", std::string(300, 'x'), "x.pkl: 'train.cids': image 4"},
  };
  for (const Damage& damage : cases) {
    json value = Sample();
    const json::json_pointer at(damage.at);
    if (damage.value.is_null()) {
      value[at.parent_pointer()].erase(at.back());
    } else {
      value[at] = damage.value;
    }
    EXPECT_THAT(ErrorOf([&] { Parse(value); }), HasSubstr(damage.message)) << damage.at;
  }
  json no_pair = Sample();
  for (const char* at : {"/train/qidxs", "/train/pidxs", "/val/qidxs", "/val/pidxs"})
    no_pair[json::json_pointer(at)] = json::array();
  EXPECT_THAT(ErrorOf([&] { Parse(no_pair); }), HasSubstr("x.pkl: no pair in 'qidxs' and 'pidxs'"));
  EXPECT_THAT(ErrorOf([] { ParseCirtorchPickle("", "x.pkl", "ims"); }),
              HasSubstr("x.pkl: pickle at offset 0"));
  EXPECT_THAT(ErrorOf([] { ReadCirtorchPickle("none.pkl"); }), HasSubstr("none.pkl: cannot be opened"));
}

TEST(CirtorchPickle, CutsAndFlipsAreSurvived) {
  const std::string good = ToPickle(Sample());
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_THAT(ErrorOf([&] { ParseCirtorchPickle(good.substr(0, size), "x.pkl", "ims"); }),
                HasSubstr("x.pkl: "));
  }
  RandomStream random(1, "flips");
  for (int i = 0; i < 5000; ++i) {
    std::string damaged = good;
    damaged[random.Below(damaged.size())] = static_cast<char>(random.Below(256));
    try {
      const TrainingSet set = ParseCirtorchPickle(damaged, "x.pkl", "ims");
      for (const TrainingPhoto& photo : set.photos) EXPECT_EQ(photo.path.find(".."), std::string::npos);
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("x.pkl: "));
    }
  }
}

}  // namespace
}  // namespace vantage::training_set

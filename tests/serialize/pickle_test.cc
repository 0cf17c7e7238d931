// SPDX-License-Identifier: BSD-3-Clause
#include "serialize/pickle.h"

#include "testing/files.h"
#include "util/file.h"
#include "util/random.h"

namespace vantage::serialize {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::SharedFolder;
using Kind = PickleValue::Kind;

PickleDocument Parse(const std::string& bytes) { return PickleDocument(bytes, {"x.pkl", NumpyGlobals()}); }

std::string SamplePickle() {
  PickleWriter writer;
  writer.EmptyDict();
  writer.Mark();
  writer.String("ints");
  writer.EmptyList();
  writer.Mark();
  for (const int64_t value : {int64_t{0}, int64_t{255}, int64_t{-1}, int64_t{70000}, int64_t{1} << 40}) {
    writer.Int(value);
  }
  writer.Appends();
  writer.String("float");
  writer.Float(-0.125);
  writer.String("true");
  writer.Bool(true);
  writer.String("none");
  writer.None();
  writer.String("tuple");
  writer.Mark();
  writer.String("ä");
  writer.EmptyTuple();
  writer.Tuple();
  writer.SetItems();
  return std::move(writer).Finish();
}

TEST(Pickle, ReadsBackWhatItWrites) {
  const std::string bytes = SamplePickle();
  const PickleDocument document = Parse(bytes);
  const PickleValue& root = document.root();
  EXPECT_EQ(document.size(), bytes.size());
  EXPECT_THAT(ToIntegers(Member(root, "ints", "x"), "x"), ElementsAre(0, 255, -1, 70000, int64_t{1} << 40));
  EXPECT_EQ(ToNumber(Member(root, "float", "x"), "x"), -0.125);
  EXPECT_EQ(Member(root, "true", "x").integer, 1);
  EXPECT_TRUE(Member(root, "none", "x").is(Kind::kNone));
  EXPECT_EQ(ToText(*Member(root, "tuple", "x").items[0], "x"), "ä");
  EXPECT_THAT(ErrorOf([&] { Member(root, "nope", "root"); }),
              HasSubstr("root: a dict without the key 'nope'"));
  EXPECT_THAT(ErrorOf([&] { ToIntegers(Member(root, "float", "x"), "f"); }), HasSubstr("f: is a float, not"));
}

class PickleProtocols : public ::testing::TestWithParam<const char*> {};

TEST_P(PickleProtocols, TrainingSetsOfCirtorchAreTheSameInAll) {
  const std::string path = std::string("reference/pickles/retrieval-SfM-sample_") + GetParam() + ".pkl";
  VANTAGE_REQUIRE_SHARED(path);
  const std::string bytes = ReadFile(SharedFolder() / path);
  const PickleDocument document = Parse(bytes);
  for (const char* split : {"train", "val"}) {
    const PickleValue& part = Member(document.root(), split, "root");
    const auto cids = ToTexts(Member(part, "cids", split), "cids");
    EXPECT_EQ(cids.size(), 40U);
    EXPECT_EQ(cids[0].size(), 32U);
    EXPECT_EQ(ToIntegers(Member(part, "cluster", split), "cluster").size(), 40U);
    EXPECT_THAT(ToIntegers(Member(part, "qidxs", split), "qidxs"), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
    EXPECT_EQ(ToIntegers(Member(part, "pidxs", split), "pidxs")[0], 10);
  }
}

INSTANTIATE_TEST_SUITE_P(All, PickleProtocols,
                         ::testing::Values("protocol0", "protocol2", "protocol4", "numpy"));

TEST(Pickle, OfficialGroundTruthIsRead) {
  VANTAGE_REQUIRE_SHARED("groundtruth/gnd_oxford5k.pkl");
  const std::string bytes = ReadFile(SharedFolder() / "groundtruth/gnd_oxford5k.pkl");
  const PickleDocument document = Parse(bytes);
  EXPECT_EQ(ToTexts(Member(document.root(), "imlist", "root"), "imlist").size(), 5063U);
}

TEST(Pickle, RunsNoCode) {
  const std::string evil = "cos\nsystem\n(S'echo hello'\ntR.";
  EXPECT_THAT(ErrorOf([&] { Parse(evil); }), HasSubstr("names the global 'os.system'"));
  const std::string evil4 = "\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02ls\x85R.";
  EXPECT_THAT(ErrorOf([&] { Parse(evil4); }), HasSubstr("'os.system'"));
}

TEST(Pickle, BoundsItsMemory) {
  EXPECT_THAT(ErrorOf([] {
                PickleDocument(std::string("]") + std::string(5000, 'N') + ".", {"x.pkl", {}, 1000});
              }),
              HasSubstr("more than 1000 values"));
  // Each call of the same long argument list copies it.
  std::string bomb = "ccollections\nOrderedDict\nq\x01(";
  for (int i = 0; i < 500; ++i) bomb += "NN\x86";
  bomb += "tq\x02";
  bomb += "0h\x02\x85q\x03";
  for (int i = 0; i < 500; ++i) bomb += "h\x01h\x03R";
  EXPECT_THAT(ErrorOf([&] {
                PickleDocument(bomb + ".", {"x.pkl", {"collections.OrderedDict"}, 20000});
              }),
              HasSubstr("refers to the same values so often"));
  // Readers of the list copy a long text at each reference.
  std::string texts = "(V" + std::string(1000, 'x') + "\nq\x01";
  for (int i = 0; i < 1000; ++i) texts += "h\x01";
  EXPECT_THAT(ErrorOf([&] { Parse(texts + "l."); }), HasSubstr("refers to the same values so often"));
}

// pickle.dumps(numpy.array([], 'i8'), protocol) of Python 3.
TEST(Pickle, EmptyNumpyArraysAreReadInProtocols0To2) {
  const std::string protocol0 =
      "cnumpy._core.multiarray\n_reconstruct\np0\n(cnumpy\nndarray\np1\n(I0\ntp2\nc_codecs\nencode\np3\n"
      "(Vb\np4\nVlatin1\np5\ntp6\nRp7\ntp8\nRp9\n(I1\n(I0\ntp10\ncnumpy\ndtype\np11\n(Vi8\np12\nI00\nI01\n"
      "tp13\nRp14\n(I3\nV<\np15\nNNNI-1\nI-1\nI0\ntp16\nbI00\nc__builtin__\nbytes\np17\n(tRp18\ntp19\nb.";
  const std::string protocol2(
      "\x80\x02"
      "cnumpy._core.multiarray\n_reconstruct\nq\x00"
      "cnumpy\nndarray\nq\x01K\x00\x85q\x02"
      "c_codecs\nencode\nq\x03X\x01\x00\x00\x00"
      "bq\x04X\x06\x00\x00\x00latin1q\x05\x86q\x06Rq\x07\x87q\x08Rq\t(K\x01K\x00\x85q\n"
      "cnumpy\ndtype\nq\x0bX\x02\x00\x00\x00i8q\x0c\x89\x88\x87q\rRq\x0e(K\x03X\x01\x00\x00\x00<q\x0f"
      "NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tq\x10"
      "b\x89"
      "c__builtin__\nbytes\nq\x11)Rq\x12tq\x13"
      "b.",
      215);
  for (const std::string& bytes : {protocol0, protocol2}) {
    const PickleDocument document = Parse(bytes);
    EXPECT_THAT(ToIntegers(document.root(), "x"), ::testing::IsEmpty());
    EXPECT_EQ(document.size(), bytes.size());
  }
  EXPECT_THAT(ErrorOf([] { Parse("c__builtin__\nbytes\n(I9\ntR."); }), HasSubstr("bytes of 1 arguments"));
}

// pickle.dumps(numpy.array([[1, 2], [3, 4]], 'i4', order=...), 5) of Python 3, read-only.
std::string BufferPickle(const std::string& order, const std::string& module = "numpy._core.numeric") {
  std::string bytes("\x80\x05\x8c", 3);
  bytes += static_cast<char>(module.size());
  bytes += module;
  bytes += std::string(
      "\x94\x8c\x0b_frombuffer\x94\x93\x94("
      "C\x10\x01\x00\x00\x00\x02\x00\x00\x00\x03\x00\x00\x00\x04\x00\x00\x00"
      "\x94\x8c\x05numpy\x94\x8c\x05"
      "dtype\x94\x93\x94\x8c\x02i4\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01<"
      "\x94NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xff"
      "K\x00t\x94"
      "bK\x02K\x02\x86\x94\x8c\x01",
      99);
  return bytes + order + "\x94t\x94R\x94.";
}

TEST(Pickle, NumpyArraysOfProtocol5AreRead) {
  for (const char* module : {"numpy._core.numeric", "numpy.core.numeric"}) {
    const PickleDocument document = Parse(BufferPickle("C", module));
    const NpyArray array = ToNumpyArray(document.root(), "x");
    EXPECT_THAT(array.shape, ElementsAre(2, 2));
    EXPECT_EQ(array.dtype, "<i4");
    EXPECT_THAT(array.As<int64_t>(), ElementsAre(1, 2, 3, 4));
  }
  const PickleDocument fortran = Parse(BufferPickle("F"));
  EXPECT_THAT(ToNumpyArray(fortran.root(), "x").As<int64_t>(), ElementsAre(1, 3, 2, 4));
  const PickleDocument other = Parse(BufferPickle("K"));
  EXPECT_THAT(ErrorOf([&] { ToNumpyArray(other.root(), "x"); }), HasSubstr("in the order 'K'"));
}

TEST(Pickle, NumpyTypesWithoutSizeAreRefused) {
  for (const char* code : {"i0", "i/", "i9", "i", "O8x"}) {
    const std::string pickle = std::string(
                                   "\x80\x02"
                                   "cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\ntR(K\x01)"
                                   "cnumpy\ndtype\n(S'") +
                               code + "'\ntR\x89S''\ntb.";
    const PickleDocument document = Parse(pickle);
    EXPECT_THAT(ErrorOf([&] { ToNumpyArray(document.root(), "x"); }), HasSubstr("x: a NumPy array of type"))
        << code;
  }
}

TEST(Pickle, NumpyNumbersThatAreNoIntegersAreRefused) {
  const PickleDocument document =
      Parse(std::string("\x80\x02"
                        "cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(S'f4'\ntR"
                        "U\x04\x00\x00\x80\x7ftR.",
                        65));
  EXPECT_THAT(ErrorOf([&] { ToInteger(document.root(), "x"); }), HasSubstr("inf is no 64-bit integer"));
}

PickleDocument ParseKeepingUnknown(const std::string& bytes) {
  return PickleDocument(bytes, {.source = "x.pkl", .keeps_unknown = true});
}

TEST(Pickle, UnknownGlobalsAreRefusedOrOpaque) {
  // An instance with a state, a dictionary's subclass with an item, a call of what a call returns, a
  // construction with keyword arguments, and a bare class.
  const std::string bytes =
      "\x80\x04("
      "ca.b\nC\n)\x81}(V_x\nK\x05ub"
      "cos\nenviron\n)RVkey\nVvalue\ns"
      "cbuiltins\ngetattr\n(Vf\nVg\ntR(K\x01tR"
      "cm\nN\n)}\x92"
      "cos\nsystem\n"
      "t.";
  EXPECT_THAT(ErrorOf([&] { Parse(bytes); }), HasSubstr("names the global 'a.b.C'"));
  const PickleDocument document = ParseKeepingUnknown(bytes);
  const auto& items = document.root().items;
  ASSERT_EQ(items.size(), 5U);
  EXPECT_EQ(KindName(*items[0]), "a.b.C object");
  EXPECT_EQ(ToInteger(Member(*items[0]->state, "_x", "x"), "x"), 5);
  EXPECT_EQ(KindName(*items[1]), "os.environ object");
  EXPECT_TRUE(items[1]->items.empty());
  EXPECT_EQ(KindName(*items[2]), "builtins.getattr object");
  EXPECT_EQ(ToInteger(*items[2]->items[0], "x"), 1);
  EXPECT_EQ(KindName(*items[3]), "m.N object");
  EXPECT_EQ(KindName(*items[4]), "os.system");
  EXPECT_THAT(ErrorOf([&] { ToInteger(*items[4], "x"); }), HasSubstr("x: is a os.system, not an integer"));
}

TEST(Pickle, LongNamesOfUnknownGlobalsDoNotMultiply) {
  std::string calls;
  for (int i = 0; i < 20000; ++i) calls += ")R";
  const std::string name(60000, 'x');
  EXPECT_THAT(ErrorOf([&] { ParseKeepingUnknown("cm\n" + name + "\n" + calls + "."); }),
              HasSubstr("refers to the same values so often"));
}

TEST(Pickle, ListThatHoldsItselfIsRead) {
  const PickleDocument document = Parse(
      "]q\x01h\x01"
      "a.");
  EXPECT_EQ(document.root().items[0], &document.root());
}

TEST(Pickle, EveryCutIsAnErrorThatNamesSourceAndOffset) {
  const std::string good = SamplePickle();
  for (size_t size = 0; size < good.size(); ++size) {
    const std::string cut = good.substr(0, size);
    EXPECT_THAT(ErrorOf([&] { Parse(cut); }), HasSubstr("x.pkl: pickle at offset ")) << size;
  }
}

TEST(Pickle, SurvivesRandomBytesAndFlips) {
  RandomStream random(1, "pickle");
  std::vector<std::string> seeds = {SamplePickle()};
  if (std::filesystem::exists(SharedFolder() / "reference/pickles")) {
    for (const auto& path : ListFiles(SharedFolder() / "reference/pickles", {".pkl"})) {
      seeds.push_back(ReadFile(SharedFolder() / "reference/pickles" / path));
    }
  }
  for (int i = 0; i < 20000; ++i) {
    std::string damaged = seeds[random.Below(seeds.size())];
    for (uint64_t flips = 1 + random.Below(3); flips > 0; --flips) {
      damaged[random.Below(damaged.size())] = static_cast<char>(random.Below(256));
    }
    try {
      const PickleDocument document = Parse(damaged);
      if (const PickleValue* train = document.root().Find("train")) {
        ToIntegers(Member(*train, "cluster", "train"), "cluster");
      }
    } catch (const Error&) {
      // Expected of most.
    }
  }
}

}  // namespace
}  // namespace vantage::serialize

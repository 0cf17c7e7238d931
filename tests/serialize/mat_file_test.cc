// SPDX-License-Identifier: BSD-3-Clause
#include "serialize/mat_file.h"

#include <cstdlib>

#include "testing/files.h"
#include "testing/mat_files.h"
#include "util/file.h"
#include "util/string.h"
#include "util/subprocess.h"

namespace vantage::serialize {
namespace {

using namespace std::string_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::MatArray;
using vantage::testing::MatCells;
using vantage::testing::MatElement;
using vantage::testing::MatFileOf;
using vantage::testing::MatNumbers;
using vantage::testing::MatStruct;
using vantage::testing::TemporaryFolder;

class MatFiles : public ::testing::Test {
 protected:
  std::filesystem::path Write(const std::string& bytes) const {
    WriteFile(folder_ / "file.mat", bytes);
    return folder_ / "file.mat";
  }
  std::string ErrorOfFile(const std::string& bytes) const {
    return ErrorOf([&] { const MatFile file(Write(bytes)); });
  }
  static std::string Nested() {
    return MatStruct({"name", "layers"},
                     {MatArray(4, {1, 2}, "", MatElement(4, "\0a\0b"s)),
                      MatCells({MatNumbers({2, 3}, {1, 2, 3, 4, 5, 6}), MatElement(14, ""),
                                MatStruct({"weights"}, {MatNumbers({1, 2}, {7, 8})})})},
                     "net");
  }
  TemporaryFolder folder_;
};

TEST_F(MatFiles, HoldStructsCellsAndArrays) {
  for (const bool compressed : {false, true}) {
    const MatFile file(Write(MatFileOf({MatNumbers({1, 1}, {9}, "first"), Nested()}, compressed)));
    const MatValue* net = file.Find("net");
    ASSERT_NE(net, nullptr);
    EXPECT_EQ(net->kind, MatValue::Kind::kStruct);
    EXPECT_THAT(net->fields, ElementsAre("name", "layers"));
    EXPECT_EQ(net->Find("name")->kind, MatValue::Kind::kOther);
    EXPECT_EQ(net->Find("none"), nullptr);
    const std::vector<MatValue>& layers = net->Find("layers")->items;
    ASSERT_EQ(layers.size(), 3U);
    EXPECT_THAT(layers[0].shape, ElementsAre(2, 3));
    EXPECT_THAT(layers[1].shape, ElementsAre(0, 0));
    // In order, and out of order.
    EXPECT_THAT(file.Read(layers[0]), ElementsAre(1, 2, 3, 4, 5, 6));
    EXPECT_THAT(file.Read(*layers[2].Find("weights")), ElementsAre(7, 8));
    EXPECT_THAT(file.Read(*file.Find("first")), ElementsAre(9));
    EXPECT_THAT(file.Read(layers[0]), ElementsAre(1, 2, 3, 4, 5, 6));
    EXPECT_THAT(ErrorOf([&] { file.Read(layers[2]); }), HasSubstr("not an array of numbers"));
  }
}

TEST_F(MatFiles, HoldNumbersOfEachType) {
  const auto read = [&](uint32_t type, const std::string& bytes, int32_t count, bool small = false) {
    const std::string array = MatArray(6, {1, count}, "x", MatElement(type, bytes, small));
    const MatFile file(Write(MatFileOf({array}, true)));
    return file.Read(*file.Find("x"));
  };
  EXPECT_THAT(read(1, "\xff\2"s, 2, true), ElementsAre(-1, 2));
  EXPECT_THAT(read(2, "\xff\2\3"s, 3), ElementsAre(255, 2, 3));
  EXPECT_THAT(read(3, "\xfe\xff"s, 1, true), ElementsAre(-2));
  EXPECT_THAT(read(4, "\xfe\xff"s, 1), ElementsAre(65534));
  EXPECT_THAT(read(5, "\xfd\xff\xff\xff"s, 1, true), ElementsAre(-3));
  EXPECT_THAT(read(6, "\3\0\0\0"s, 1), ElementsAre(3));
  EXPECT_THAT(read(7, "\0\0\x40\x3f"s, 1), ElementsAre(0.75F));
  EXPECT_THAT(read(9, "\0\0\0\0\0\0\xe8\x3f"s, 1), ElementsAre(0.75F));
  EXPECT_THAT(read(12, "\xff\xff\xff\xff\xff\xff\xff\xff"s, 1), ElementsAre(-1));
  EXPECT_THAT(read(13, "\5\0\0\0\0\0\0\0"s, 1), ElementsAre(5));
}

TEST_F(MatFiles, ThatAreCutAreErrors) {
  for (const bool compressed : {false, true}) {
    const std::string whole = MatFileOf({Nested()}, compressed);
    for (size_t size = 0; size < whole.size(); size += compressed ? 1 : 3) {
      if (size == 128) continue;  // a file without variables
      EXPECT_THAT(ErrorOfFile(whole.substr(0, size)), HasSubstr("file.mat")) << size;
    }
  }
}

TEST_F(MatFiles, WithOtherBytesAreReadOrErrors) {
  for (const bool compressed : {false, true}) {
    const std::string whole = MatFileOf({Nested()}, compressed);
    for (size_t at = 128; at < whole.size(); at += compressed ? 1 : 3) {
      for (const int bit : {0, 6}) {
        std::string damaged = whole;
        damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
        try {
          const MatFile file(Write(damaged));
          if (!compressed) continue;
          // zlib's checksum detects all flips except of bits that do not matter.
          ASSERT_NE(file.Find("net"), nullptr);
          EXPECT_THAT(file.Read(file.Find("net")->Find("layers")->items[0]), ElementsAre(1, 2, 3, 4, 5, 6));
        } catch (const Error& error) {
          EXPECT_THAT(error.what(), HasSubstr("file.mat"));
        }
      }
    }
  }
}

TEST_F(MatFiles, SayWhatTheyAreNot) {
  EXPECT_THAT(ErrorOfFile("short"), HasSubstr("no MATLAB file"));
  std::string bytes = MatFileOf({}, false);
  bytes.replace(0, 10, "MATLAB 7.3");
  EXPECT_THAT(ErrorOfFile(bytes), HasSubstr("a MATLAB file of version 7.3"));
  bytes = MatFileOf({}, false);
  bytes.replace(126, 2, "MI");
  EXPECT_THAT(ErrorOfFile(bytes), HasSubstr("largest byte first"));
  EXPECT_THAT(ErrorOfFile(MatFileOf({MatElement(3, "abcdefgh")}, false)), HasSubstr("an element of type 3"));
}

TEST_F(MatFiles, DoNotPromiseWhatTheyDoNotHold) {
  EXPECT_THAT(ErrorOfFile(MatFileOf({MatArray(7, {1 << 30, 1 << 30, 1 << 30}, "x", "")}, true)),
              HasSubstr("an array of (1073741824 x"));
  EXPECT_THAT(ErrorOfFile(MatFileOf({MatArray(7, {1 << 20, 1 << 10}, "x", MatElement(7, "abcd"))}, true)),
              HasSubstr("in 4 bytes of type 7"));
  EXPECT_THAT(ErrorOfFile(MatFileOf({MatArray(1, {1 << 20, 1 << 10}, "x", "")}, true)),
              HasSubstr("values in fewer bytes"));
  std::vector<std::string> empty(70000, MatElement(14, ""));
  EXPECT_THAT(ErrorOfFile(MatFileOf({MatCells(empty)}, true)), HasSubstr("more than 65536 values"));
  std::string deep = MatNumbers({1, 1}, {1});
  for (int i = 0; i < 40; ++i) deep = MatCells({deep});
  EXPECT_THAT(ErrorOfFile(MatFileOf({deep}, true)), HasSubstr("arrays more than 32 deep"));
}

// What SciPy writes is what it was given.
TEST_F(MatFiles, OfScipyAreRead) {
  const char* python = std::getenv("VANTAGE_PYTHON");
  if (python == nullptr || CaptureCommand({python, "-c", "import scipy.io"}).first != 0) {
    GTEST_SKIP() << "needs VANTAGE_PYTHON naming a Python with SciPy";
  }
  for (const char* compressed : {"False", "True"}) {
    const std::string program = StrCat(
        "import numpy as np, scipy.io\n"
        "layer = {'weights': np.array([np.arange(24, dtype=np.float32).reshape(2, 3, 2, 2), None], "
        "dtype=object)}\n"
        "layer['weights'][1] = np.arange(3, dtype=np.float64)\n"
        "layers = np.empty(2, dtype=object)\n"
        "layers[0] = layer\n"
        "layers[1] = {'type': 'relu'}\n"
        "scipy.io.savemat('",
        (folder_ / "scipy.mat").string(),
        "', {'net': {'layers': layers, 'mean': 5}}, do_compression=", compressed, ")\n");
    const auto [code, text] = CaptureCommand({python, "-c", program});
    ASSERT_EQ(code, 0) << text;
    const MatFile file(folder_ / "scipy.mat");
    const MatValue* layers = file.Find("net")->Find("layers");
    ASSERT_EQ(layers->items.size(), 2U);
    const MatValue* weights = layers->items[0].Find("weights");
    ASSERT_EQ(weights->items.size(), 2U);
    EXPECT_THAT(weights->items[0].shape, ElementsAre(2, 3, 2, 2));
    const std::vector<float> values = file.Read(weights->items[0]);
    for (size_t i = 0; i < 24; ++i) {  // C order of (2, 3, 2, 2): 12, 4, 2, 1
      const size_t a = i % 2;
      const size_t b = i / 2 % 3;
      const size_t c = i / 6 % 2;
      const size_t d = i / 12;
      EXPECT_EQ(values[i], static_cast<float>(12 * a + 4 * b + 2 * c + d));
    }
    EXPECT_THAT(file.Read(weights->items[1]), ElementsAre(0, 1, 2));
    EXPECT_THAT(file.Read(*file.Find("net")->Find("mean")), ElementsAre(5));
  }
}

}  // namespace
}  // namespace vantage::serialize

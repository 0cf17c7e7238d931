// SPDX-License-Identifier: BSD-3-Clause
#include "serialize/safetensors.h"

#include "testing/files.h"
#include "util/file.h"

namespace vantage::serialize {
namespace {

using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::TemporaryFolder;

// The file of a header and its data.
std::string Bytes(const std::string& header, const std::string& data) {
  const uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), sizeof(length)) + header + data;
}

TEST(Safetensors, AreReadBackAsWritten) {
  const TemporaryFolder folder;
  const std::vector<ElementType> types = {ElementType::kBool,   ElementType::kUint8,   ElementType::kInt8,
                                          ElementType::kInt16,  ElementType::kFloat16, ElementType::kBfloat16,
                                          ElementType::kInt32,  ElementType::kFloat32, ElementType::kInt64,
                                          ElementType::kFloat64};
  std::vector<std::string> data;
  for (size_t i = 0; i < types.size(); ++i) {
    data.push_back(std::string(static_cast<size_t>(3 * ElementSize(types[i])), static_cast<char>('a' + i)));
  }
  std::vector<SafetensorsEntry> entries = {{"scalar", ElementType::kUint8, {}, "z"},
                                           {"empty", ElementType::kFloat32, {0, 4}, ""}};
  for (size_t i = 0; i < types.size(); ++i)
    entries.push_back({ElementTypeName(types[i]), types[i], {3, 1}, data[i]});
  WriteSafetensors(folder / "a.safetensors", entries, {{"format", "pt"}, {"note", "\"quoted\" \n"}});

  const SafetensorsFile file(folder / "a.safetensors");
  EXPECT_EQ(file.metadata().at("note"), "\"quoted\" \n");
  std::map<std::string, SafetensorsFile::Tensor> read;
  for (const auto& tensor : file.tensors()) {
    EXPECT_EQ(tensor.offset % static_cast<uint64_t>(ElementSize(tensor.type)), 0U) << tensor.name;
    read[tensor.name] = tensor;
  }
  ASSERT_EQ(read.size(), entries.size());
  for (const SafetensorsEntry& entry : entries) {
    EXPECT_EQ(read.at(entry.name).type, entry.type);
    EXPECT_EQ(read.at(entry.name).shape, entry.shape);
    std::string elements(entry.bytes.size(), '?');
    file.Read(read.at(entry.name), elements);
    EXPECT_EQ(elements, entry.bytes);
    elements += '?';
    EXPECT_THAT(ErrorOf([&] { file.Read(read.at(entry.name), elements); }), HasSubstr("room for "));
  }
}

TEST(Safetensors, TwoTensorsOfOneNameAreNotWritten) {
  const TemporaryFolder folder;
  const SafetensorsEntry entry{"w", ElementType::kUint8, {1}, "a"};
  EXPECT_THAT(ErrorOf([&] {
                WriteSafetensors(folder / "a.safetensors", {entry, entry}, {});
              }),
              HasSubstr("two tensors are named 'w'"));
  EXPECT_TRUE(vantage::testing::FilesBelow(folder.path()).empty());
}

struct Damage {
  const char* name;
  std::string bytes;
  const char* message;
};

class DamagedSafetensors : public ::testing::TestWithParam<Damage> {};

TEST_P(DamagedSafetensors, AreErrorsThatNameFileAndPlace) {
  const TemporaryFolder folder;
  WriteFile(folder / "bad.safetensors", GetParam().bytes);
  const std::string error = ErrorOf([&] { SafetensorsFile file(folder / "bad.safetensors"); });
  EXPECT_THAT(error, HasSubstr("bad.safetensors: "));
  EXPECT_THAT(error, HasSubstr(GetParam().message));
}

// One float32 tensor of two elements, with some of its fields replaced.
std::string One(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return Bytes(R"({"w":{"dtype":)" + dtype + R"(,"shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}",
               "12345678");
}

INSTANTIATE_TEST_SUITE_P(
    All, DamagedSafetensors,
    ::testing::Values(
        Damage{"Empty", "", "too short"}, Damage{"OnlyALength", std::string(8, '\0'), "too short"},
        Damage{"HeaderBeyondTheFile", std::string("\xff\0\0\0\0\0\0\0{}", 10), "a header of 255 bytes"},
        Damage{"HeaderOf2To63", std::string("\0\0\0\0\0\0\0\x80{}", 10), "a header of 9223372036854775808"},
        Damage{"NoJson", Bytes("{\"w\":", ""), "is not JSON"},
        Damage{"AList", Bytes("[]", ""), "not a JSON object"},
        Damage{"NotUtf8", Bytes("{\"\xff\":1}", ""), "is not JSON"},
        Damage{"DeepNesting", Bytes("{\"w\":" + std::string(100000, '[') + "}", ""), "levels"},
        Damage{"NoDescription", Bytes(R"({"w":3})", ""), "'w': not a description"},
        Damage{"UnknownType", One("\"F99\"", "[2]", "[0,8]"), "'w': elements of the unknown type \"F99\""},
        Damage{"TypeOfAnotherKind", One("7", "[2]", "[0,8]"), "'w': elements of the unknown type 7"},
        Damage{"TypeTooWide", One("\"F64\"", "[2]", "[0,8]"), "'w': 8 bytes for (2) elements of float64"},
        Damage{"ShapeTooLarge", One("\"F32\"", "[3]", "[0,8]"), "'w': 8 bytes for (3)"},
        Damage{"TwoTo60Elements", One("\"F32\"", "[1152921504606846976]", "[0,8]"), "'w': 8 bytes for"},
        Damage{"ShapeThatOverflows", One("\"F32\"", "[4294967296,4294967296,4294967296]", "[0,8]"), "'w': "},
        Damage{"ShapeBeyondInt64", One("\"F32\"", "[18446744073709551615]", "[0,8]"), "no natural number"},
        Damage{"NegativeShape", One("\"F32\"", "[-2]", "[0,8]"), "shape holds -2"},
        Damage{"FractionalShape", One("\"F32\"", "[2.0]", "[0,8]"), "shape holds 2.0"},
        Damage{"NoShape", One("\"F32\"", "null", "[0,8]"), "no list 'shape'"},
        Damage{"OffsetsBeyondTheFile", One("\"F32\"", "[2]", "[8,16]"), "outside the file's 8 bytes"},
        Damage{"OffsetsReversed", One("\"F32\"", "[2]", "[8,0]"), "data_offsets are outside"},
        Damage{"OneOffset", One("\"F32\"", "[2]", "[8]"), "data_offsets are outside"},
        Damage{"BytesLeftOver", One("\"F32\"", "[1]", "[0,4]"), "the last tensor ends at offset"},
        Damage{"AHole", One("\"F32\"", "[1]", "[4,8]"), "'w' starts at offset"},
        Damage{"Overlap",
               Bytes(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
                     R"("b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})",
                     "123"),
               "'b' starts at offset"},
        Damage{"OneNameTwice",
               Bytes(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                     R"("a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})",
                     "1"),
               "two tensors are named 'a'"},
        Damage{"MetadataOfNumbers", Bytes(R"({"__metadata__":{"a":1}})", ""), "'a' is not a string"},
        Damage{"MetadataOfAList", Bytes(R"({"__metadata__":[]})", ""), "is not a dictionary"}),
    [](const auto& param_info) { return param_info.param.name; });

TEST(Safetensors, EveryCutIsAnErrorAndEveryFlippedByteIsSurvived) {
  const TemporaryFolder folder;
  const std::string good = One("\"F32\"", "[2]", "[0,8]");
  for (size_t size = 0; size < good.size(); ++size) {
    WriteFile(folder / "cut.safetensors", good.substr(0, size));
    EXPECT_THROW(SafetensorsFile(folder / "cut.safetensors"), Error) << size;
  }
  for (size_t i = 0; i < good.size(); ++i) {
    for (const char c : {'\0', '"', '9', '}', '\xff'}) {
      std::string flipped = good;
      flipped[i] = c;
      WriteFile(folder / "flipped.safetensors", flipped);
      try {  // where it is read, it must be one that is in the file
        const SafetensorsFile file(folder / "flipped.safetensors");
        for (const auto& tensor : file.tensors()) {
          std::string elements(tensor.size, '?');
          file.Read(tensor, elements);
          EXPECT_EQ(elements, flipped.substr(tensor.offset, tensor.size));
        }
      } catch (const Error&) {
      }
    }
  }
}

}  // namespace
}  // namespace vantage::serialize

// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/ops/tensor.h>

#include <nlohmann/json.hpp>

#include "nn/model_file.h"
#include "testing/files.h"
#include "testing/tensors.h"
#include "testing/torch_files.h"
#include "util/file.h"
#include "util/random.h"
#include "vantage/model.h"

namespace vantage::nn {
namespace {

using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::FillByFormula;
using vantage::testing::SharedFolder;
using vantage::testing::TemporaryFolder;

// A PyTorch file of one tensor, of which every part can be damaged.
struct Parts {
  std::string module = "torch";
  std::string storage_class = "FloatStorage";
  std::string key = "0";  // in the pickle; the storage itself is "0"
  int64_t elements = 6;
  int64_t offset = 0;
  std::vector<int64_t> shape = {2, 3};
  std::vector<int64_t> strides = {3, 1};
};

std::string PickleOf(const Parts& parts) {
  serialize::PickleWriter writer;
  const auto tuple = [&](const std::vector<int64_t>& values) {
    writer.Mark();
    for (const int64_t value : values) writer.Int(value);
    writer.Tuple();
  };
  writer.EmptyDict();
  writer.Mark();
  writer.String("w");
  writer.Global("torch._utils", "_rebuild_tensor_v2");
  writer.Mark();
  writer.Mark();
  writer.String("storage");
  writer.Global(parts.module, parts.storage_class);
  writer.String(parts.key);
  writer.String("cpu");
  writer.Int(parts.elements);
  writer.Tuple();
  writer.PersistentId();
  writer.Int(parts.offset);
  tuple(parts.shape);
  tuple(parts.strides);
  writer.Bool(false);
  writer.Global("collections", "OrderedDict");
  writer.EmptyTuple();
  writer.Reduce();
  writer.Tuple();
  writer.Reduce();
  writer.SetItems();
  return std::move(writer).Finish();
}

std::string SixFloats() {
  const float values[] = {0, 1, 2, 3, 4, 5};
  return {reinterpret_cast<const char*>(values), sizeof(values)};
}

void WriteZip(const std::string& pickle, const std::filesystem::path& path) {
  vantage::testing::WriteZipTorchFile(path, pickle, SixFloats());
}

void WriteLegacy(const std::string& pickle, const std::filesystem::path& path) {
  WriteFile(path, vantage::testing::LegacyTorchFile(pickle, SixFloats(), 6));
}

struct Container {
  const char* name;
  void (*write)(const std::string& pickle, const std::filesystem::path& path);
};

std::ostream& operator<<(std::ostream& out, const Container& container) { return out << container.name; }

const Container kContainers[] = {{"Zip", WriteZip}, {"Legacy", WriteLegacy}};

class TorchContainers : public ::testing::TestWithParam<Container> {
 protected:
  at::Tensor Read(const std::string& pickle) {
    GetParam().write(pickle, folder_ / "m.pth");
    const serialize::TorchFile file(folder_ / "m.pth");
    return ReadTensor(file, serialize::Member(file.root(), "w", file.source()), "w");
  }

  TemporaryFolder folder_;
};

TEST_P(TorchContainers, ViewsOfAStorageAreRead) {
  Parts parts;
  EXPECT_TRUE(Read(PickleOf(parts)).equal(at::tensor({0.F, 1.F, 2.F, 3.F, 4.F, 5.F}).reshape({2, 3})));
  parts.shape = {3, 2};
  parts.strides = {1, 3};  // transposed
  EXPECT_TRUE(Read(PickleOf(parts)).equal(at::tensor({0.F, 3.F, 1.F, 4.F, 2.F, 5.F}).reshape({3, 2})));
  parts.shape = {1, 2};
  parts.strides = {INT64_MAX, 2};  // the stride of a dimension of one element is arbitrary
  parts.offset = 3;
  EXPECT_TRUE(Read(PickleOf(parts)).equal(at::tensor({3.F, 5.F}).reshape({1, 2})));
  parts.shape = {2, 2};
  parts.strides = {0, 1};  // expanded
  EXPECT_TRUE(Read(PickleOf(parts)).equal(at::tensor({3.F, 4.F, 3.F, 4.F}).reshape({2, 2})));
  parts.shape = {0, 500, 3};
  parts.strides = {1, 1, 1};
  EXPECT_EQ(Read(PickleOf(parts)).numel(), 0);
}

TEST_P(TorchContainers, EveryFlippedByteOfThePickleIsSurvived) {
  const std::string pickle = PickleOf({});
  int errors = 0;
  for (size_t i = 0; i < pickle.size(); ++i) {
    for (const char c : {'\0', '.', 'K', '\xff'}) {
      std::string flipped = pickle;
      flipped[i] = c;
      try {
        EXPECT_LE(Read(flipped).numel(), 1 << 24);
      } catch (const Error& error) {
        EXPECT_THAT(error.what(), HasSubstr("m.pth: "));
        ++errors;
      }
    }
  }
  EXPECT_GT(errors, 100);
}

TEST_P(TorchContainers, EveryCutIsAnErrorThatNamesTheFile) {
  GetParam().write(PickleOf({}), folder_ / "whole.pth");
  const std::string good = ReadFile(folder_ / "whole.pth");
  for (size_t size = 0; size < good.size(); ++size) {
    WriteFile(folder_ / "cut.pth", good.substr(0, size));
    EXPECT_THAT(ErrorOf([&] { ReadModel(folder_ / "cut.pth"); }), HasSubstr("cut.pth: ")) << size;
    EXPECT_THAT(ErrorOf([&] { ReadModelInfo(folder_ / "cut.pth"); }), HasSubstr("cut.pth: ")) << size;
  }
}

INSTANTIATE_TEST_SUITE_P(All, TorchContainers, ::testing::ValuesIn(kContainers),
                         [](const auto& param_info) { return param_info.param.name; });

struct Damage {
  const char* name;
  void (*damage)(Parts& parts);
  const char* message;
};

std::ostream& operator<<(std::ostream& out, const Damage& damage) { return out << damage.name; }

constexpr int64_t kTwoTo60 = int64_t{1} << 60;

const Damage kDamages[] = {
    {"StorageTooShort", [](Parts& p) { p.elements = 7; }, "has 24 bytes, fewer than its 7 elements"},
    {"StorageOf2To60", [](Parts& p) { p.elements = kTwoTo60; }, "fewer than its 1152921504606846976"},
    {"NegativeStorage", [](Parts& p) { p.elements = -1; }, "outside its storage"},
    {"StorageMissing", [](Parts& p) { p.key = "9"; }, "storage '"},
    {"TypeTooWide", [](Parts& p) { p.storage_class = "DoubleStorage"; }, "6 elements"},
    {"UnknownType", [](Parts& p) { p.storage_class = "QInt8Storage"; }, "'torch.QInt8Storage'"},
    {"ACommand", [](Parts& p) { p.module = "os", p.storage_class = "system"; }, "'os.system'"},
    {"TypeOfNoStorage", [](Parts& p) { p.storage_class = "Size"; }, "torage"},
    {"StrideOutOfBounds", [](Parts& p) { p.strides[0] = 4; }, "w: a tensor that reaches outside"},
    {"StrideThatOverflows", [](Parts& p) { p.strides[0] = INT64_MAX; }, "outside its storage"},
    {"NegativeStride", [](Parts& p) { p.strides[0] = -3; }, "outside its storage"},
    {"OffsetOutOfBounds", [](Parts& p) { p.offset = 1; }, "outside its storage"},
    {"OffsetThatOverflows", [](Parts& p) { p.offset = INT64_MAX; }, "outside its storage"},
    {"NegativeOffset", [](Parts& p) { p.offset = -1; }, "outside its storage"},
    {"ShapeOutOfBounds", [](Parts& p) { p.shape[0] = 3; }, "outside its storage"},
    {"NegativeShape", [](Parts& p) { p.shape[0] = -2; }, "outside its storage"},
    {"TensorOf2To60", [](Parts& p) { p.shape[0] = kTwoTo60; }, "outside its storage"},
    {"ExpandedTo2To60", [](Parts& p) { p.shape[0] = kTwoTo60, p.strides[0] = 0; }, "outside its storage"},
    {"ShapeThatOverflows", [](Parts& p) { p.shape.assign(2, kTwoTo60), p.strides.assign(2, 0); }, "outside"},
    {"BothOf2To60", [](Parts& p) { p.elements = kTwoTo60, p.shape[0] = kTwoTo60 / 4; },
     "fewer than its 11529"},
    {"StridesOfAnotherRank", [](Parts& p) { p.strides.pop_back(); }, "2 sizes and 1 strides"},
    {"RankOf17", [](Parts& p) { p.shape.assign(17, 1), p.strides.assign(17, 1); }, "17 sizes and 17 strides"},
};

class DamagedTensors : public ::testing::TestWithParam<std::tuple<Container, Damage>> {};

TEST_P(DamagedTensors, AreErrorsThatNameFileAndPlace) {
  const auto& [container, damage] = GetParam();
  const TemporaryFolder folder;
  Parts parts;
  damage.damage(parts);
  container.write(PickleOf(parts), folder / "bad.pth");
  for (const std::string& error : {ErrorOf([&] { ReadModel(folder / "bad.pth"); }),
                                   ErrorOf([&] { ReadModelInfo(folder / "bad.pth"); })}) {
    EXPECT_THAT(error, HasSubstr("bad.pth: "));
    EXPECT_THAT(error, HasSubstr(damage.message));
  }
}

INSTANTIATE_TEST_SUITE_P(All, DamagedTensors,
                         ::testing::Combine(::testing::ValuesIn(kContainers), ::testing::ValuesIn(kDamages)),
                         [](const auto& param_info) {
                           return std::string(std::get<0>(param_info.param).name) +
                                  std::get<1>(param_info.param).name;
                         });

// Damage of the archive around the pickle, at an offset from the first or last occurrence of `anchor`.
struct ZipDamage {
  const char* name;
  std::string anchor;
  bool from_last;
  size_t skip;
  std::string bytes;
  const char* message;
};

class DamagedZips : public ::testing::TestWithParam<ZipDamage> {};

TEST_P(DamagedZips, AreErrorsThatNameFileAndPlace) {
  const ZipDamage& damage = GetParam();
  const TemporaryFolder folder;
  WriteZip(PickleOf({}), folder / "bad.pth");
  std::string bytes = ReadFile(folder / "bad.pth");
  const size_t at = damage.from_last ? bytes.rfind(damage.anchor) : bytes.find(damage.anchor);
  ASSERT_NE(at, bytes.npos);
  bytes.replace(at + damage.skip, damage.bytes.size(), damage.bytes);
  WriteFile(folder / "bad.pth", bytes);
  const std::string error = ErrorOf([&] {
    const serialize::TorchFile file(folder / "bad.pth");
    ReadTensor(file, serialize::Member(file.root(), "w", file.source()), "w");
  });
  EXPECT_THAT(error, HasSubstr("bad.pth: "));
  EXPECT_THAT(error, HasSubstr(damage.message));
}

const std::string kEnd("PK\5\6", 4);
const std::string kEntry("PK\1\2", 4);
const std::string kLocal("PK\3\4", 4);
const std::string kHuge("\xfe\xff\xff\xff", 4);
INSTANTIATE_TEST_SUITE_P(
    All, DamagedZips,
    ::testing::Values(
        ZipDamage{"NoEndOfDirectory", kEnd, true, 0, "XX", "the zip directory is missing"},
        ZipDamage{"CountTooLarge", kEnd, true, 10, "\x09", "zip directory entry 3"},
        ZipDamage{"CountOfNone", kEnd, true, 10, std::string(1, '\0'), "without data.pkl"},
        ZipDamage{"DirectoryTooLong", kEnd, true, 12, kHuge, "is outside the file"},
        ZipDamage{"DirectoryOutside", kEnd, true, 16, kHuge, "is outside the file"},
        ZipDamage{"DirectoryElsewhere", kEnd, true, 16, std::string(1, '\1'), "zip directory entry 0"},
        ZipDamage{"EntrySignature", kEntry, true, 0, "XX", "zip directory entry 2"},
        ZipDamage{"EntryEncrypted", kEntry, true, 8, "\1", "is compressed or encrypted"},
        ZipDamage{"EntryCompressed", kEntry, true, 10, "\x08", "is compressed or encrypted (method 8)"},
        ZipDamage{"EntryChecksum", kEntry, true, 16, "XXXX", "its CRC does not match"},
        ZipDamage{"EntrySize", kEntry, true, 20, kHuge + kHuge, "is outside the file"},
        ZipDamage{"EntrySmaller", kEntry, true, 20, std::string("\4\0\0\0\4\0\0\0", 8),
                  "has 4 bytes, fewer than"},
        ZipDamage{"EntryNameTooLong", kEntry, true, 28, "\xff\xff", "is truncated"},
        ZipDamage{"EntryOffset", kEntry, true, 42, kHuge, "is outside the file"},
        ZipDamage{"EntryOffsetElsewhere", kEntry, true, 42, "\7", "has no header at offset"},
        ZipDamage{"EntryName", kEntry, true, 46, "X", "storage '0' is missing"},
        ZipDamage{"LocalHeader", kLocal, true, 0, "XX", "has no header at offset"},
        ZipDamage{"LocalNameLength", kLocal, true, 26, "\xff\xff", "bad.pth"},
        ZipDamage{"PickleBytes", "storage", false, 0, "X", "its CRC does not match"}),
    [](const auto& param_info) { return param_info.param.name; });

TEST(DamagedModels, PicklesThatHoldThemselvesAreErrors) {
  const TemporaryFolder folder;
  // A dictionary that is its own meta.
  WriteZip(std::string("\x80\x02}q\x00(U\x0astate_dict", 18) +
               PickleOf({}).substr(2, PickleOf({}).size() - 3) + std::string("U\x04metah\x00u.", 10),
           folder / "cycle.pth");
  const std::string message = "cycle.pth: meta: too many values or levels";
  EXPECT_THAT(ErrorOf([&] { ReadModelInfo(folder / "cycle.pth"); }), HasSubstr(message));
  EXPECT_THAT(ErrorOf([&] { ReadModel(folder / "cycle.pth"); }), HasSubstr(message));
}

// A whole model of each format, cut and flipped.
class DamagedModelFiles : public ::testing::TestWithParam<const char*> {
 protected:
  std::string Written() {
    ModelParts model{DescriptorNet({"squeezenet1_1"}), {}};
    model.net.Visit(
        [](const std::string& name, const at::Tensor& tensor, TensorRole) { FillByFormula(name, tensor); });
    WriteModel(model, Path("good"));
    return ReadFile(Path("good"));
  }
  std::filesystem::path Path(const std::string& name) const { return folder_ / (name + "." + GetParam()); }

  TemporaryFolder folder_;
};

TEST_P(DamagedModelFiles, CutAnywhereAreErrorsThatNameTheFile) {
  const std::string good = Written();
  for (const double share : {0.0, 0.0001, 0.001, 0.003, 0.01, 0.3, 0.7, 0.99, 0.99999}) {
    WriteFile(Path("cut"), good.substr(0, static_cast<size_t>(share * static_cast<double>(good.size()))));
    EXPECT_THAT(ErrorOf([&] { ReadModel(Path("cut")); }), HasSubstr(Path("cut").string() + ": ")) << share;
  }
}

TEST_P(DamagedModelFiles, FlippedWeightsAreErrors) {
  const std::string good = Written();
  RandomStream random(1, "flips");
  for (int i = 0; i < 10; ++i) {
    std::string flipped = good;
    const size_t at = good.size() / 10 + random.Below(good.size() * 8 / 10);  // among the weights
    flipped[at] = static_cast<char>(flipped[at] ^ 1);
    WriteFile(Path("flipped"), flipped);
    EXPECT_THAT(ErrorOf([&] { ReadModel(Path("flipped")); }), HasSubstr(Path("flipped").string() + ": "));
  }
}

TEST_P(DamagedModelFiles, FlippedBytesOfTheHeadAreSurvived) {
  const std::string good = Written();
  RandomStream random(2, "flips");
  for (int i = 0; i < 100; ++i) {
    std::string flipped = good;
    flipped[random.Below(2000)] = static_cast<char>(random.Below(256));
    WriteFile(Path("flipped"), flipped);
    try {
      EXPECT_EQ(ReadModel(Path("flipped")).net.dimension(), 512);
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr(Path("flipped").string() + ": "));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, DamagedModelFiles, ::testing::Values("pth", "safetensors"),
                         [](const auto& param_info) { return param_info.param; });

TEST(DamagedModels, OldFilesCutAnywhereAreErrors) {
  VANTAGE_REQUIRE_SHARED("weights/squeezenet1_1-imagenet-legacy.pth");
  const TemporaryFolder folder;
  const std::string good = ReadFile(SharedFolder() / "weights/squeezenet1_1-imagenet-legacy.pth");
  for (const double share : {0.00001, 0.001, 0.003, 0.01, 0.3, 0.7, 0.99999}) {
    WriteFile(folder / "cut.pth",
              good.substr(0, static_cast<size_t>(share * static_cast<double>(good.size()))));
    EXPECT_THAT(ErrorOf([&] { ReadModel(folder / "cut.pth"); }), HasSubstr("cut.pth: ")) << share;
  }
}

}  // namespace
}  // namespace vantage::nn

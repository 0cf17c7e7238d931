// SPDX-License-Identifier: BSD-3-Clause
#include "serialize/torch_file.h"

#include "testing/files.h"
#include "testing/torch_files.h"

namespace vantage::serialize {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::SharedFolder;
using vantage::testing::TemporaryFolder;

// A file from before PyTorch 1.6 that holds one tensor of two floats, 1 and 1, in a storage of that key.
std::string LegacyFile(const std::string& key) {
  PickleWriter tensor;
  tensor.Global("torch._utils", "_rebuild_tensor_v2");
  tensor.Mark();
  tensor.Mark();
  tensor.String("storage");
  tensor.Global("torch", "FloatStorage");
  tensor.String(key);
  tensor.String("cpu");
  tensor.Int(2);
  tensor.Tuple();
  tensor.PersistentId();
  tensor.Int(0);
  for (const int64_t number : {2, 1}) {  // shape, strides
    tensor.Mark();
    tensor.Int(number);
    tensor.Tuple();
  }
  tensor.Tuple();
  tensor.Reduce();
  return vantage::testing::LegacyTorchFile(std::move(tensor).Finish(),
                                           std::string("\0\0\x80\x3f\0\0\x80\x3f", 8), 2, key);
}

TEST(TorchFile, ReadsTheOlderFormat) {
  const TemporaryFolder folder;
  WriteFile(folder / "old.pth", LegacyFile("94012345678901"));
  const TorchFile file(folder / "old.pth");
  ASSERT_TRUE(TorchFile::IsTensor(file.root()));
  const TensorRecord tensor = file.Tensor(file.root(), "root");
  EXPECT_THAT(tensor.shape, ElementsAre(2));
  std::string elements(tensor.bytes(), '?');
  file.Read(tensor, elements);
  EXPECT_EQ(elements, std::string("\0\0\x80\x3f\0\0\x80\x3f", 8));
  elements.pop_back();
  EXPECT_THAT(ErrorOf([&] { file.Read(tensor, elements); }),
              HasSubstr("room for 7 bytes of a tensor of (2)"));
}

TEST(TorchFile, LongStorageKeysAreRefused) {
  const TemporaryFolder folder;
  WriteFile(folder / "old.pth", LegacyFile(std::string(100, '1')));
  EXPECT_THAT(ErrorOf([&] { TorchFile file(folder / "old.pth"); }),
              HasSubstr("old.pth: a storage's key has 100 bytes"));
}

TEST(TorchFile, PublishedWeightsAreWithinTheBounds) {
  VANTAGE_REQUIRE_SHARED("weights");
  for (const auto& path : ListFiles(SharedFolder() / "weights", {".pth"})) {
    const TorchFile file(SharedFolder() / "weights" / path);
    EXPECT_FALSE(file.root().items.empty()) << path;
  }
}

}  // namespace
}  // namespace vantage::serialize

// SPDX-License-Identifier: BSD-3-Clause
#include "command/run_vantage.h"
#include "testing/files.h"
#include "testing/photos.h"
#include "vantage/nn/model_file.h"
#include "vantage/search/descriptors.h"

namespace vantage {
namespace {

using vantage::testing::MakeFormulaModel;
using vantage::testing::TemporaryFolder;
using vantage::testing::VantageJson;
using vantage::testing::WritePhotosAndSet;

// A model holds several whitenings; descriptors are those of the one that is named.
TEST(Whitening, IsTheOneThatIsNamed) {
  const TemporaryFolder folder;
  const auto path = [&](const std::string& name) { return (folder / name).string(); };
  WritePhotosAndSet(folder.path(), 5, 4, 2);
  Model model = MakeFormulaModel();
  model.image_size = 64;
  WriteModel(model, folder / "model.pth");
  const auto whiten = [&](const std::string& from, const std::string& to, const std::string& name,
                          const std::string& shrinkage) {
    VantageJson({"whiten", path(from), "--tuples", path("set.db"), "-o", path(to), "--name", name,
                 "--shrinkage", shrinkage});
  };
  whiten("model.pth", "one.pth", "one", "0.1");
  whiten("model.pth", "two.pth", "two", "0.9");
  whiten("one.pth", "both.safetensors", "two", "0.9");
  const auto describe = [&](const std::string& from, const std::string& whitening) {
    VantageJson({"extract", path(from), path("photos"), "-o", path("out"), "--whiten", whitening});
    return ReadDescriptors(folder / "out").descriptors.values;
  };
  const DescriptorMatrix one = describe("both.safetensors", "one");
  const DescriptorMatrix two = describe("both.safetensors", "two");
  EXPECT_EQ(one, describe("one.pth", "one"));
  EXPECT_LT((two - describe("two.pth", "two")).cwiseAbs().maxCoeff(), 1e-4);  // learned twice
  EXPECT_GT((one - two).cwiseAbs().maxCoeff(), 1e-2);
  EXPECT_EQ(describe("both.safetensors", "none"), describe("model.pth", "none"));
}

}  // namespace
}  // namespace vantage

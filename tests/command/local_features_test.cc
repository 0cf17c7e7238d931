// SPDX-License-Identifier: BSD-3-Clause
#include "command/run_vantage.h"
#include "nn/model_file.h"
#include "testing/files.h"
#include "testing/photos.h"
#include "testing/tensors.h"
#include "vantage/descriptors.h"

namespace vantage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using vantage::testing::FillByFormula;
using vantage::testing::TemporaryFolder;
using vantage::testing::Vantage;
using vantage::testing::VantageJson;
using vantage::testing::WritePhotosAndSet;

// NetVLAD weights do not state how maps were pooled. --head does, and a model written with it keeps it.
TEST(Windows, OfBareNetVladWeightsAreThoseThatAreNamed) {
  const TemporaryFolder folder;
  const auto path = [&](const std::string& name) { return (folder / name).string(); };
  WritePhotosAndSet(folder.path(), 2, 3, 0);
  nn::DescriptorNet net({"squeezenet1_1", NetVladHeadOptions{.locals = {.dimension = 128}, .clusters = 4}});
  nn::TorchDict state;
  net.Visit([&](const std::string& name, const at::Tensor& tensor, nn::TensorRole) {
    FillByFormula(name, tensor);
    state.Set(name, {tensor});
  });
  nn::WriteTorchFile({std::move(state)}, folder / "bare.pth");
  const auto describe = [&](const std::string& model, std::vector<std::string> more) {
    more.insert(more.begin(), {"extract", path(model), path("photos"), "--size", "64", "-o", path("out")});
    VantageJson(more);
    return ReadDescriptors(folder / "out").descriptors.values;
  };
  const DescriptorMatrix plain = describe("bare.pth", {});
  const DescriptorMatrix pooled = describe("bare.pth", {"--head", "netvlad:windows=2,3"});
  EXPECT_EQ(plain.cols(), 512);
  EXPECT_GT((plain - pooled).cwiseAbs().maxCoeff(), 1e-3);

  nn::ModelParts model = nn::ReadModel(folder / "bare.pth", {"", "netvlad:windows=2,3"});
  EXPECT_THAT(model.net.options().head.As<NetVladHeadOptions>().locals.windows, ElementsAre(2, 3));
  nn::WriteModel(model, folder / "own.pth");
  EXPECT_EQ(describe("own.pth", {}), pooled);
  VantageJson({"convert", path("bare.pth"), path("converted.pth"), "--head", "netvlad:windows=2,3"});
  EXPECT_EQ(describe("converted.pth", {}), pooled);

  const auto [code, text] = Vantage(
      {"extract", path("bare.pth"), path("photos"), "-o", path("bad"), "--head", "netvlad:windows=2,65"});
  EXPECT_EQ(code, 2) << text;
  EXPECT_THAT(text, HasSubstr("windows"));
}

}  // namespace
}  // namespace vantage

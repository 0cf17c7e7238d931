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

// AnyLoc's way: a vocabulary of the user's own photos, no training set and no training.
TEST(FitHead, GivesAModelFromATrunkAndPhotos) {
  const TemporaryFolder folder;
  const auto path = [&](const std::string& name) { return (folder / name).string(); };
  WritePhotosAndSet(folder.path(), 2, 3, 0);
  for (const auto& [trunk, head] : {std::pair("dinov2_vits14:blocks=2", "vlad:block=0,clusters=4"),
                                    std::pair("squeezenet1_1", "netvlad:projection=16,clusters=4")}) {
    nn::ModelParts bare{nn::DescriptorNet({trunk}), {}};
    bare.net.Visit([](const std::string& name, const at::Tensor& tensor, nn::TensorRole) {
      FillByFormula(name, tensor);
    });
    nn::WriteModelAs(bare, "weights", folder / "trunk.pth");
    VantageJson({"convert", path("trunk.pth"), path("fitted.pth"), "--head", head, "--fit-head",
                 path("photos"), "--preprocessing", "longest=64", "--overwrite"});
    VantageJson({"extract", path("fitted.pth"), path("photos"), "-o", path("out"), "--overwrite"});
    const DescriptorFile described = ReadDescriptors(folder / "out");
    EXPECT_EQ(described.descriptors.size(), 6) << head;
    EXPECT_EQ(VantageJson({"info", path("fitted.pth")})["preprocessing"], "longest=64");
    const auto [code, text] =
        Vantage({"convert", path("fitted.pth"), path("again.pth"), "--fit-head", path("photos")});
    EXPECT_EQ(code, 2) << text;
    EXPECT_THAT(text, HasSubstr("has all of its weights"));
    const auto [code_of_salad, text_of_salad] = Vantage(
        {"convert", path("trunk.pth"), path("again.pth"), "--head", "boq", "--fit-head", path("photos")});
    EXPECT_EQ(code_of_salad, 2);
    EXPECT_THAT(text_of_salad, HasSubstr("must be trained"));
  }
}

// What a user types: no option but the file. The photo that has too few patches is named with the numbers.
TEST(PublishedPlaceNetworks, DescribePhotosByTheFileAlone) {
  const TemporaryFolder folder;
  const auto path = [&](const std::string& name) { return (folder / name).string(); };
  WritePhotosAndSet(folder.path(), 2, 3, 0);
  nn::DescriptorNet net(
      {"dinov2_vits14:blocks=1", SaladHeadOptions{.clusters = 600, .cluster_dimension = 2, .hidden = 8}});
  nn::TorchDict state;
  net.Visit([&](const std::string& name, const at::Tensor& tensor, nn::TensorRole) {
    FillByFormula(name, tensor);
    state.Set(name, {tensor});
  });
  nn::WriteTorchFile({std::move(state)}, folder / "dino_salad.ckpt");
  const auto [code, text] = Vantage({"extract", path("dino_salad.ckpt"), path("photos"), "-o", path("out")});
  EXPECT_THAT(text, HasSubstr("too small for the head 'salad': 23 x 23 patches, and 600 clusters need 601"));
  VantageJson({"extract", path("dino_salad.ckpt"), path("photos"), "-o", path("out"), "--preprocessing",
               "square=350,bilinear"});
  EXPECT_EQ(ReadDescriptors(folder / "out").descriptors.size(), 6);
}

}  // namespace
}  // namespace vantage

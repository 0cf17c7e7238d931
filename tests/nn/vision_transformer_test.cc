// SPDX-License-Identifier: BSD-3-Clause
#include "nn/trunks/vision_transformer.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/autograd.h>

#include <atomic>
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <thread>

#include "nn/fill_net.h"
#include "nn/fold_norms.h"
#include "nn/layouts/vision_transformer_names.h"
#include "nn/model_file.h"
#include "nn/published_networks.h"
#include "testing/files.h"
#include "testing/tensors.h"
#include "util/file.h"
#include "util/index.h"
#include "util/string.h"
#include "util/subprocess.h"

namespace vantage::nn {
namespace {

using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::FillByFormula;
using vantage::testing::ReadNpyTensor;
using vantage::testing::RelativeError;
using vantage::testing::SharedFolder;
using vantage::testing::TemporaryFolder;

constexpr double kTolerance = 1e-4;  // sums run in another order through up to 24 blocks

Features FeaturesOf(const Trunk& trunk, const at::Tensor& images) {
  return trunk.Forward(images, {.class_token = true});
}

at::Tensor PatchesOf(const Features& features) { return features.map_BCHW.flatten(2).transpose(1, 2); }

void Fill(Trunk& trunk) {
  trunk.Visit([](const std::string& name, const at::Tensor& tensor, TensorRole role) {
    if (role == TensorRole::kParameter) FillByFormula(name, tensor);
  });
}

class DinoV2Hub : public ::testing::TestWithParam<std::string> {};

TEST_P(DinoV2Hub, GivesTheReferencesTokensAtTwoSizes) {
  VANTAGE_REQUIRE_SHARED(kVitFolder + GetParam() + ".json");
  const at::NoGradGuard no_grad;
  const auto trunk = MakeTrunk(GetParam());
  std::map<std::string, std::vector<int64_t>> shapes;
  trunk->Visit([&](const std::string& name, const at::Tensor& tensor, TensorRole) {
    shapes[name] = tensor.sizes().vec();
  });
  EXPECT_EQ(shapes, nlohmann::json::parse(ReadFile(SharedFolder() / kVitFolder / (GetParam() + ".json")))
                        .get<decltype(shapes)>());
  Fill(*trunk);
  for (const char* size : {"126x154", "98x238"}) {
    const Features features = FeaturesOf(*trunk, VitReference(std::string("input-") + size));
    const double of_class = RelativeError(features.class_BC, VitReference(GetParam() + "-cls-" + size));
    const double of_patches =
        RelativeError(PatchesOf(features), VitReference(GetParam() + "-patches-" + size));
    EXPECT_LT(of_class, kTolerance) << size;
    EXPECT_LT(of_patches, kTolerance) << size;
    RecordProperty(std::string("class_") + size, std::to_string(of_class));
    RecordProperty(std::string("patches_") + size, std::to_string(of_patches));
  }
}

INSTANTIATE_TEST_SUITE_P(All, DinoV2Hub,
                         ::testing::Values("dinov2_vits14", "dinov2_vitb14", "dinov2_vitl14",
                                           "dinov2_vits14_reg", "dinov2_vitb14_reg", "dinov2_vitl14_reg"),
                         [](const auto& test) { return test.param; });

TEST(VisionTransformer, LeavesPositionsOfItsOwnSizeAlone) {
  VANTAGE_REQUIRE_SHARED("reference/vit/dinov2_vits14-native-cls.npy");
  const at::NoGradGuard no_grad;
  const auto trunk = MakeTrunk("dinov2_vits14");
  Fill(*trunk);
  const at::Tensor images = at::upsample_bilinear2d(VitReference("input-126x154"), {518, 518}, false);
  EXPECT_LT(RelativeError(FeaturesOf(*trunk, images).class_BC, VitReference("dinov2_vits14-native-cls")),
            kTolerance);
}

// Two blocks of 32 channels on a grid of 5 x 5, with one photo of 3 x 4 patches of 4 pixels.
VisionTransformerShape TinyShape(Mlp mlp, bool is_rotary) {
  return {.block = {.channels = 32, .heads = 2, .hidden = 48, .mlp = mlp, .masks_bias = is_rotary},
          .patch = 4,
          .registers = 2,
          .grid = is_rotary ? 0 : 5};
}

TrunkRow TinyRow(Mlp mlp, bool is_rotary) {
  TrunkRow row = VisionTransformerRow("tiny", TinyShape(mlp, is_rotary), 2, "", {}, "");
  row.positions = is_rotary ? "" : "antialias";
  return row;
}

at::Tensor Wave(at::IntArrayRef sizes) {
  return at::linspace(0, 60, c10::multiply_integers(sizes), at::kDouble).sin().view(sizes);
}

class TinyTransformer : public ::testing::TestWithParam<std::pair<Mlp, bool>> {
 protected:
  void SetUp() override {
    trunk_ = row_.make(row_, MapEnd::kAfterActivation);
    Fill(*trunk_);
    trunk_->Replace(
        [](const std::string&, at::Tensor& tensor, TensorRole) { tensor = tensor.to(at::kDouble); });
  }
  at::Tensor Loss() const {
    const Features features = trunk_->Forward(Wave({1, 3, 12, 16}), {.class_token = true});
    return (features.map_BCHW.to(at::kDouble).tanh().sum() + features.class_BC.to(at::kDouble).tanh().sum());
  }

  TrunkRow row_ = TinyRow(GetParam().first, GetParam().second);
  std::unique_ptr<Trunk> trunk_;
};

TEST_P(TinyTransformer, HasTheGradientOfCentralDifferencesByEachParameter) {
  std::vector<std::pair<std::string, at::Tensor>> parameters;
  trunk_->Visit([&](const std::string& name, const at::Tensor& tensor, TensorRole role) {
    if (role == TensorRole::kParameter) parameters.emplace_back(name, tensor.requires_grad_(true));
  });
  Loss().backward();
  const at::NoGradGuard no_grad;
  for (auto& [name, tensor] : parameters) {
    // By the element with the largest gradient, and by one in the middle.
    const at::Tensor gradient = tensor.grad().flatten();
    for (const int64_t i : {gradient.abs().argmax().item<int64_t>(), gradient.numel() / 2}) {
      constexpr double kStep = 1e-3;  // features are float32
      double* value = tensor.mutable_data_ptr<double>() + i;
      const double old = *value;
      *value = old + kStep;
      const double above = Loss().item<double>();
      *value = old - kStep;
      const double below = Loss().item<double>();
      *value = old;
      EXPECT_NEAR((above - below) / (2 * kStep), gradient[i].item<double>(),
                  2e-3 * std::max(0.1, gradient.abs().max().item<double>()))
          << name << " " << i;
    }
  }
}

// Attention with its softmax written out, and everything else step by step.
at::Tensor PlainBlock(const std::map<std::string, at::Tensor>& tensors, const std::string& name,
                      const at::Tensor& x, const BlockShape& shape, const RotaryTable& rotary) {
  const auto get = [&](const char* part) { return tensors.at(name + part); };
  const auto norm = [&](const at::Tensor& of, const char* part) {
    const at::Tensor centred = of - of.mean({-1}, true);
    const at::Tensor variance = centred.square().mean({-1}, true);
    return centred / (variance + shape.norm_epsilon).sqrt() * tensors.at(name + part + ".weight") +
           tensors.at(name + part + ".bias");
  };
  const auto linear = [&](const at::Tensor& of, const std::string& part) {
    at::Tensor bias = tensors.at(name + part + ".bias");
    if (const auto mask = tensors.find(name + part + ".bias_mask"); mask != tensors.end())
      bias = bias * mask->second;
    return of.matmul(tensors.at(name + part + ".weight").t()) + bias;
  };
  const int64_t size = shape.channels / shape.heads;
  const at::Tensor qkv = linear(norm(x, ".norm1"), ".attn.qkv");
  std::vector<at::Tensor> heads;
  for (int64_t head = 0; head < shape.heads; ++head) {
    const auto part = [&](int64_t which) {
      const at::Tensor of_head = qkv.narrow(-1, which * shape.channels + head * size, size);
      return rotary.cos_ND.defined() && which < 2 ? Turn(of_head, rotary) : of_head;
    };
    const at::Tensor scores = part(0).matmul(part(1).transpose(1, 2)) / std::sqrt(static_cast<double>(size));
    heads.push_back(scores.softmax(-1).matmul(part(2)));
  }
  at::Tensor result = x + linear(at::cat(heads, -1), ".attn.proj") * get(".ls1.gamma");
  const at::Tensor normed = norm(result, ".norm2");
  at::Tensor hidden;
  if (shape.mlp == Mlp::kGelu) {
    const at::Tensor in = linear(normed, ".mlp.fc1");
    hidden = linear(in * 0.5 * (1 + (in / std::sqrt(2.0)).erf()), ".mlp.fc2");
  } else {
    const bool is_packed = shape.mlp == Mlp::kPackedSwiGlu;
    const at::Tensor in = is_packed ? linear(normed, ".mlp.w12")
                                    : at::cat({linear(normed, ".mlp.w1"), linear(normed, ".mlp.w2")}, -1);
    const at::Tensor gate = in.narrow(-1, 0, shape.hidden);
    hidden = linear(gate * gate.sigmoid() * in.narrow(-1, shape.hidden, shape.hidden), ".mlp.w3");
  }
  return result + hidden * get(".ls2.gamma");
}

TEST_P(TinyTransformer, DropsBranchesOfAnImageInTrainingAlone) {
  const at::NoGradGuard no_grad;
  const at::Tensor images = Wave({4, 3, 12, 16});
  const TrunkState state = trunk_->Stem(images, {});
  const std::vector<uint64_t> keys = {7, 3, 9, 1};
  const PassContext training{.is_training = true, .seed = 5, .images = keys, .drop_path = 0.5};
  const auto block = [&](int number, const PassContext& pass) {
    return trunk_->Run(state, number, number + 1, pass).x;
  };
  const at::Tensor whole = block(1, {});
  EXPECT_TRUE(block(1, training).equal(whole)) << "a block that is not trained";
  trunk_->Visit([](const std::string&, const at::Tensor& tensor, TensorRole role) {
    tensor.requires_grad_(role == TensorRole::kParameter);
  });
  EXPECT_TRUE(block(1, {}).equal(whole)) << "not in training";
  EXPECT_TRUE(block(0, training).equal(block(0, {}))) << "the first block leaves out nothing";
  const at::Tensor dropped = block(1, training);
  EXPECT_FALSE(dropped.equal(whole));
  for (int64_t i = 0; i < 4; ++i) {
    TrunkState alone = state;
    alone.x = state.x.narrow(0, i, 1);
    PassContext of_image = training;
    of_image.images = std::span(keys).subspan(static_cast<size_t>(i), 1);
    EXPECT_LT(RelativeError(trunk_->Run(alone, 1, 2, of_image).x, dropped.narrow(0, i, 1)), 1e-12) << i;
  }
  // A quarter of the passes leave out both branches of an image.
  int unchanged = 0;
  constexpr int kSeeds = 400;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    PassContext of_seed = training;
    of_seed.seed = seed;
    unchanged += block(1, of_seed)[0].equal(state.x[0]) ? 1 : 0;
  }
  EXPECT_NEAR(unchanged, kSeeds / 4, 40);
}

TEST_P(TinyTransformer, BlocksHaveValuesAndGradientsOfPlainOperations) {
  const VisionTransformerShape shape = TinyShape(GetParam().first, GetParam().second);
  std::map<std::string, at::Tensor> tensors;
  std::vector<at::Tensor> of_blocks;
  trunk_->Visit([&](const std::string& name, const at::Tensor& tensor, TensorRole role) {
    tensors[name] = tensor;
    if (role == TensorRole::kParameter && name.starts_with("blocks."))
      of_blocks.push_back(tensor.requires_grad_(true));
  });
  const TrunkState state = trunk_->Stem(Wave({2, 3, 12, 16}), {});
  RotaryTable rotary;
  if (tensors.contains("rope_embed.periods"))
    rotary = MakeRotaryTable(tensors.at("rope_embed.periods"), 3, 4, 3);
  at::Tensor expected = state.x;
  for (const char* block : {"blocks.0", "blocks.1"})
    expected = PlainBlock(tensors, block, expected, shape.block, rotary);
  const at::Tensor actual = trunk_->Run(state, 0, 2, {}).x;
  EXPECT_LT(RelativeError(actual.detach(), expected.detach()), 1e-12);
  const std::vector<at::Tensor> by_actual = torch::autograd::grad({actual.tanh().sum()}, of_blocks);
  const std::vector<at::Tensor> by_expected = torch::autograd::grad({expected.tanh().sum()}, of_blocks);
  for (size_t i = 0; i < of_blocks.size(); ++i) {
    const double largest = std::max(1e-6, by_expected[i].abs().max().item<double>());
    EXPECT_LT((by_actual[i] - by_expected[i]).abs().max().item<double>(), 1e-9 * largest) << i;
  }
}

// The value of a loss and its gradient by each parameter that it depends on; 0 for the others.
std::vector<at::Tensor> ValueAndGradients(const at::Tensor& value,
                                          const std::vector<at::Tensor>& parameters) {
  std::vector<at::Tensor> all =
      torch::autograd::grad({value}, parameters, {}, false, false, /*allow_unused=*/true);
  for (size_t i = 0; i < all.size(); ++i) {
    if (!all[i].defined()) all[i] = at::zeros_like(parameters[i]);
  }
  all.push_back(value.detach());
  return all;
}

void ExpectSame(const std::vector<at::Tensor>& actual, const std::vector<at::Tensor>& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    const double largest = std::max(1e-3, expected[i].abs().max().item<double>());
    EXPECT_LT((actual[i] - expected[i]).abs().max().item<double>(), 1e-6 * largest) << i;
  }
}

TEST_P(TinyTransformer, ComputesTheClassTokenAloneInTheLastBlock) {
  std::vector<at::Tensor> parameters;
  trunk_->Visit([&](const std::string&, const at::Tensor& tensor, TensorRole role) {
    if (role == TensorRole::kParameter) parameters.push_back(tensor.requires_grad_(true));
  });
  const std::vector<uint64_t> keys = {7, 3, 9, 1};
  for (const double drop_path : {0.0, 0.5, 1.0}) {
    const PassContext pass{.is_training = true, .seed = 5, .images = keys, .drop_path = drop_path};
    const auto of = [&](bool with_map) {
      const Features features =
          trunk_->Forward(Wave({4, 3, 12, 16}), {.map = with_map, .class_token = true}, pass);
      EXPECT_EQ(features.map_BCHW.defined(), with_map);
      return ValueAndGradients(features.class_BC.to(at::kDouble).tanh().sum(), parameters);
    };
    ExpectSame(of(false), of(true));
  }
  TrunkState state = trunk_->Stem(Wave({1, 3, 12, 16}), {});
  const int64_t tokens = state.x.size(1);
  state.ends_in_class_token = true;
  EXPECT_EQ(trunk_->Run(state, 0, 1, {}).x.size(1), tokens);
  EXPECT_EQ(trunk_->Run(state, 0, 2, {}).x.size(1), 1);
}

TEST_P(TinyTransformer, HasTheSameGradientsFolded) {
  std::vector<at::Tensor> parameters;
  trunk_->Visit([&](const std::string&, const at::Tensor& tensor, TensorRole role) {
    if (role == TensorRole::kParameter) parameters.push_back(tensor.requires_grad_(true));
  });
  const std::vector<at::Tensor> expected = ValueAndGradients(Loss(), parameters);
  FoldForTraining(*trunk_);
  trunk_->Visit([](const std::string& name, const at::Tensor&, TensorRole) {
    EXPECT_TRUE(!name.starts_with("blocks.") || (!name.ends_with("gamma") && name.find("norm") == name.npos))
        << name;
  });
  FoldForTraining(*trunk_);  // nothing is left to fold
  ExpectSame(ValueAndGradients(Loss(), parameters), expected);
}

INSTANTIATE_TEST_SUITE_P(All, TinyTransformer,
                         ::testing::Values(std::pair(Mlp::kGelu, false), std::pair(Mlp::kPackedSwiGlu, false),
                                           std::pair(Mlp::kGelu, true), std::pair(Mlp::kSwiGlu, true)));

TEST(VisionTransformer, ResizesPhotosToTheNearestPatchesAsMegaLocDoes) {
  const at::NoGradGuard no_grad;
  const auto trunk = MakeTrunk("dinov2_vits14:blocks=1");
  const auto grid = [&](int64_t height, int64_t width) {
    const TrunkState state = trunk->Stem(at::zeros({1, 3, height, width}), {});
    return std::pair(state.rows, state.columns);
  };
  EXPECT_EQ(grid(28, 42), std::pair(2L, 3L));
  EXPECT_EQ(grid(34, 36), std::pair(2L, 3L));
  EXPECT_EQ(grid(35, 49), std::pair(2L, 4L));  // halves go to the even number
  EXPECT_EQ(grid(3, 14), std::pair(1L, 1L));
}

// Describers share a trunk, and photos come in all sizes.
TEST(VisionTransformer, FrozenGivesEachSizeItsPositionsFromManyThreads) {
  const auto trunk = MakeTrunk("dinov2_vits14:blocks=1");
  Fill(*trunk);
  const auto map_of = [&](int i) {
    const at::NoGradGuard no_grad;
    return trunk->Forward(at::linspace(0, 1, 3 * 14 * 28 * (i + 1)).view({1, 3, 14 * (i + 1), 28})).map_BCHW;
  };
  constexpr int kSizes = 11;  // more than are kept
  std::vector<at::Tensor> expected;
  for (int i = 0; i < kSizes; ++i) expected.push_back(map_of(i));
  Freeze(*trunk, at::kFloat);
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 2 * kSizes; ++i) {
        const int size = (i * (thread + 1)) % kSizes;
        if ((map_of(size) - expected[ToIndex(size)]).abs().max().item<double>() > 1e-4) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

// Matrix products alone are rounded: errors are those of autocast in PyTorch, not of norms or of sums in
// bf16.
TEST(VisionTransformer, KeepsNormsAndSumsInFloat32WhenFrozenInBf16) {
  const at::NoGradGuard no_grad;
  const auto trunk = MakeTrunk("dinov2_vits14");
  Fill(*trunk);
  const at::Tensor images = at::linspace(0, 300, 3 * 70 * 70).sin().view({1, 3, 70, 70});
  const at::Tensor expected = trunk->Forward(images).map_BCHW;
  Freeze(*trunk, at::kBFloat16);
  trunk->Visit([](const std::string& name, const at::Tensor& tensor, TensorRole) {
    const bool is_product = name.find(".attn.") != name.npos || name.find(".mlp.") != name.npos ||
                            name.starts_with("patch_embed.");
    EXPECT_EQ(tensor.scalar_type(), is_product ? at::kBFloat16 : at::kFloat) << name;
  });
  const TrunkState state = trunk->Stem(images.to(at::kBFloat16), {});
  EXPECT_EQ(trunk->Run(state, 0, 12, {}).x.scalar_type(), at::kFloat);
  EXPECT_LT(RelativeError(trunk->Forward(images.to(at::kBFloat16)).map_BCHW, expected), 0.03);
}

TEST(VisionTransformer, VariantsAreNamedByWhatDiffers) {
  EXPECT_EQ(TrunkNamed("dinov2_vitg14:blocks=2").blocks, 2);
  EXPECT_EQ(TrunkNamed("dinov2_vits14:positions=size,blocks=3").name,
            "dinov2_vits14:blocks=3,positions=size");
  EXPECT_EQ(&TrunkNamed("dinov2_vits14:blocks=12,positions=offset"), &TrunkNamed("dinov2_vits14"));
  EXPECT_EQ(&TrunkNamed("dinov3_vits16:blocks=2"), &VariantOf(TrunkNamed("dinov3_vits16"), 2, {}));
  EXPECT_THAT(ErrorOf([] { TrunkNamed("dinov2_vits14:size=2"); }),
              HasSubstr("'size=2' is neither blocks=NUMBER nor positions=RULE"));
  EXPECT_THAT(ErrorOf([] { TrunkNamed("dinov2_vits14:blocks=0"); }), HasSubstr("of 0 blocks"));
  EXPECT_THAT(ErrorOf([] { TrunkNamed("dinov2_vits14:positions=nearest"); }),
              HasSubstr("'nearest' is not one of offset, size, antialias"));
  EXPECT_THAT(ErrorOf([] { TrunkNamed("dinov3_vits16:positions=size"); }), HasSubstr("no learned positions"));
  EXPECT_THAT(ErrorOf([] { TrunkNamed("resnet18:blocks=2"); }), HasSubstr("a resnet18 has no variants"));
}

TEST(VisionTransformer, VariantsAreAcceptedWhereArchitecturesAre) {
  CheckOptions(NetWish{"dinov2_vits14:blocks=2", ""});
  CheckOptions(DescriptorNetOptions{"dinov3_vits16:blocks=2"});
  const auto refusal = [](const char* other) { return ErrorOf([&] { CheckOptions(NetWish{other, ""}); }); };
  for (const char* other : {"dinov2:blocks=2", "dinov2_vits14blocks", "dinov2_vits14["})
    EXPECT_THAT(refusal(other), HasSubstr("must be one of alexnet, ")) << other;
  EXPECT_THAT(refusal("resnet18:blocks=2"), HasSubstr("a resnet18 has no variants"));
  // However it is written, a model names the same architecture.
  const TemporaryFolder folder;
  const ModelParts model{DescriptorNet({"dinov2_vits14:positions=size,blocks=1"}), {}};
  EXPECT_EQ(model.net.options().architecture, "dinov2_vits14:blocks=1,positions=size");
  WriteModel(model, folder / "model.pth");
  for (const char* written :
       {"dinov2_vits14:positions=size,blocks=1", "dinov2_vits14:blocks=1,positions=size"})
    EXPECT_EQ(ReadModel(folder / "model.pth", NetWish{written, ""}).net.options(), model.net.options());
  EXPECT_EQ(Simplified({"dinov2_vits14:blocks=12"}), DescriptorNetOptions{"dinov2_vits14"});
}

struct PublishedFile {
  const char* tag;
  const char* architecture;
  const char* format;  // that it is written back in
};

void PrintTo(const PublishedFile& file, std::ostream* out) { *out << file.tag; }

class PublishedFiles : public ::testing::TestWithParam<PublishedFile> {
 protected:
  // Whether the reference's outputs are class token and patches or all tokens.
  static bool HasAllTokens() {
    return std::filesystem::exists(SharedFolder() / kVitFolder / (Tag() + "-tokens.npy"));
  }
  static std::string Tag() { return GetParam().tag; }
  static at::Tensor Input() {
    if (Tag() != "transformers_dinov3-vits16") return VitReference("input-126x154");
    return CropOfBerlin();
  }
  static void ExpectTheReferencesFeatures(const Features& features) {
    if (!HasAllTokens()) {
      EXPECT_LT(RelativeError(features.class_BC, VitReference(Tag() + "-cls")), kTolerance);
      EXPECT_LT(RelativeError(PatchesOf(features), VitReference(Tag() + "-patches")), kTolerance);
      return;
    }
    const at::Tensor tokens = VitReference(Tag() + "-tokens");
    const at::Tensor patches = PatchesOf(features);
    EXPECT_LT(RelativeError(features.class_BC, tokens.select(1, 0)), kTolerance);
    EXPECT_LT(RelativeError(patches, tokens.narrow(1, tokens.size(1) - patches.size(1), patches.size(1))),
              kTolerance);
  }

  TemporaryFolder folder_;
};

TEST_P(PublishedFiles, IsRecognisedAndGivesTheReferencesTokens) {
  VANTAGE_REQUIRE_SHARED(kVitFolder + Tag() + ".json");
  const at::NoGradGuard no_grad;
  for (const char* name : {"m.pth", "m.safetensors"}) {
    WritePublished(Published(Tag()), folder_ / name);
    const ModelInfo info = ReadModelInfo(folder_ / name);
    EXPECT_EQ(info.architecture, GetParam().architecture);
    const ModelParts model = ReadModel(folder_ / name);
    EXPECT_EQ(model.net.options().architecture, GetParam().architecture);
    ExpectTheReferencesFeatures(FeaturesOf(model.net.trunk(), Input()));
  }
}

TEST_P(PublishedFiles, AreReadInHalfPrecision) {
  VANTAGE_REQUIRE_SHARED(kVitFolder + Tag() + ".json");
  PublishedTensors halves = Published(Tag());
  PublishedTensors floats;
  for (auto& [name, tensor] : halves) {
    tensor = tensor.to(at::kHalf);
    floats[name] = tensor.to(at::kFloat);
  }
  for (const char* name : {"m.pth", "m.safetensors"}) {
    WritePublished(halves, folder_ / name);
    WritePublished(floats, folder_ / (std::string("float-") + name));
    EXPECT_EQ(WeightsSha256(ReadModel(folder_ / name).net),
              WeightsSha256(ReadModel(folder_ / (std::string("float-") + name)).net));
  }
}

// Published files of transformers have other names than its modules.
TEST(VisionTransformer, IsReadUnderTransformersPublishedNames) {
  VANTAGE_REQUIRE_SHARED("reference/vit/transformers_dinov2-small.json");
  const TemporaryFolder folder;
  PublishedTensors published;
  for (const auto& [name, tensor] : Published("transformers_dinov2-small")) {
    published[Renamed(name, {{".attention.q_proj.", ".attention.attention.query."},
                             {".attention.k_proj.", ".attention.attention.key."},
                             {".attention.v_proj.", ".attention.attention.value."},
                             {".attention.o_proj.", ".attention.output.dense."}})] = tensor;
  }
  WritePublished(published, folder / "m.pth");
  WritePublished(Published("transformers_dinov2-small"), folder / "n.pth");
  const ModelParts model = ReadModel(folder / "m.pth");
  EXPECT_EQ(WeightsSha256(model.net), WeightsSha256(ReadModel(folder / "n.pth").net));
  WriteModelAs(model, "transformers", folder / "back.safetensors");
  const ModelSource back = OpenModelSource(folder / "back.safetensors");
  EXPECT_EQ(back.tensors.size(), published.size());
  for (const SourceTensor& tensor : back.tensors) {
    ASSERT_TRUE(published.contains(tensor.name)) << tensor.name;
    EXPECT_TRUE(ToTensor(tensor).equal(published.at(tensor.name))) << tensor.name;
  }
}

// Queries, keys and values are joined to one layer, whose shape the network checks.
TEST(VisionTransformer, PartsOfALayerThatDoNotFitAreAnError) {
  VANTAGE_REQUIRE_SHARED("reference/vit/transformers_dinov2-small.json");
  const TemporaryFolder folder;
  const PublishedTensors published = Published("transformers_dinov2-small");
  int changed = 0;
  for (const auto& [name, tensor] : published) {
    if (name.find("layer.0.") == name.npos || name.find("k_proj.weight") == name.npos) continue;
    ++changed;
    const int64_t rows = tensor.size(0);
    const int64_t columns = tensor.size(1);
    for (const std::vector<int64_t>& shape : std::vector<std::vector<int64_t>>{
             {rows, 4 * columns}, {rows, 1}, {rows}, {rows, columns, 1}, {rows + 1, columns}}) {
      PublishedTensors wrong = published;
      wrong[name] = at::zeros(shape);
      WritePublished(wrong, folder / "m.safetensors");
      EXPECT_THAT(ErrorOf([&] { ReadModel(folder / "m.safetensors"); }), HasSubstr("m.safetensors"))
          << serialize::ShapeText(shape);
    }
  }
  EXPECT_EQ(changed, 1);
}

TEST(VisionTransformer, OnlyDigitsNumberThePartsOfALayer) {
  const auto names = [](const std::string& name) {
    std::vector<std::string> all;
    for (const SourceTensor& tensor : Joined({Zeros(name, {2})}, {".attn.qkv"})) all.push_back(tensor.name);
    return all;
  };
  EXPECT_EQ(names("blocks.0.attn.qkv.0.bias"), std::vector<std::string>{"blocks.0.attn.qkv.bias"});
  EXPECT_EQ(names("blocks.0.attn.qkv.!.bias"), std::vector<std::string>{"blocks.0.attn.qkv.!.bias"});
}

TEST(VisionTransformer, PartsThatDoNotFillATensorAreAnError) {
  std::string elements(12, '?');
  ReadParts({Zeros("a", {1}), Zeros("b", {2})}, elements);
  EXPECT_EQ(elements, std::string(12, '\0'));
  EXPECT_THAT(ErrorOf([&] {
                ReadParts({Zeros("a", {1}), Zeros("b", {3})}, elements);
              }),
              HasSubstr("'b' of (3) is larger than its place"));
  EXPECT_THAT(ErrorOf([&] {
                ReadParts({Zeros("a", {1}), Zeros("b", {1})}, elements);
              }),
              HasSubstr("the parts of 'b' lack 4 bytes"));
  EXPECT_EQ(BytesOf(Zeros("c", {0, int64_t{1} << 62})), 0U);
  EXPECT_THAT(ErrorOf([&] { BytesOf(Zeros("c", {int64_t{1} << 62})); }), HasSubstr("too many elements"));
}

TEST_P(PublishedFiles, AreWrittenBackAsTheyWere) {
  VANTAGE_REQUIRE_SHARED(kVitFolder + Tag() + ".json");
  const PublishedTensors published = Published(Tag());
  WritePublished(published, folder_ / "m.pth");
  const ModelParts model = ReadModel(folder_ / "m.pth");
  WriteModelAs(model, GetParam().format, folder_ / "back.pth");
  const ModelParts back = ReadModel(folder_ / "back.pth");
  EXPECT_EQ(back.net.options(), model.net.options());
  EXPECT_EQ(WeightsSha256(back.net), WeightsSha256(model.net));
  if (GetParam().format == std::string("transformers")) return;  // it has two sets of names
  const ModelSource source = OpenModelSource(folder_ / "back.pth");
  EXPECT_EQ(source.tensors.size(), published.size());
  for (const SourceTensor& tensor : source.tensors) {
    ASSERT_TRUE(published.contains(tensor.name)) << tensor.name;
    EXPECT_TRUE(ToTensor(tensor).equal(published.at(tensor.name))) << tensor.name;
  }
}

// timm and transformers load what is written for them, all of it, and compute the same tokens from it.
TEST(VisionTransformer, IsWrittenForTimmAndTransformers) {
  const char* python = std::getenv("VANTAGE_PYTHON");  // NOLINT(concurrency-mt-unsafe)
  if (python == nullptr) GTEST_SKIP() << "needs VANTAGE_PYTHON naming a Python with timm and transformers";
  const at::NoGradGuard no_grad;
  const TemporaryFolder folder;
  std::vector<std::string> names;
  for (const TrunkRow& row : Trunks()) {
    if (row.blocks == 0) continue;
    names.push_back(row.name);
    const ModelParts model{DescriptorNet({.architecture = VariantOf(row, 2, {}).name}), {}};
    model.net.trunk().Visit([](const std::string& name, const at::Tensor& tensor, TensorRole role) {
      if (role == TensorRole::kParameter) FillByFormula(name, tensor);
    });
    std::filesystem::create_directory(folder / row.name);
    WriteModelAs(model, "timm", folder / row.name / "timm.safetensors");
    WriteModelAs(model, "transformers", folder / row.name / "model.safetensors");
  }
  WriteFile(folder / "tokens.py", R"(
import sys
try:
    import numpy, safetensors.torch, timm, torch, transformers
except ImportError:
    sys.exit(77)
folder = sys.argv[1]
sides = {'vits14': (384, 6), 'vitb14': (768, 12), 'vitl14': (1024, 16), 'vitg14': (1536, 24), 'vits16': (384, 6),
         'vits16plus': (384, 6), 'vitb16': (768, 12), 'vitl16': (1024, 16), 'vith16plus': (1280, 20)}
sizes = {'vits': 'small', 'vitb': 'base', 'vitl': 'large', 'vitg': 'giant', 'vith': 'huge'}
images = torch.linspace(0, 300, 3 * 112 * 224, dtype=torch.float64).sin().float().view(1, 3, 112, 224)
for name in sys.argv[2:]:
    family, size = name.split('_')[:2]
    is_plus = size.endswith('plus')
    if family == 'dinov2':
        known = 'vit_%s_patch14_%sdinov2' % (sizes[size[:4]], 'reg4_' if name.endswith('_reg') else '')
    else:
        known = 'vit_%s_%spatch16_dinov3_qkvb' % (sizes[size[:4]], 'plus_' if is_plus else '')
    model = timm.create_model(known, depth=2, num_classes=0, dynamic_img_size=True).eval()
    model.load_state_dict(safetensors.torch.load_file('%s/%s/timm.safetensors' % (folder, name)), strict=True)
    with torch.no_grad():
        tokens = model.forward_features(images)
    numpy.save('%s/%s/timm.npy' % (folder, name), tokens.numpy())
    width, heads = sides[size]
    common = dict(hidden_size=width, num_attention_heads=heads, num_hidden_layers=2)
    if family == 'dinov3':
        kind = transformers.DINOv3ViTModel
        config = transformers.DINOv3ViTConfig(intermediate_size=4 * width, use_gated_mlp=is_plus, patch_size=16,
                                              hidden_act='silu' if is_plus else 'gelu', num_register_tokens=4, **common)
    else:
        has_registers = name.endswith('_reg')
        kind = transformers.Dinov2WithRegistersModel if has_registers else transformers.Dinov2Model
        make = transformers.Dinov2WithRegistersConfig if has_registers else transformers.Dinov2Config
        config = make(image_size=518, patch_size=14, use_swiglu_ffn=size == 'vitg14', **common)
    config.save_pretrained('%s/%s' % (folder, name))
    model, info = kind.from_pretrained('%s/%s' % (folder, name), output_loading_info=True)
    assert not any(info[key] for key in ('missing_keys', 'unexpected_keys', 'mismatched_keys')), (name, info)
    with torch.no_grad():
        tokens = model.eval()(images).last_hidden_state
    numpy.save('%s/%s/transformers.npy' % (folder, name), tokens.numpy())
)");
  std::vector<std::string> command = {python, (folder / "tokens.py").string(), folder.path().string()};
  command.insert(command.end(), names.begin(), names.end());
  const auto [code, output] = CaptureCommand(command);
  if (code == 77) GTEST_SKIP() << "needs a Python with timm and transformers";
  ASSERT_EQ(code, 0) << output;
  const at::Tensor images =
      at::linspace(0, 300, 3 * 112 * 224, at::kDouble).sin().to(at::kFloat).view({1, 3, 112, 224});
  for (const std::string& name : names) {
    for (const auto& [code_of, file] :
         {std::pair("timm", "timm.safetensors"), {"transformers", "model.safetensors"}}) {
      const ModelParts model = ReadModel(folder / name / file);
      EXPECT_EQ(TrunkNamed(model.net.options().architecture).blocks, 2);
      const Features features = FeaturesOf(model.net.trunk(), images);
      const at::Tensor expected = ReadNpyTensor(folder / name / (std::string(code_of) + ".npy"));
      const at::Tensor patches = PatchesOf(features);
      const double of_class = RelativeError(features.class_BC, expected.select(1, 0));
      const double of_patches =
          RelativeError(patches, expected.narrow(1, expected.size(1) - patches.size(1), patches.size(1)));
      EXPECT_LT(std::max(of_class, of_patches), kTolerance) << name << " " << code_of;
      RecordProperty(StrCat(code_of, "_", name), StrCat(of_class, " ", of_patches));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, PublishedFiles,
    ::testing::Values(
        PublishedFile{"dinov2_vitg14-two-blocks", "dinov2_vitg14:blocks=2", "weights"},
        PublishedFile{"timm_vit_small_patch14_dinov2", "dinov2_vits14:positions=antialias", "timm"},
        PublishedFile{"timm_vit_small_patch14_reg4_dinov2", "dinov2_vits14_reg", "timm"},
        PublishedFile{"transformers_dinov2-small", "dinov2_vits14:positions=size", "transformers"},
        PublishedFile{"transformers_dinov3-vits16", "dinov3_vits16", "transformers"}),
    [](const auto& test) {
      std::string name = test.param.tag;
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

}  // namespace
}  // namespace vantage::nn

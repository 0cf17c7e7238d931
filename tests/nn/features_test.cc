// SPDX-License-Identifier: BSD-3-Clause
#include "nn/features.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/zeros.h>

#include <array>

#include "nn/token_trunk.h"
#include "testing/files.h"
#include "testing/tensors.h"

namespace vantage::nn {
namespace {

using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::RelativeError;

at::Tensor TwoPhotos() { return at::linspace(0, 60, 2 * 3 * 16 * 24).sin().view({2, 3, 16, 24}); }

// The state after `blocks` blocks.
at::Tensor TokensAfter(const TokenTrunk& trunk, int blocks) {
  return trunk.Run(trunk.Stem(TwoPhotos(), {}), 0, blocks, {}).x;
}

TEST(Features, AreWhatIsAskedForAndNothingElse) {
  const TokenTrunk trunk;
  const at::Tensor last = TokensAfter(trunk, 3);
  const Features map = trunk.Forward(TwoPhotos());
  EXPECT_EQ(map.map_BCHW.sizes(), at::IntArrayRef({2, 3, 2, 3}));
  EXPECT_TRUE(map.map_BCHW.flatten(2).transpose(1, 2).equal(last.narrow(1, 1, 6) / 2));
  EXPECT_FALSE(map.class_BC.defined());
  EXPECT_FALSE(map.tokens_BNC.defined());
  const Features token = trunk.Forward(TwoPhotos(), {.map = false, .class_token = true});
  EXPECT_TRUE(token.class_BC.equal(last.select(1, 0) / 2));
  EXPECT_FALSE(token.map_BCHW.defined());
}

TEST(Features, HaveTheTokensOfAnyBlockBeforeOrAfterTheNorm) {
  const TokenTrunk trunk;
  for (const int block : {0, 1, 2, -1, -3}) {
    const at::Tensor tokens = TokensAfter(trunk, (block + 3) % 3 + 1).narrow(1, 1, 6);
    const auto asked = [&](bool after_norm) {
      return trunk
          .Forward(TwoPhotos(),
                   {.map = false, .tokens = TokenRequest{.block = block, .after_norm = after_norm}})
          .tokens_BNC;
    };
    EXPECT_TRUE(asked(false).equal(tokens)) << block;
    EXPECT_TRUE(asked(true).equal(tokens / 2)) << block;
  }
  EXPECT_THAT(ErrorOf([&] { trunk.Forward(TwoPhotos(), {.tokens = TokenRequest{.block = 3}}); }),
              HasSubstr("a tokens has no block 3"));
}

TEST(Features, OfABlockComeBesideThoseOfTheLast) {
  const TokenTrunk trunk;
  const Features features = trunk.Forward(
      TwoPhotos(), {.class_token = true, .tokens = TokenRequest{.block = 0, .after_norm = false}});
  EXPECT_TRUE(features.tokens_BNC.equal(TokensAfter(trunk, 1).narrow(1, 1, 6)));
  EXPECT_TRUE(features.class_BC.equal(TokensAfter(trunk, 3).select(1, 0) / 2));
  EXPECT_TRUE(features.map_BCHW.equal(trunk.Forward(TwoPhotos()).map_BCHW));
}

TEST(Features, OfTokensAreNotAConvolutionalTrunks) {
  const auto trunk = MakeTrunk("squeezenet1_1");
  const at::Tensor photo = at::zeros({1, 3, 64, 64});
  EXPECT_THAT(ErrorOf([&] { trunk->Forward(photo, {.class_token = true}); }), HasSubstr("no tokens"));
  EXPECT_THAT(ErrorOf([&] { trunk->Forward(photo, {.tokens = TokenRequest{}}); }), HasSubstr("no tokens"));
}

// A photo draws the same values in the second pass, in which its gradient is computed, although the batch
// differs.
TEST(PassContext, DrawsByPhotoWhateverItsPlaceInTheBatch) {
  const std::array<uint64_t, 3> together = {4, 7, 9};
  const std::array<uint64_t, 1> alone = {7};
  const auto draw = [](std::span<const uint64_t> images, size_t place, uint64_t seed, const char* layer) {
    return PassContext{.is_training = true, .seed = seed, .images = images}.Random(layer, place).Next();
  };
  EXPECT_EQ(draw(together, 1, 3, "drop"), draw(alone, 0, 3, "drop"));
  EXPECT_NE(draw(together, 1, 3, "drop"), draw(together, 2, 3, "drop"));
  EXPECT_NE(draw(alone, 0, 3, "drop"), draw(alone, 0, 4, "drop"));
  EXPECT_NE(draw(alone, 0, 3, "drop"), draw(alone, 0, 3, "another"));
}

}  // namespace
}  // namespace vantage::nn

// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/TensorOperators.h>

#include <cmath>
#include <cstdlib>
#include <string>

#include "nn/images_to_tensor.h"
#include "nn/resize_images.h"
#include "nn/torch_value.h"
#include "serialize/torch_file.h"
#include "testing/files.h"
#include "util/file.h"
#include "util/string.h"
#include "util/subprocess.h"
#include "vantage/preprocessing.h"

namespace vantage::nn {
namespace {

using vantage::testing::TemporaryFolder;

Image WavyPhoto(int number, int width, int height) {
  Image image = MakeImage(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < 3 * width; ++x) {
      const double wave = std::sin(0.2 * number * x / 3 + x % 3) * std::cos(0.3 * y);
      image.Row(y)[x] = static_cast<uint8_t>(127 + 100 * wave);
    }
  }
  return image;
}

at::Tensor Applied(const at::Tensor& x, const std::string& text) {
  return ApplyTensorSteps(x, ParsePreprocessing(text).steps);
}

TEST(ApplyTensorSteps, SizesAreThoseOfTheRules) {
  const at::Tensor x = ImagesToTensor({WavyPhoto(1, 90, 70)}, {});
  EXPECT_EQ(Applied(x, "multiple=14,bilinear,tensor").sizes(), at::IntArrayRef({1, 3, 70, 84}));
  EXPECT_EQ(Applied(x, "square=32,bicubic,tensor + crop=20").sizes(), at::IntArrayRef({1, 3, 20, 20}));
  EXPECT_EQ(Applied(x, "longest=45,bilinear,no-antialias,tensor").sizes(), at::IntArrayRef({1, 3, 35, 45}));
  EXPECT_TRUE(Applied(x, "longest=200,bilinear,tensor").equal(x));  // not enlarged
}

TEST(ApplyTensorSteps, TheCentreIsThatOfPhotos) {
  const Image photo = WavyPhoto(1, 91, 70);
  const at::Tensor cut = ImagesToTensor({ApplyPhotoSteps(photo, ParsePreprocessing("crop=40"))}, {});
  PreprocessingStep crop = ParsePreprocessing("crop=40").steps[0];
  EXPECT_TRUE(ApplyTensorSteps(ImagesToTensor({photo}, {}), std::span(&crop, 1)).equal(cut));
}

// Resizing and normalising commute, except for the rounding to bytes: up to half a grey level per pass.
TEST(ApplyTensorSteps, TensorsAndPhotosAgree) {
  const Image photo = WavyPhoto(1, 90, 70);
  for (const std::string step :
       {"square=48,bilinear", "square=48,bicubic", "square=100,bilinear,no-antialias",
        "square=48,bicubic,no-antialias", "shortest=100,bicubic,enlarge"}) {
    const at::Tensor of_photo = ImagesToTensor({ApplyPhotoSteps(photo, ParsePreprocessing(step))}, {});
    const at::Tensor of_tensor = Applied(ImagesToTensor({photo}, {}), step + ",tensor");
    ASSERT_EQ(of_photo.sizes(), of_tensor.sizes()) << step;
    const at::Tensor inside = of_tensor.clamp(-1.8, 2.2);  // bytes cannot overshoot
    EXPECT_LT((of_photo.clamp(-1.8, 2.2) - inside).abs().max().item<double>(), 1.6 / 255 / 0.224) << step;
  }
}

// torchvision's Resize of a tensor is this call of interpolate.
TEST(ApplyTensorSteps, TensorsAreResizedAsByPyTorch) {
  const char* python = std::getenv("VANTAGE_PYTHON");  // NOLINT(concurrency-mt-unsafe)
  if (python == nullptr) GTEST_SKIP() << "needs VANTAGE_PYTHON naming a Python with torch";
  const TemporaryFolder folder;
  const at::Tensor x = ImagesToTensor({WavyPhoto(1, 90, 70), WavyPhoto(2, 90, 70)}, {});
  TorchDict file;
  file.Set("x", {x.contiguous()});
  WriteTorchFile({file}, folder / "x.pth");
  WriteFile(folder / "resize.py", R"(
import sys, torch
x = torch.load(sys.argv[1] + '/x.pth', weights_only=True)['x']
made = {}
for name in ('bilinear', 'bicubic'):
    for antialias in (True, False):
        for size in ((70, 84), (322, 322), (28, 126)):
            key = f'{name} {antialias} {size[0]} {size[1]}'
            made[key] = torch.nn.functional.interpolate(x, size, mode=name, antialias=antialias, align_corners=False)
torch.save(made, sys.argv[1] + '/made.pth')
)");
  const auto [code, output] =
      CaptureCommand({python, (folder / "resize.py").string(), folder.path().string()});
  ASSERT_EQ(code, 0) << output;
  const serialize::TorchFile made(folder / "made.pth");
  const auto expected = [&](const std::string& key) {
    return ReadTensor(made, serialize::Member(made.root(), key, "made"), key);
  };
  for (const std::string name : {"bilinear", "bicubic"}) {
    for (const bool antialias : {true, false}) {
      const std::string words = StrCat(",", name, antialias ? "" : ",no-antialias", ",tensor");
      const std::string key = StrCat(name, antialias ? " True " : " False ");
      EXPECT_LT((Applied(x, "multiple=14" + words) - expected(key + "70 84")).abs().max().item<double>(),
                1e-5);
      EXPECT_LT((Applied(x, "square=322" + words) - expected(key + "322 322")).abs().max().item<double>(),
                1e-5);
    }
  }
}

}  // namespace
}  // namespace vantage::nn

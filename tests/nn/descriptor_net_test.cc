// SPDX-License-Identifier: BSD-3-Clause
#include "nn/descriptor_net.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>

#include "nn/device.h"
#include "nn/images_to_tensor.h"
#include "nn/model_file.h"
#include "nn/resize_images.h"
#include "testing/files.h"
#include "testing/tensors.h"
#include "util/file.h"

namespace vantage::nn {
namespace {

using vantage::testing::FillByFormula;
using vantage::testing::ReadNpyTensor;
using vantage::testing::RelativeError;
using vantage::testing::SharedFolder;

std::vector<Image> ReferenceImages() {
  const auto folder = SharedFolder() / "reference";
  const auto meta = nlohmann::json::parse(ReadFile(folder / "cirtorch/meta.json"));
  std::vector<Image> images;
  for (const std::string name : meta["image_order"])
    images.push_back(ReadImage(folder / "pillow" / (name + ".png")));
  return images;
}

at::Tensor DescribeEach(const DescriptorNet& net, const std::vector<Image>& images,
                        const std::vector<double>& scales = {1}) {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> descriptors;
  for (const Image& image : images)
    descriptors.push_back(net.ForwardAtScales(ImagesToTensor({image}, net.normalization), scales));
  return at::cat(descriptors);
}

// Bytes that a thread allocates on the CPU while `work` runs.
int64_t AllocatedBy(const std::function<void()>& work) {
  struct Counter : c10::MemoryReportingInfoBase {
    int64_t bytes = 0;
    void reportMemoryUsage(void* /*memory*/, int64_t size, size_t /*allocated*/, size_t /*reserved*/,
                           c10::Device /*device*/) override {
      bytes += std::max<int64_t>(0, size);
    }
    bool memoryProfilingEnabled() const override { return true; }
  };
  const auto counter = std::make_shared<Counter>();
  const c10::DebugInfoGuard counted(c10::DebugInfoKind::PROFILER_STATE, counter);
  work();
  return counter->bytes;
}

// Training copies its network in each step. Initialising the copy first would take as long as copying.
TEST(DescriptorNet, ACopyAllocatesEachTensorOnce) {
  for (const DescriptorNetOptions& options :
       {DescriptorNetOptions{"resnet18", CirtorchHeadOptions{.pooling = "gemmp", .fc_whitening = true}},
        DescriptorNetOptions{"squeezenet1_1", NetVladHeadOptions{}},
        DescriptorNetOptions{"squeezenet1_1", LocalGemHeadOptions{}}}) {
    DescriptorNet net(options);
    int64_t bytes = 0;
    net.Visit([&](const std::string&, const at::Tensor& tensor, TensorRole) {
      bytes += static_cast<int64_t>(tensor.nbytes());
    });
    EXPECT_EQ(AllocatedBy([&] { DescriptorNet copy = net.Clone(); }), bytes) << NameOf(options);
    DescriptorNet copy = net.Clone();
    copy.Visit([&](const std::string& name, const at::Tensor& tensor, TensorRole) {
      EXPECT_TRUE(tensor.is_cpu()) << name;
    });
  }
}

struct ReferenceCase {
  const char* name;
  const char* weights;
  const char* pooling;  // for bare weights
  std::vector<double> scales = {1};
};

class ReferenceDescriptors : public ::testing::TestWithParam<ReferenceCase> {};

TEST_P(ReferenceDescriptors, AgreeWithCirtorchs) {
  VANTAGE_REQUIRE_SHARED("reference/cirtorch");
  const std::string pooling = GetParam().pooling;
  const ModelParts model = ReadModel(SharedFolder() / GetParam().weights,
                                     {"squeezenet1_1", pooling.empty() ? "" : "cirtorch:pooling=" + pooling});
  const at::Tensor expected =
      ReadNpyTensor(SharedFolder() / "reference/cirtorch" / (std::string(GetParam().name) + ".npy"));
  EXPECT_LT(RelativeError(DescribeEach(model.net, ReferenceImages(), GetParam().scales), expected), 1e-5);
}

const std::vector<double> kDown = {1, 1 / std::sqrt(2.0), 0.5};
const std::vector<double> kUp = {1, std::sqrt(2.0), 1 / std::sqrt(2.0)};
constexpr const char* kSqueezeNet = "weights/squeezenet1_1-imagenet.pth";
INSTANTIATE_TEST_SUITE_P(
    All, ReferenceDescriptors,
    ::testing::Values(ReferenceCase{"gem", kSqueezeNet, "gem"}, ReferenceCase{"mac", kSqueezeNet, "mac"},
                      ReferenceCase{"spoc", kSqueezeNet, "spoc"},
                      ReferenceCase{"gemmp", "reference/cirtorch/gemmp.pth", ""},
                      ReferenceCase{"rmac", kSqueezeNet, "rmac"},
                      ReferenceCase{"gem-w", "reference/cirtorch/gem-w.pth", ""},
                      ReferenceCase{"gem-lw", "reference/cirtorch/gem-lw.pth", ""},
                      ReferenceCase{"gem-r", "reference/cirtorch/gem-r.pth", ""},
                      ReferenceCase{"mac-r", "reference/cirtorch/mac-r.pth", ""},
                      ReferenceCase{"gem_ms-down", kSqueezeNet, "gem", kDown},
                      ReferenceCase{"gem_ms-up", kSqueezeNet, "gem", kUp},
                      ReferenceCase{"mac_ms-down", kSqueezeNet, "mac", kDown},
                      ReferenceCase{"gem-w_ms-down", "reference/cirtorch/gem-w.pth", "", kDown},
                      ReferenceCase{"gem-w_ms-up", "reference/cirtorch/gem-w.pth", "", kUp}),
    [](const auto& param_info) {
      std::string name = param_info.param.name;
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

TEST(DescriptorNet, OldAndNewWeightFilesGiveTheSameDescriptors) {
  VANTAGE_REQUIRE_SHARED("weights/squeezenet1_1-imagenet-legacy.pth");
  DescriptorNetOptions options;
  options.architecture = "squeezenet1_1";
  const std::vector<Image> images = {ReferenceImages()[0]};
  const ModelParts zip = ReadModel(SharedFolder() / "weights/squeezenet1_1-imagenet.pth", options);
  const ModelParts legacy = ReadModel(SharedFolder() / "weights/squeezenet1_1-imagenet-legacy.pth", options);
  EXPECT_TRUE(DescribeEach(zip.net, images).equal(DescribeEach(legacy.net, images)));
}

TEST(DescriptorNet, FeatureMapAgreesWithCirtorchs) {
  VANTAGE_REQUIRE_SHARED("reference/cirtorch/featuremap_first-image.npy");
  const at::NoGradGuard no_grad;
  DescriptorNetOptions options;
  options.architecture = "squeezenet1_1";
  const ModelParts model = ReadModel(SharedFolder() / "weights/squeezenet1_1-imagenet.pth", options);
  at::Tensor expected = ReadNpyTensor(SharedFolder() / "reference/cirtorch/featuremap_first-image.npy");
  if (expected.dim() == 3) expected = expected.unsqueeze(0);
  const at::Tensor map =
      model.net.trunk().Forward(ImagesToTensor({ReferenceImages()[0]}, model.net.normalization)).map_BCHW;
  EXPECT_LT(RelativeError(map, expected), 1e-5);
}

TEST(DescriptorNet, ResNetWithRealWeightsAgrees) {
  VANTAGE_REQUIRE_SHARED("reference/cirtorch/resnet18_conv4-gem.npy");
  DescriptorNetOptions options;
  options.architecture = "resnet18_conv4";
  const ModelParts model = ReadModel(SharedFolder() / "weights/resnet18_conv4-imagenet.pth", options);
  const at::Tensor expected = ReadNpyTensor(SharedFolder() / "reference/cirtorch/resnet18_conv4-gem.npy");
  EXPECT_LT(RelativeError(DescribeEach(model.net, ReferenceImages()), expected), 1e-5);
}

TEST(DescriptorNet, BatchesGiveTheSameAsOneByOne) {
  const at::NoGradGuard no_grad;
  DescriptorNet net({"squeezenet1_1"});
  net.Visit([](const std::string& name, const at::Tensor& tensor, TensorRole) {
    if (name != "pool.p") FillByFormula(name, tensor);
  });
  std::vector<Image> images;
  for (int i = 0; i < 4; ++i) {
    images.push_back(MakeImage(64, 48));
    for (size_t k = 0; k < images.back().pixels.size(); ++k) {
      images.back().pixels[k] = static_cast<uint8_t>((k * (i + 3)) % 251);
    }
  }
  const at::Tensor together = net.Forward(ImagesToTensor(images, net.normalization));
  EXPECT_LT(RelativeError(together, DescribeEach(net, images)), 1e-5);
  EXPECT_LT((together.norm(2, {1}) - 1).abs().max().item<float>(), 1e-5F);
}

TEST(DescriptorNet, CloneHasTensorsOfItsOwn) {
  const at::NoGradGuard no_grad;
  DescriptorNet net({"squeezenet1_1"});
  DescriptorNet clone = net.Clone();
  net.Visit([](const std::string&, const at::Tensor& tensor, TensorRole) { tensor.add_(1); });
  clone.Visit([](const std::string& name, const at::Tensor& tensor, TensorRole) {
    EXPECT_EQ(tensor.abs().max().item<float>(), name == "pool.p" ? 3.0F : 0.0F);
  });
}

TEST(ImagesToTensor, NormalisesAsTorchvisionDoes) {
  Image image = MakeImage(2, 1);
  image.pixels = {0, 128, 255, 1, 2, 3};
  const at::Tensor batch = ImagesToTensor({image}, {});
  EXPECT_EQ(batch.sizes(), at::IntArrayRef({1, 3, 1, 2}));
  EXPECT_NEAR(batch[0][1][0][0].item<float>(), (128.0 / 255 - 0.456) / 0.224, 1e-6);
  EXPECT_NEAR(batch[0][2][0][1].item<float>(), (3.0 / 255 - 0.406) / 0.225, 1e-6);
}

TEST(ParseDevice, RefusesWhatIsNotThere) {
  EXPECT_TRUE(ParseDevice("cpu").is_cpu());
  EXPECT_THROW(ParseDevice("tpu9"), UsageError);
}

TEST(ResizeImages, IsTheBilinearResizeInFloat64) {
  const at::NoGradGuard no_grad;
  const at::Tensor images = at::linspace(0, 60, 2 * 3 * 41 * 67).sin().view({2, 3, 41, 67});
  for (const double scale : {0.5, 0.7071, 0.33, 1.4142, 2.0, 0.03}) {
    const at::Tensor expected = at::upsample_bilinear2d(images.to(at::kDouble), std::nullopt, false,
                                                        std::vector<double>{scale, scale});
    const at::Tensor resized = ResizeImages(images.contiguous(at::MemoryFormat::ChannelsLast), scale);
    ASSERT_EQ(resized.sizes(), expected.sizes()) << scale;
    EXPECT_LT((resized.to(at::kDouble) - expected).abs().max().item<double>(), 1e-6) << scale;
    EXPECT_LT((ResizeImages(images, scale) - resized).abs().max().item<double>(), 1e-6) << scale;
  }
}

}  // namespace
}  // namespace vantage::nn

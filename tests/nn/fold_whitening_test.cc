// SPDX-License-Identifier: BSD-3-Clause
#include "nn/fold_whitening.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>

#include "nn/images_to_tensor.h"
#include "nn/model_file.h"
#include "nn/pooling.h"
#include "testing/files.h"
#include "testing/tensors.h"
#include "util/random.h"

namespace vantage::nn {
namespace {

using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::FillByFormula;
using vantage::testing::TemporaryFolder;

constexpr int kPhotos = 40;

std::vector<Image> NoisyImages() {
  RandomStream random(5, "images");
  std::vector<Image> images;
  for (int i = 0; i < kPhotos; ++i) {
    Image image = MakeImage(48, 40);
    const uint64_t coarse = 4 + random.Below(12);  // blocks, so that descriptors differ
    for (size_t k = 0; k < image.pixels.size(); ++k) {
      image.pixels[k] = static_cast<uint8_t>((k / coarse * 37 + random.Below(60)) % 256);
    }
    images.push_back(std::move(image));
  }
  return images;
}

DescriptorNet MakeNet(const DescriptorNetOptions& options) {
  DescriptorNet net(options);
  net.Visit([](const std::string& name, const at::Tensor& tensor, TensorRole role) {
    if (role != TensorRole::kExponent && !name.starts_with("whiten")) FillByFormula(name, tensor);
  });
  return net;
}

Eigen::MatrixXd DescribeAll(const DescriptorNet& net) {
  const at::NoGradGuard no_grad;
  const at::Tensor values = net.Forward(ImagesToTensor(NoisyImages(), net.normalization)).contiguous();
  return Eigen::Map<const DescriptorMatrix>(values.const_data_ptr<float>(), values.size(0), values.size(1))
      .cast<double>();
}

Whitening LearnFrom(const Eigen::MatrixXd& descriptors, double shrinkage) {
  std::vector<int64_t> queries;
  std::vector<int64_t> positives;
  for (int64_t i = 0; i + 1 < descriptors.rows(); ++i) {
    queries.push_back(i);
    positives.push_back(i + 1);
  }
  return LearnWhitening(descriptors, queries, positives, shrinkage);
}

TEST(FoldWhitening, GivesTheWhitenedDescriptors) {
  for (const auto& options : {DescriptorNetOptions{"squeezenet1_1"},
                              DescriptorNetOptions{"resnet18", CirtorchHeadOptions{.pooling = "mac"}}}) {
    const DescriptorNet net = MakeNet(options);
    const Eigen::MatrixXd plain = DescribeAll(net);
    for (const int64_t dimension : {512, 64}) {
      const Whitening whitening = TruncateWhitening(LearnFrom(plain, 0.5), dimension);
      const DescriptorNet folded = FoldWhitening(net, whitening);
      EXPECT_EQ(folded.dimension(), dimension);
      EXPECT_TRUE(folded.options().head.As<CirtorchHeadOptions>().fc_whitening);
      const double difference =
          (DescribeAll(folded) - ApplyWhitening(whitening, plain)).cwiseAbs().maxCoeff();
      EXPECT_LT(difference, 1e-5) << dimension;
    }
  }
}

TEST(FoldWhitening, SurvivesTheFile) {
  const TemporaryFolder folder;
  const DescriptorNet net = MakeNet({"squeezenet1_1"});
  ModelParts model{FoldWhitening(net, TruncateWhitening(LearnFrom(DescribeAll(net), 0.5), 32)), {}};
  WriteModel(model, folder / "folded.pth");
  const ModelParts read = ReadModel(folder / "folded.pth");
  EXPECT_EQ(read.net.dimension(), 32);
  EXPECT_EQ(DescribeAll(read.net), DescribeAll(model.net));
}

TEST(FoldWhitening, LeavesTheNetworkAsItWas) {
  const DescriptorNet net = MakeNet({"squeezenet1_1"});
  const Eigen::MatrixXd before = DescribeAll(net);
  DescriptorNet folded = FoldWhitening(net, LearnFrom(before, 0.5));
  folded.Visit([](const std::string&, const at::Tensor& tensor, TensorRole) { tensor.zero_(); });
  EXPECT_EQ(DescribeAll(net), before);
}

TEST(FoldWhitening, WhatCannotBeFoldedIsRefused) {
  const Whitening whitening{Eigen::VectorXd::Zero(512), Eigen::MatrixXd::Identity(512, 512)};
  EXPECT_THAT(
      ErrorOf([&] {
        FoldWhitening(MakeNet({"squeezenet1_1", CirtorchHeadOptions{.fc_whitening = true}}), whitening);
      }),
      HasSubstr("to which no linear layer can be added"));
  EXPECT_THROW(FoldWhitening(MakeNet({"resnet18", CosPlaceHeadOptions{}}), whitening), UsageError);
  const Whitening small{Eigen::VectorXd::Zero(3), Eigen::MatrixXd::Identity(3, 3)};
  EXPECT_THAT(ErrorOf([&] { FoldWhitening(MakeNet({"squeezenet1_1"}), small); }),
              HasSubstr("learned for descriptors of 3 dimensions, not 512"));
}

}  // namespace
}  // namespace vantage::nn

// SPDX-License-Identifier: BSD-3-Clause
#include "random_net.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/randn.h>

#include <unistd.h>

#include <cmath>

#include "synthetic/synthetic.h"
#include "util/check.h"

namespace vantage::benchmarks {

nn::DescriptorNet MakeRandomNet(const std::string& architecture, const std::string& head) {
  DescriptorNetOptions options;
  options.architecture = architecture;
  if (!head.empty()) SetChoice(options.head, head, "head");
  nn::DescriptorNet net(options);
  const at::NoGradGuard no_grad;
  net.Replace([](const std::string&, at::Tensor& tensor, nn::TensorRole) {
    if (tensor.dim() >= 2 && tensor.numel() > 0)
      tensor = at::randn(tensor.sizes()) * std::sqrt(2.0 / static_cast<double>(tensor[0].numel()));
  });
  return net;
}

SyntheticPhotos::SyntheticPhotos(int count)
    : root_(std::filesystem::temp_directory_path() / StrCat("vantage-benchmark-", ::getpid())) {
  synthetic::SynthesizeDataset({.train_scenes = 0,
                                .val_scenes = 0,
                                .test_scenes = 2,
                                .test_photos = (count + 1) / 2,
                                .distractors = 0,
                                .image_size = 800},
                               root_, {});
}

SyntheticPhotos::~SyntheticPhotos() {
  std::error_code ignored;
  std::filesystem::remove_all(root_, ignored);
}

std::string SyntheticPhotos::folder() const { return (root_ / "test" / "photos").string(); }

}  // namespace vantage::benchmarks

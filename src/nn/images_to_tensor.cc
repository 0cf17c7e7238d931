// SPDX-License-Identifier: BSD-3-Clause
#include "nn/images_to_tensor.h"

#include <ATen/ops/empty.h>

#include <array>

#include "util/check.h"

namespace vantage::nn {

at::Tensor ImagesToTensor(const std::vector<Image>& images, const Normalization& normalization) {
  VANTAGE_CHECK(!images.empty(), "a batch of no images");
  const int64_t height = images[0].height;
  const int64_t width = images[0].width;
  at::Tensor batch_B3HW =
      at::empty({std::ssize(images), 3, height, width},
                at::TensorOptions().dtype(at::kFloat).memory_format(at::MemoryFormat::ChannelsLast));
  float* values = batch_B3HW.mutable_data_ptr<float>();  // B x H x W x 3 in memory
  // As torchvision computes it, in float32: v / 255, minus the mean, divided by the deviation.
  std::array<std::array<float, 256>, 3> table{};
  for (size_t c = 0; c < 3; ++c) {
    for (size_t v = 0; v < 256; ++v) {
      table[c][v] = (static_cast<float>(v) / 255.0F - static_cast<float>(normalization.mean[c])) /
                    static_cast<float>(normalization.std[c]);
    }
  }
  for (const Image& image : images) {
    VANTAGE_CHECK(image.height == height && image.width == width, "a batch of images of different sizes");
    CheckImage(image);
    for (size_t i = 0; i < image.pixels.size(); i += 3) {
      for (size_t c = 0; c < 3; ++c) *values++ = table[c][image.pixels[i + c]];
    }
  }
  return batch_B3HW;
}

}  // namespace vantage::nn

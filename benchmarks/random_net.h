// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <string>

#include "nn/descriptor_net.h"

namespace vantage::benchmarks {

// A network with random weights under which activations neither vanish nor overflow. Its speed is that of
// trained ones. head: as SetChoice reads it; "": GeM.
nn::DescriptorNet MakeRandomNet(const std::string& architecture, const std::string& head = "");

// A folder of synthetic photos of 800 pixels, deleted at the end.
class SyntheticPhotos {
 public:
  explicit SyntheticPhotos(int count);
  ~SyntheticPhotos();
  SyntheticPhotos(const SyntheticPhotos&) = delete;
  SyntheticPhotos& operator=(const SyntheticPhotos&) = delete;

  std::string folder() const;

 private:
  std::filesystem::path root_;
};

}  // namespace vantage::benchmarks

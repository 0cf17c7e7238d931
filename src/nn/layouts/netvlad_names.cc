// SPDX-License-Identifier: BSD-3-Clause
#include "nn/layouts/netvlad_names.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "util/check.h"
#include "util/index.h"

namespace vantage::nn {
namespace {

// The transposed matrix. Dimensions of size 1 after its two are dropped.
SourceTensor Transposed(SourceTensor tensor, const std::string& path) {
  std::vector<int64_t>& shape = tensor.shape;
  while (shape.size() > 2 && shape.back() == 1) shape.pop_back();
  VANTAGE_CHECK(shape.size() == 2 && shape[0] > 0 && shape[1] > 0, path, ": '", tensor.name,
                "' is not a matrix: ", serialize::ShapeText(shape));
  const auto rows = ToIndex(shape[0]);
  const auto columns = ToIndex(shape[1]);
  tensor.read = [read = tensor.read, rows, columns](std::span<char> turned) {
    std::string bytes(turned.size(), '\0');
    read(bytes);
    const size_t size = bytes.size() / (rows * columns);
    for (size_t r = 0; r < rows; ++r) {
      for (size_t c = 0; c < columns; ++c)
        std::copy_n(bytes.data() + (r * columns + c) * size, size, turned.data() + (c * rows + r) * size);
    }
  };
  std::swap(shape[0], shape[1]);
  return tensor;
}

}  // namespace

bool HasNetVladOf(const TensorShapes& shapes, const NetVladNames& names) {
  return shapes.contains(names.centroids) && shapes.contains(names.assignment_weight);
}

void SetNetVladOptions(NetOfSource& found, const std::string& order) {
  auto& options = found.head.As<NetVladHeadOptions>();
  options.locals.last_relu = found.architecture.starts_with("resnet");  // which always end in one
  options.intra_norm = "cluster";
  options.order = order;
  std::erase_if(found.unrevealed, [](const std::string& key) {
    return key == "last_relu" || key == "intra_norm" || key == "order";
  });
}

std::vector<SourceTensor> OwnNetVlad(const ModelSource& source, const NetVladNames& names) {
  std::vector<SourceTensor> own;
  int64_t clusters = 0;
  bool has_bias = false;
  for (SourceTensor tensor : source.tensors) {
    const std::string name = tensor.name;
    const auto begins = [&](const char* prefix) { return *prefix != '\0' && name.starts_with(prefix); };
    if (name == names.centroids) {
      if (names.centroids_are_KD) tensor = Transposed(std::move(tensor), source.path);
      tensor.name = "netvlad_pool.centroids";
    } else if (name == names.assignment_weight) {
      tensor = Transposed(std::move(tensor), source.path);
      clusters = tensor.shape[1];
      tensor.name = "netvlad_pool.assignment_weights";
    } else if (name == names.assignment_bias) {
      has_bias = true;
      tensor.name = "netvlad_pool.assignment_bias";
    } else if (begins(names.trunk)) {
      tensor.name = "base_features." + name.substr(std::string_view(names.trunk).size());
    } else if (begins(names.linear)) {
      tensor.name = "learned_pca." + name.substr(std::string_view(names.linear).size());
    }
    own.push_back(std::move(tensor));
  }
  if (!has_bias) {
    own.push_back(Zeros("netvlad_pool.assignment_bias", {clusters}));
  }
  return own;
}

}  // namespace vantage::nn

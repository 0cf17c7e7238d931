// SPDX-License-Identifier: BSD-3-Clause
#include "nn/netvlad_layouts.h"

#include <algorithm>
#include <array>

#include "util/check.h"
#include "util/index.h"

namespace vantage::nn {
namespace {

// hloc's network takes pixels in 0..255 less the mean photo's colour, as VGG's authors trained it.
constexpr Normalization kCaffe = {{123.68 / 255, 116.779 / 255, 103.939 / 255},
                                  {1.0 / 255, 1.0 / 255, 1.0 / 255}};

const std::array<NetVladLayout, 2> kLayouts = {
    {{"pytorch-NetVlad weights",
      "encoder.",
      "pool.centroids",
      true,
      "pool.conv.weight",
      "pool.conv.bias",
      "",
      "kd",
      {}},
     {"hloc's NetVLAD weights", "backbone.", "netvlad.centers", false, "netvlad.score_proj.weight",
      "netvlad.score_proj.bias", "whiten.", "dk", kCaffe}}};

// DataParallel puts "module." between.
std::string WithoutModule(const std::string& name) {
  const size_t at = name.find("module.");
  return at == 0 || (at != name.npos && name[at - 1] == '.') ? name.substr(0, at) + name.substr(at + 7)
                                                             : name;
}

// A matrix, with dimensions of size 1 behind it, turned.
SourceTensor Transposed(SourceTensor tensor, const std::string& path) {
  std::vector<int64_t>& shape = tensor.shape;
  while (shape.size() > 2 && shape.back() == 1) shape.pop_back();
  VANTAGE_CHECK(shape.size() == 2 && shape[0] > 0 && shape[1] > 0, path, ": '", tensor.name,
                "' is no matrix: ", serialize::ShapeText(shape));
  const auto rows = ToIndex(shape[0]);
  const auto columns = ToIndex(shape[1]);
  tensor.read = [read = tensor.read, rows, columns] {
    const std::string bytes = read();
    const size_t size = bytes.size() / (rows * columns);
    std::string turned(bytes.size(), '\0');
    for (size_t r = 0; r < rows; ++r) {
      for (size_t c = 0; c < columns; ++c)
        std::copy_n(bytes.data() + (r * columns + c) * size, size, turned.data() + (c * rows + r) * size);
    }
    return turned;
  };
  std::swap(shape[0], shape[1]);
  return tensor;
}

}  // namespace

const NetVladLayout* FindNetVladLayout(const TensorShapes& shapes) {
  const auto has = [&](const std::string& name) {
    return std::any_of(shapes.begin(), shapes.end(),
                       [&](const auto& item) { return WithoutModule(item.first) == name; });
  };
  for (const NetVladLayout& layout : kLayouts) {
    if (has(layout.centroids) && has(layout.assignment_weight)) return &layout;
  }
  return nullptr;
}

ModelSource InOwnLayout(const ModelSource& source) {
  const NetVladLayout* layout = FindNetVladLayout(ShapesOf(source));
  if (layout == nullptr) return source;
  ModelSource own = source;
  own.tensors.clear();
  int64_t clusters = 0;
  bool has_bias = false;
  for (SourceTensor tensor : source.tensors) {
    const std::string name = WithoutModule(tensor.name);
    const auto begins = [&](const char* prefix) { return *prefix != '\0' && name.starts_with(prefix); };
    if (name == layout->centroids) {
      if (layout->centroids_are_KD) tensor = Transposed(std::move(tensor), source.path);
      tensor.name = "netvlad_pool.centroids";
    } else if (name == layout->assignment_weight) {
      tensor = Transposed(std::move(tensor), source.path);
      clusters = tensor.shape[1];
      tensor.name = "netvlad_pool.assignment_weights";
    } else if (name == layout->assignment_bias) {
      has_bias = true;
      tensor.name = "netvlad_pool.assignment_bias";
    } else if (begins(layout->trunk)) {
      tensor.name = "base_features." + name.substr(std::string_view(layout->trunk).size());
    } else if (begins(layout->linear)) {
      tensor.name = "learned_pca." + name.substr(std::string_view(layout->linear).size());
    }
    own.tensors.push_back(std::move(tensor));
  }
  if (!has_bias) {
    own.tensors.push_back(
        {"netvlad_pool.assignment_bias", serialize::ElementType::kFloat32, {clusters}, [clusters] {
           return std::string(ToIndex(clusters) * sizeof(float), '\0');
         }});
  }
  return own;
}

}  // namespace vantage::nn

// SPDX-License-Identifier: BSD-3-Clause
#include "nn/layouts/matconvnet_source.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "serialize/mat_file.h"
#include "util/check.h"
#include "util/index.h"

namespace vantage::nn {
namespace {

using File = std::shared_ptr<const serialize::MatFile>;

void Copy(const std::string& name, const std::vector<float>& values, std::span<char> elements) {
  CopyElements(name, {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)}, elements);
}

// The sizes in C order, last first, without those of 1 at the end of a network's shape, such as 1 x 1 x D x
// K.
std::vector<int64_t> Squeezed(const serialize::MatValue& value) {
  std::vector<int64_t> shape(value.shape.rbegin(), value.shape.rend());
  std::erase(shape, 1);
  return shape;
}

// MATLAB's order is C's of the sizes turned round: no element moves.
SourceTensor Plain(const File& file, const serialize::MatValue& value, const std::string& name) {
  return {name, serialize::ElementType::kFloat32, Squeezed(value),
          [file, value, name](std::span<char> elements) { Copy(name, file->Read(value), elements); }};
}

// Rows x columns x in x out to out x in x rows x columns.
SourceTensor Convolution(const File& file, const serialize::MatValue& value, const std::string& name) {
  std::vector<int64_t> shape = value.shape;
  shape.resize(4, 1);
  const auto rows = ToIndex(shape[0]);
  const auto columns = ToIndex(shape[1]);
  return {name,
          serialize::ElementType::kFloat32,
          {shape[3], shape[2], shape[0], shape[1]},
          [file, value, name, rows, columns](std::span<char> elements) {
            std::vector<float> values = file->Read(value);
            std::vector<float> kernel(rows * columns);
            for (size_t first = 0; first < values.size(); first += kernel.size()) {
              for (size_t r = 0; r < rows; ++r) {
                for (size_t c = 0; c < columns; ++c) kernel[r * columns + c] = values[first + c * rows + r];
              }
              std::copy(kernel.begin(), kernel.end(), values.begin() + static_cast<std::ptrdiff_t>(first));
            }
            Copy(name, values, elements);
          }};
}

// K x D in C order to D x K, of the other sign: MatConvNet's NetVLAD adds what hloc's subtracts.
SourceTensor Centers(const File& file, const serialize::MatValue& value) {
  const std::vector<int64_t> shape = Squeezed(value);
  VANTAGE_CHECK(shape.size() == 2, file->source(),
                ": NetVLAD's centres are not a matrix: ", serialize::ShapeText(value.shape));
  const auto clusters = ToIndex(shape[0]);
  const auto dimension = ToIndex(shape[1]);
  return {"netvlad.centers",
          serialize::ElementType::kFloat32,
          {shape[1], shape[0]},
          [file, value, clusters, dimension](std::span<char> elements) {
            const std::vector<float> values = file->Read(value);
            std::vector<float> turned(values.size());
            for (size_t k = 0; k < clusters; ++k) {
              for (size_t d = 0; d < dimension; ++d) turned[d * clusters + k] = -values[k * dimension + d];
            }
            Copy("netvlad.centers", turned, elements);
          }};
}

// The weights of a layer that has two arrays of them; else null.
const serialize::MatValue* WeightsOf(const serialize::MatValue& layer) {
  const serialize::MatValue* weights = layer.Find("weights");
  const bool is_pair =
      weights != nullptr && weights->kind == serialize::MatValue::Kind::kCells &&
      weights->items.size() == 2 &&
      std::all_of(weights->items.begin(), weights->items.end(), [](const serialize::MatValue& value) {
        return value.kind == serialize::MatValue::Kind::kNumbers && value.elements() > 0;
      });
  return is_pair ? weights : nullptr;
}

void AddLayers(const File& file, const serialize::MatValue& layers, ModelSource& source) {
  bool has_netvlad = false;
  bool has_whitening = false;
  for (size_t i = 0; i < layers.items.size(); ++i) {
    const serialize::MatValue* weights = WeightsOf(layers.items[i]);
    if (weights == nullptr) continue;
    const serialize::MatValue& first = weights->items[0];
    const serialize::MatValue& second = weights->items[1];
    if (!has_netvlad && first.elements() == second.elements()) {
      has_netvlad = true;
      source.tensors.push_back(Plain(file, first, "netvlad.score_proj.weight"));
      source.tensors.push_back(Centers(file, second));
    } else if (!has_netvlad) {
      const std::string name = StrCat("backbone.", i);
      source.tensors.push_back(Convolution(file, first, name + ".weight"));
      source.tensors.push_back(Plain(file, second, name + ".bias"));
    } else {
      VANTAGE_CHECK(!has_whitening, file->source(), ": net.layers: two layers with weights behind NetVLAD's");
      has_whitening = true;
      source.tensors.push_back(Plain(file, first, "whiten.weight"));
      source.tensors.push_back(Plain(file, second, "whiten.bias"));
    }
  }
  VANTAGE_CHECK(has_netvlad, file->source(),
                ": net.layers: none is NetVLAD's, with two matrices of one size");
}

// The mean is that of the average image's first pixel, as in hloc.
std::optional<Normalization> NormalizationOf(const serialize::MatFile& file, const serialize::MatValue& net) {
  const serialize::MatValue* value = &net;
  for (const char* field : {"meta", "normalization", "averageImage"}) {
    value = value->Find(field);
    if (value == nullptr) return std::nullopt;
  }
  if (value->kind != serialize::MatValue::Kind::kNumbers || value->elements() % 3 != 0 ||
      value->elements() == 0) {
    return std::nullopt;
  }
  const std::vector<float> average = file.Read(*value);
  Normalization normalization;
  for (size_t c = 0; c < 3; ++c) {
    normalization.mean[c] = static_cast<double>(average[c * average.size() / 3]) / 255;
    normalization.std[c] = 1.0 / 255;
  }
  return normalization;
}

}  // namespace

ModelSource OpenMatConvNet(const std::filesystem::path& path) {
  const File file = std::make_shared<const serialize::MatFile>(path);
  const serialize::MatValue* net = file->Find("net");
  VANTAGE_CHECK(net != nullptr, file->source(), ": holds no variable 'net'");
  const serialize::MatValue* layers = net->Find("layers");
  VANTAGE_CHECK(layers != nullptr && layers->kind == serialize::MatValue::Kind::kCells, file->source(),
                ": 'net' is not a network of MatConvNet: it has no cells 'layers'");
  ModelSource source;
  source.path = file->source();
  source.format = "MATLAB 5";
  source.reads_in_parallel = false;
  AddLayers(file, *layers, source);
  source.normalization = NormalizationOf(*file, *net);
  return source;
}

}  // namespace vantage::nn

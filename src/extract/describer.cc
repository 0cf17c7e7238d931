// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/describer.h"

#include <c10/core/InferenceMode.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <span>
#include <string_view>
#include <utility>

#include "config/options_json.h"
#include "nn/device.h"
#include "nn/frozen_net.h"
#include "nn/images_to_tensor.h"
#include "nn/model_file.h"
#include "nn/resize_images.h"
#include "util/check.h"
#include "util/hash.h"
#include "util/index.h"
#include "util/log.h"
#include "util/rethrow.h"
#include "util/simd.h"
#include "vantage/run_context.h"

namespace vantage {
namespace {

std::vector<float> RowOf(const DescriptorMatrix& rows, Eigen::Index i) {
  return {rows.row(i).data(), rows.row(i).data() + rows.cols()};
}

// Largest side that is tried to find a network's smallest input. All known networks accept it.
constexpr int kLargestAsked = 512;

// LibTorch has no type of its own for lack of memory on a CPU.
bool IsLackOfMemory(const c10::Error& error) {
  return dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr ||
         std::string_view(error.what_without_backtrace()).find("allocate") != std::string_view::npos;
}

bool IsFaultOfDevice(const c10::Error& error) {
  const std::string_view text = error.what_without_backtrace();
  return text.find("CUDA") != std::string_view::npos || text.find("cuDNN") != std::string_view::npos;
}

const nn::DescriptorNet& NetOf(const Model& model) { return model.parts().net; }
nn::DescriptorNet&& NetOf(Model&& model) { return std::move(model.parts().net); }

std::string_view AsBytes(const Eigen::Ref<const Eigen::MatrixXd>& values) {
  return {reinterpret_cast<const char*>(values.data()), ToIndex(values.size()) * sizeof(double)};
}

}  // namespace

struct Describer::State {
  nn::FrozenNet net;
  ExtractOptions options;
  Whitening whitening;  // without mean: none
  int64_t dimension = 0;
  Normalization normalization = options.preprocessing.normalization.value_or(net.normalization);
  std::vector<PreprocessingStep> tensor_steps = TensorSteps(options.preprocessing);
  std::string model_sha256 = {};
  std::string licence = {};
  mutable std::once_flag named = {};
  mutable std::string identity = {};
  mutable std::once_flag asked = {};
  mutable int smallest_side = 0;

  // Copies the network's tensors; takes them if it is an rvalue.
  static std::shared_ptr<State> Make(auto&& net, const ExtractOptions& options);
  // The same for a model.
  static std::shared_ptr<State> MakeOfModel(auto&& model, const ModelDescriptorOptions& options);

  // Descriptors of images of one size.
  DescriptorMatrix DescribeBatch(const std::vector<Image>& images) const {
    const c10::InferenceMode inference;
    const at::Tensor tensor =
        net.ForwardAtScales(nn::ApplyTensorSteps(nn::ImagesToTensor(images, normalization), tensor_steps),
                            options.scales, options.super_global)
            .cpu()
            .contiguous();
    DescriptorMatrix rows =
        Eigen::Map<const DescriptorMatrix>(tensor.const_data_ptr<float>(), tensor.size(0), tensor.size(1));
    if (whitening.dimension() == 0) return rows;
    return ApplyWhitening(whitening, rows.cast<double>()).cast<float>();
  }

  std::string Identity() const {
    DescriptorNetOptions made_of = net.options();
    OptionsDescription description;
    Declare(description, made_of);
    const SuperGlobalPooling& pooled = options.super_global;
    Sha256Digest digest;
    digest.Add(
        nlohmann::json(
            {{"vantage", Version()},
             {"network", ToJson(description)},
             {"weights", model_sha256.empty() ? nn::WeightsSha256(net) : "of the file " + model_sha256},
             {"mean", normalization.mean},
             {"std", normalization.std},
             {"device", c10::DeviceTypeName(net.device().type())},
             {"simd", SimdLevelName(UsedSimdLevel())},
             {"preprocessing", ToText(options.preprocessing)},
             {"apply_exif_orientation", options.apply_exif_orientation},
             {"scales", options.scales},
             {"decode", options.decode},
             {"precision", options.precision},
             {"batch_pixels", options.batch_pixels},
             {"super_global",
              {pooled.regional_size, pooled.regional_exponent, pooled.exponent, pooled.scale_pooling}},
             {"dimension", dimension}})
            .dump());
    digest.Add(AsBytes(whitening.mean));
    digest.Add(AsBytes(whitening.projection));
    return digest.Hex();
  }

  // The smallest side of a square image that the network can describe.
  int SmallestSide() const {
    const c10::InferenceMode inference;
    const auto takes = [&](int side) {
      try {
        const Image image{side, side, std::vector<uint8_t>(size_t{3} * ToIndex(side) * ToIndex(side))};
        net.ForwardAtScales(nn::ImagesToTensor({image}, normalization), {1}, options.super_global);
        return true;
      } catch (const nn::TooFewFeatures&) {
        return true;  // depends on the shape, not on the smaller side
      } catch (const c10::Error& error) {
        if (side >= kLargestAsked || IsLackOfMemory(error) || IsFaultOfDevice(error)) throw;
        return false;
      }
    };
    int known = static_cast<int>(net.trunk().row().input.smallest_side);
    if (takes(known)) return known;
    int unknown = known;  // the head needs more than one location
    while (!takes(known *= 2)) unknown = known;
    while (known - unknown > 1) {
      const int middle = (known + unknown) / 2;
      (takes(middle) ? known : unknown) = middle;
    }
    return known;
  }

  // Why images of a size cannot be described; "" if they can.
  std::string TooSmall(int width, int height) const {
    const double scale = *std::min_element(options.scales.begin(), options.scales.end());
    ImageSize size{width, height};
    for (const PreprocessingStep& step : tensor_steps) size = SizeAfter(step, size);
    const double side = std::floor(std::min(size.width, size.height) * scale);
    if (side >= kLargestAsked) return "";
    std::call_once(asked, [&] { smallest_side = SmallestSide(); });
    if (side >= smallest_side) return "";
    return StrCat("too small for the network: ", width, " x ", height, " pixels",
                  scale < 1 ? " at the scale " + FormatShortest(scale) : "", "; it takes ", smallest_side,
                  " or more a side");
  }
};

std::shared_ptr<Describer::State> Describer::State::Make(auto&& net, const ExtractOptions& options) {
  CheckOptions(options);
  net.CheckSuperGlobal(options.super_global);
  const nn::Precision precision = nn::ParsePrecision(options.precision, net.device());
  const int64_t dimension = net.dimension();
  auto state = std::make_shared<State>(nn::FrozenNet(std::forward<decltype(net)>(net), precision), options,
                                       Whitening{}, dimension);
  if (options.batch_pixels == 0)
    state->options.batch_pixels = state->net.device().is_cpu() ? 1 : kGpuBatchPixels;
  return state;
}

std::shared_ptr<Describer::State> Describer::State::MakeOfModel(auto&& model,
                                                                const ModelDescriptorOptions& options) {
  CheckOptions(options);
  std::optional<Whitening> whitening = ChooseWhitening(model, options);
  const int64_t rows = whitening ? whitening->projection.rows() : 0;
  if (whitening && options.dimension > rows)
    throw UsageError(StrCat("dimension: the whitening has ", rows, " dimensions, not ", options.dimension));
  const ExtractOptions resolved = ResolveOptions(model, options);
  const std::string licence = model.licence();
  const std::string model_sha256 = model.file_sha256();
  std::shared_ptr<State> state = Make(NetOf(std::forward<decltype(model)>(model)), resolved);
  state->licence = licence;
  state->model_sha256 = model_sha256;
  if (!whitening) return state;
  state->whitening = TruncateWhitening(*std::move(whitening), options.dimension);
  state->dimension = static_cast<int64_t>(state->whitening.projection.rows());
  return state;
}

Describer::Describer(std::shared_ptr<const State> state) : state_(std::move(state)) {}

Describer::Describer(const nn::DescriptorNet& net, const ExtractOptions& options) try
    : state_(State::Make(net, options)) {
} catch (...) {
  RethrowAsError();
}

Describer::Describer(const Model& model, const ModelDescriptorOptions& options) try
    : state_(State::MakeOfModel(model, options)) {
} catch (...) {
  RethrowAsError();
}

Describer Describer::Take(Model&& model, const ModelDescriptorOptions& options) try {
  return Describer(State::MakeOfModel(std::move(model), options));
} catch (...) {
  RethrowAsError();
}

Describer Describer::Load(const std::filesystem::path& path, const ModelDescriptorOptions& options,
                          const std::string& device) try {
  Model model = Model::Read(path);
  model.MoveTo(device);
  return Take(std::move(model), options);
} catch (...) {
  RethrowAsError();
}

int64_t Describer::dimension() const { return state_->dimension; }

const ExtractOptions& Describer::options() const { return state_->options; }

const std::string& Describer::model_sha256() const { return state_->model_sha256; }

const std::string& Describer::licence() const { return state_->licence; }

bool Describer::IsOnCpu() const { return state_->net.device().is_cpu(); }

const std::string& Describer::identity() const {
  std::call_once(state_->named, [&] { state_->identity = state_->Identity(); });
  return state_->identity;
}

std::vector<float> Describer::Describe(const Image& photo) const {
  return RowOf(Describe(std::vector{photo}), 0);
}

std::vector<float> Describer::Describe(const std::filesystem::path& photo) const {
  DescribedPhoto described = DescribeReduced({LoadPhoto(PhotoFiles(std::vector{photo}), 0, options())})[0];
  VANTAGE_CHECK(described.reason.empty(), photo.string(), ": ", described.reason);
  return std::move(described.values);
}

DescriptorMatrix Describer::Describe(const std::vector<Image>& photos) const try {
  std::vector<Image> reduced;
  for (const Image& photo : photos) reduced.push_back(ApplyPhotoSteps(photo, state_->options.preprocessing));
  const std::vector<DescribedPhoto> described = DescribeReduced(reduced);
  DescriptorMatrix rows(static_cast<Eigen::Index>(photos.size()), dimension());
  for (size_t i = 0; i < photos.size(); ++i) {
    VANTAGE_CHECK(described[i].reason.empty(), "photo ", i, ": ", described[i].reason);
    rows.row(static_cast<Eigen::Index>(i)) =
        Eigen::Map<const Eigen::RowVectorXf>(described[i].values.data(), dimension());
  }
  return rows;
} catch (...) {
  RethrowAsError();
}

std::vector<DescribedPhoto> Describer::DescribeReduced(const std::vector<Image>& images) const try {
  std::map<std::pair<int, int>, std::vector<size_t>> by_size;
  for (size_t i = 0; i < images.size(); ++i) by_size[{images[i].height, images[i].width}].push_back(i);

  std::vector<DescribedPhoto> described(images.size());
  const auto keep = [&](std::span<const size_t> batch, const DescriptorMatrix& rows) {
    for (size_t b = 0; b < batch.size(); ++b) {
      const auto row = static_cast<Eigen::Index>(b);
      if (rows.row(row).allFinite()) {
        described[batch[b]].values = RowOf(rows, row);
      } else {
        described[batch[b]].reason = "its descriptor is not finite";
      }
    }
  };
  const std::function<void(std::span<const size_t>)> describe = [&](std::span<const size_t> batch) {
    std::vector<Image> batch_images;
    for (const size_t i : batch) batch_images.push_back(images[i]);
    try {
      return keep(batch, state_->DescribeBatch(batch_images));
    } catch (const nn::TooFewFeatures& error) {
      for (const size_t i : batch) described[i].reason = error.what();
      return;
    } catch (const c10::Error& error) {
      if (!IsLackOfMemory(error)) throw;
      const Image& image = batch_images[0];
      VANTAGE_CHECK(batch.size() > 1, "not enough memory to describe a photo of ", image.width, " x ",
                    image.height, " pixels");
      LogWarning("not enough memory for ", batch.size(), " photos of ", image.width, " x ", image.height,
                 " pixels at once: half as many (batch_pixels)");
    }
    describe(batch.first(batch.size() / 2));
    describe(batch.subspan(batch.size() / 2));
  };
  for (const auto& [size, members] : by_size) {
    const std::string reason = state_->TooSmall(size.second, size.first);
    if (!reason.empty()) {
      for (const size_t i : members) described[i].reason = reason;
      continue;
    }
    const auto batch_size =
        ToIndex(std::max<int64_t>(1, state_->options.batch_pixels / (int64_t{size.first} * size.second)));
    for (size_t begin = 0; begin < members.size(); begin += batch_size)
      describe(std::span(members).subspan(begin, std::min(batch_size, members.size() - begin)));
  }
  return described;
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage

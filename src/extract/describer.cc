// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/extract/describer.h"

#include <c10/core/InferenceMode.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>
#include <utility>

#include "vantage/nn/model_file.h"
#include "vantage/util/error.h"
#include "vantage/util/hash.h"
#include "vantage/util/rethrow.h"

namespace vantage {
namespace {

std::vector<float> RowOf(const DescriptorMatrix& rows, Eigen::Index i) {
  return {rows.row(i).data(), rows.row(i).data() + rows.cols()};
}

}  // namespace

struct Describer::State {
  DescriptorNet net;
  ExtractOptions options;
  Whitening whitening;  // without mean: none
  int64_t dimension = 0;
  std::string model_sha256 = {};
  std::string licence = {};

  // Descriptors of images of one size.
  DescriptorMatrix DescribeBatch(const std::vector<Image>& images) const {
    const c10::InferenceMode inference;
    const at::Tensor tensor =
        net.Forward(ImagesToTensor(images, net.normalization), options.scales, options.super_global)
            .cpu()
            .contiguous();
    DescriptorMatrix rows =
        Eigen::Map<const DescriptorMatrix>(tensor.const_data_ptr<float>(), tensor.size(0), tensor.size(1));
    if (whitening.dimension() == 0) return rows;
    return ApplyWhitening(whitening, rows.cast<double>()).cast<float>();
  }
};

std::shared_ptr<Describer::State> Describer::MakeState(const DescriptorNet& net,
                                                       const ExtractOptions& options) {
  CheckOptions(options);
  net.CheckSuperGlobal(options.super_global);
  auto state = std::make_shared<State>(
      State{net.Frozen(ParsePrecision(options.precision, net.device())), options, {}, net.dimension()});
  if (options.batch_pixels == 0) state->options.batch_pixels = net.device().is_cpu() ? 1 : kGpuBatchPixels;
  return state;
}

std::shared_ptr<Describer::State> Describer::MakeState(const Model& model,
                                                       const ModelDescriptorOptions& options) {
  CheckOptions(options);
  std::shared_ptr<State> state = MakeState(model.net, ResolveOptions(model, options));
  state->licence = model.licence;
  const Whitening* whitening = ChooseWhitening(model, options);
  if (whitening == nullptr) return state;
  const auto rows = static_cast<int64_t>(whitening->projection.rows());
  state->dimension = options.dimension > 0 ? options.dimension : rows;
  if (state->dimension > rows)
    throw UsageError(StrCat("dimension: the whitening has ", rows, " dimensions, not ", state->dimension));
  state->whitening = {whitening->mean, whitening->projection.topRows(state->dimension)};
  return state;
}

Describer::Describer(std::shared_ptr<const State> state) : state_(std::move(state)) {}

Describer::Describer(const DescriptorNet& net, const ExtractOptions& options) try
    : state_(MakeState(net, options)) {
} catch (...) {
  RethrowAsError();
}

Describer::Describer(const Model& model, const ModelDescriptorOptions& options) try
    : state_(MakeState(model, options)) {
} catch (...) {
  RethrowAsError();
}

Describer Describer::Load(const std::filesystem::path& path, const ModelDescriptorOptions& options,
                          const std::string& device) try {
  Model model = ReadModel(path);
  model.net.To(ParseDevice(device));
  std::shared_ptr<State> state = MakeState(model, options);
  state->model_sha256 = Sha256OfFile(path);
  return Describer(std::move(state));
} catch (...) {
  RethrowAsError();
}

int64_t Describer::dimension() const { return state_->dimension; }

const ExtractOptions& Describer::options() const { return state_->options; }

const std::string& Describer::model_sha256() const { return state_->model_sha256; }

const std::string& Describer::licence() const { return state_->licence; }

bool Describer::IsOnCpu() const { return state_->net.device().is_cpu(); }

std::vector<float> Describer::Describe(const Image& photo) const {
  return RowOf(Describe(std::vector{photo}), 0);
}

DescriptorMatrix Describer::Describe(const std::vector<Image>& photos) const try {
  std::vector<Image> reduced;
  for (const Image& photo : photos) reduced.push_back(Thumbnail(photo, state_->options.image_size));
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
  const auto describe = [&](const std::vector<size_t>& batch) {
    std::vector<Image> batch_images;
    for (const size_t i : batch) batch_images.push_back(images[i]);
    const DescriptorMatrix rows = state_->DescribeBatch(batch_images);
    for (size_t b = 0; b < batch.size(); ++b) {
      const auto row = static_cast<Eigen::Index>(b);
      DescribedPhoto& photo = described[batch[b]];
      if (rows.row(row).allFinite()) {
        photo.values = RowOf(rows, row);
      } else {
        photo.reason = "its descriptor is not finite";
      }
    }
  };
  for (const auto& [size, members] : by_size) {
    const auto batch_size = static_cast<size_t>(
        std::max<int64_t>(1, state_->options.batch_pixels / (int64_t{size.first} * size.second)));
    for (size_t begin = 0; begin < members.size(); begin += batch_size) {
      const size_t end = std::min(members.size(), begin + batch_size);
      try {
        describe({members.begin() + static_cast<std::ptrdiff_t>(begin),
                  members.begin() + static_cast<std::ptrdiff_t>(end)});
      } catch (const c10::Error& error) {
        // LibTorch has no type of its own for lack of memory on a CPU. That photo is none to leave out.
        VANTAGE_CHECK(
            std::string_view(error.what_without_backtrace()).find("allocate") == std::string_view::npos,
            "not enough memory to describe a photo of ", size.second, " x ", size.first, " pixels");
        // A feature map without locations: the same for all of the size.
        for (size_t i = begin; i < end; ++i)
          described[members[i]].reason =
              StrCat("too small for the network: ", error.what_without_backtrace());
      }
    }
  }
  return described;
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage

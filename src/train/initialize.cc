// SPDX-License-Identifier: BSD-3-Clause
#include "train/initialize.h"
#include "vantage/training.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/linalg_eigh.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <functional>
#include <optional>

#include "nn/intra_op_threads.h"
#include "numerics/kmeans.h"
#include "util/check.h"
#include "util/index.h"
#include "util/parallel.h"
#include "util/random.h"
#include "util/rethrow.h"

namespace vantage {
namespace {

// The photos that locals are taken of.
class SampledPhotos {
 public:
  SampledPhotos(const TrainingSet& set, const std::filesystem::path& root, const ExtractOptions& extract,
                const InitializationOptions& options, int64_t seed)
      : extract_(extract), seed_(static_cast<uint64_t>(seed)) {
    std::vector<PhotoId> available;
    for (size_t i = 0; i < set.photos.size(); ++i) {
      const auto photo = PhotoId{static_cast<int64_t>(i)};
      if (set.SplitOf(photo) == Split::kTrain) available.push_back(photo);
    }
    RandomStream random(seed_, "initialization");
    for (const int64_t i : random.Sample(std::ssize(available), options.photos)) {
      requests_.push_back({PhotoPath(set, available[ToIndex(i)], root), std::nullopt});
    }
  }

  int64_t size() const { return std::ssize(requests_); }
  std::vector<std::string> failed() const { return failed_; }

  // Calls use(compute(feature map, random numbers of the photo)) for all photos that can be read, in their
  // order; photos are worked on side by side, each on one thread.
  using Compute = std::function<at::Tensor(const at::Tensor& map_1CHW, RandomStream& random)>;
  void ForEach(const nn::DescriptorNet& net, const std::string& task, const RunContext& context,
               const Compute& compute, const std::function<void(const at::Tensor&)>& use) {
    struct Result {
      at::Tensor tensor;
      std::string error;
    };
    failed_.clear();
    const nn::DescriptorNet frozen = net.Frozen();
    const int threads = context.ThreadCount();
    const nn::IntraOpThreads one_thread_a_photo(1);
    OrderedPrefetch<Result> results(size(), threads, 2 * threads, [&](int64_t i) -> Result {
      const at::NoGradGuard no_grad;
      one_thread_a_photo.Enter();
      context.CheckCancelled();
      RandomStream random(seed_, "locals", {static_cast<uint64_t>(i)});
      try {
        const Image photo = LoadPhoto(requests_[ToIndex(i)], extract_);
        return {compute(frozen.FeatureMap(ImagesToTensor({photo}, frozen.normalization)), random), ""};
      } catch (const Interrupted&) {
        throw;
      } catch (const Error& error) {
        return {{}, error.what()};
      }
    });
    int64_t done = 0;
    while (const std::optional<Result> result = results.Next()) {
      if (result->error.empty()) {
        use(result->tensor);
      } else {
        failed_.push_back(result->error);
      }
      context.Report({task, ++done, size(), ""});
    }
    VANTAGE_CHECK(std::ssize(failed_) < size(), "no photo to make the network's weights of: ",
                  failed_.empty() ? "there is none" : failed_.front());
  }

 private:
  ExtractOptions extract_;
  uint64_t seed_;
  std::vector<PhotoRequest> requests_;
  std::vector<std::string> failed_;
};

// C x H x W activations as a row for each location.
at::Tensor RowsOf(const at::Tensor& map_1CHW) {
  return map_1CHW[0].permute({1, 2, 0}).reshape({-1, map_1CHW.size(1)});
}

// PCA of all locations. Returns the share of the variance that is kept.
double MakeProjection(nn::LocalHead& head, int64_t rows, const nn::DescriptorNet& net, SampledPhotos& photos,
                      const RunContext& context) {
  const nn::IntraOpThreads one_thread(1);  // sums then do not depend on how many there are
  one_thread.Enter();
  int64_t count = 0;
  at::Tensor sum_C;
  at::Tensor products_CC;
  photos.ForEach(
      net, "principal components of the activations", context,
      [](const at::Tensor& map_1CHW, RandomStream&) { return RowsOf(map_1CHW).cpu().to(at::kDouble); },
      [&](const at::Tensor& x_NC) {
        if (!sum_C.defined()) {
          sum_C = at::zeros({x_NC.size(1)}, at::kDouble);
          products_CC = at::zeros({x_NC.size(1), x_NC.size(1)}, at::kDouble);
        }
        count += x_NC.size(0);
        sum_C += x_NC.sum(0);
        products_CC += at::mm(x_NC.t(), x_NC);
      });
  const at::Tensor mean_C = sum_C / count;
  const at::Tensor covariance_CC = products_CC / count - mean_C.unsqueeze(1) * mean_C.unsqueeze(0);
  const auto [values, vectors] = at::linalg_eigh(covariance_CC);  // ascending
  const int64_t first = values.size(0) - rows;
  at::Tensor weight_RC = vectors.narrow(1, first, rows).t().flip({0}).contiguous();
  // Eigenvectors have no sign: their largest element is positive.
  const at::Tensor largest = weight_RC.gather(1, weight_RC.abs().argmax(1, /*keepdim=*/true));
  weight_RC = weight_RC * largest.sign();
  head.SetProjection(weight_RC, -weight_RC.matmul(mean_C));
  return (values.narrow(0, first, rows).sum() / values.sum()).item<double>();
}

// So many locals of each photo, drawn at random.
DescriptorMatrix SampleLocals(const nn::LocalHead& head, int64_t wanted, const nn::DescriptorNet& net,
                              SampledPhotos& photos, const RunContext& context) {
  const int64_t of_photo = (wanted + photos.size() - 1) / photos.size();
  std::vector<at::Tensor> parts;
  int64_t rows = 0;
  photos.ForEach(
      net, "local features of training photos", context,
      [&](const at::Tensor& map_1CHW, RandomStream& random) {
        const at::Tensor locals_ND = head.Locals(map_1CHW)[0].cpu();
        std::vector<int64_t> picks = random.Sample(locals_ND.size(0), of_photo);
        return locals_ND.index_select(0, at::from_blob(picks.data(), {std::ssize(picks)}, at::kLong));
      },
      [&](const at::Tensor& locals_ND) {
        rows += locals_ND.size(0);
        parts.push_back(locals_ND.contiguous());
      });
  DescriptorMatrix locals(rows, parts[0].size(1));
  rows = 0;
  for (const at::Tensor& part : parts) {
    locals.middleRows(rows, part.size(0)) =
        Eigen::Map<const DescriptorMatrix>(part.const_data_ptr<float>(), part.size(0), part.size(1));
    rows += part.size(0);
  }
  return locals;
}

}  // namespace

void Declare(OptionsDescription& description, InitializationOptions& options) {
  description.Add("photos", options.photos, "Training photos whose local features are looked at").AtLeast(1);
  description
      .Add("locals_per_cluster", options.locals_per_cluster,
           "Local features that are clustered, for each cluster so many")
      .Range(1, 1 << 20);
  description.Add("iterations", options.iterations, "Rounds of k-means at most").Range(1, 10000);
}

train::InitializedLocals train::InitializeLocals(nn::DescriptorNet& net, const TrainingSet& set,
                                                 const std::filesystem::path& photo_root,
                                                 const ExtractOptions& extract,
                                                 const InitializationOptions& options, int64_t seed,
                                                 const RunContext& context) try {
  CheckOptions(options);
  train::InitializedLocals result;
  if (net.IsInitialized()) return result;
  const at::NoGradGuard no_grad;
  nn::LocalHead& head = *net.local_head();
  SampledPhotos photos(set, photo_root, extract, options, seed);
  if (head.HasProjection()) {
    result.explained_variance = MakeProjection(head, net.options().locals.projection, net, photos, context);
  }
  const int64_t clusters = head.aggregation().CentersWanted();
  if (clusters > 0) {
    const DescriptorMatrix locals =
        SampleLocals(head, clusters * options.locals_per_cluster, net, photos, context);
    VANTAGE_CHECK(locals.rows() >= clusters, photos.size(), " photos have ", locals.rows(),
                  " local features, too few for ", clusters, " clusters");
    const numerics::KMeansResult found = numerics::KMeans(locals,
                                                          {.clusters = static_cast<int>(clusters),
                                                           .iterations = options.iterations,
                                                           .seed = static_cast<uint64_t>(seed)},
                                                          context);
    result.locals = locals.rows();
    result.mean_squared_distance = found.mean_squared_distance;
    DescriptorMatrix centers = found.centers;
    head.aggregation().SetCenters(
        at::from_blob(centers.data(), {centers.rows(), centers.cols()}, at::kFloat).clone());
  }
  result.failed = photos.failed();
  result.photos = photos.size() - std::ssize(result.failed);
  return result;
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage

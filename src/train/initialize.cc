// SPDX-License-Identifier: BSD-3-Clause
#include "train/initialize.h"
#include "vantage/training.h"

#include <ATen/core/grad_mode.h>

#include <functional>
#include <optional>

#include "nn/frozen_net.h"
#include "nn/images_to_tensor.h"
#include "nn/intra_op_threads.h"
#include "nn/resize_images.h"
#include "util/check.h"
#include "util/index.h"
#include "util/parallel.h"
#include "util/random.h"
#include "util/rethrow.h"

namespace vantage {
namespace {

// The training photos from which initial weights are computed.
class SampledPhotos : public nn::TrainingFeatures {
 public:
  SampledPhotos(const nn::DescriptorNet& net, const std::vector<std::filesystem::path>& available,
                const ExtractOptions& extract, const InitializationOptions& options, uint64_t seed,
                const RunContext& context)
      : net_(net), extract_(extract), seed_(seed), context_(context) {
    RandomStream random(seed_, "initialization");
    std::vector<std::filesystem::path> paths;
    for (const int64_t i : random.Sample(std::ssize(available), options.photos))
      paths.push_back(available[ToIndex(i)]);
    photos_ = PhotoFiles(paths);
  }

  int64_t size() const override { return photos_.size(); }
  std::vector<std::string> failed() const { return failed_; }

  // Processes photos in parallel, each on one thread.
  void ForEach(const std::string& task, const Compute& compute,
               const std::function<void(const at::Tensor&)>& use) override {
    struct Result {
      at::Tensor tensor;
      std::string error;
    };
    failed_.clear();
    const nn::FrozenNet frozen(net_);
    const int threads = context_.ThreadCount();
    const nn::IntraOpThreads one_thread_a_photo(1);
    OrderedPrefetch<Result> results(size(), threads, 2 * threads, [&](int64_t i) -> Result {
      const at::NoGradGuard no_grad;
      one_thread_a_photo.Enter();
      context_.CheckCancelled();
      RandomStream random(seed_, "locals", {static_cast<uint64_t>(i)});
      try {
        const Image photo = LoadPhoto(photos_, i, extract_);
        const at::Tensor input = nn::ApplyTensorSteps(nn::ImagesToTensor({photo}, frozen.normalization),
                                                      TensorSteps(extract_.preprocessing));
        return {compute(frozen.FeaturesOf(input), random), ""};
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
      context_.Report({task, ++done, size(), ""});
    }
    VANTAGE_CHECK(std::ssize(failed_) < size(), "no photo to compute the network's initial weights from: ",
                  failed_.empty() ? "there is none" : failed_.front());
  }

 private:
  const nn::DescriptorNet& net_;
  ExtractOptions extract_;
  uint64_t seed_;
  const RunContext& context_;
  PhotoFiles photos_{std::vector<PhotoRequest>()};
  std::vector<std::string> failed_;
};

}  // namespace

void Declare(OptionsDescription& description, InitializationOptions& options) {
  description.Add("photos", options.photos, "Training photos whose local features are used").AtLeast(1);
  description.Add("locals_per_cluster", options.locals_per_cluster, "Local features to cluster, per cluster")
      .Range(1, 1 << 20);
  description.Add("iterations", options.iterations, "Most rounds of k-means").Range(1, 10000);
}

train::InitializedLocals train::InitializeLocals(nn::DescriptorNet& net, const TrainingSet& set,
                                                 const std::filesystem::path& photo_root,
                                                 const ExtractOptions& extract,
                                                 const InitializationOptions& options, int64_t seed,
                                                 const RunContext& context) {
  std::vector<std::filesystem::path> photos;
  for (size_t i = 0; i < set.photos.size(); ++i) {
    const auto photo = PhotoId{static_cast<int64_t>(i)};
    if (set.SplitOf(photo) == Split::kTrain) photos.push_back(PhotoPath(set, photo, photo_root));
  }
  return InitializeLocals(net, photos, extract, options, seed, context);
}

train::InitializedLocals train::InitializeLocals(nn::DescriptorNet& net,
                                                 const std::vector<std::filesystem::path>& available,
                                                 const ExtractOptions& extract,
                                                 const InitializationOptions& options, int64_t seed,
                                                 const RunContext& context) try {
  CheckOptions(options);
  train::InitializedLocals result;
  if (net.IsInitialized()) return result;
  const at::NoGradGuard no_grad;
  SampledPhotos photos(net, available, extract, options, static_cast<uint64_t>(seed), context);
  const nn::InitializedHead made = net.head().Initialize(photos,
                                                         {.locals_per_cluster = options.locals_per_cluster,
                                                          .iterations = options.iterations,
                                                          .seed = static_cast<uint64_t>(seed)},
                                                         context);
  result.locals = made.locals;
  result.mean_squared_distance = made.mean_squared_distance;
  result.explained_variance = made.explained_variance;
  result.failed = photos.failed();
  result.photos = photos.size() - std::ssize(result.failed);
  return result;
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage

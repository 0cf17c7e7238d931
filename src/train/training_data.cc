// SPDX-License-Identifier: BSD-3-Clause
#include "train/training_data.h"

#include <algorithm>
#include <utility>

#include "image/augment.h"
#include "nn/losses/losses.h"
#include "util/index.h"
#include "util/log.h"
#include "util/random.h"
#include "vantage/describer.h"
#include "vantage/error.h"
#include "vantage/run_context.h"
#include "vantage/training_set.h"

namespace vantage::train {
namespace {

// Mined distances are those at the beginning of the round. Negatives up to this far beyond the loss's reach
// may have come within it since.
constexpr double kReachSlack = 0.05;

// A network whose descriptors are nearer to each other than this on average has collapsed: the cosine of two
// is above 0.99995.
constexpr double kAlike = 0.01;

LocatedSet ReadSet(const DataOptions& options) {
  if (options.training_set.empty()) throw UsageError("the configuration names no data.training_set");
  return ReadLocatedSet(options.training_set, options.photos);
}

}  // namespace

TrainingData::TrainingData(const TrainOptions& options) : options_(options) {
  const TupleLoss loss = nn::MakeLoss(options.loss);
  reach_ = loss.reach;
  triplet_margin_ = loss.triplet_margin;
  miner_ = mining::MakeMiner(options.mining.miner);
  miner_->CheckMargin(triplet_margin_);
  LocatedSet located = ReadSet(options.data);
  set_ = std::move(located.set);
  photo_root_ = std::move(located.photo_root);
  photos_ = std::make_unique<PhotoFiles>(PhotosOfSet(set_, photo_root_));
  extract_.preprocessing = TrainingPreprocessing(options.data);
  TestPreprocessing(options.data);  // refused now rather than at the end
  extract_.apply_exif_orientation = options.data.apply_exif_orientation;
  extract_.precision = options.compute.precision;
  mining::CheckMinable(set_, Split::kTrain);
  validates_ = Summarize(set_, Split::kVal).queries > 0;
  if (validates_) mining::CheckMinable(set_, Split::kVal);
}

mining::MinedTuples TrainingData::Mine(const nn::DescriptorNet& net, Split split,
                                       const mining::MiningTurn& turn, DescriptorStore* store,
                                       const ProcessGroup& group, const RunContext& context) const {
  const int64_t epoch = turn.epoch;
  mining::MiningTurn with_margin = turn;
  with_margin.triplet_margin = triplet_margin_;
  const Describer describer(net, extract_);
  const auto describe_here = [&](const PhotoSource& photos, const RunContext& of_call) {
    return ExtractDescriptors(describer, photos, of_call, store);
  };
  const auto describe = [&](const PhotoSource& photos, const RunContext& of_call) {
    return DescribeShared(group, photos, describe_here, of_call);
  };
  RunContext named = context;
  if (context.on_progress) {
    named.on_progress = [&](Progress progress) {
      progress.task = split == Split::kVal         ? StrCat("epoch ", epoch, ": mining (validation)")
                      : options_.mining.rounds > 1 ? StrCat("epoch ", epoch, ": mining round ",
                                                            turn.round + 1, " of ", options_.mining.rounds)
                                                   : StrCat("epoch ", epoch, ": mining");
      context.Report(progress);
    };
  }
  mining::MinedTuples mined = TuplesOfFirst(
      group,
      mining::MineRound(set_, split, *photos_, mining::DescribePhotos(describe),
                        split == Split::kVal ? mining::ForValidation(options_.mining) : options_.mining,
                        options_.seed, with_margin, named));
  if (mined.triplets) LogInfo("epoch ", epoch, ", ", SplitName(split), ": ", mined.triplets->Text());
  // With validation, the check is made on its descriptors, which are those of the current network.
  if (mined.photo_distance < kAlike && group.IsFirst() && (split == Split::kVal || !validates_)) {
    LogWarning("epoch ", epoch,
               ": the network has collapsed: all photos have nearly the same descriptor (two are ",
               FormatFixed(mined.photo_distance, 6),
               " apart on average); begin anew with a lower optimizer.learning_rate");
  }
  const bool is_first = epoch == (split == Split::kVal ? 0 : 1) && turn.round == 0;
  if (mined.short_tuples > 0 && is_first) {
    LogInfo(mined.short_tuples, " of ", mined.tuples.size(), " tuples got fewer than ", miner_->Negatives(),
            " negatives: the split '", SplitName(split), "' has too few other scenes");
  }
  return mined;
}

LoadedTuple TrainingData::Load(const mining::Tuple& tuple, Split split, int64_t epoch, size_t place) const {
  LoadedTuple loaded;
  loaded.tensor_steps = TensorSteps(extract_.preprocessing);
  RandomStream random(static_cast<uint64_t>(options_.seed), "augmentation",
                      {static_cast<uint64_t>(epoch), static_cast<uint64_t>(place)});
  loaded.pass.seed = RandomStream(static_cast<uint64_t>(options_.seed), "layers",
                                  {static_cast<uint64_t>(epoch), static_cast<uint64_t>(place)})
                         .Next();
  loaded.pass.drop_path = options_.model.drop_path;
  loaded.pass.dropout = options_.model.dropout;
  loaded.pass.recomputes_stages = options_.compute.recompute_blocks;
  loaded.is_augmented = split == Split::kTrain && options_.data.augmentation != AugmentationOptions{};
  const auto add = [&](PhotoId photo, TupleLabel label, bool may_have_gradient) {
    if (teacher_) teacher_->Require(photo);
    Image image = LoadPhoto(*photos_, static_cast<int64_t>(photo), extract_);
    if (loaded.is_augmented) image = image::Augment(image, options_.data.augmentation, random);
    loaded.images.push_back(std::move(image));
    loaded.photos.push_back(photo);
    loaded.labels.push_back(label);
    loaded.may_have_gradient.push_back(may_have_gradient);
  };
  const auto skipped = [](std::string reason) {
    LoadedTuple none;
    none.skipped = std::move(reason);
    return none;
  };
  try {
    add(tuple.query, TupleLabel::kQuery, true);
    add(tuple.positive, TupleLabel::kPositive, true);
  } catch (const Error& error) {
    return skipped(error.what());
  }
  std::string reason = "it has no negative";
  for (size_t i = 0; i < tuple.negatives.size(); ++i) {
    // An augmented photo has another distance than the mined one.
    const bool is_near = loaded.is_augmented || i >= tuple.negative_distances.size() ||
                         tuple.negative_distances[i] < reach_ + kReachSlack;
    try {
      add(tuple.negatives[i], TupleLabel::kNegative, is_near);
    } catch (const Error& error) {
      reason = error.what();
    }
  }
  if (loaded.images.size() < 3) return skipped(reason);
  if (teacher_) loaded.teacher_ND = teacher_->Rows(loaded.photos);
  return loaded;
}

LoadedTuples TrainingData::LoadAhead(const std::vector<mining::Tuple>& tuples, size_t first,
                                     const TupleShare& share, Split split, int64_t epoch, int64_t earlier,
                                     const RunContext& context) const {
  const int threads = context.ThreadCount();
  const int loading_threads = options_.compute.loading_threads;
  const int loaders = loading_threads > 0 ? loading_threads : std::max(1, threads / 2);
  return LoadedTuples(std::ssize(share.own), loaders, loaders + threads,
                      [this, &tuples, first, own = share.own, split, epoch, earlier, &context](int64_t i) {
                        context.CheckCancelled();
                        const size_t place = first + own[ToIndex(i)];
                        return Load(tuples[place], split, epoch, place + ToIndex(earlier));
                      });
}

std::vector<std::string> TrainingData::PhotosOf(const mining::Tuple& tuple) const {
  std::vector<std::string> photos = {PhotoPath(set_, tuple.query, photo_root_).string(),
                                     PhotoPath(set_, tuple.positive, photo_root_).string()};
  for (const PhotoId negative : tuple.negatives)
    photos.push_back(PhotoPath(set_, negative, photo_root_).string());
  return photos;
}

}  // namespace vantage::train

// SPDX-License-Identifier: BSD-3-Clause
#include "train/epoch_progress.h"

#include <ATen/ops/full.h>

#include <algorithm>
#include <limits>

#include "report/metrics.h"
#include "util/check.h"
#include "util/index.h"

namespace vantage::train {
namespace {

constexpr int64_t kNobody = -1;  // fills the rows of tuples with fewer negatives

}  // namespace

void EpochProgress::BeginRound(int64_t number, const mining::MinedTuples& mined_tuples) {
  round = number;
  earlier += std::ssize(tuples);
  next = 0;
  tuples = mined_tuples.tuples;
  if (tuples.empty()) return;
  const auto count = std::ssize(tuples);
  mined += count;
  average_negative_distance += (mined_tuples.average_negative_distance - average_negative_distance) *
                               (static_cast<double>(count) / static_cast<double>(mined));
}

EpochMetrics EpochProgress::Metrics() const {
  EpochMetrics metrics;
  metrics.epoch = epoch;
  metrics.learning_rate = learning_rate;
  metrics.train_loss = tally.MeanLoss();
  metrics.train_negative_distance = average_negative_distance;
  metrics.mining_seconds = mining_seconds;
  metrics.optimizer_seconds = tally.seconds.optimizer;
  metrics.seconds = mining_seconds + seconds;
  metrics.images_per_second = static_cast<double>(tally.photos) / seconds;
  SetTally(tally, metrics);
  return metrics;
}

nn::TorchValue ToTorchValue(const EpochProgress& progress) {
  size_t negatives = 0;
  for (const mining::Tuple& tuple : progress.tuples) negatives = std::max(negatives, tuple.negatives.size());
  const auto rows = std::ssize(progress.tuples);
  const auto columns = static_cast<int64_t>(negatives);
  // Query, positive and negatives of each tuple; the negatives' distances.
  at::Tensor photos = at::full({rows, 2 + columns}, kNobody, at::kLong);
  at::Tensor distances = at::full({rows, columns}, std::numeric_limits<double>::quiet_NaN(), at::kDouble);
  auto* photo = photos.mutable_data_ptr<int64_t>();
  auto* distance = distances.mutable_data_ptr<double>();
  for (const mining::Tuple& tuple : progress.tuples) {
    photo[0] = static_cast<int64_t>(tuple.query);
    photo[1] = static_cast<int64_t>(tuple.positive);
    for (size_t i = 0; i < tuple.negatives.size(); ++i) {
      photo[2 + i] = static_cast<int64_t>(tuple.negatives[i]);
      if (i < tuple.negative_distances.size()) distance[i] = tuple.negative_distances[i];
    }
    photo += 2 + columns;
    distance += columns;
  }
  nn::TorchDict dict;
  dict.Set("epoch", {progress.epoch});
  dict.Set("tuples", {photos});
  dict.Set("negative_distances", {distances});
  dict.Set("round", {progress.round});
  dict.Set("earlier", {progress.earlier});
  dict.Set("mined", {progress.mined});
  dict.Set("average_negative_distance", {progress.average_negative_distance});
  dict.Set("next", {static_cast<int64_t>(progress.next)});
  dict.Set("learning_rate", {progress.learning_rate});
  dict.Set("loss_sum", {progress.tally.loss_sum});
  dict.Set("used", {progress.tally.tuples});
  dict.Set("photos", {progress.tally.photos});
  dict.Set("photos_with_gradient", {progress.tally.photos_with_gradient});
  std::vector<nn::TorchValue> seconds;
  const PhaseSeconds& phases = progress.tally.seconds;
  for (const double value : {phases.data, phases.forward, phases.backward, progress.mining_seconds,
                             phases.optimizer, progress.seconds}) {
    seconds.push_back({value});
  }
  dict.Set("seconds", {std::move(seconds)});
  return {std::move(dict)};
}

EpochProgress ReadEpochProgress(const serialize::TorchFile& file, const serialize::PickleValue& value,
                                const TrainingSet& set) {
  const std::string& source = file.source();
  const auto whole = [&](const char* key) {
    return serialize::ToInteger(serialize::Member(value, key, source), StrCat(source, ": progress: ", key));
  };
  const auto number = [&](const char* key) {
    return serialize::ToNumber(serialize::Member(value, key, source), StrCat(source, ": progress: ", key));
  };
  EpochProgress progress;
  progress.epoch = whole("epoch");
  progress.round = whole("round");
  progress.earlier = whole("earlier");
  progress.mined = whole("mined");
  progress.average_negative_distance = number("average_negative_distance");
  progress.learning_rate = number("learning_rate");
  progress.tally.loss_sum = number("loss_sum");
  progress.tally.tuples = whole("used");
  progress.tally.photos = whole("photos");
  progress.tally.photos_with_gradient = whole("photos_with_gradient");
  const std::vector<double> seconds =
      serialize::ToNumbers(serialize::Member(value, "seconds", source), source + ": seconds");
  VANTAGE_CHECK(seconds.size() == 6, source, ": progress: ", seconds.size(), " times");
  progress.tally.seconds = {seconds[0], seconds[1], seconds[2], seconds[4]};
  progress.mining_seconds = seconds[3];
  progress.seconds = seconds[5];

  const at::Tensor photos =
      nn::ReadTensor(file, serialize::Member(value, "tuples", source), "progress: tuples");
  const at::Tensor distances = nn::ReadTensor(file, serialize::Member(value, "negative_distances", source),
                                              "progress: negative_distances");
  VANTAGE_CHECK(photos.dim() == 2 && photos.scalar_type() == at::kLong && photos.size(1) >= 2 &&
                    distances.dim() == 2 && distances.scalar_type() == at::kDouble &&
                    distances.size(0) == photos.size(0) && distances.size(1) == photos.size(1) - 2,
                source, ": progress: tuples of another type or shape");
  const int64_t negatives = distances.size(1);
  const auto* photo = photos.const_data_ptr<int64_t>();
  const auto* distance = distances.const_data_ptr<double>();
  const auto checked = [&](int64_t id) {
    VANTAGE_CHECK(id >= 0 && id < std::ssize(set.photos), source, ": progress: photo ", id, " of ",
                  set.photos.size());
    return PhotoId{id};
  };
  for (int64_t row = 0; row < photos.size(0); ++row, photo += 2 + negatives, distance += negatives) {
    mining::Tuple tuple;
    tuple.query = checked(photo[0]);
    tuple.positive = checked(photo[1]);
    for (int64_t i = 0; i < negatives && photo[2 + i] != kNobody; ++i) {
      tuple.negatives.push_back(checked(photo[2 + i]));
      tuple.negative_distances.push_back(distance[i]);
    }
    progress.tuples.push_back(std::move(tuple));
  }
  const int64_t next = whole("next");
  VANTAGE_CHECK(next >= 0 && next <= photos.size(0), source, ": progress: tuple ", next, " of ",
                photos.size(0));
  progress.next = ToIndex(next);
  return progress;
}

}  // namespace vantage::train

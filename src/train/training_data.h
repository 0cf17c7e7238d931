// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mining/miners/miners.h"
#include "mining/tuple_miner.h"
#include "train/shared_work.h"
#include "train/teacher.h"
#include "train/tuple_gradient.h"
#include "util/parallel.h"
#include "vantage/mining.h"
#include "vantage/training.h"

namespace vantage::train {

using LoadedTuples = OrderedPrefetch<LoadedTuple>;

// A run's training photos, and the tuples that are mined among them.
class TrainingData {
 public:
  // Reads the training set. Throws UsageError if the options name none; Error if it cannot be read, none of
  // its photos is found, or no negatives can be found in it.
  explicit TrainingData(const TrainOptions& options);

  const TrainingSet& set() const { return set_; }
  // Whether there are queries to validate on.
  bool validates() const { return validates_; }
  const std::filesystem::path& photo_root() const { return photo_root_; }
  const ExtractOptions& extract() const { return extract_; }

  const mining::Miner& miner() const { return *miner_; }

  // The teacher whose rows loaded tuples get from now on.
  void SetTeacher(TeacherDescriptors teacher) { teacher_ = std::move(teacher); }

  // The set's photos: see PhotosOfSet.
  const PhotoSource& photos() const { return *photos_; }

  // See MineRound. The processes share the work of describing photos, and all get the same tuples. store:
  // keeps this process's descriptors, so that a run that is killed does not compute them again; null: they
  // are not kept.
  mining::MinedTuples Mine(const nn::DescriptorNet& net, Split split, const mining::MiningTurn& turn,
                           DescriptorStore* store, const ProcessGroup& group,
                           const RunContext& context) const;

  // Decodes the photos of a tuple. Training photos are augmented as the options say, differently in each
  // epoch. Photos without a row of the teacher count as unreadable. `place`: index of the tuple in the epoch,
  // over all its rounds.
  LoadedTuple Load(const mining::Tuple& tuple, Split split, int64_t epoch, size_t place) const;

  // Loads the share's own tuples ahead of their use. tuples[first] is the first tuple of the share; the list
  // must outlive the result. earlier: number of tuples in the epoch's earlier rounds.
  LoadedTuples LoadAhead(const std::vector<mining::Tuple>& tuples, size_t first, const TupleShare& share,
                         Split split, int64_t epoch, int64_t earlier, const RunContext& context) const;

  // Paths of the tuple's photos: query, positive, negatives.
  std::vector<std::string> PhotosOf(const mining::Tuple& tuple) const;

 private:
  TrainOptions options_;
  TrainingSet set_;
  std::filesystem::path photo_root_;
  std::unique_ptr<PhotoSource> photos_;
  ExtractOptions extract_;
  bool validates_ = false;
  std::unique_ptr<mining::Miner> miner_;
  double reach_ = 0;                      // TupleLoss::reach
  std::optional<double> triplet_margin_;  // TupleLoss::triplet_margin
  std::optional<TeacherDescriptors> teacher_;
};

}  // namespace vantage::train

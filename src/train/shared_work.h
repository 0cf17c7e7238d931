// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <span>
#include <vector>

#include "mining/tuple_miner.h"
#include "train/tuple_runner.h"
#include "vantage/describer.h"
#include "vantage/mining.h"
#include "vantage/training.h"

namespace vantage::train {

// Which of some consecutive tuples of an epoch a process computes.
struct TupleShare {
  // Tuples first, first + 1, ... of the epoch, `tuple_count` of them: those whose number is the rank modulo
  // the size.
  TupleShare(const ProcessGroup& processes, size_t first, size_t tuple_count);

  const ProcessGroup& group;
  size_t count = 0;         // of all processes
  std::vector<size_t> own;  // places below `count`, in order
};

// What became of all tuples, in their order, from what became of this process's own ones. What another
// process skipped says so without the reason, which that process knows.
std::vector<TupleOutcome> ShareOutcomes(const TupleShare& share, const std::vector<TupleOutcome>& own);

// The sums over all processes of tensors shaped as `like`; undefined and missing ones are zero. Of one
// process alone: the tensors as they are.
std::vector<at::Tensor> SumOverProcesses(const ProcessGroup& group, std::span<const at::Tensor> like,
                                         std::vector<at::Tensor> tensors);

// Describes photos, each process a contiguous part of them, and gives all processes all of them, a row each:
// the same as from one process.
ExtractedDescriptors DescribeShared(const ProcessGroup& group, const std::vector<PhotoRequest>& photos,
                                    const mining::DescribePhotos& describe, const RunContext& context);

// The tuples that process 0 mined. Machines of different kinds may come to others where photos are equally
// near.
mining::MinedTuples TuplesOfFirst(const ProcessGroup& group, mining::MinedTuples mined);

}  // namespace vantage::train

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <span>
#include <vector>

#include "mining/tuple_miner.h"
#include "train/tally.h"
#include "vantage/describer.h"
#include "vantage/mining.h"
#include "vantage/training.h"

namespace vantage::train {

// The part of some consecutive tuples of an epoch that a process computes.
struct TupleShare {
  // The `tuple_count` tuples of the epoch from number `first` on. The process computes those whose number
  // modulo the number of processes is its rank.
  TupleShare(const ProcessGroup& processes, size_t first, size_t tuple_count);

  const ProcessGroup& group;
  size_t count = 0;         // tuples of all processes
  std::vector<size_t> own;  // indices below `count` that this process computes, sorted
};

// The outcomes of all tuples, in order, from the outcomes of each process's own tuples. Tuples that another
// process skipped are marked as skipped; the reason stays there.
std::vector<TupleOutcome> ShareOutcomes(const TupleShare& share, const std::vector<TupleOutcome>& own);

// The sums of tensors over all processes, shaped as `like`; undefined and missing tensors count as zero. With
// one process, returns the tensors unchanged.
std::vector<at::Tensor> SumOverProcesses(const ProcessGroup& group, std::span<const at::Tensor> like,
                                         std::vector<at::Tensor> tensors);

// Describes photos: each process describes a contiguous part, and all processes get all descriptors, one row
// per photo. The result is the same as with one process.
ExtractedDescriptors DescribeShared(const ProcessGroup& group, const PhotoSource& photos,
                                    const mining::DescribePhotos& describe, const RunContext& context);

// The tuples that process 0 mined, on all processes. Machines of different kinds could otherwise choose
// different tuples if photos are equally near.
mining::MinedTuples TuplesOfFirst(const ProcessGroup& group, mining::MinedTuples mined);

}  // namespace vantage::train

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <faiss/IndexIVF.h>

#include <cstdint>
#include <memory>

#include "ann/indexes/indexes.h"

namespace vantage::ann {

// Common code of the kinds with clusters, whose Options structs have nlist, training_rows, seed and nprobe.

// Chooses nlist and training_rows if they are 0, and limits training_rows to `size`, the number of rows of
// the database. least_rows: minimum of a chosen training_rows. Throws UsageError if training_rows < nlist.
void CompleteLists(int64_t size, int64_t least_rows, int64_t& nlist, int64_t& training_rows);

// Moves ownership of the quantizer to the index.
std::unique_ptr<faiss::Index> OwnQuantizer(std::unique_ptr<faiss::IndexIVF> index,
                                           std::unique_ptr<faiss::Index> quantizer);

std::unique_ptr<faiss::SearchParameters> ProbeParameters(int64_t nprobe);

template <typename Options>
void DeclareLists(OptionsDescription& description, Options& options) {
  description.Add("nlist", options.nlist, "Clusters; 0: 4 sqrt(N), no fewer than 39 photos each").AtLeast(0);
  description
      .Add("training_rows", options.training_rows,
           "Descriptors, drawn at random, to learn from; 0: 64 per cluster, for codes at least 65536")
      .AtLeast(0);
  description.Add("seed", options.seed, "Seed of the random draw").AtLeast(0);
  description.Add("nprobe", options.nprobe, "Clusters that a query is compared with").AtLeast(1);
}

}  // namespace vantage::ann

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "evaluation/described_photos.h"
#include "vantage/descriptors.h"
#include "vantage/pipeline.h"
#include "vantage/position.h"
#include "vantage/run_context.h"

namespace vantage::pipeline {

// Calls `visit` for each sparse model of a folder: one of COLMAP, or scenes of vantage reconstruct. scene:
// the name of the scene, "" for a single model.
void ForEachModel(const std::string& folder,
                  const std::function<void(const Reconstruction& model, const std::string& scene)>& visit);

// The photos of a PairsTask, with their descriptors. Pairs are within the database, or of a query and a photo
// of the database.
class PairPhotos {
 public:
  // Reads descriptor files, and describes folders of photos. Counts in `result` what it leaves out.
  PairPhotos(const PairsTask& task, const RunContext& context, ProposedPairs& result);
  ~PairPhotos();

  bool has_queries() const { return queries_.has_value(); }
  // The database in memory. Only if there are no queries.
  const Descriptors& database() const { return database_; }
  // The names of the database, then those of queries that are not in it. Rows of pairs are indices in these.
  const std::vector<std::string>& names() const { return names_; }
  // Finds these rows by name.
  const evaluation::DescribedPhotos& described() const { return *described_; }

  // Each photo's nearest, or each query's.
  std::vector<RowPair> Neighbors(const PairOptions& options, const RunContext& context) const;
  // Puts the query of each pair first, and drops pairs without a query or without a photo of the database.
  std::vector<RowPair> OfQueries(const std::vector<RowPair>& pairs) const;
  // Where the photos were taken: from the task's CSV file, or from their EXIF blocks. Counts in `result`
  // those without a position.
  std::vector<std::optional<GeoPosition>> Positions(const PairsTask& task, const RunContext& context,
                                                    ProposedPairs& result) const;

  // Deletes what is kept for resuming. Call this when the pairs are written.
  void Finish();

 private:
  DescriptorFile Read(const PairsTask& task, const std::string& path, bool is_queries,
                      const RunContext& context, ProposedPairs& result);
  DescriptorFile Describe(const PairsTask& task, const std::string& folder, bool is_queries,
                          const RunContext& context);
  void SplitByNames(const PairsTask& task, ProposedPairs& result);

  Descriptors database_;
  std::optional<DescriptorDatabase> on_disk_;  // instead of database_
  std::optional<Descriptors> queries_;
  std::vector<std::string> names_;
  int64_t database_size_ = 0;
  std::vector<bool> is_query_;                            // of names_
  std::optional<evaluation::DescribedPhotos> described_;  // of names_
  struct Model;                                           // loaded, with the stores of its descriptors
  std::unique_ptr<Model> model_;
};

}  // namespace vantage::pipeline

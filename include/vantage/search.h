// SPDX-License-Identifier: BSD-3-Clause
// Searches descriptors: nearest neighbours, query expansion, diffusion, re-ranking, image pairs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "vantage/choice.h"
#include "vantage/descriptors.h"
#include "vantage/image.h"
#include "vantage/options.h"
#include "vantage/run_context.h"

namespace vantage {

struct Neighbor {
  int64_t index = 0;  // row of the database
  float score = 0;    // inner product
};

// The `k` database rows with the largest inner product with each query, best first; equal scores by index.
// All rows where k is larger than the database. Exact; the similarities are computed in blocks of bounded
// memory. queries: Q x D, database: N x D. Throws Error where the dimensions differ.
std::vector<std::vector<Neighbor>> NearestNeighbors(const Eigen::Ref<const DescriptorMatrix>& queries,
                                                    const Eigen::Ref<const DescriptorMatrix>& database,
                                                    int64_t k, const RunContext& context = {});

// As NearestNeighbors above, over a database on disk.
std::vector<std::vector<Neighbor>> NearestNeighbors(const Eigen::Ref<const DescriptorMatrix>& queries,
                                                    const DescriptorDatabase& database, int64_t k,
                                                    const RunContext& context = {});

// Each query with its nearest added: q' = l2n(q + sum x_i) (Chum et al., "Total Recall", ICCV 2007).
struct AverageExpansionOptions {
  static constexpr const char* kKind = "aqe";
  // How many of the nearest. At least 1. The papers' 50 suit thousands of photos of a landmark.
  int64_t neighbors = 10;
};
void Declare(OptionsDescription& description, AverageExpansionOptions& options);

// The same, each weighted by its similarity to the power alpha; negative similarities weigh nothing (TPAMI
// 2019, section 5.3).
struct AlphaExpansionOptions {
  static constexpr const char* kKind = "alpha_qe";
  int64_t neighbors = 10;  // at least 1
  double alpha = 3;        // of the paper; at least 0
};
void Declare(OptionsDescription& description, AlphaExpansionOptions& options);

// Each photo of the database with its nearest added, weighted by similarity^alpha (Turcot and Lowe, 2009).
struct DatabaseAugmentationOptions {
  static constexpr const char* kKind = "dba";
  int64_t neighbors = 10;  // at least 1
  double alpha = 3;        // at least 0; 0 averages
};
void Declare(OptionsDescription& description, DatabaseAugmentationOptions& options);

// Diffusion on the database's graph of mutual nearest neighbours (Iscen et al., CVPR 2017).
struct DiffusionOptions {
  static constexpr const char* kKind = "diffusion";
  // Photos are joined if each is among this many nearest of the other. At least 1; the paper: 50 for the
  // benchmarks' thousands.
  int64_t neighbors = 50;
  // A query enters at this many of its nearest. At least 1; the paper: 10.
  int64_t seeds = 10;
  // Share that moves along edges. [0, 1); the paper: 0.99.
  double beta = 0.99;
  // Edges weigh similarity^gamma. At least 0; the paper: 3.
  double gamma = 3;
  // Of conjugate gradient, relative residual. Above 0.
  double tolerance = 1e-6;
};
void Declare(OptionsDescription& description, DiffusionOptions& options);

// SuperGlobal's re-ranking by descriptors that are refined among what was found (Shao et al., "Global
// Features are All You Need for Image Retrieval and Reranking", ICCV 2023, section 3.3), as its code has it.
struct SuperGlobalOptions {
  static constexpr const char* kKind = "superglobal";
  // The first of each ranking that are ranked again. At least 1; the paper: 400.
  int64_t top = 400;
  // Each is averaged with this many of its nearest among them, and one more than this many give the query's
  // second descriptor. At least 0; the paper: 9.
  int64_t neighbors = 9;
  // Weight of these nearest, times their similarity. [0, 1]; the paper: 0.15.
  double beta = 0.15;
};
void Declare(OptionsDescription& description, SuperGlobalOptions& options);

// Stages of a search: see SearchOptions. LocalStageOptions of matching.h is one more.
struct StageFamily {
  static constexpr const char* kDefault = AverageExpansionOptions::kKind;
  static const Kinds& Table();
};
using StageChoice = Choice<StageFamily>;

// How a database is searched: exactly, by inner product, and then stage after stage. Queries or the database
// are changed (aqe, alpha_qe, dba) before they are compared anew; rankings are ranked again (diffusion,
// superglobal, local).
struct SearchOptions {
  ChoiceList<StageFamily> stages;
};
void Declare(OptionsDescription& description, SearchOptions& options);

// For each query the database row of the same photo, if there is one. Empty: no query is in the database.
using OwnRows = std::vector<std::optional<int64_t>>;
// Photos of the same name are the same: "./a.jpg" and "a.jpg" are one name.
OwnRows RowsOfSameNames(const std::vector<std::string>& queries, const std::vector<std::string>& database);

// Finds the `k` nearest of each query, or most of them: an index in place of comparing with all.
using NeighborFinder =
    std::function<std::vector<std::vector<Neighbor>>(const DescriptorMatrix& queries, int64_t k)>;

// The photos that descriptors are of: for stages that look at them. Called from several threads.
struct SearchPhotos {
  std::function<std::filesystem::path(size_t query)> query;
  // The part of the query's photo that is asked for; none: the whole photo.
  std::function<std::optional<Box>(size_t query)> box;
  std::function<std::filesystem::path(int64_t row)> database;
};

// What a search is told beside the descriptors.
struct SearchFacts {
  OwnRows own = {};
  NeighborFinder finder = {};  // empty: exact search
  SearchPhotos photos = {};
};

// The best `k` of the database for each query, or all if it has fewer: nearest by inner product, and what the
// stages make of them, in their order. queries: Q x D, database: N x D, rows of unit length. A query's own
// row is not among the neighbours that expand it, the seeds of diffusion, or the first that are ranked again;
// stages that rank put it first. Throws Error if the dimensions differ, UsageError if an option is out of its
// range, a stage needs photos that `facts` lacks, or a stage that takes the whole database goes with a
// finder.
std::vector<std::vector<Neighbor>> Search(const DescriptorMatrix& queries, const DescriptorMatrix& database,
                                          int64_t k, const SearchOptions& options = {},
                                          const RunContext& context = {}, const SearchFacts& facts = {});
// The same over a file, which is read block by block; stages that take the whole database (dba, diffusion)
// read it into memory.
std::vector<std::vector<Neighbor>> Search(const DescriptorMatrix& queries, const DescriptorDatabase& database,
                                          int64_t k, const SearchOptions& options = {},
                                          const RunContext& context = {}, const SearchFacts& facts = {});

// Throws UsageError if an option is out of its range, or a stage takes the whole database and a finder stands
// in its place: what Search throws, before any work.
void CheckStages(const SearchOptions& options, bool has_finder);
// Whether a stage looks at photos, so that SearchFacts::photos is needed.
bool NeedsPhotos(const SearchOptions& options);

// How well a database row fits a query by a closer look, such as local features that agree in one geometry;
// 0: not at all. May be called from several threads.
using CloserLook = std::function<int64_t(size_t query, int64_t row)>;

// Reorders the first `count` of each ranking by what the closer look says, best first; equals stay in their
// order, so that a ranking of which nothing fits stays as it is. Scores go with their rows. Throws
// Interrupted.
std::vector<std::vector<Neighbor>> RerankTop(std::vector<std::vector<Neighbor>> rankings, int64_t count,
                                             const CloserLook& look, const RunContext& context = {});

// What a search found for each query, best first.
struct RankedLists {
  std::vector<std::string> queries;
  std::vector<std::vector<Neighbor>> neighbors;  // as many lists as queries
};

// Writes ranked lists as the path ends: .npy, int64, rows of the database, a column a query as cirtorch has
// them (all lists must be of one length); .csv, a line a result: query, rank (from 0), name, score; .txt, the
// format of INRIA's Holidays package, a line a query: its name, then rank and name of each result. Throws
// UsageError for another ending, Error where a name with white space cannot stand in a .txt.
void WriteRankedLists(const RankedLists& lists, const std::vector<std::string>& database_names,
                      const std::filesystem::path& path, const RunContext& context = {});

// Two rows of descriptors, the smaller first.
using RowPair = std::pair<int64_t, int64_t>;

// Which photos are worth matching.
struct PairOptions {
  // Each photo with so many of its nearest. At least 0.
  int64_t k = 20;
  // Only pairs that are among each other's nearest.
  bool mutual = false;
  // Only pairs whose descriptors' inner product is at least this. [-1, 1].
  double min_score = -1;
  // Besides, and whatever their score: each photo with the so many that follow it in its folder, by name: a
  // video's frames. At least 0.
  int64_t sequential = 0;
};
void Declare(OptionsDescription& description, PairOptions& options);

// Pairs of rows, the smaller first, each once, sorted. Rows of zeros, which stand for photos without a
// descriptor, are in no pair but sequential ones. names: of the photos, for sequential pairs: folders are
// told by the last '/', numbers in names are compared as numbers.
std::vector<RowPair> ProposePairs(const Descriptors& photos, const PairOptions& options,
                                  const RunContext& context = {});

// Each query with its options.k nearest of the database, itself left out: the photo of the same name is it.
// Names as (query, database); two photos that are both queries and in the database are one pair. Queries of
// zeros are in none. Throws UsageError if the options are of pairs within a database (mutual, sequential).
std::vector<std::pair<std::string, std::string>> ProposeQueryPairs(const Descriptors& queries,
                                                                   const DescriptorDatabase& database,
                                                                   const PairOptions& options,
                                                                   const RunContext& context = {});

// Each row with its `k` nearest others by inner product, as ProposePairs.
std::vector<RowPair> NeighborPairs(const DescriptorMatrix& descriptors, int64_t k,
                                   const RunContext& context = {});

// Throws UsageError naming the first name that a list of pairs cannot hold: one with white space, which
// COLMAP and hloc take for its end, or with # at its beginning, which COLMAP takes for a comment. To be
// called before pairs are looked for.
void CheckPairNames(const std::vector<std::string>& names);

// Text that COLMAP's matches_importer and hloc read: two names a line. Throws as CheckPairNames.
std::string FormatPairs(const std::vector<std::pair<std::string, std::string>>& pairs);

}  // namespace vantage

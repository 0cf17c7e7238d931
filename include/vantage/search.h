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
#include "vantage/position.h"
#include "vantage/run_context.h"

namespace vantage {

struct Neighbor {
  int64_t index = 0;  // row of the database
  float score = 0;    // inner product
};

// The `k` database rows with the largest inner product with each query, best first; equal scores by index.
// Returns all rows if k is larger than the database. Exact. Computes the similarities in blocks of bounded
// memory. queries: Q x D, database: N x D. Throws Error if the dimensions differ.
std::vector<std::vector<Neighbor>> NearestNeighbors(const Eigen::Ref<const DescriptorMatrix>& queries,
                                                    const Eigen::Ref<const DescriptorMatrix>& database,
                                                    int64_t k, const RunContext& context = {});

// As NearestNeighbors above, over a database on disk.
std::vector<std::vector<Neighbor>> NearestNeighbors(const Eigen::Ref<const DescriptorMatrix>& queries,
                                                    const DescriptorDatabase& database, int64_t k,
                                                    const RunContext& context = {});

// Average query expansion: adds its nearest neighbours to each query, q' = l2n(q + sum x_i) (Chum et al.,
// "Total Recall", ICCV 2007).
struct AverageExpansionOptions {
  static constexpr const char* kKind = "aqe";
  // Number of nearest neighbours, at least 1. The papers' 50 suits thousands of photos of a landmark.
  int64_t neighbors = 10;
};
void Declare(OptionsDescription& description, AverageExpansionOptions& options);

// Alpha query expansion: each neighbour is weighted by similarity^alpha; negative similarities have weight 0
// (TPAMI 2019, section 5.3).
struct AlphaExpansionOptions {
  static constexpr const char* kKind = "alpha_qe";
  int64_t neighbors = 10;  // at least 1
  double alpha = 3;        // the paper's; at least 0
};
void Declare(OptionsDescription& description, AlphaExpansionOptions& options);

// Database-side augmentation: adds its nearest neighbours to each database photo, weighted by
// similarity^alpha (Turcot and Lowe, 2009).
struct DatabaseAugmentationOptions {
  static constexpr const char* kKind = "dba";
  int64_t neighbors = 10;  // at least 1
  double alpha = 3;        // at least 0; 0: neighbours of positive similarity have weight 1
};
void Declare(OptionsDescription& description, DatabaseAugmentationOptions& options);

// Diffusion on the database's graph of mutual nearest neighbours (Iscen et al., CVPR 2017).
struct DiffusionOptions {
  static constexpr const char* kKind = "diffusion";
  // Two photos are joined by an edge if each is among this many nearest of the other. At least 1; the paper:
  // 50, for benchmarks of thousands of photos.
  int64_t neighbors = 50;
  // Diffusion starts at this many nearest neighbours of the query. At least 1; the paper: 10.
  int64_t seeds = 10;
  // Share that moves along edges, in [0, 0.999999]; the paper: 0.99.
  double beta = 0.99;
  // An edge has the weight similarity^gamma. At least 0; the paper: 3.
  double gamma = 3;
  // Relative residual at which conjugate gradient stops. Above 0.
  double tolerance = 1e-6;
};
void Declare(OptionsDescription& description, DiffusionOptions& options);

// SuperGlobal's re-ranking: refines descriptors with those of the photos that were found (Shao et al.,
// "Global Features are All You Need for Image Retrieval and Reranking", ICCV 2023, section 3.3). Follows the
// paper's code, except that negative similarities have weight 0.
struct SuperGlobalOptions {
  static constexpr const char* kKind = "superglobal";
  // Re-ranks this many photos at the head of each ranking. At least 1; the paper: 400.
  int64_t top = 400;
  // Each of these photos is averaged with this many of its nearest among them. The query's second descriptor
  // is made from the best neighbors + 1 photos. At least 0; the paper: 9.
  int64_t neighbors = 9;
  // A neighbour has the weight beta * similarity. In [0, 1]; the paper: 0.15.
  double beta = 0.15;
};
void Declare(OptionsDescription& description, SuperGlobalOptions& options);

// Stages of a search: see SearchOptions. A further stage is LocalStageOptions in matching.h.
struct StageFamily {
  static constexpr const char* kDefault = AverageExpansionOptions::kKind;
  static const Kinds& Table();
};
using StageChoice = Choice<StageFamily>;

// How a database is searched: by inner product (exactly, unless SearchFacts has a finder), then stage after
// stage. Some stages change the queries (aqe, alpha_qe) or the database (dba) and search again; the others
// re-rank (diffusion, superglobal, local).
struct SearchOptions {
  ChoiceList<StageFamily> stages;
};
void Declare(OptionsDescription& description, SearchOptions& options);

// The database row of each query's own photo, if there is one. Empty: no query is in the database.
using OwnRows = std::vector<std::optional<int64_t>>;
// Matches photos by name; "./a.jpg" and "a.jpg" are the same name.
OwnRows RowsOfSameNames(const std::vector<std::string>& queries, const std::vector<std::string>& database);

// Finds the `k` nearest of each query, or most of them. For an approximate index instead of exact search.
using NeighborFinder =
    std::function<std::vector<std::vector<Neighbor>>(const DescriptorMatrix& queries, int64_t k)>;

// The photos that the descriptors describe, for stages that need photos. Called from several threads.
struct SearchPhotos {
  std::function<std::filesystem::path(size_t query)> query;
  // The part of the query's photo that is searched for; nullopt: the whole photo.
  std::function<std::optional<Box>(size_t query)> box;
  std::function<std::filesystem::path(int64_t row)> database;
};

// Further inputs of a search.
struct SearchFacts {
  OwnRows own = {};
  NeighborFinder finder = {};  // empty: exact search
  SearchPhotos photos = {};
};

// The best `k` database rows for each query, or all if the database has fewer: searches by inner product and
// applies the stages in order. queries: Q x D, database: N x D, rows of unit length. Stages leave a query's
// own row out of the neighbours that expand the query, the seeds of diffusion and the photos that are
// re-ranked; stages that re-rank put it first. Throws Error if the dimensions differ, and UsageError if an
// option is out of range, a stage needs photos that `facts` lacks, or a stage needs the whole database while
// `facts` has a finder.
std::vector<std::vector<Neighbor>> Search(const DescriptorMatrix& queries, const DescriptorMatrix& database,
                                          int64_t k, const SearchOptions& options = {},
                                          const RunContext& context = {}, const SearchFacts& facts = {});
// The same over a database on disk, which is read block by block. Stages that need the whole database (dba,
// diffusion) read it into memory.
std::vector<std::vector<Neighbor>> Search(const DescriptorMatrix& queries, const DescriptorDatabase& database,
                                          int64_t k, const SearchOptions& options = {},
                                          const RunContext& context = {}, const SearchFacts& facts = {});

// Throws UsageError if an option is out of range, or has_finder and a stage needs the whole database. Search
// throws the same; this checks before any work.
void CheckStages(const SearchOptions& options, bool has_finder);
// Whether a stage needs SearchFacts::photos.
bool NeedsPhotos(const SearchOptions& options);

// How well a database row fits a query by a costlier comparison, such as the number of local features that
// agree with one geometry; 0: not at all. May be called from several threads.
using CloserLook = std::function<int64_t(size_t query, int64_t row)>;

// Reorders the first `count` of each ranking by the closer look, best first. Equals keep their order, so a
// ranking in which nothing fits is unchanged. Each row keeps its score. Throws Interrupted.
std::vector<std::vector<Neighbor>> RerankTop(std::vector<std::vector<Neighbor>> rankings, int64_t count,
                                             const CloserLook& look, const RunContext& context = {});

// What a search found for each query, best first.
struct RankedLists {
  std::vector<std::string> queries;
  std::vector<std::vector<Neighbor>> neighbors;  // as many lists as queries
};

// Writes ranked lists in the format of the path's extension:
//   .npy: int64 database rows, one column per query as in cirtorch; all lists must have the same length.
//   .csv: one line per result: query, rank (from 0), name, score.
//   .txt: the format of INRIA's Holidays package, one line per query: its name, then rank and name of each
//         result.
// Throws UsageError for another extension, or if a name for a .txt is empty or has white space.
void WriteRankedLists(const RankedLists& lists, const std::vector<std::string>& database_names,
                      const std::filesystem::path& path, const RunContext& context = {});

// Two rows of descriptors, the smaller first.
using RowPair = std::pair<int64_t, int64_t>;

// Which photos are worth matching.
struct PairOptions {
  // Pairs each photo with this many of its nearest. At least 0.
  int64_t k = 20;
  // Keeps only pairs whose photos are among each other's k nearest.
  bool mutual = false;
  // Keeps only pairs whose descriptors' inner product is at least this. In [-1, 1].
  double min_score = -1;
  // Also pairs each photo with this many that follow it in its folder in the order of names, whatever their
  // score: for frames of a video. At least 0.
  int64_t sequential = 0;
};
void Declare(OptionsDescription& description, PairOptions& options);

// Pairs of rows, the smaller first, each once, sorted. Rows of zeros (photos without a descriptor) are only
// in sequential pairs. For sequential pairs, a photo's folder is its name up to the last '/', and numbers in
// names are compared as numbers.
std::vector<RowPair> ProposePairs(const Descriptors& photos, const PairOptions& options,
                                  const RunContext& context = {});

// ProposePairs for each of several options.k, from one search. Memory is linear in the photos times the sum
// of the ks.
std::vector<std::vector<RowPair>> ProposePairsByK(const Descriptors& photos, const std::vector<int64_t>& ks,
                                                  const PairOptions& options, const RunContext& context = {});

// Distance along the Earth's surface, taken as a sphere, metres.
double GreatCircleDistance(const GeoPosition& a, const GeoPosition& b);

// Pairs of rows whose positions are at most `radius` metres apart, the smaller row first, sorted. Rows
// without a position are in no pair. Time and memory are linear in the rows and the pairs.
std::vector<RowPair> PairsByPosition(const std::vector<std::optional<GeoPosition>>& positions, double radius);

// Where pairs come from, and how many.
struct PairSource {
  std::string name;
  int64_t pairs = 0;  // proposed
  int64_t added = 0;  // those that no earlier source proposed
};

// Pairs each query with its options.k nearest in the database, except the photo of the query's own name.
// Pairs are names: (query, database). If both photos of a pair are queries and in the database, the pair is
// returned once. Queries whose descriptor is zero are in no pair. Throws UsageError if options.mutual or
// options.sequential is set, which are for pairs within a database.
std::vector<std::pair<std::string, std::string>> ProposeQueryPairs(const Descriptors& queries,
                                                                   const DescriptorDatabase& database,
                                                                   const PairOptions& options,
                                                                   const RunContext& context = {});

// The same in a database in memory.
std::vector<std::pair<std::string, std::string>> ProposeQueryPairs(const Descriptors& queries,
                                                                   const Descriptors& database,
                                                                   const PairOptions& options,
                                                                   const RunContext& context = {});

// Pairs each row with its `k` nearest others by inner product; pairs are as in ProposePairs.
std::vector<RowPair> NeighborPairs(const DescriptorMatrix& descriptors, int64_t k,
                                   const RunContext& context = {});

// Text that COLMAP's matches_importer and hloc read: two names per line. Throws UsageError naming a name that
// such a list cannot hold: an empty name, one with white space, which COLMAP and hloc read as the end of the
// name, or one that begins with #, which COLMAP reads as a comment.
std::string FormatPairs(const std::vector<std::pair<std::string, std::string>>& pairs);

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
// Benchmarks: ground truth, figures, intervals, comparisons of runs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "vantage/descriptors.h"
#include "vantage/image.h"
#include "vantage/options.h"
#include "vantage/photos.h"
#include "vantage/run_context.h"
#include "vantage/search.h"

namespace vantage {

// What the database holds for a query, as row numbers of the database.
struct Relevance {
  std::vector<int64_t> positives;
  // Neither right nor wrong: taken out of the ranking before it is judged.
  std::vector<int64_t> junk;
};

// Average precision of one query as Oxford and Paris define it (Philbin et al., CVPR 2007): the area under
// the precision-recall curve by trapezoids, precision 1 before the first result. positive_ranks: ranks (0 is
// best) of the positives that were found, ascending; positive_count: how many there are.
double AveragePrecision(const std::vector<int64_t>& positive_ranks, int64_t positive_count);

// The ranks of the positives after the junk was taken out, ascending. ranking: database rows, best first; it
// may end before all are ranked. distractors_above: of each place in the ranking, how many further photos,
// wrong for the query, stand above it; empty: none.
std::vector<int64_t> PositiveRanks(const std::vector<int64_t>& ranking, const Relevance& relevance,
                                   std::span<const int64_t> distractors_above = {});

// The highest precision at each recall or beyond, at `levels` recalls evenly from 0 to 1, at least two
// (Manning, Raghavan, Schütze, Introduction to Information Retrieval, section 8.4); 0 beyond the last
// positive that was found. positive_ranks as for AveragePrecision; positive_count: at least 1.
std::vector<double> InterpolatedPrecision(const std::vector<int64_t>& positive_ranks, int64_t positive_count,
                                          int levels);

struct RetrievalScores {
  // Mean of the queries' average precisions; queries without positives do not count. NaN if there are none.
  double mean_average_precision = 0;
  // Mean over queries of the share of positives among the first k, where k is no larger than the rank of the
  // last positive (as the revisited protocol has it): k -> share.
  std::map<int, double> mean_precision_at;
  // Share of queries with a positive among the first k: k -> share.
  std::map<int, double> recall_at;
  // One for each query; NaN for a query without positives.
  std::vector<double> average_precisions;
};

// Where a query's positives stand: ranks as PositiveRanks gives them, and how many there are.
struct FoundPositives {
  std::vector<int64_t> ranks;
  int64_t count = 0;
};

// Judges the queries by where their positives stand.
RetrievalScores ScoreRanks(const std::vector<FoundPositives>& queries,
                           const std::vector<int>& ks = {1, 5, 10});

// Judges one ranking a query; distractors_above as for PositiveRanks, empty or one list a query. Throws Error
// where the numbers of rankings and queries differ.
RetrievalScores ScoreRankings(const std::vector<std::vector<int64_t>>& rankings,
                              const std::vector<Relevance>& relevances,
                              const std::vector<int>& ks = {1, 5, 10},
                              const std::vector<std::vector<int64_t>>& distractors_above = {});

struct BenchmarkQuery {
  std::filesystem::path photo;
  // The part of the photo that is asked for; pixels.
  std::optional<Box> box;
  Relevance relevance;
  // The photo's own row in the database, where it is there.
  std::optional<int64_t> row;
  // Of a benchmark with several tasks, what counts in each; `relevance` is then the main task's.
  std::vector<Relevance> by_task;
};

// Photos to search and what each query should find among them.
struct Benchmark {
  std::string name;
  std::vector<std::filesystem::path> photos;  // the database
  // What each photo is turned by before it is described, degrees clockwise: 0, 90, 180 or 270. Empty: none
  // is.
  std::vector<int> turns = {};
  std::vector<BenchmarkQuery> queries;
  // Names of the tasks where there are several: E, M, H of the revisited protocol.
  std::vector<std::string> tasks;
  // Photos that belong to the benchmark and are not there: without them a figure is not the benchmark's.
  std::vector<std::string> missing;
};

// What each query should find in a task (0 where there is one only).
std::vector<Relevance> TaskRelevances(const Benchmark& benchmark, size_t task);

// Leaves a query without positives in all tasks, so that it does not count.
void LeaveOut(BenchmarkQuery& query);

// A folder whose sub-folders are classes: every `query_every`-th photo (in the order of their paths, from the
// first) is a query; photos of its class are its positives, itself left out. Photos outside sub-folders
// belong to no class. Throws Error where there is no folder, or no class of two photos.
Benchmark ReadClassFolders(const std::filesystem::path& folder, int query_every = 1);

// A folder with `queries.json` (a list of {"query", "bbx": [left, top, right, bottom], "ok": [...], "junk":
// [...]}, photos named with or without extension) and the photos of the database beside it; `images.json`
// ({"imlist": [...]}), where there is one, names them. A query in the database is junk for itself unless
// its "ok" names it. Throws Error naming the file and the photo where one is missing.
Benchmark ReadBoxedQueries(const std::filesystem::path& folder);

// Reads what photos are turned by, a line "NAME DEGREES" each (clockwise; 0, 90, 180, 270 or -90), into
// Benchmark::turns; names as PhotoFinder finds them. Throws Error naming file and line where a name is none
// of the benchmark's photos (unless some of its photos are missing) or stands there twice, or the photo is a
// query with a box.
void ReadTurns(Benchmark& benchmark, const std::filesystem::path& path);

// Adds the photos below the folder to the database; they are right for no query.
void AddDistractors(Benchmark& benchmark, const std::filesystem::path& folder);

// Describes photos in the order of the list, as ExtractDescriptors does with a describer.
using DescribeList = std::function<ExtractedDescriptors(const std::vector<PhotoRequest>& photos)>;

struct BenchmarkDescriptors {
  DescriptorMatrix queries;         // a row for each of the benchmark's queries
  DescriptorMatrix database;        // a row for each of its photos; zeros where it failed
  std::vector<std::string> failed;  // why photos could not be described
};

// Describes a benchmark's database, and those of its queries that are parts of photos or not in it.
BenchmarkDescriptors DescribeBenchmark(const Benchmark& benchmark, const DescribeList& describe);

// Ranks the database for each query by inner product and judges the rankings by the main task.
// queries: one row for each of the benchmark's queries; database: one row for each of its photos. A photo
// without descriptor has a row of zeros.
RetrievalScores EvaluateDescriptors(const Benchmark& benchmark, const DescriptorMatrix& queries,
                                    const DescriptorMatrix& database, const RunContext& context = {});

// Ground truth of the Oxford and Paris benchmarks, classic or revisited, and of INSTRE.
struct GroundTruth {
  std::vector<std::string> image_names;  // of the database
  std::vector<std::string> query_names;
  struct Query {
    std::vector<double> box;    // left, top, right, bottom; pixels
    std::vector<int64_t> ok;    // classic
    std::vector<int64_t> easy;  // revisited
    std::vector<int64_t> hard;
    std::vector<int64_t> junk;
  };
  std::vector<Query> queries;
};

// Reads gnd_*.pkl as cirtorch and revisitop have them; of INSTRE (Wang and Jiang, 2015) the split of Iscen et
// al., CVPR 2017, in the same form (docs/formats.md). Throws Error naming the file and what is wrong with
// it.
GroundTruth ReadPickledGroundTruth(const std::filesystem::path& path);

// Reads the text files of Oxford5k and Paris6k (NAME_query.txt, _good, _ok, _junk) below a folder; what is
// good or ok is ok. The files do not name the whole database: it is all of `photos`, and what they name
// besides. Throws Error naming the file and line.
GroundTruth ReadTextGroundTruth(const std::filesystem::path& folder, const PhotoFinder& photos);

// The revisited protocol's three tasks (Radenović et al., CVPR 2018, section 3): what counts and what is
// ignored.
enum class RevisitedTask { kEasy, kMedium, kHard };
Relevance RevisitedRelevance(const GroundTruth::Query& query, RevisitedTask task);

// The benchmark that ground truth and the photos at hand make; medium is the revisited protocol's main task.
// What is not there is named in Benchmark::missing and left out; so are queries whose photo is not there.
Benchmark MakeBenchmark(const std::string& name, const GroundTruth& truth, bool revisited,
                        const PhotoFinder& photos);

// Reads oxford5k, paris6k, roxford5k, rparis6k or instre. ground_truth: a pickle, or a folder that holds
// gnd_NAME.pkl or, for Oxford5k and Paris6k, text files. Fewer photos than the benchmark has count as missing
// where the text files cannot name them.
Benchmark ReadOfficialBenchmark(const std::string& name, const std::filesystem::path& ground_truth,
                                const PhotoFinder& photos);

// The database as each query ranks it, best first.
struct DatabaseRankings {
  std::vector<std::vector<int64_t>> rows;
  std::vector<std::vector<float>> scores;  // as Search gives them, in the order of rows
};

// A ranking's first so many, looked at closer.
struct Reranking {
  int64_t count = 0;
  CloserLook look;
};

// How many local features of a query's box (its whole photo where there is none) agree with a photo's in one
// geometry. May be called from several threads.
using CountInliers = std::function<int64_t(
    const std::filesystem::path& query, const std::filesystem::path& photo, const std::optional<Box>& box)>;

// The first `count` in the order of their inliers; a query's own photo stays the first. folder: where the
// benchmark's photos are. The benchmark must outlive it.
Reranking RerankByInliers(const Benchmark& benchmark, const std::filesystem::path& folder, int64_t count,
                          CountInliers inliers);

// The rows of queries that are in the database. A query with a box is another picture than its photo: none.
OwnRows OwnRowsOf(const Benchmark& benchmark);

// Ranks all rows of the database for each query: Search for all of them, then RerankTop. own: as
// Search takes them. queries: Q x D, database: N x D. Throws Error where the dimensions differ.
DatabaseRankings RankDatabase(const DescriptorMatrix& queries, const DescriptorMatrix& database,
                              const RunContext& context = {}, const SearchOptions& options = {},
                              const Reranking& reranking = {}, const OwnRows& own = {});

// For each query and each place of its ranking: how many of the distractors score higher than what is there.
// So the ranks of a database with a million distractors are known without ranking them; they are read block
// by block. Equal scores rank the database's photo first. rankings: by inner product alone. Throws Error
// where the dimensions differ.
std::vector<std::vector<int64_t>> CountDistractorsAbove(const DatabaseRankings& rankings,
                                                        const DescriptorMatrix& queries,
                                                        const DescriptorDatabase& distractors,
                                                        const RunContext& context = {});

// The same of several files of descriptors.
struct DistractorCounts {
  int64_t photos = 0;                       // distractors in all files
  std::vector<std::vector<int64_t>> above;  // empty where there is no file
};
// provenance: what made the queries' descriptors, which `source` holds. Throws Error, or warns, as
// CheckComparable for each file.
DistractorCounts CountDistractorsInFiles(const DatabaseRankings& rankings, const DescriptorMatrix& queries,
                                         const std::vector<std::string>& files,
                                         const DescriptorProvenance& provenance, const std::string& source,
                                         const RunContext& context = {});

struct StatisticsOptions {
  // Times that queries are drawn anew, and that signs are flipped. [100, 10 million].
  int64_t resamples = 10000;
  // Share of the draws that an interval covers. (0, 1).
  double confidence = 0.95;
  // Of the draws: the same seed gives the same intervals.
  int64_t seed = 0;
};
void Declare(OptionsDescription& description, StatisticsOptions& options);

struct Interval {
  double low = 0;
  double high = 0;
};

// The percentile bootstrap's interval of the mean (Efron and Tibshirani 1993, chapter 13): how far it moves
// where other queries of the same kind are asked. NaN values do not count; NaN where none is left.
Interval BootstrapMean(const std::vector<double>& values, const StatisticsOptions& options);

// Two runs' average precisions of the same queries.
struct PairedComparison {
  int64_t queries = 0;         // that both judge
  double mean_difference = 0;  // second less first
  Interval interval;           // of the mean difference, bootstrap over queries
  // Of a mean difference at least as large where it were chance which run is which, two-sided: Fisher's
  // randomisation test (Smucker, Allan, Carterette, CIKM 2007) with (hits + 1) / (draws + 1).
  double p_value = 1;
  int64_t better = 0;  // queries in which the second is better
  int64_t worse = 0;
};

// Compares value by value; pairs with a NaN do not count. Throws Error where the numbers of values differ or
// no pair is left.
PairedComparison ComparePaired(const std::vector<double>& first, const std::vector<double>& second,
                               const StatisticsOptions& options);

enum class ResultKind { kPositive, kNegative, kJunk };

// A place of a ranking.
struct RankedPhoto {
  std::string name;  // as PhotoName gives it
  ResultKind kind = ResultKind::kNegative;
  double score = 0;  // NaN: not known
};

// What a query found, as one task judges it.
struct QueryResult {
  std::string task;  // E, M, H; "" where there is one task
  std::string query;
  int64_t positives = 0;
  double average_precision = 0;              // [0, 1]; NaN: has no positives
  std::optional<Box> box = {};               // what was asked for, pixels
  std::vector<int64_t> positive_ranks = {};  // as PositiveRanks gives them
  // The first of the ranking, junk with them. The query's own photo, where it is junk, is not among them.
  std::vector<RankedPhoto> first = {};
};

// What one evaluation found, with all that a page shows of it and another run is compared by.
struct EvaluationResults {
  std::string benchmark;
  std::string source;                // the model or descriptors that were evaluated
  int64_t photos = 0;                // that were searched, distractors with them
  std::vector<std::string> missing;  // Benchmark::missing
  // False where only average precisions are known, as of a file of FormatQueryResults.
  bool has_rankings = true;
  std::vector<std::string> tasks;    // {""} where there is one
  std::vector<QueryResult> queries;  // task by task, in the same order in each
};

// How results call a photo: its path below the benchmark's folder, or as it is.
std::string PhotoName(const std::filesystem::path& photo, const std::filesystem::path& folder);

// "a, b, c and 12 more": at most ten of the names.
std::string SomeOf(const std::vector<std::string>& names);

// Judges one ranking a query in all tasks. folder: the benchmark's. shown: of each ranking the first so many
// are kept. distractors_above: as ScoreRankings takes them, or empty; those photos are not among the first.
EvaluationResults JudgeRankings(const Benchmark& benchmark, const std::filesystem::path& folder,
                                const DatabaseRankings& rankings, int64_t shown,
                                const std::vector<std::vector<int64_t>>& distractors_above = {});

// The queries of a task.
std::vector<QueryResult> QueriesOfTask(const EvaluationResults& results, const std::string& task);

// The task's figures; of results without rankings the average precisions and their mean alone.
RetrievalScores ScoresOfTask(const EvaluationResults& results, const std::string& task);

// The mean over the task's queries of InterpolatedPrecision; empty of results without rankings, or without
// judged queries.
std::vector<double> MeanInterpolatedPrecision(const EvaluationResults& results, const std::string& task,
                                              int levels);

// JSON with all of the results.
std::string FormatResults(const EvaluationResults& results);
// Reads that, or a file of FormatQueryResults. Throws Error naming the file and the place.
EvaluationResults ReadResults(const std::filesystem::path& path);

// CSV with a head line: task, query, positives, average_precision (in full precision, nan where there is
// none).
std::string FormatQueryResults(const std::vector<QueryResult>& results);
// Throws Error naming source and line.
std::vector<QueryResult> ParseQueryResults(const std::string& text, const std::string& source);

// Two runs' results of one query; the first is null where it is not known.
struct QueryPair {
  const QueryResult* first = nullptr;
  const QueryResult* second = nullptr;
};

// The same queries of two runs in the order of the second; queries are matched by their tasks and names,
// those of one photo with several boxes by their order. Throws Error naming the query where a run lacks one,
// or asks for other positives.
std::vector<QueryPair> PairQueries(const std::vector<QueryResult>& first, const std::string& first_source,
                                   const std::vector<QueryResult>& second);

struct TaskComparison {
  std::string task;
  PairedComparison comparison;
};

// Compares two runs task by task. Throws Error as PairQueries does.
std::vector<TaskComparison> CompareRuns(const std::vector<QueryResult>& first,
                                        const std::string& first_source,
                                        const std::vector<QueryResult>& second,
                                        const StatisticsOptions& options);

// INRIA Holidays (Jégou, Douze, Schmid, ECCV 2008): photos 1GGGII.jpg, where those of a group GGG show one
// thing and II = 00 is its query. The query is left out of its own ranking. The upright variant is the same
// with photos that were turned.

// Names of photos, one a line (holidays_images.dat). Throws Error naming file and line where one is none of
// the benchmark's, or stands there twice.
std::vector<std::string> ReadHolidaysList(const std::filesystem::path& path);

// The benchmark of the photos at hand. names: all that belong to it, of which those that are not there become
// Benchmark::missing; empty: not known, so that of 1491 photos only the number is checked.
Benchmark MakeHolidays(const std::vector<std::string>& names, const PhotoFinder& photos);

// A ranked list as INRIA's package has it: the query's name, then rank and name of each result
// (WriteRankedLists of search.h writes such).
struct RankedNames {
  std::string query;
  std::vector<std::pair<int64_t, std::string>> results;
};
std::vector<RankedNames> ReadHolidaysResults(const std::filesystem::path& path);

// Judges such lists as INRIA's holidays_map.py does: the groups of the list `names`, in its order; photos
// that a list ends before count as not found. shown: of each list the first so many are kept. Throws Error
// where a query has no list or two, or a name is unknown.
EvaluationResults JudgeHolidaysResults(const std::vector<RankedNames>& rankings,
                                       const std::vector<std::string>& names, const std::string& source,
                                       int64_t shown = 0);

using NamePair = std::pair<std::string, std::string>;

struct PairRecallOptions {
  // Two photos are covisible where a sparse model has them observe at least so many of the same points.
  // COLMAP itself asks for 15 matches that agree. At least 1.
  int64_t min_shared_points = 15;
};
void Declare(OptionsDescription& description, PairRecallOptions& options);

// How many of the pairs worth matching are among some that are matched.
struct PairRecall {
  int64_t covisible = 0;   // pairs that are
  int64_t pairs = 0;       // that are matched
  int64_t exhaustive = 0;  // pairs of all the photos
  int64_t found = 0;       // covisible pairs among those matched

  double Recall() const;  // found / covisible; NaN where none is
  double Precision() const;
  double Saved() const;  // share of the exhaustive pairs that need not be matched
};

// Pairs in either order, each counted once. photos: how many there are.
PairRecall RecallOfPairs(const std::vector<RowPair>& pairs, const std::vector<RowPair>& covisible,
                         int64_t photos);

struct RecallAtK {
  int64_t k = 0;
  PairRecall recall;
};

// What ProposePairs finds with k = 1, 2, 5, 10, 20, 50, ... below the number of photos, and with the options'
// own k; the other options as they are.
std::vector<RecallAtK> RecallByK(const Descriptors& photos, const std::vector<RowPair>& covisible,
                                 const PairOptions& options, const RunContext& context = {});

// Reads two names a line, as FormatPairs writes them. Throws Error naming file and line.
std::vector<NamePair> ReadNamePairs(const std::filesystem::path& path);

}  // namespace vantage

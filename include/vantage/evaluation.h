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

// What the database holds for a query, as row numbers.
struct Relevance {
  std::vector<int64_t> positives;
  // Neither right nor wrong: removed from the ranking before it is judged.
  std::vector<int64_t> junk;
};

// Average precision of one query as Oxford and Paris define it (Philbin et al., CVPR 2007): the area under
// the precision-recall curve by trapezoids, with precision 1 before the first result. positive_ranks:
// ascending ranks (0 is best) of the positives that were found. positive_count: number of all positives.
double AveragePrecision(const std::vector<int64_t>& positive_ranks, int64_t positive_count);

// Ascending ranks of the positives, with the junk removed. ranking: database rows, best first; it may end
// before all are ranked. distractors_above: for each place in the ranking, how many further photos, wrong for
// the query, rank above it; empty: none.
std::vector<int64_t> PositiveRanks(const std::vector<int64_t>& ranking, const Relevance& relevance,
                                   std::span<const int64_t> distractors_above = {});

// Highest precision at each recall or beyond, at `levels` (at least two) recalls spaced evenly from 0 to 1
// (Manning, Raghavan, Schütze, Introduction to Information Retrieval, section 8.4). 0 beyond the last
// positive that was found. positive_ranks: as for AveragePrecision. positive_count: at least 1.
std::vector<double> InterpolatedPrecision(const std::vector<int64_t>& positive_ranks, int64_t positive_count,
                                          int levels);

// Ranks of a query's positives as PositiveRanks returns them, and the number of all its positives.
struct FoundPositives {
  std::vector<int64_t> ranks;
  int64_t count = 0;
};

// A measure of one query's ranking, from 0 to 1. Its mean over the queries is a figure of a benchmark.
struct Figure {
  std::string name;        // of a query's value, in columns and JSON: "precision_at_5"
  std::string label;       // of a query's value, in pages: "P@5"
  std::string mean_name;   // of the mean, in JSON: "mean_precision_at"
  std::string mean_label;  // of the mean, in tables and pages: "mP@5"
  int k = 0;               // key below mean_name; 0: none
  // False: only `vantage evaluate --json` reports the mean.
  bool in_tables = true;
  // Called with at least one positive. Empty in results that were read from a file.
  std::function<double(const FoundPositives& found)> judge = {};
};

// AveragePrecision. Needs the whole ranking.
Figure AveragePrecisionFigure();
// Share of positives among the first k, or among the places up to the last positive that was found, if those
// are fewer (as in the revisited protocol). Needs the whole ranking.
Figure PrecisionFigure(int k);
// 1 if a positive is among the first k, 0 otherwise. Needs the first k.
Figure RecallFigure(int k);

// How the queries of a benchmark are judged.
struct Judging {
  // At least one. The first is the main one, by which pages sort queries and epochs are compared.
  std::vector<Figure> figures;
  // The figures need at most this many places of a ranking, without junk; the rest is not ranked. 0: the
  // whole ranking.
  int64_t first = 0;
  // Whether a query without positives is a miss, with 0 in each figure. If not, it does not count.
  bool has_misses = false;
};

// Average precision, precision and recall at 1, 5 and 10. Queries without positives do not count.
Judging LandmarkJudging();

// The query's value in each figure; NaN if the query does not count.
std::vector<double> JudgeQuery(const Judging& judging, const FoundPositives& found);

struct BenchmarkQuery {
  std::filesystem::path photo;
  // Part of the photo that is searched for, pixels. Empty: the whole photo.
  std::optional<Box> box;
  Relevance relevance;
  // The photo's own row in the database, if it is there.
  std::optional<int64_t> row;
  // Relevance in each task, if the benchmark has several; `relevance` is then the main task's.
  std::vector<Relevance> by_task;
  // The query does not count, whatever the protocol says about queries without positives.
  bool is_left_out = false;
};

// Photos to search and what each query should find among them.
struct Benchmark {
  std::string name;
  std::vector<std::filesystem::path> photos;  // the database
  // Degrees by which each photo is turned clockwise before it is described: 0, 90, 180 or 270. Empty: no
  // photo is turned.
  std::vector<int> turns = {};
  std::vector<BenchmarkQuery> queries;
  // Names of the tasks if there are several: E, M, H of the revisited protocol.
  std::vector<std::string> tasks;
  // Photos that belong to the benchmark and are not there. Without them a figure is not the benchmark's.
  std::vector<std::string> missing;
  size_t main_task = 0;  // index of the task that counts most
  // The set of photos is fixed: a photo that cannot be described is missing.
  bool has_fixed_photos = false;
  Judging judging = LandmarkJudging();
};

// Relevance of each query in a task. task: 0 if there is only one.
std::vector<Relevance> TaskRelevances(const Benchmark& benchmark, size_t task);

// Removes the query's positives in all tasks and marks it, so that it does not count.
void LeaveOut(BenchmarkQuery& query);

// Reads a folder whose sub-folders are classes. Every query_every-th photo (in the order of their paths, from
// the first) is a query. The other photos of its class are its positives; the query itself is left out of its
// ranking. Photos outside sub-folders are left out, with a warning. Throws Error if there is no folder, or no
// class of two photos.
Benchmark ReadClassFolders(const std::filesystem::path& folder, int query_every = 1);

// Reads a folder that holds the photos of the database and `queries.json`, a list of {"query", "bbx": [left,
// top, right, bottom], "ok": [...], "junk": [...]}. Photos are named with or without extension. If there is
// an `images.json` ({"imlist": [...]}), it names the photos of the database. A query that is in the database
// is junk for itself unless its "ok" names it. Throws Error naming the file and the photo if a photo is
// missing.
Benchmark ReadBoxedQueries(const std::filesystem::path& folder);

// Reads by how much photos are turned into Benchmark::turns. Each line is "NAME DEGREES" (clockwise; 0, 90,
// 180, 270 or -90); names are as PhotoFinder finds them. Throws Error naming file and line if a name is not a
// photo of the benchmark (unless some of its photos are missing), if a name repeats, or if a query with a box
// is turned.
void ReadTurns(Benchmark& benchmark, const std::filesystem::path& path);

// Adds the photos below the folder to the database. They are positives of no query.
void AddDistractors(Benchmark& benchmark, const std::filesystem::path& folder);

// Describes photos in the order of the source, as ExtractDescriptors does with a describer.
using DescribeList = std::function<ExtractedDescriptors(const PhotoSource& photos)>;

struct BenchmarkDescriptors {
  DescriptorMatrix queries;         // one row for each of the benchmark's queries
  DescriptorMatrix database;        // one row for each of its photos; zeros if it failed
  std::vector<std::string> failed;  // why photos could not be described
};

// Describes a benchmark's database, and its queries that have a box or are not in the database.
BenchmarkDescriptors DescribeBenchmark(const Benchmark& benchmark, const DescribeList& describe);

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

// Reads gnd_*.pkl as cirtorch and revisitop store them. INSTRE (Wang and Jiang, 2015) has the split of Iscen
// et al., CVPR 2017, in the same form (docs/formats.md). Throws Error naming the file and what is wrong with
// it.
GroundTruth ReadPickledGroundTruth(const std::filesystem::path& path);

// Reads the text files of Oxford5k and Paris6k below a folder: NAME_query.txt, _good, _ok and _junk. Good and
// ok both count as ok. The files do not name the whole database: it consists of all `photos`, and of photos
// that only the files name. Throws Error naming the file and line.
GroundTruth ReadTextGroundTruth(const std::filesystem::path& folder, const PhotoFinder& photos);

// Tasks of the revisited protocol (Radenović et al., CVPR 2018, section 3). They decide what counts and what
// is ignored.
enum class RevisitedTask { kEasy, kMedium, kHard };
Relevance RevisitedRelevance(const GroundTruth::Query& query, RevisitedTask task);

// Combines ground truth with the photos that are there. The revisited protocol's main task is medium. Photos
// that are not there are listed in Benchmark::missing and left out, as are queries without their photo. A
// query that is in the database is junk for itself unless its ground truth names it.
Benchmark MakeBenchmark(const std::string& name, const GroundTruth& truth, bool revisited,
                        const PhotoFinder& photos);

// The database as each query ranks it, best first.
struct DatabaseRankings {
  std::vector<std::vector<int64_t>> rows;
  std::vector<std::vector<float>> scores;  // as Search returns them, in the order of rows
};

// Photos of the queries, with their boxes, and of the database, for stages that read photos. folder: where
// the benchmark's photos are. The benchmark must outlive the result.
SearchPhotos PhotosOf(const Benchmark& benchmark, const std::filesystem::path& folder);

// Database rows of the queries. Empty if a query is not in the database, or if it has a box: it is then
// another picture than its photo.
OwnRows OwnRowsOf(const Benchmark& benchmark);

// How a benchmark's database is ranked.
struct RankingOptions {
  SearchOptions search = {};
  SearchFacts facts = {};
  // Number of photos that are ranked for each query. Empty: all.
  std::optional<int64_t> count = {};
};

// Ranks rows of the database for each query; see Search. queries: Q x D, database: N x D. Memory: 16 bytes
// for each query and ranked row. Throws Error if the dimensions differ.
DatabaseRankings RankDatabase(const DescriptorMatrix& queries, const DescriptorMatrix& database,
                              const RankingOptions& options = {}, const RunContext& context = {});

// How much of each ranking the benchmark's figures and the first `shown` results need. Empty: all of it.
std::optional<int64_t> WantedCount(const Benchmark& benchmark, int64_t shown);

// For each query and each place of its ranking: how many distractors score higher. This gives the ranks in a
// database with a million distractors without ranking them; they are read block by block. If scores are
// equal, the database's photo ranks first. rankings: by inner product alone. Throws Error if the dimensions
// differ.
std::vector<std::vector<int64_t>> CountDistractorsAbove(const DatabaseRankings& rankings,
                                                        const DescriptorMatrix& queries,
                                                        const DescriptorDatabase& distractors,
                                                        const RunContext& context = {});

// The same for several descriptor files.
struct DistractorCounts {
  int64_t photos = 0;                       // distractors in all files
  std::vector<std::vector<int64_t>> above;  // empty if there is no file
};
// provenance: of the queries' descriptors, which `source` holds. Throws Error or warns for each file, as
// CheckComparable does. normalise: as in DescriptorReading.
DistractorCounts CountDistractorsInFiles(const DatabaseRankings& rankings, const DescriptorMatrix& queries,
                                         const std::vector<std::string>& files,
                                         const DescriptorProvenance& provenance, const std::string& source,
                                         const RunContext& context = {}, bool normalise = false);

struct StatisticsOptions {
  // Number of draws: queries for the bootstrap, signs for the paired test. [100, 10 million].
  int64_t resamples = 10000;
  // Share of the draws that an interval covers. [0.001, 0.9999].
  double confidence = 0.95;
  // Seed of the draws: the same seed gives the same intervals.
  int64_t seed = 0;
};
void Declare(OptionsDescription& description, StatisticsOptions& options);

struct Interval {
  double low = 0;
  double high = 0;
};

// Percentile bootstrap interval of the mean (Efron and Tibshirani 1993, chapter 13): how far the mean moves
// if other queries of the same kind are asked. NaN values do not count; the interval is NaN if none is left.
Interval BootstrapMean(const std::vector<double>& values, const StatisticsOptions& options);

// A figure of two runs, compared over the same queries.
struct PairedComparison {
  int64_t queries = 0;         // that count in both runs
  double mean_difference = 0;  // second minus first
  Interval interval;           // of the mean difference, bootstrap over queries
  // Probability of a mean difference at least this large, two-sided, if runs were exchangeable. Fisher's
  // randomisation test (Smucker, Allan, Carterette, CIKM 2007) with (hits + 1) / (draws + 1).
  double p_value = 1;
  int64_t better = 0;  // queries in which the second is better
  int64_t worse = 0;
};

// Compares value by value. Pairs with a NaN do not count. Throws Error if the numbers of values differ or no
// pair is left.
PairedComparison ComparePaired(const std::vector<double>& first, const std::vector<double>& second,
                               const StatisticsOptions& options);

enum class ResultKind { kPositive, kNegative, kJunk };

// A place of a ranking.
struct RankedPhoto {
  std::string name;  // as PhotoName returns it
  ResultKind kind = ResultKind::kNegative;
  double score = 0;  // NaN: not known
};

// Result of a query as one task judges it.
struct QueryResult {
  std::string task;  // E, M, H; "" if there is one task
  std::string query;
  int64_t positives = 0;
  std::vector<double> figures = {};          // as EvaluationResults::figures; [0, 1]; NaN: does not count
  std::optional<Box> box = {};               // the part that was searched for, pixels
  std::vector<int64_t> positive_ranks = {};  // as PositiveRanks returns them
  // First places of the ranking, including junk. The query's own photo is not among them if it is junk.
  std::vector<RankedPhoto> first = {};
};

// Results of one evaluation, with all that a page shows of it and a comparison with another run needs.
struct EvaluationResults {
  std::string benchmark;
  std::string source;                // the model or descriptors that were evaluated
  int64_t photos = 0;                // that were searched, including distractors
  std::vector<std::string> missing;  // Benchmark::missing
  // False if some ranks of the positives are not known: the protocol needs only the first places, or the
  // results come from a file of FormatQueryResults.
  bool has_all_ranks = true;
  std::vector<std::string> tasks;    // {""} if there is one
  std::string main_task = {};        // the one that counts most
  std::vector<Figure> figures = {};  // the main one first
  std::vector<QueryResult> queries;  // task by task, in the same order in each
};

// Name of a photo in results: its path below the benchmark's folder, or else its path as it is.
std::string PhotoName(const std::filesystem::path& photo, const std::filesystem::path& folder);

// "a, b, c and 12 more": at most ten of the names.
std::string SomeOf(const std::vector<std::string>& names);

// Judges one ranking per query in all tasks. folder: the benchmark's. shown: number of first places of each
// ranking that are kept. distractors_above: one list per query, as for PositiveRanks, or empty; distractors
// are not among the kept places. Throws Error if the numbers of rankings and queries differ.
EvaluationResults JudgeRankings(const Benchmark& benchmark, const std::filesystem::path& folder,
                                const DatabaseRankings& rankings, int64_t shown,
                                const std::vector<std::vector<int64_t>>& distractors_above = {});

// The queries of a task.
std::vector<QueryResult> QueriesOfTask(const EvaluationResults& results, const std::string& task);

// A figure's values for a task's queries.
struct TaskFigure {
  Figure figure;
  std::vector<double> values;  // in the order of the queries; NaN: does not count
  double mean = 0;             // over those that count; NaN if none does

  int64_t Counted() const;
};

// The task's figures, the main one first.
std::vector<TaskFigure> FiguresOfTask(const EvaluationResults& results, const std::string& task);
// The figure of that name. Throws Error that lists the names.
TaskFigure FigureOfTask(const EvaluationResults& results, const std::string& task, const std::string& name);
// The main figure of the main task.
TaskFigure MainFigure(const EvaluationResults& results);

// Numbers of queries of a task that have no positives, or whose photo has no descriptor.
struct QueriesWithoutPositives {
  int64_t left_out = 0;  // that do not count
  int64_t misses = 0;    // that count 0
  // "2 queries have no positives and do not count", one line for each kind; "" if there are none.
  std::string Text() const;
};
QueriesWithoutPositives CountWithoutPositives(const EvaluationResults& results, const std::string& task);

// Mean of InterpolatedPrecision over the task's queries. Empty if some ranks are not known, or if no query
// counts.
std::vector<double> MeanInterpolatedPrecision(const EvaluationResults& results, const std::string& task,
                                              int levels);

// All results as JSON.
std::string FormatResults(const EvaluationResults& results);
// Reads a file of FormatResults or FormatQueryResults. Throws Error naming the file and the place.
EvaluationResults ReadResults(const std::filesystem::path& path);

// CSV with a header line: task, query, positives, and the figures that are in tables (in full precision, nan
// if the query does not count).
std::string FormatQueryResults(const EvaluationResults& results);
// Throws Error naming source and line.
EvaluationResults ParseQueryResults(const std::string& text, const std::string& source);

// Results of one query in two runs; the first is null if it is not known.
struct QueryPair {
  const QueryResult* first = nullptr;
  const QueryResult* second = nullptr;
};

// Pairs the queries of two runs, in the order of the second. Queries match by task and name; queries of one
// photo with several boxes match by their order. Throws Error naming the query if a run lacks it or has
// another number of positives for it, or naming the task if the numbers of queries differ.
std::vector<QueryPair> PairQueries(const std::vector<QueryResult>& first, const std::string& first_source,
                                   const std::vector<QueryResult>& second);

// A task's figure in two runs.
struct TaskComparison {
  std::string task;
  Figure figure;
  PairedComparison comparison;
};

// Compares two runs task by task, in each figure of tables that both have; the second's main one comes first.
// Throws Error as PairQueries does, or if they have no figure in common.
std::vector<TaskComparison> CompareRuns(const EvaluationResults& first, const std::string& first_source,
                                        const EvaluationResults& second, const StatisticsOptions& options);

// INRIA Holidays (Jégou, Douze, Schmid, ECCV 2008). Photos are named 1GGGII.jpg. Those of a group GGG show
// one thing, and II = 00 is its query. The query is left out of its own ranking. The upright variant has the
// same photos, turned upright.

// Reads names of photos, one per line (holidays_images.dat). Throws Error naming file and line if a name is
// not one of the benchmark's, or repeats.
std::vector<std::string> ReadHolidaysList(const std::filesystem::path& path);

// Makes the benchmark of the photos that are there. names: all photos of the benchmark; those that are not
// there are listed in Benchmark::missing. Empty: not known; only the number of photos is checked, 1491.
Benchmark MakeHolidays(const std::vector<std::string>& names, const PhotoFinder& photos);

// A ranked list in the form of INRIA's package: the query's name, then rank and name of each result.
// WriteRankedLists (search.h) writes this form.
struct RankedNames {
  std::string query;
  std::vector<std::pair<int64_t, std::string>> results;
};
std::vector<RankedNames> ReadHolidaysResults(const std::filesystem::path& path);

// Judges such lists as INRIA's holidays_map.py does. names: photos of the benchmark, which define the groups
// and the order of the queries. Photos that a list does not name count as not found. shown: number of first
// places of each list that are kept. Throws Error if a query has no list, two lists or no positive, or if a
// name is unknown.
EvaluationResults JudgeHolidaysResults(const std::vector<RankedNames>& rankings,
                                       const std::vector<std::string>& names, const std::string& source,
                                       int64_t shown = 0);

// Where a benchmark's photos and its ground truth are.
struct BenchmarkSource {
  std::filesystem::path folder;
  // File or folder of the ground truth. Empty: `folder`.
  std::filesystem::path ground_truth = {};
  // Every query_every-th photo is a query, if the protocol can make any photo a query. At least 1.
  int query_every = 1;
  // Finds the photos that are there. Empty: those below `folder`.
  std::function<PhotoFinder()> photos = {};
};

// A way to measure retrieval: one of Protocols, or one that a program registers.
struct Protocol {
  std::string name;
  std::string help;  // what its ground truth is; lists join neighbouring protocols whose help is equal
  // Reads the ground truth. Throws Error naming file and place. Photos that belong to the benchmark and are
  // not there are listed in Benchmark::missing.
  std::function<Benchmark(const BenchmarkSource& source)> read;
  // Name of its ground truth file in the benchmark's folder. Empty: there is no fixed name.
  std::string file = {};
  Judging judging = LandmarkJudging();
  // The set of photos is fixed, so figures without some of them are not the benchmark's.
  bool has_fixed_photos = false;
  // Whether a folder holds such a benchmark. Empty: the protocol must be named.
  std::function<bool(const std::filesystem::path& folder)> recognises = {};
  // Adds its own options. Copies of the protocol share their values. Empty: it has none.
  std::function<void(OptionsDescription& description)> declare = {};
  // Judges ranked lists of another program and keeps the first `shown` of each. Empty: it reads none.
  std::function<EvaluationResults(const std::filesystem::path& lists, const BenchmarkSource& source,
                                  int64_t shown)>
      judge_lists = {};
};

// Registered protocols, then vantage's own (src/evaluation/protocols/protocols.h). Each call returns
// protocols with options of their own.
std::vector<Protocol> Protocols();
// Registers a protocol. Call it before the protocol is used. Each call of Protocols calls `make`. Throws
// UsageError if the protocol lacks a name, `read` or a figure, or if the name is taken.
void RegisterProtocol(std::function<Protocol()> make);
// The protocol of that name, or, if the name is empty, the first that recognises the folder. Throws
// UsageError that lists the names if there is none, and UsageError if an option of another protocol is set.
Protocol ChooseProtocol(const std::vector<Protocol>& protocols, const std::string& name,
                        const std::filesystem::path& folder);

// Reads a benchmark with a protocol, which also defines how it is judged. Throws Error as `read` does.
Benchmark ReadBenchmark(const Protocol& protocol, const BenchmarkSource& source);

// A benchmark with the descriptors of its photos and queries.
struct DescribedBenchmark {
  Benchmark benchmark;
  BenchmarkDescriptors described;
  DescriptorProvenance provenance = {};  // of the descriptors
  int64_t left_out = 0;                  // descriptors in the file that the benchmark does not use
};

// Descriptor files of a benchmark.
struct BenchmarkFiles {
  std::string photos;  // descriptors of its photos
  // Descriptors of its queries' boxes, under the names of the queries. Empty: no query has a box.
  std::string queries = {};
  // Photos in the file that are not below the benchmark's folder become distractors.
  bool take_distractors = false;
  DescriptorReading reading = {};  // of `photos`
  DescriptorReading reading_queries = {};
};

// Reads a benchmark and the descriptors of its photos and queries. If the benchmark's photos are fixed, only
// photos in the files are there. Photos without descriptor are listed in BenchmarkDescriptors::failed, and
// LeaveOutFailed is applied. Throws Error if the two files are of different models, or if no photo or no
// query has a descriptor.
DescribedBenchmark ReadDescribedBenchmark(const Protocol& protocol, const BenchmarkSource& source,
                                          const BenchmarkFiles& files);

// Leaves out queries without descriptor. If the benchmark's photos are fixed, photos and queries without
// descriptor become missing.
void LeaveOutFailed(DescribedBenchmark& input);

// Throws Error that names missing photos, if there are any.
void CheckComplete(const Benchmark& benchmark);

// Path to which WriteDescribedBenchmark writes the queries' descriptors.
std::string QueriesPath(const std::string& path);
// Writes the descriptors of the photos to `path` and those of the queries to QueriesPath, for
// ReadDescribedBenchmark. folder: the benchmark's.
void WriteDescribedBenchmark(const DescribedBenchmark& input, const std::filesystem::path& folder,
                             const std::string& path);

// Photos that match no query, in addition to the benchmark's own.
struct Distractors {
  std::vector<std::string> folders;
  std::vector<std::string> files;  // of descriptors
  bool is_own = false;             // the file of the benchmark's own descriptors is among the paths
};
// Separates the paths of folders from those of descriptor files. own: the benchmark's descriptors; `paths`
// may name them by either file of a pair. Throws Error if a path cannot be read.
Distractors SortDistractors(const std::vector<std::string>& paths, const std::string& own);

struct EvaluateOptions {
  SearchOptions search = {};
  // Number of first places of each ranking that the results keep.
  int64_t shown = 12;
  // Descriptor files of photos that match no query. Only for plain search, without stages.
  std::vector<std::string> distractor_files = {};
  bool normalise = false;  // DescriptorReading::normalise of these files
};
// Throws UsageError if the options contradict each other.
void CheckEvaluateOptions(const EvaluateOptions& options);

struct Evaluation {
  EvaluationResults results;
  double search_seconds = 0;  // for all queries, including preparation of the database
};

// Searches the photos for the queries and judges the rankings. folder: the benchmark's. source: the model or
// file that the descriptors come from. Throws as Search and CheckComparable do.
Evaluation EvaluateBenchmark(const DescribedBenchmark& input, const std::filesystem::path& folder,
                             const std::string& source, const EvaluateOptions& options = {},
                             const RunContext& context = {});

using NamePair = std::pair<std::string, std::string>;

struct PairRecallOptions {
  // Two photos are covisible if a sparse model has at least this many points that both observe. COLMAP itself
  // needs 15 matches that agree. At least 1.
  int64_t min_shared_points = 15;
};
void Declare(OptionsDescription& description, PairRecallOptions& options);

// How many of the pairs worth matching are among the pairs that are matched.
struct PairRecall {
  int64_t covisible = 0;   // covisible pairs
  int64_t pairs = 0;       // matched pairs
  int64_t exhaustive = 0;  // pairs of all photos
  int64_t found = 0;       // covisible pairs that are matched

  double Recall() const;  // found / covisible; NaN if covisible is 0
  double Precision() const;
  double Saved() const;  // share of the exhaustive pairs that need not be matched
};

// Pairs may be in either order; each counts once. photos: number of photos.
PairRecall RecallOfPairs(const std::vector<RowPair>& pairs, const std::vector<RowPair>& covisible,
                         int64_t photos);

struct RecallAtK {
  int64_t k = 0;
  PairRecall recall;
};

// What ProposePairs finds with k = 1, 2, 5, 10, 20, 50, 100 below the number of photos, and with the options'
// own k. The other options stay as they are. The nearest are searched once; memory is linear in the photos.
std::vector<RecallAtK> RecallByK(const Descriptors& photos, const std::vector<RowPair>& covisible,
                                 const PairOptions& options, const RunContext& context = {});

// Reads two names per line, in the form of FormatPairs. Throws Error naming file and line.
std::vector<NamePair> ReadNamePairs(const std::filesystem::path& path);

}  // namespace vantage

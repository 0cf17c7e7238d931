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

// Where a query's positives stand: ranks as PositiveRanks gives them, and how many there are.
struct FoundPositives {
  std::vector<int64_t> ranks;
  int64_t count = 0;
};

// What the ranking of one query is worth, from 0 to 1. Its mean over the queries is a figure of a benchmark.
struct Figure {
  std::string name;        // of a query's value, in columns and JSON: "precision_at_5"
  std::string label;       // the same in pages: "P@5"
  std::string mean_name;   // of the mean, in JSON: "mean_precision_at"
  std::string mean_label;  // the same in tables and pages: "mP@5"
  int k = 0;               // the key below mean_name; 0: none
  // False: only `vantage evaluate --json` tells the mean.
  bool in_tables = true;
  // Positives: at least one. Empty in results that a file holds.
  std::function<double(const FoundPositives& found)> judge = {};
};

// AveragePrecision. Wants the whole ranking.
Figure AveragePrecisionFigure();
// The share of positives among the first k, where k is no larger than the rank of the last positive that was
// found (as the revisited protocol has it). Wants the whole ranking.
Figure PrecisionFigure(int k);
// 1 if a positive is among the first k, 0 otherwise. Wants the first k.
Figure RecallFigure(int k);

// How the queries of a benchmark are judged.
struct Judging {
  // At least one. The first is the main one, by which pages order queries and epochs are compared.
  std::vector<Figure> figures;
  // Each figure wants at most so many of a ranking, junk taken out, so that the others are not ranked. 0: the
  // whole ranking.
  int64_t first = 0;
  // Whether a query without positives is a miss, 0 in each figure. If not, it does not count.
  bool has_misses = false;
};

// Average precision, precision and recall at 1, 5 and 10; queries without positives do not count.
Judging LandmarkJudging();

// The query's value of each figure, NaN if the query does not count.
std::vector<double> JudgeQuery(const Judging& judging, const FoundPositives& found);

struct BenchmarkQuery {
  std::filesystem::path photo;
  // The part of the photo that is asked for; pixels.
  std::optional<Box> box;
  Relevance relevance;
  // The photo's own row in the database, where it is there.
  std::optional<int64_t> row;
  // Of a benchmark with several tasks, what counts in each; `relevance` is then the main task's.
  std::vector<Relevance> by_task;
  // Does not count, whatever the protocol says of queries without positives.
  bool is_left_out = false;
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
  size_t main_task = 0;  // the place of the one that counts most
  // Its photos are fixed: one that cannot be described is missing.
  bool has_fixed_photos = false;
  Judging judging = LandmarkJudging();
};

// What each query should find in a task (0 where there is one only).
std::vector<Relevance> TaskRelevances(const Benchmark& benchmark, size_t task);

// Takes the query's positives of all tasks, so that it does not count.
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

// The database as each query ranks it, best first.
struct DatabaseRankings {
  std::vector<std::vector<int64_t>> rows;
  std::vector<std::vector<float>> scores;  // as Search gives them, in the order of rows
};

// The photos of the queries, with their boxes, and of the database, for stages that look at them. folder:
// where the benchmark's photos are. The benchmark must outlive it.
SearchPhotos PhotosOf(const Benchmark& benchmark, const std::filesystem::path& folder);

// The rows of queries that are in the database. A query with a box is another picture than its photo: none.
OwnRows OwnRowsOf(const Benchmark& benchmark);

// How a benchmark's database is ranked.
struct RankingOptions {
  SearchOptions search = {};
  SearchFacts facts = {};
  // Photos of the database that are ranked for each query. Empty: all.
  std::optional<int64_t> count = {};
};

// Ranks rows of the database for each query: see Search. queries: Q x D, database: N x D. Memory:
// 16 bytes for each query and row that is ranked. Throws Error where the dimensions differ.
DatabaseRankings RankDatabase(const DescriptorMatrix& queries, const DescriptorMatrix& database,
                              const RankingOptions& options = {}, const RunContext& context = {});

// How much of each ranking the benchmark's figures and the first `shown` results want. Empty: all of it.
std::optional<int64_t> WantedCount(const Benchmark& benchmark, int64_t shown);

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

// A figure of the same queries in two runs.
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
  std::vector<double> figures = {};          // as EvaluationResults::figures; [0, 1]; NaN: does not count
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
  // False if not all ranks of the positives are known: the protocol wants the first only, or the results are
  // of a file of FormatQueryResults.
  bool has_all_ranks = true;
  std::vector<std::string> tasks;    // {""} where there is one
  std::string main_task = {};        // the one that counts most
  std::vector<Figure> figures = {};  // the main one first
  std::vector<QueryResult> queries;  // task by task, in the same order in each
};

// How results call a photo: its path below the benchmark's folder, or as it is.
std::string PhotoName(const std::filesystem::path& photo, const std::filesystem::path& folder);

// "a, b, c and 12 more": at most ten of the names.
std::string SomeOf(const std::vector<std::string>& names);

// Judges one ranking a query in all tasks. folder: the benchmark's. shown: of each ranking the first so many
// are kept. distractors_above: one list a query, as for PositiveRanks, or empty; those photos are not among
// the first. Throws Error where the numbers of rankings and queries differ.
EvaluationResults JudgeRankings(const Benchmark& benchmark, const std::filesystem::path& folder,
                                const DatabaseRankings& rankings, int64_t shown,
                                const std::vector<std::vector<int64_t>>& distractors_above = {});

// The queries of a task.
std::vector<QueryResult> QueriesOfTask(const EvaluationResults& results, const std::string& task);

// A figure of a task's queries.
struct TaskFigure {
  Figure figure;
  std::vector<double> values;  // in the order of the queries; NaN: does not count
  double mean = 0;             // of those that count; NaN if none does

  int64_t Counted() const;
};

// The task's figures, the main one first.
std::vector<TaskFigure> FiguresOfTask(const EvaluationResults& results, const std::string& task);
// The one of that name. Throws Error that lists the names.
TaskFigure FigureOfTask(const EvaluationResults& results, const std::string& task, const std::string& name);
// The main figure of the main task.
TaskFigure MainFigure(const EvaluationResults& results);

// Queries of a task that have no positives, or whose photo has no descriptor.
struct QueriesWithoutPositives {
  int64_t left_out = 0;  // do not count
  int64_t misses = 0;    // count 0
  // "2 queries have no positives and do not count", a line for each kind; "" if there is none.
  std::string Text() const;
};
QueriesWithoutPositives CountWithoutPositives(const EvaluationResults& results, const std::string& task);

// The mean over the task's queries of InterpolatedPrecision; empty if not all ranks are known, or no query
// counts.
std::vector<double> MeanInterpolatedPrecision(const EvaluationResults& results, const std::string& task,
                                              int levels);

// JSON with all of the results.
std::string FormatResults(const EvaluationResults& results);
// Reads that, or a file of FormatQueryResults. Throws Error naming the file and the place.
EvaluationResults ReadResults(const std::filesystem::path& path);

// CSV with a head line: task, query, positives, and the figures that are in tables (in full precision, nan if
// the query does not count).
std::string FormatQueryResults(const EvaluationResults& results);
// Throws Error naming source and line.
EvaluationResults ParseQueryResults(const std::string& text, const std::string& source);

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

// A task's figure in two runs.
struct TaskComparison {
  std::string task;
  Figure figure;
  PairedComparison comparison;
};

// Compares two runs task by task in each figure of tables that both have, the second's main one first. Throws
// Error as PairQueries does, or if they have no figure in common.
std::vector<TaskComparison> CompareRuns(const EvaluationResults& first, const std::string& first_source,
                                        const EvaluationResults& second, const StatisticsOptions& options);

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

// Where a benchmark's photos and its ground truth are.
struct BenchmarkSource {
  std::filesystem::path folder;
  // File or folder of the ground truth. Empty: the folder.
  std::filesystem::path ground_truth = {};
  // Every so many-th photo is a query, if the ground truth lets each of them be one. At least 1.
  int query_every = 1;
  // Finds the photos that there are. Empty: those below the folder.
  std::function<PhotoFinder()> photos = {};
};

// A way to measure retrieval: a row of Protocols, or one that a program registers.
struct Protocol {
  std::string name;
  std::string help;  // what its ground truth is; protocols beside each other may have one help
  // Reads the ground truth. Throws Error naming file and place. Photos that belong to the benchmark and are
  // not there become Benchmark::missing.
  std::function<Benchmark(const BenchmarkSource& source)> read;
  // Of its ground truth, in the benchmark's folder. Empty: it has none of one name.
  std::string file = {};
  Judging judging = LandmarkJudging();
  // Its photos are fixed, so that figures without some of them are not the benchmark's.
  bool has_fixed_photos = false;
  // Whether a folder holds such a benchmark. Empty: it has to be named.
  std::function<bool(const std::filesystem::path& folder)> recognises = {};
  // Adds its own options; copies of the protocol share them. Empty: none.
  std::function<void(OptionsDescription& description)> declare = {};
  // Judges the ranked lists of another program, of which the first `shown` are kept. Empty: it reads none.
  std::function<EvaluationResults(const std::filesystem::path& lists, const BenchmarkSource& source,
                                  int64_t shown)>
      judge_lists = {};
};

// Those that programs registered, then vantage's (src/evaluation/protocols/protocols.h). Each call makes
// options of their own.
std::vector<Protocol> Protocols();
// Adds a protocol, before its first use. `make` is called by each Protocols.
void RegisterProtocol(std::function<Protocol()> make);
// The protocol of that name; without a name the first that recognises the folder. Throws UsageError that
// lists the names, or if an option of another protocol is set.
Protocol ChooseProtocol(const std::vector<Protocol>& protocols, const std::string& name,
                        const std::filesystem::path& folder);

// Reads a benchmark by a protocol, which says how it is judged. Throws Error as the protocol's `read`.
Benchmark ReadBenchmark(const Protocol& protocol, const BenchmarkSource& source);

// A benchmark with the descriptors of its photos and queries.
struct DescribedBenchmark {
  Benchmark benchmark;
  BenchmarkDescriptors described;
  DescriptorProvenance provenance = {};  // of the descriptors
  int64_t left_out = 0;                  // descriptors of a file that the benchmark does not use
};

// Descriptor files of a benchmark.
struct BenchmarkFiles {
  std::string photos;  // of its photos
  // Of its queries' boxes, named as the queries. Empty: no query has a box.
  std::string queries = {};
  // Photos of the file that are not below the benchmark's folder become its distractors.
  bool take_distractors = false;
};

// Reads a benchmark, of which only photos in the files are there if its photos are fixed, and their
// descriptors. Photos without descriptor are named among the failed, as LeaveOutFailed has it. Throws Error
// if the two files are of different models, or no photo or no query has a descriptor.
DescribedBenchmark ReadDescribedBenchmark(const Protocol& protocol, const BenchmarkSource& source,
                                          const BenchmarkFiles& files);

// Queries without descriptor do not count. If the benchmark's photos are fixed, those without are missing.
void LeaveOutFailed(DescribedBenchmark& input);

// Throws Error that names photos that are missing.
void CheckComplete(const Benchmark& benchmark);

// Where WriteDescribedBenchmark writes the queries' descriptors.
std::string QueriesPath(const std::string& path);
// Writes the descriptors of the photos to `path` and those of the queries to QueriesPath, as
// ReadDescribedBenchmark takes them. folder: the benchmark's.
void WriteDescribedBenchmark(const DescribedBenchmark& input, const std::filesystem::path& folder,
                             const std::string& path);

// Photos that match no query, besides the benchmark's own.
struct Distractors {
  std::vector<std::string> folders;
  std::vector<std::string> files;  // of descriptors
  bool is_own = false;             // the file of the benchmark's own descriptors is named, too
};
// Sorts the paths of folders and descriptor files; own: the benchmark's descriptors, which may be named by
// either file of a pair. Throws Error if one cannot be read.
Distractors SortDistractors(const std::vector<std::string>& paths, const std::string& own);

struct EvaluateOptions {
  SearchOptions search = {};
  // Of each ranking the first so many are kept in the results.
  int64_t shown = 12;
  // Descriptor files of photos that match no query. They go with plain search alone.
  std::vector<std::string> distractor_files = {};
};
// Throws UsageError if the options contradict one another.
void CheckEvaluateOptions(const EvaluateOptions& options);

struct Evaluation {
  EvaluationResults results;
  double search_seconds = 0;  // of all queries, with what the database needs for it
};

// Searches the queries in the photos and judges what is found. folder: the benchmark's. source: the model or
// file that the descriptors are of. Throws as Search and CheckComparable.
Evaluation EvaluateBenchmark(const DescribedBenchmark& input, const std::filesystem::path& folder,
                             const std::string& source, const EvaluateOptions& options = {},
                             const RunContext& context = {});

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

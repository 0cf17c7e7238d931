// SPDX-License-Identifier: BSD-3-Clause
// The tasks of the command line as functions: files in, files out.
//
// A task's fields are the command-line arguments of the same names: see `vantage TASK --help` and
// docs/reference/. Comments here add only what these pages do not say. Each function checks its options and
// outputs before any work, and writes each file whole or not at all. An output replaces an input or a file of
// another kind only if `overwrite` is set. Throws UsageError if the options contradict each other or the
// inputs, Error naming the file that cannot be read or written, and Interrupted if the context is cancelled.
// An interrupted task resumes when it is run again.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "vantage/colmap.h"
#include "vantage/describer.h"
#include "vantage/descriptors.h"
#include "vantage/evaluation.h"
#include "vantage/index.h"
#include "vantage/matching.h"
#include "vantage/model.h"
#include "vantage/run_context.h"
#include "vantage/search.h"
#include "vantage/training.h"
#include "vantage/training_set.h"

namespace vantage {

// A model's file, and what the user states about its network (Model::Read).
struct ModelSource {
  std::string path;
  NetWish net;
  std::vector<std::string> allow_missing;
  std::string device = "cpu";

  // Reads the model onto the device.
  Model Read() const;
};

struct ReconstructTask {
  std::string photos;
  std::string output;
  std::string pairs_from;  // a model's file; "": no pairs are proposed
  std::string device = "cpu";
  int neighbors = 50;
  ReconstructOptions options;
};
std::vector<SceneOutcome> Reconstruct(const ReconstructTask& task, const RunContext& context = {});

struct TrainingSetTask {
  std::vector<std::string> scenes;
  std::string output;
  bool classes = false;
  std::string photos;
  std::vector<std::string> val;
  std::string model;
  std::string device = "cpu";
  std::vector<std::string> exclude_names;
  std::vector<std::string> exclude_photos;
  ExcludeOptions exclude;
  TupleOptions options;
  bool overwrite = false;
};
struct BuiltTrainingSet {
  BuiltTuples built;
  std::vector<SceneChange> changes;  // scenes that were merged or left out
};
BuiltTrainingSet BuildTrainingSet(const TrainingSetTask& task, const RunContext& context = {});

struct WhitenTask {
  ModelSource model;
  std::string tuples;
  std::string output;
  std::string photos;
  std::string name;
  int size = 0;
  std::string preprocessing = "default";
  std::string scales = "default";
  bool fold = false;
  std::string report;
  bool restart = false;
  LearnWhiteningOptions options;
  bool overwrite = false;
};
struct WhitenedModel {
  std::string name;  // the whitening's name
  LearnedWhitening learned;
  // JSON, as in the model's origin: the shrinkage that was set, or how each was chosen, by the keys "ss" and
  // "ms" of whitenings in a model's file; null if the method uses no shrinkage.
  std::string shrinkage;
};
WhitenedModel Whiten(const WhitenTask& task, const RunContext& context = {});

struct ExtractTask {
  ModelSource model;
  ModelDescriptorOptions descriptor;
  std::vector<std::string> photos;
  std::string output;
  DescriptorFormat format;
  std::string shard;  // "i/n"; "": all photos
  bool restart = false;
  bool overwrite = false;
};
// Returns the content of the file that it writes, with the provenance of the descriptors.
DescriptorFile Extract(const ExtractTask& task, const RunContext& context = {});

struct MergeTask {
  std::vector<std::string> shards;
  std::string output;
  DescriptorFormat format;
  MergeOptions options;
  bool overwrite = false;
};
MergedDescriptors Merge(const MergeTask& task, const RunContext& context = {});

struct SearchTask {
  std::string database;
  std::string queries;      // "": each photo of the database is a query
  std::string names;        // DescriptorReading::names of the database
  std::string query_names;  // and of the queries
  bool normalise = false;
  std::string output;
  int k = 100;
  SearchOptions options;
  std::string photos;
  std::string query_photos;
  IndexChoice index;
  std::string index_file;
  int recall_queries = 100;
  bool overwrite = false;
};
// How an index was obtained, and its recall.
struct UsedIndex {
  std::string kind;
  bool reused = false;                                       // read from its file
  double seconds = 0;                                        // to build or read it
  double recall = std::numeric_limits<double>::quiet_NaN();  // at k; NaN: not measured
};
struct SearchSummary {
  int64_t queries = 0;
  int64_t photos = 0;  // of the database
  int64_t k = 0;       // photos found for the first query
  double seconds = 0;  // for all queries
  std::optional<UsedIndex> index;
};
SearchSummary Search(const SearchTask& task, const RunContext& context = {});

// How a server is reached, and what a request may cost. docs/reference/serve.md explains each option.
struct ServeOptions {
  std::string host = "127.0.0.1";
  int port = 8080;
  double max_upload = 20;  // MB (2^20 bytes)
  double max_pixels = 64;  // millions
  double timeout = 30;     // seconds
};
void Declare(OptionsDescription& description, ServeOptions& options);
struct ServeTask {
  ModelSource model;
  ModelDescriptorOptions descriptor;
  std::string database;
  std::string photos;
  int k = 24;
  SearchOptions search;
  ServeOptions server;
  // Called with the address of the page when requests are answered.
  std::function<void(const std::string& url)> on_listening = {};
};
// Serves searches over HTTP (serve/search_service.h has the routes) until the context is cancelled. The
// database is read into memory. Throws Interrupted in the end.
void Serve(const ServeTask& task, const RunContext& context = {});

struct PairsTask {
  std::string database;     // a descriptor file, or a folder of photos, which the model describes
  std::string queries;      // the same; "": pairs within the database
  std::string names;        // DescriptorReading::names of the database
  std::string query_names;  // and of the queries
  bool normalise = false;
  std::string output;     // "": nothing is written
  std::string covisible;  // "": recall is not measured
  std::vector<std::string> against;
  std::vector<std::string> query_prefix;
  std::string database_model;
  std::vector<std::string> database_list;
  std::vector<std::string> also;
  double gps_radius = 0;  // metres; 0: positions are not used
  std::string positions;  // CSV file; "": EXIF
  std::string photos;
  std::string query_photos;
  ModelSource model;
  ModelDescriptorOptions descriptor;
  std::string descriptors;  // "": not kept
  PairOptions options;
  PairRecallOptions recall;
  bool overwrite = false;
};
// How many of the covisible pairs are in a list of pairs.
struct MeasuredPairs {
  std::string name;  // "k = 20", or the file of another program's pairs
  PairRecall recall;
  int64_t left_out = 0;  // pairs of photos without a descriptor
};
struct ProposedPairs {
  int64_t pairs = 0;
  // If `covisible` is set: one for each k, then one for each file in `against`.
  std::vector<MeasuredPairs> measured;
  int64_t model_photos = 0;  // of the sparse models of `covisible`
  // Names of photos of the sparse models or of `database_list` that have no descriptor.
  std::vector<std::string> without_descriptor;
  std::vector<PairSource> sources;
  int64_t unlisted_pairs = 0;               // not in `pairs`, since a list cannot hold a name
  std::vector<std::string> unlisted_names;  // these names
  int64_t also_left_out = 0;                // pairs of `also` whose photos have no descriptor
  int64_t without_position = 0;             // photos, if positions are used
  int64_t unknown_positions = 0;            // positions of photos that have no descriptor
  std::string model;                        // that described photos; "": none did
  std::vector<FailedPhoto> failed;          // photos that it could not describe
  std::map<std::string, int64_t> left_out;  // of the folders of photos: see PhotoFolder::LeftOutCounts
};
ProposedPairs ProposePairs(const PairsTask& task, const RunContext& context = {});

struct ConvertTask {
  ModelSource input;
  std::string output;
  std::string format;
  std::string licence;
  // How a model's photos are prepared from now on, as ParsePreprocessing reads it; "": as before.
  std::string preprocessing = {};
  // "apply" or "ignore": whether a model's photos are turned by their EXIF orientation from now on; "": as
  // before.
  std::string exif_orientation = {};
  // Folders, lists of paths (.txt) or photos, from at most 320 of which the head's initial weights are
  // computed (the vocabulary of vlad, the clusters and the projection of netvlad), so that the model can be
  // used without training. Empty: they are not computed.
  std::vector<std::string> fit_head = {};
  bool overwrite = false;
};
// Returns the format that it wrote; "" for a training set.
std::string Convert(const ConvertTask& task, const RunContext& context = {});

}  // namespace vantage

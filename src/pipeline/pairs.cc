// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>

#include "descriptor_files/descriptor_output.h"
#include "evaluation/described_photos.h"
#include "pipeline/pair_photos.h"
#include "search/join_pairs.h"
#include "util/check.h"
#include "util/file.h"
#include "util/index.h"
#include "util/lines.h"
#include "util/output.h"
#include "vantage/pipeline.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;

// The pairs of photos that share points in the sparse models.
struct Covisible {
  std::vector<RowPair> rows;
  int64_t photos = 0;  // photos in the models
  std::vector<std::string> without_descriptor;
};

Covisible ReadCovisible(const PairsTask& task, const evaluation::DescribedPhotos& described) {
  Covisible covisible;
  pipeline::ForEachModel(task.covisible, [&](const Reconstruction& model, const std::string& scene) {
    for (const auto& [id, image] : model.images) {
      ++covisible.photos;
      if (described.Row(image.name, scene)) continue;
      covisible.without_descriptor.push_back(scene.empty() ? image.name : StrCat(scene, "/", image.name));
    }
    std::vector<NamePair> pairs;
    for (const CovisiblePair& pair : CovisiblePairs(model, task.recall.min_shared_points)) {
      pairs.emplace_back(pair.a, pair.b);
    }
    const std::vector<RowPair> more = described.Rows(pairs, scene);
    covisible.rows.insert(covisible.rows.end(), more.begin(), more.end());
  });
  const std::vector<std::string>& missing = covisible.without_descriptor;
  VANTAGE_CHECK(missing.empty() || std::ssize(missing) < covisible.photos, task.database,
                ": no descriptor of any photo of ", task.covisible, ": ", SomeOf(missing),
                "; the names start from another folder");
  VANTAGE_CHECK(!covisible.rows.empty(), task.covisible, ": no two photos that have a descriptor share ",
                task.recall.min_shared_points, " points");
  return covisible;
}

// The pairs of another program: a list, or a COLMAP database. scene: the folder's name, which names of photos
// may lack.
struct OthersPairs {
  std::vector<NamePair> pairs;
  std::string scene;
};

OthersPairs ReadOthersPairs(const std::string& path) {
  return {IsColmapDatabase(path) ? ReadMatchedPairs(path) : ReadNamePairs(path),
          fs::absolute(path).parent_path().filename().string()};
}

// What the proposed pairs are compared with.
struct Truth {
  Covisible covisible;
  std::vector<MeasuredPairs> others;  // pairs of other programs, measured
};

// Read before the search, so that unreadable files are reported before it.
std::optional<Truth> ReadTruth(const PairsTask& task, const pipeline::PairPhotos& photos) {
  if (task.covisible.empty()) return std::nullopt;
  const evaluation::DescribedPhotos& described = photos.described();
  Truth truth{ReadCovisible(task, described), {}};
  for (const std::string& path : task.against) {
    const auto [pairs, scene] = ReadOthersPairs(path);
    const std::vector<RowPair> known = described.Rows(pairs, scene);
    VANTAGE_CHECK(pairs.empty() || !known.empty(), path, ": no pair of photos that have a descriptor in ",
                  task.database);
    truth.others.push_back({path, RecallOfPairs(known, truth.covisible.rows, photos.database().size()),
                            static_cast<int64_t>(pairs.size() - known.size())});
  }
  return truth;
}

void Measure(const PairsTask& task, const pipeline::PairPhotos& photos, Truth truth,
             const std::vector<RowPair>& proposed, const RunContext& context, ProposedPairs& result) {
  const std::vector<RowPair>& covisible = truth.covisible.rows;
  for (const auto& [k, recall] : RecallByK(photos.database(), covisible, task.options, context)) {
    result.measured.push_back({StrCat("k = ", k), recall, 0});
  }
  if (!task.also.empty() || task.gps_radius > 0)
    result.measured.push_back(
        {"all sources", RecallOfPairs(proposed, covisible, photos.database().size()), 0});
  result.measured.insert(result.measured.end(), truth.others.begin(), truth.others.end());
  result.model_photos = truth.covisible.photos;
  result.without_descriptor = std::move(truth.covisible.without_descriptor);
}

search::PairUnion Propose(const PairsTask& task, const pipeline::PairPhotos& photos,
                          const RunContext& context, ProposedPairs& result) {
  search::PairUnion all;
  PairOptions nearest = task.options;
  nearest.sequential = 0;
  if (nearest.k > 0) all.Add("neighbors", photos.Neighbors(nearest, context));
  if (task.options.sequential > 0) {
    const PairOptions following{.k = 0, .sequential = task.options.sequential};
    all.Add("sequential", ProposePairs(photos.database(), following, context));
  }
  if (task.gps_radius > 0) {
    const auto positions = photos.Positions(task, context, result);
    all.Add("positions", photos.OfQueries(PairsByPosition(positions, task.gps_radius)));
  }
  for (const std::string& path : task.also) {
    const auto [pairs, scene] = ReadOthersPairs(path);
    const std::vector<RowPair> known = photos.OfQueries(photos.described().Rows(pairs, scene));
    result.also_left_out += std::ssize(pairs) - std::ssize(known);
    all.Add(path, known);
  }
  return all;
}

// Writes the pairs that a list can hold. Counts the others in `result`.
void WritePairs(const PairsTask& task, const pipeline::PairPhotos& photos, std::vector<RowPair> pairs,
                ProposedPairs& result) {
  if (!photos.has_queries()) {
    for (auto& [a, b] : pairs) {
      if (a > b) std::swap(a, b);
    }
    std::sort(pairs.begin(), pairs.end());
  }
  std::vector<NamePair> written;
  std::set<std::string> unfit;
  for (const auto& [a, b] : pairs) {
    const NamePair names{photos.names()[ToIndex(a)], photos.names()[ToIndex(b)]};
    const bool fits = IsWord(names.first) && IsWord(names.second);
    if (fits) written.push_back(names);
    for (const std::string& name : {names.first, names.second}) {
      if (!IsWord(name)) unfit.insert(name);
    }
  }
  result.pairs = std::ssize(written);
  result.unlisted_pairs = std::ssize(pairs) - result.pairs;
  result.unlisted_names = {unfit.begin(), unfit.end()};
  if (!task.output.empty()) WriteFile(task.output, FormatPairs(written));
}

void CheckPairUsage(const PairsTask& task) {
  CheckOptions(task.options);
  CheckOptions(task.recall);
  CheckOptions(task.descriptor);
  if (task.output.empty() && task.covisible.empty())
    throw UsageError("-o: where to write the pairs, or --covisible");
  if (task.covisible.empty() && !task.against.empty()) throw UsageError("--against: goes with --covisible");
  const bool has_queries = !task.queries.empty() || !task.query_prefix.empty() ||
                           !task.database_model.empty() || !task.database_list.empty();
  if (has_queries && !task.covisible.empty())
    throw UsageError("--covisible: is of pairs within the database, not with queries");
  if (has_queries && (task.options.mutual || task.options.sequential > 0))
    throw UsageError("--mutual, --sequential: are of pairs within the database, not with queries");
  if (task.queries.empty() && !task.query_names.empty())
    throw UsageError("--query-names: goes with --queries");
  if (task.gps_radius < 0) throw UsageError("--gps-radius: at least 0");
  const bool has_exif = fs::is_directory(task.database) || !task.photos.empty();
  if (task.gps_radius > 0 && task.positions.empty() && !has_exif)
    throw UsageError("--gps-radius: needs --photos, whose EXIF has positions, or --positions");
  if (task.gps_radius == 0 && !task.positions.empty())
    throw UsageError("--positions: goes with --gps-radius");
  const bool describes = fs::is_directory(task.database) || fs::is_directory(task.queries);
  if (describes && task.model.path.empty())
    throw UsageError("--model: which model describes the photos of the folder");
  if (!describes && (!task.model.path.empty() || !task.descriptors.empty()))
    throw UsageError(
        "--model, --descriptors: are for a folder of photos; these descriptors are made already");
}

void CheckPairOutputs(const PairsTask& task, OutputClaims& claims) {
  OutputRules rules{{}, task.overwrite, &claims};
  for (const std::string& input : {task.database, task.queries, task.covisible, task.names, task.query_names,
                                   task.positions, task.model.path, task.database_model}) {
    if (!input.empty()) rules.inputs.emplace_back(input);
  }
  for (const auto* more : {&task.also, &task.against, &task.database_list})
    rules.inputs.insert(rules.inputs.end(), more->begin(), more->end());
  if (!task.output.empty()) CheckOutput(task.output, file_kinds::kText, rules);
  if (task.descriptors.empty()) return;
  descriptor_files::CheckDescriptorOutput(task.descriptors, {}, rules);
  if (fs::is_directory(task.queries))
    descriptor_files::CheckDescriptorOutput(QueriesPath(task.descriptors), {}, rules);
}

}  // namespace

ProposedPairs ProposePairs(const PairsTask& task, const RunContext& context) {
  CheckPairUsage(task);
  OutputClaims claims;
  CheckPairOutputs(task, claims);
  ProposedPairs result;
  pipeline::PairPhotos photos(task, context, result);
  std::optional<Truth> truth = ReadTruth(task, photos);
  const search::PairUnion all = Propose(task, photos, context, result);
  if (truth) Measure(task, photos, std::move(*truth), all.pairs(), context, result);
  result.sources = all.sources();
  WritePairs(task, photos, all.pairs(), result);
  photos.Finish();
  return result;
}

}  // namespace vantage

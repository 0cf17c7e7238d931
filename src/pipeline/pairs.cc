// SPDX-License-Identifier: BSD-3-Clause
#include <filesystem>

#include "evaluation/described_photos.h"
#include "util/check.h"
#include "util/file.h"
#include "util/index.h"
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
  const auto add = [&](const Reconstruction& model, const std::string& scene) {
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
  };
  if (IsColmapModel(task.covisible)) {
    add(ReadColmapModel(task.covisible), "");
  } else {
    for (const SceneModels& scene : ReadScenes(task.covisible, "", std::nullopt)) {
      for (const SparseModel& model : scene.models) add(model.reconstruction, scene.name);
    }
  }
  const std::vector<std::string>& missing = covisible.without_descriptor;
  VANTAGE_CHECK(missing.empty() || std::ssize(missing) < covisible.photos, task.database,
                ": no descriptor of any photo of ", task.covisible, ": ", SomeOf(missing),
                "; the names start from another folder");
  VANTAGE_CHECK(!covisible.rows.empty(), task.covisible, ": no two photos that have a descriptor share ",
                task.recall.min_shared_points, " points");
  return covisible;
}

void Measure(const PairsTask& task, const Descriptors& photos, const RunContext& context,
             ProposedPairs& result) {
  const evaluation::DescribedPhotos described(photos);
  Covisible covisible = ReadCovisible(task, described);
  std::vector<MeasuredPairs> others;  // read first, so that unreadable files are reported before the search
  for (const std::string& path : task.against) {
    const std::vector<NamePair> pairs = IsColmapDatabase(path) ? ReadMatchedPairs(path) : ReadNamePairs(path);
    const std::string scene = fs::absolute(path).parent_path().filename().string();
    const std::vector<RowPair> known = described.Rows(pairs, scene);
    VANTAGE_CHECK(pairs.empty() || !known.empty(), path, ": no pair of photos that have a descriptor in ",
                  task.database);
    others.push_back({path, RecallOfPairs(known, covisible.rows, photos.size()),
                      static_cast<int64_t>(pairs.size() - known.size())});
  }
  for (const auto& [k, recall] : RecallByK(photos, covisible.rows, task.options, context)) {
    result.measured.push_back({StrCat("k = ", k), recall, 0});
  }
  result.measured.insert(result.measured.end(), others.begin(), others.end());
  result.model_photos = covisible.photos;
  result.without_descriptor = std::move(covisible.without_descriptor);
}

std::vector<NamePair> PairsWithin(const PairsTask& task, const RunContext& context, ProposedPairs& result) {
  const Descriptors photos = ReadDescriptors(task.database, {task.names, task.normalise}).descriptors;
  WarnUnlessUnitLength(photos.values, task.database);
  if (!task.output.empty()) CheckPairNames(photos.names);
  if (!task.covisible.empty()) Measure(task, photos, context, result);
  std::vector<NamePair> pairs;
  for (const auto& [a, b] : ProposePairs(photos, task.options, context)) {
    pairs.emplace_back(photos.names[ToIndex(a)], photos.names[ToIndex(b)]);
  }
  return pairs;
}

std::vector<NamePair> PairsOfQueries(const PairsTask& task, const RunContext& context) {
  const DescriptorDatabase database(task.database, {task.names, task.normalise});
  const DescriptorFile queries = ReadDescriptors(task.queries, {task.query_names, task.normalise});
  CheckComparable(queries.provenance, task.queries, database.provenance(), task.database);
  WarnUnlessUnitLength(queries.descriptors.values, task.queries);
  if (!task.output.empty()) {
    CheckPairNames(queries.descriptors.names);
    CheckPairNames(database.names());
  }
  return ProposeQueryPairs(queries.descriptors, database, task.options, context);
}

}  // namespace

ProposedPairs ProposePairs(const PairsTask& task, const RunContext& context) {
  CheckOptions(task.options);
  CheckOptions(task.recall);
  if (task.output.empty() && task.covisible.empty())
    throw UsageError("-o: where to write the pairs, or --covisible");
  OutputClaims claims;
  if (!task.output.empty()) {
    CheckOutput(task.output, file_kinds::kText,
                {{task.database, task.queries, task.covisible, task.names, task.query_names},
                 task.overwrite,
                 &claims});
  }
  if (task.covisible.empty() && !task.against.empty()) throw UsageError("--against: goes with --covisible");
  if (!task.queries.empty() && !task.covisible.empty())
    throw UsageError("--covisible: is of pairs within the database, not with --queries");
  ProposedPairs result;
  const std::vector<NamePair> pairs =
      task.queries.empty() ? PairsWithin(task, context, result) : PairsOfQueries(task, context);
  result.pairs = std::ssize(pairs);
  if (!task.output.empty()) WriteFile(task.output, FormatPairs(pairs));
  return result;
}

}  // namespace vantage

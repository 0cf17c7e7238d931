// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/pair_photos.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "pipeline/describe_photos.h"
#include "util/check.h"
#include "util/index.h"
#include "util/lines.h"
#include "util/log.h"
#include "util/parallel.h"
#include "vantage/describer.h"
#include "vantage/photos.h"

namespace vantage::pipeline {
namespace {

namespace fs = std::filesystem;

// The rows of the photos that may be retrieved. Names without a descriptor are added to `missing`.
std::vector<int64_t> RetrievableRows(const PairsTask& task, const std::vector<std::string>& names,
                                     std::vector<std::string>& missing) {
  const PhotoFinder finder({names.begin(), names.end()});
  std::set<int64_t> rows;
  const auto add = [&](const std::string& name, const std::optional<int64_t>& row) {
    if (row) {
      rows.insert(*row);
    } else {
      missing.push_back(name);
    }
  };
  if (!task.database_model.empty()) {
    ForEachModel(task.database_model, [&](const Reconstruction& model, const std::string& scene) {
      for (const auto& [id, image] : model.images) {
        const std::optional<int64_t> row = finder.FindExact(image.name);
        add(image.name, row ? row : finder.FindExact(StrCat(scene, "/", image.name)));
      }
    });
  }
  for (const std::string& list : task.database_list) {
    for (const auto& [line, number] : ReadLines(list)) {
      // hloc's lists of images have a camera after the name.
      const std::optional<int64_t> row = finder.FindExact(line);
      add(line, row ? row : finder.FindExact(line.substr(0, line.find_first_of(" \t"))));
    }
  }
  VANTAGE_CHECK(!rows.empty(),
                "--database-model, --database-list: no descriptor of any of these photos: ", SomeOf(missing));
  return {rows.begin(), rows.end()};
}

bool BeginsWithAny(const std::string& name, const std::vector<std::string>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](const std::string& prefix) { return name.starts_with(prefix); });
}

// The rows whose name begins with one of the prefixes, or with none of them.
std::vector<int64_t> RowsByPrefix(const std::vector<std::string>& names,
                                  const std::vector<std::string>& prefixes, bool begins) {
  std::vector<int64_t> rows;
  for (size_t row = 0; row < names.size(); ++row) {
    if (BeginsWithAny(names[row], prefixes) == begins) rows.push_back(static_cast<int64_t>(row));
  }
  return rows;
}

std::optional<GeoPosition> PositionOf(const fs::path& photo) {
  try {
    return ReadPosition(photo);
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

void ForEachModel(const std::string& folder,
                  const std::function<void(const Reconstruction& model, const std::string& scene)>& visit) {
  if (IsColmapModel(folder)) return visit(ReadColmapModel(folder), "");
  for (const SceneModels& scene : ReadScenes(folder, "", std::nullopt)) {
    for (const SparseModel& model : scene.models) visit(model.reconstruction, scene.name);
  }
}

struct PairPhotos::Model {
  explicit Model(const PairsTask& task, vantage::Model model)
      : provenance(ProvenanceOf(model, task.model.path, task.descriptor)),
        describer(Describer::Take(std::move(model), task.descriptor)) {}

  DescriptorProvenance provenance;
  Describer describer;
  std::vector<std::unique_ptr<DescriptorStore>> stores;
};

PairPhotos::PairPhotos(const PairsTask& task, const RunContext& context, ProposedPairs& result) {
  const bool has_lists = !task.database_model.empty() || !task.database_list.empty();
  if (!task.queries.empty()) {
    DescriptorFile queries = Read(task, task.queries, /*is_queries=*/true, context, result);
    DescriptorProvenance provenance;
    if (!has_lists && !fs::is_directory(task.database)) {
      on_disk_.emplace(task.database, DescriptorReading{task.names, task.normalise});
      provenance = on_disk_->provenance();
    } else {
      DescriptorFile database = Read(task, task.database, /*is_queries=*/false, context, result);
      provenance = database.provenance;
      database_ = std::move(database.descriptors);
    }
    CheckComparable(queries.provenance, task.queries, provenance, task.database);
    queries_ = std::move(queries.descriptors);
  } else {
    database_ = Read(task, task.database, /*is_queries=*/false, context, result).descriptors;
  }
  SplitByNames(task, result);

  names_ = on_disk_ ? on_disk_->names() : database_.names;
  database_size_ = std::ssize(names_);
  is_query_.resize(names_.size(), false);
  if (queries_) {
    const OwnRows own = RowsOfSameNames(queries_->names, names_);
    for (size_t q = 0; q < queries_->names.size(); ++q) {
      if (!own.empty() && own[q]) {
        is_query_[ToIndex(*own[q])] = true;
      } else {
        names_.push_back(queries_->names[q]);
        is_query_.push_back(true);
      }
    }
  }
  described_.emplace(names_);
}

PairPhotos::~PairPhotos() = default;

void PairPhotos::SplitByNames(const PairsTask& task, ProposedPairs& result) {
  const std::vector<std::string>& prefixes = task.query_prefix;
  const bool has_lists = !task.database_model.empty() || !task.database_list.empty();
  if (!prefixes.empty() || (has_lists && !queries_)) {
    const Descriptors& all = queries_ ? *queries_ : database_;
    Descriptors queries = prefixes.empty() ? all : SelectRows(all, RowsByPrefix(all.names, prefixes, true));
    VANTAGE_CHECK(queries.size() > 0, "--query-prefix: no name begins with ", Join(prefixes, " or "), ": ",
                  SomeOf(all.names));
    if (!queries_ && !has_lists)
      database_ = SelectRows(database_, RowsByPrefix(database_.names, prefixes, false));
    queries_ = std::move(queries);
  }
  if (has_lists)
    database_ = SelectRows(database_, RetrievableRows(task, database_.names, result.without_descriptor));
}

DescriptorFile PairPhotos::Read(const PairsTask& task, const std::string& path, bool is_queries,
                                const RunContext& context, ProposedPairs& result) {
  DescriptorFile file;
  if (fs::is_directory(path)) {
    file = Describe(task, path, is_queries, context);
    result.model = task.model.path;
    result.failed.insert(result.failed.end(), file.failed.begin(), file.failed.end());
    for (const auto& [kind, count] : file.left_out) result.left_out[kind] += count;
  } else {
    file = ReadDescriptors(path, {is_queries ? task.query_names : task.names, task.normalise});
  }
  WarnUnlessUnitLength(file.descriptors.values, path);
  return file;
}

DescriptorFile PairPhotos::Describe(const PairsTask& task, const std::string& folder, bool is_queries,
                                    const RunContext& context) {
  if (model_ == nullptr) {
    LogInfo("describing photos with ", task.model.path);
    model_ = std::make_unique<Model>(task, task.model.Read());
  }
  DescriptorStore* store = nullptr;
  const std::string output = task.descriptors.empty() ? task.output : task.descriptors;
  if (!output.empty()) {
    model_->stores.push_back(
        std::make_unique<DescriptorStore>((is_queries ? QueriesPath(output) : output) + ".partial"));
    store = model_->stores.back().get();
  }
  DescriptorFile file = ExtractNamedPhotos(model_->describer, ListPhotos({folder}), context, store);
  file.provenance = model_->provenance;
  if (!task.descriptors.empty())
    WriteDescriptors(file, is_queries ? QueriesPath(task.descriptors) : task.descriptors);
  return file;
}

void PairPhotos::Finish() {
  if (model_ == nullptr) return;
  for (const auto& store : model_->stores) store->Remove();
  model_->stores.clear();
}

std::vector<RowPair> PairPhotos::Neighbors(const PairOptions& options, const RunContext& context) const {
  if (!queries_) return ProposePairs(database_, options, context);
  std::vector<RowPair> rows;
  for (const auto& [query, photo] : on_disk_ ? ProposeQueryPairs(*queries_, *on_disk_, options, context)
                                             : ProposeQueryPairs(*queries_, database_, options, context)) {
    rows.emplace_back(*described_->Row(query, ""), *described_->Row(photo, ""));
  }
  return rows;
}

std::vector<RowPair> PairPhotos::OfQueries(const std::vector<RowPair>& pairs) const {
  if (!queries_) return pairs;
  std::vector<RowPair> kept;
  for (const auto& [a, b] : pairs) {
    if (is_query_[ToIndex(a)] && b < database_size_) {
      kept.emplace_back(a, b);
    } else if (is_query_[ToIndex(b)] && a < database_size_) {
      kept.emplace_back(b, a);
    }
  }
  return kept;
}

std::vector<std::optional<GeoPosition>> PairPhotos::Positions(const PairsTask& task,
                                                              const RunContext& context,
                                                              ProposedPairs& result) const {
  std::vector<std::optional<GeoPosition>> positions(names_.size());
  if (!task.positions.empty()) {
    for (const auto& [name, position] : ReadPositions(task.positions)) {
      if (const std::optional<int64_t> row = described_->Row(name, "")) {
        positions[ToIndex(*row)] = position;
      } else {
        ++result.unknown_positions;
      }
    }
  } else {
    const std::string photos = fs::is_directory(task.database) ? task.database : task.photos;
    std::string query_photos = fs::is_directory(task.queries) ? task.queries : task.query_photos;
    if (query_photos.empty()) query_photos = photos;
    const auto path = [&](size_t row) {
      return PhotoPath(names_[row], static_cast<int64_t>(row) < database_size_ ? photos : query_photos);
    };
    for (const size_t first : {size_t{0}, ToIndex(database_size_)}) {
      VANTAGE_CHECK(first >= names_.size() || fs::exists(path(first)), path(first).string(),
                    ": no such photo, whose position --gps-radius needs; name the folder with --photos or "
                    "--query-photos, or the positions with --positions");
    }
    ParallelFor(std::ssize(names_), context.ThreadCount(), [&](int64_t row) {
      context.CheckCancelled();
      positions[ToIndex(row)] = PositionOf(path(ToIndex(row)));
    });
  }
  result.without_position = std::count(positions.begin(), positions.end(), std::nullopt);
  VANTAGE_CHECK(result.without_position < std::ssize(positions), "--gps-radius: none of the ", names_.size(),
                " photos has a position");
  return positions;
}

}  // namespace vantage::pipeline

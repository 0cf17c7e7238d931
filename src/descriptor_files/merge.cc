// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/descriptors.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <unordered_map>

#include "descriptor_files/descriptor_reader.h"
#include "util/check.h"
#include "util/rethrow.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kShardKey = "shard";
constexpr const char* kMissingKey = "missing_shards";
constexpr int64_t kMaxShards = 1'000'000;

struct ShardNumber {
  int64_t index = 0;  // 1 .. count
  int64_t count = 0;
};

// A file to merge.
struct Shard {
  fs::path path;
  DescriptorReading reading;
  DescriptorFile facts;  // no values
  int64_t dimension = 0;
  DescriptorProvenance provenance;  // without the shard number
  std::optional<ShardNumber> number;
};

ShardNumber ParseNumber(const json& shard, const fs::path& path) {
  const auto field = [&](const char* key) {
    return shard.is_object() && shard.contains(key) && shard[key].is_number_integer()
               ? shard[key].get<int64_t>()
               : 0;
  };
  const ShardNumber number = {field("index"), field("count")};
  VANTAGE_CHECK(number.index >= 1 && number.index <= number.count && number.count <= kMaxShards,
                path.string(), ": provenance 'shard' is ", shard.dump(),
                ", not {\"index\": i, \"count\": n} with i from 1 to n");
  return number;
}

Shard ReadShard(const fs::path& path, const DescriptorReading& reading) {
  const std::unique_ptr<descriptor_files::DescriptorReader> reader =
      descriptor_files::OpenDescriptors(path, reading);
  Shard shard = {path, reading, reader->facts(), reader->dimension(), {}, {}};
  shard.provenance = shard.facts.provenance;
  const auto number = shard.provenance.other.find(kShardKey);
  if (number != shard.provenance.other.end()) {
    shard.number = ParseNumber(json::parse(number->second), path);
    shard.provenance.other.erase(number);
  }
  return shard;
}

// A merged file has one provenance, so any difference is an error.
void CheckSameProvenance(const Shard& first, const Shard& other) {
  const auto [errors, warnings, notes] = CompareProvenance(first.provenance, other.provenance);
  std::vector<std::string> all = errors;
  all.insert(all.end(), warnings.begin(), warnings.end());
  all.insert(all.end(), notes.begin(), notes.end());
  VANTAGE_CHECK(all.empty(), first.path.string(), " and ", other.path.string(),
                ": descriptors made in different ways cannot be merged: ", Join(all, "; "));
}

// Sorts the shards by number. Returns the missing numbers.
std::vector<int64_t> OrderByNumber(std::vector<Shard>& shards) {
  if (std::none_of(shards.begin(), shards.end(),
                   [](const Shard& shard) { return shard.number.has_value(); })) {
    return {};
  }
  const Shard* numbered = nullptr;
  std::unordered_map<int64_t, const Shard*> by_index;
  for (const Shard& shard : shards) {
    VANTAGE_CHECK(shard.number, shard.path.string(), ": not a shard, but other files here are");
    if (numbered == nullptr) numbered = &shard;
    VANTAGE_CHECK(shard.number->count == numbered->number->count, shard.path.string(), ": is one of ",
                  shard.number->count, " shards, ", numbered->path.string(), " one of ",
                  numbered->number->count);
    const auto [same, is_new] = by_index.emplace(shard.number->index, &shard);
    VANTAGE_CHECK(is_new, shard.path.string(), ": is shard ", shard.number->index, " of ",
                  shard.number->count, ", and so is ", same->second->path.string());
  }
  std::vector<int64_t> missing;
  for (int64_t i = 1; i <= numbered->number->count; ++i) {
    if (!by_index.contains(i)) missing.push_back(i);
  }
  std::sort(shards.begin(), shards.end(),
            [](const Shard& a, const Shard& b) { return a.number->index < b.number->index; });
  return missing;
}

// The dimension of the shards that have rows. A file without rows may not know its dimension.
int64_t CommonDimension(const std::vector<Shard>& shards) {
  const Shard* first = nullptr;
  for (const Shard& shard : shards) {
    if (shard.facts.descriptors.names.empty()) continue;
    if (first == nullptr) first = &shard;
    VANTAGE_CHECK(shard.dimension == first->dimension, shard.path.string(), ": descriptors of ",
                  shard.dimension, " dimensions, those of ", first->path.string(), " have ",
                  first->dimension);
  }
  return first == nullptr ? shards.front().dimension : first->dimension;
}

void CheckNamesDiffer(const std::vector<Shard>& shards) {
  std::unordered_map<std::string_view, const Shard*> seen;
  for (const Shard& shard : shards) {
    for (const std::string& name : shard.facts.descriptors.names) {
      const auto [other, is_new] = seen.emplace(name, &shard);
      VANTAGE_CHECK(is_new, shard.path.string(), ": '", name, "' is in ", other->second->path.string(),
                    " already");
    }
  }
}

std::string ListSome(const std::vector<int64_t>& numbers) {
  constexpr size_t kMost = 10;
  std::vector<std::string> texts;
  for (size_t i = 0; i < std::min(kMost, numbers.size()); ++i) texts.push_back(std::to_string(numbers[i]));
  return Join(texts, ", ") + (numbers.size() > kMost ? ", ..." : "");
}

}  // namespace

void Declare(OptionsDescription& description, MergeOptions& options) {
  description.Add("partial", options.partial, "Merge the given shards even if others of the run are missing");
  description.Add("normalise", options.normalise, "Divide each descriptor by its length");
}

MergedDescriptors MergeDescriptors(const std::vector<fs::path>& paths, const MergeOptions& options,
                                   const RunContext& context) try {
  if (paths.empty()) throw UsageError("merge: no descriptor file is named");
  if (!options.names.empty() && options.names.size() != paths.size()) {
    throw UsageError(StrCat("--names: ", options.names.size(), " files of names for ", paths.size(),
                            " descriptor files; name one for each, in their order"));
  }
  std::vector<Shard> shards;
  int64_t rows = 0;
  for (size_t i = 0; i < paths.size(); ++i) {
    context.CheckCancelled();
    shards.push_back(
        ReadShard(paths[i], {options.names.empty() ? std::string() : options.names[i], options.normalise}));
    CheckSameProvenance(shards.front(), shards.back());
    rows += static_cast<int64_t>(shards.back().facts.descriptors.names.size());
  }
  MergedDescriptors merged;
  merged.missing_shards = OrderByNumber(shards);
  VANTAGE_CHECK(merged.missing_shards.empty() || options.partial, "shard ", ListSome(merged.missing_shards),
                " of ", shards.front().number->count, " is missing; --partial merges those that are there");
  CheckNamesDiffer(shards);

  DescriptorFile& result = merged.file;
  result.descriptors.values.resize(rows, CommonDimension(shards));
  result.provenance = shards.front().provenance;
  if (!merged.missing_shards.empty()) {
    result.provenance.other[kMissingKey] = json(merged.missing_shards).dump();
  }
  int64_t done = 0;
  for (Shard& shard : shards) {
    context.CheckCancelled();
    context.Report({"merging", done, rows, ""});
    const std::unique_ptr<descriptor_files::DescriptorReader> reader =
        descriptor_files::OpenDescriptors(shard.path, shard.reading);
    VANTAGE_CHECK(reader->facts().descriptors.names == shard.facts.descriptors.names &&
                      (reader->rows() == 0 || reader->dimension() == result.descriptors.dimension()),
                  shard.path.string(), ": was changed meanwhile");
    if (reader->rows() > 0) reader->ReadInto(result.descriptors.values.middleRows(done, reader->rows()));
    done += reader->rows();
    std::move(shard.facts.descriptors.names.begin(), shard.facts.descriptors.names.end(),
              std::back_inserter(result.descriptors.names));
    std::move(shard.facts.failed.begin(), shard.facts.failed.end(), std::back_inserter(result.failed));
  }
  return merged;
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage

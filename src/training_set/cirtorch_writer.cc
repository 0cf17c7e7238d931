// SPDX-License-Identifier: BSD-3-Clause
#include <array>
#include <optional>
#include <set>
#include <unordered_map>

#include "serialize/pickle.h"
#include "training_set/cirtorch_layout.h"
#include "util/check.h"
#include "util/file.h"
#include "util/hash.h"
#include "util/rethrow.h"
#include "vantage/training_set.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;

// The cid of a photo whose path has cirtorch's layout.
std::optional<std::string> CidOf(const fs::path& path) {
  const std::string name = path.filename().string();
  if (!training_set::IsCid(name)) return std::nullopt;
  const std::string text = path.generic_string();
  const std::string end = CirtorchPhotoPath(name);
  const bool fits =
      text.ends_with(end) && (text.size() == end.size() || text[text.size() - end.size() - 1] == '/');
  return fits ? std::optional(name) : std::nullopt;
}

// A cid for each photo. Photos with the same cid have the same path.
std::vector<std::string> Cids(const TrainingSet& set) {
  std::vector<std::string> cids;
  std::unordered_map<std::string, const std::string*> path_of;
  for (const TrainingPhoto& photo : set.photos) {
    const std::optional<std::string> own = CidOf(photo.path);
    const bool is_free = own && *path_of.try_emplace(*own, &photo.path).first->second == photo.path;
    cids.push_back(is_free ? *own : Sha256(photo.path).substr(0, 32));
  }
  return cids;
}

// Makes `place` a link to the photo. Returns false if it already leads there.
bool Link(const fs::path& photo, const fs::path& place) {
  std::error_code error;
  if (fs::exists(fs::symlink_status(place, error))) {
    VANTAGE_CHECK(fs::equivalent(photo, place, error), place.string(), ": exists and is not ", photo.string(),
                  "; write to another folder, or remove it");
    return false;
  }
  fs::create_directories(place.parent_path(), error);
  if (!error) fs::create_symlink(PathFrom(place.parent_path(), photo), place, error);
  VANTAGE_CHECK(!error, place.string(), ": no link to ", photo.string(),
                " can be made there: ", error.message());
  return true;
}

std::vector<int64_t> Clusters(const TrainingSet& set) {
  std::vector<int64_t> from_names;
  std::set<std::string> names;
  for (const TrainingScene& scene : set.scenes) {
    const std::string digits = scene.name.substr(scene.name.find('/') + 1);
    int64_t number = -1;
    try {
      number = ParseInteger(digits, "cluster");
    } catch (const Error&) {  // a name of another form
    }
    if (number < 0 || scene.name != training_set::CirtorchSceneName(scene.split, number) ||
        !names.insert(scene.name).second) {
      break;
    }
    from_names.push_back(number);
  }
  if (from_names.size() == set.scenes.size()) return from_names;
  std::vector<int64_t> places;
  for (size_t i = 0; i < set.scenes.size(); ++i) places.push_back(static_cast<int64_t>(i));
  return places;
}

struct SplitLists {
  std::vector<std::string> cids;
  std::vector<int64_t> clusters;
  std::vector<int64_t> queries;
  std::vector<int64_t> positives;
};

void WriteNumbers(serialize::PickleWriter& writer, const char* name, const std::vector<int64_t>& numbers) {
  writer.String(name);
  writer.EmptyList();
  writer.Mark();
  for (const int64_t number : numbers) writer.Int(number);
  writer.Appends();
}

std::string Pickle(const std::array<SplitLists, 2>& splits) {
  serialize::PickleWriter writer;
  writer.EmptyDict();
  writer.Mark();
  for (const Split split : training_set::kCirtorchSplits) {
    const SplitLists& lists = splits[static_cast<size_t>(split)];
    writer.String(SplitName(split));
    writer.EmptyDict();
    writer.Mark();
    writer.String("cids");
    writer.EmptyList();
    writer.Mark();
    for (const std::string& cid : lists.cids) writer.String(cid);
    writer.Appends();
    WriteNumbers(writer, "cluster", lists.clusters);
    WriteNumbers(writer, "qidxs", lists.queries);
    WriteNumbers(writer, "pidxs", lists.positives);
    writer.SetItems();
  }
  writer.SetItems();
  return std::move(writer).Finish();
}

}  // namespace

CirtorchExport WriteCirtorchPickle(const TrainingSet& set, const fs::path& photo_root,
                                   const fs::path& path) try {
  const std::vector<std::string> cids = Cids(set);
  const std::vector<int64_t> clusters = Clusters(set);
  std::array<SplitLists, 2> splits;
  std::vector<int64_t> place_of;  // place of each photo in its split
  for (size_t i = 0; i < set.photos.size(); ++i) {
    SplitLists& lists = splits[static_cast<size_t>(set.SplitOf(PhotoId{static_cast<int64_t>(i)}))];
    place_of.push_back(std::ssize(lists.cids));
    lists.cids.push_back(cids[i]);
    lists.clusters.push_back(clusters[IndexOf(set.photos[i].scene)]);
  }
  for (size_t i = 0; i < set.queries.size(); ++i) {
    const TrainingQuery& query = set.queries[i];
    VANTAGE_CHECK(set.SplitOf(query.photo) == set.SplitOf(query.positive), path.string(), ": query ", i,
                  " and its positive are in different splits");
    SplitLists& lists = splits[static_cast<size_t>(set.SplitOf(query.photo))];
    lists.queries.push_back(place_of[IndexOf(query.photo)]);
    lists.positives.push_back(place_of[IndexOf(query.positive)]);
  }

  CirtorchExport result{std::ssize(set.photos), std::ssize(set.queries)};
  const fs::path ims = path.parent_path() / "ims";
  for (size_t i = 0; i < set.photos.size(); ++i) {
    const fs::path photo = PhotoPath(set, PhotoId{static_cast<int64_t>(i)}, photo_root);
    if (!fs::exists(photo)) {
      ++result.missing;
    } else if (Link(photo, ims / CirtorchPhotoPath(cids[i]))) {
      ++result.linked;
    }
  }
  WriteFile(path, Pickle(splits));
  return result;
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage

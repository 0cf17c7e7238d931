// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <limits>
#include <map>

#include "serialize/pickle.h"
#include "training_set/cirtorch_layout.h"
#include "util/check.h"
#include "util/file.h"
#include "util/rethrow.h"
#include "vantage/training_set.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;

// One list of a split.
struct Field {
  const serialize::PickleValue& value;
  std::string what;  // "x.pkl: 'train.cids'"
};

Field FieldOf(const serialize::PickleValue& root, Split split, const char* name, const std::string& source) {
  const std::string split_name = SplitName(split);
  const serialize::PickleValue& lists = serialize::Member(root, split_name, source);
  return {serialize::Member(lists, name, StrCat(source, ": '", split_name, "'")),
          StrCat(source, ": '", split_name, ".", name, "'")};
}

std::vector<std::string> ReadCids(const Field& field) {
  std::vector<std::string> cids = serialize::ToTexts(field.value, field.what);
  for (size_t i = 0; i < cids.size(); ++i) {
    VANTAGE_CHECK(training_set::IsCid(cids[i]), field.what, ": image ", i, " is called '",
                  cids[i].substr(0, 80), "'; names have 6 to 255 characters of ASCII, no slash and no '..'");
  }
  return cids;
}

// Reads whole numbers in [0, limit).
std::vector<int64_t> ReadNumbers(const Field& field, int64_t limit) {
  if (serialize::IsNumpyArray(field.value)) {
    const serialize::NpyArray array = serialize::ToNumpyArray(field.value, field.what);
    VANTAGE_CHECK(array.shape.size() == 1 && (array.dtype[1] == 'i' || array.dtype[1] == 'u'), field.what,
                  ": a NumPy array of ", array.shape.size(), " dimensions and type ", array.dtype,
                  ", not a list of integers");
  }
  std::vector<int64_t> numbers = serialize::ToIntegers(field.value, field.what);
  for (size_t i = 0; i < numbers.size(); ++i) {
    VANTAGE_CHECK(numbers[i] >= 0 && numbers[i] < limit, field.what, ": number ", i, " is ", numbers[i],
                  ", not in [0, ", limit, ")");
  }
  return numbers;
}

void CheckSameLength(const Field& field, size_t size, const Field& other, size_t expected) {
  VANTAGE_CHECK(size == expected, field.what, " has ", size, " items, ", other.what, " ", expected);
}

void ReadSplit(const serialize::PickleValue& root, Split split, const std::string& source,
               const std::string& ims, TrainingSet& set) {
  const Field cid_field = FieldOf(root, split, "cids", source);
  const Field cluster_field = FieldOf(root, split, "cluster", source);
  const Field query_field = FieldOf(root, split, "qidxs", source);
  const Field positive_field = FieldOf(root, split, "pidxs", source);
  const std::vector<std::string> cids = ReadCids(cid_field);
  const std::vector<int64_t> clusters = ReadNumbers(cluster_field, std::numeric_limits<int64_t>::max());
  CheckSameLength(cluster_field, clusters.size(), cid_field, cids.size());
  const auto count = std::ssize(cids);
  const std::vector<int64_t> queries = ReadNumbers(query_field, count);
  const std::vector<int64_t> positives = ReadNumbers(positive_field, count);
  CheckSameLength(positive_field, positives.size(), query_field, queries.size());

  std::map<int64_t, SceneId> scene_of;
  for (const int64_t cluster : clusters) scene_of[cluster] = {};
  for (auto& [cluster, scene] : scene_of) {
    scene = SceneId{std::ssize(set.scenes)};
    set.scenes.push_back({training_set::CirtorchSceneName(split, cluster), split});
  }
  const auto first = std::ssize(set.photos);
  for (size_t i = 0; i < cids.size(); ++i) {
    set.photos.push_back({StrCat(ims, "/", CirtorchPhotoPath(cids[i])), 0, 0, scene_of.at(clusters[i])});
  }
  for (size_t i = 0; i < queries.size(); ++i) {
    const PhotoId positive{first + positives[i]};
    set.queries.push_back({PhotoId{first + queries[i]}, positive, {{positive, 0, 0, 0, 0}}});
  }
}

}  // namespace

bool training_set::IsCid(std::string_view text) {
  return text.size() >= 6 && text.size() <= 255 && text.find("..") == text.npos &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f' && c != '/'; });
}

std::string training_set::CirtorchSceneName(Split split, int64_t cluster) {
  return StrCat(SplitName(split), "/", cluster);
}

std::string CirtorchPhotoPath(std::string_view cid) {
  VANTAGE_CHECK(cid.size() >= 6, "the image name '", cid, "' has fewer than six characters");
  const size_t size = cid.size();
  return StrCat(cid.substr(size - 2), "/", cid.substr(size - 4, 2), "/", cid.substr(size - 6, 2), "/", cid);
}

TrainingSet ParseCirtorchPickle(std::string_view bytes, const std::string& source, const std::string& ims) {
  const serialize::PickleDocument document(bytes, {source, serialize::NumpyGlobals()});
  TrainingSet set;
  for (const Split split : training_set::kCirtorchSplits) ReadSplit(document.root(), split, source, ims, set);
  VANTAGE_CHECK(!set.queries.empty(), source, ": no pair in 'qidxs' and 'pidxs' of either split");
  return set;
}

TrainingSet ReadCirtorchPickle(const fs::path& path, const fs::path& ims, const fs::path& set_folder) try {
  const fs::path photos = ims.empty() ? path.parent_path() / "ims" : ims;
  return ParseCirtorchPickle(ReadFile(path), path.string(), PathFrom(set_folder, photos));
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage

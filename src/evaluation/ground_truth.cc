// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>
#include <set>
#include <sstream>
#include <unordered_map>

#include "serialize/pickle.h"
#include "util/check.h"
#include "util/file.h"
#include "util/lines.h"
#include "util/rethrow.h"
#include "vantage/evaluation.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kQueryFile = "_query.txt";
constexpr std::string_view kOxfordPrefix = "oxc1_";
constexpr uint64_t kMaxGroundTruthSize = uint64_t{1} << 24;

std::vector<int64_t> CheckedRows(const serialize::PickleValue& query, std::string_view key,
                                 int64_t database_size, const std::string& source) {
  const serialize::PickleValue* list = query.Find(key);
  if (list == nullptr) return {};
  std::vector<int64_t> rows = serialize::ToIntegers(*list, StrCat(source, ": ", key));
  for (const int64_t row : rows) {
    VANTAGE_CHECK(row >= 0 && row < database_size, source, ": '", key, "' names image ", row, " of ",
                  database_size);
  }
  return rows;
}

void CheckUnique(const std::vector<std::string>& names, const std::string& source) {
  std::set<std::string_view> seen;
  for (const std::string& name : names) {
    VANTAGE_CHECK(seen.insert(name).second, source, ": the name '", name, "' appears twice");
  }
}

void CheckBox(const std::vector<double>& box, const std::string& source) {
  bool fine = box.size() == 4;
  for (const double side : box) fine = fine && std::isfinite(side);
  VANTAGE_CHECK(fine && box[0] < box[2] && box[1] < box[3], source,
                ": the query's box is not four numbers left, top, right, bottom with something between them");
}

// Assigns rows to names; a new name gets the next row.
class NameRows {
 public:
  explicit NameRows(std::vector<std::string>& names) : names_(names) {
    for (size_t i = 0; i < names.size(); ++i) row_of_[names[i]] = static_cast<int64_t>(i);
  }

  int64_t Row(const std::string& name) {
    const auto [found, is_new] = row_of_.emplace(name, std::ssize(names_));
    if (is_new) names_.push_back(name);
    return found->second;
  }

 private:
  std::vector<std::string>& names_;
  std::unordered_map<std::string, int64_t> row_of_;
};

// Appends the rows of the photos in a text file, one name a line.
void ReadNames(const fs::path& path, NameRows& rows, std::vector<int64_t>& into) {
  for (const TextLine& line : ReadLines(path, kMaxGroundTruthSize)) into.push_back(rows.Row(line.text));
}

}  // namespace

GroundTruth ReadPickledGroundTruth(const fs::path& path) try {
  const std::string source = path.string();
  const std::string bytes = ReadFile(path);
  const serialize::PickleDocument document(bytes, {source, serialize::NumpyGlobals()});
  GroundTruth truth;
  truth.image_names =
      serialize::ToTexts(serialize::Member(document.root(), "imlist", source), source + ": imlist");
  truth.query_names =
      serialize::ToTexts(serialize::Member(document.root(), "qimlist", source), source + ": qimlist");
  CheckUnique(truth.image_names, source + ": imlist");
  const auto database_size = std::ssize(truth.image_names);
  for (const serialize::PickleValue* entry : serialize::Member(document.root(), "gnd", source).items) {
    const std::string place = StrCat(source, ": gnd[", truth.queries.size(), "]");
    GroundTruth::Query query;
    query.box = serialize::ToNumbers(serialize::Member(*entry, "bbx", place), place + ": bbx");
    CheckBox(query.box, place);
    query.ok = CheckedRows(*entry, "ok", database_size, place);
    query.easy = CheckedRows(*entry, "easy", database_size, place);
    query.hard = CheckedRows(*entry, "hard", database_size, place);
    query.junk = CheckedRows(*entry, "junk", database_size, place);
    truth.queries.push_back(std::move(query));
  }
  VANTAGE_CHECK(truth.queries.size() == truth.query_names.size(), source, ": ", truth.queries.size(),
                " ground truths for ", truth.query_names.size(), " queries");
  return truth;
} catch (...) {
  RethrowAsError();
}

GroundTruth ReadTextGroundTruth(const fs::path& folder, const PhotoFinder& photos) try {
  GroundTruth truth;
  for (const fs::path& photo : photos.photos())
    truth.image_names.push_back(WithoutPhotoEnding(photo.filename()).string());
  CheckUnique(truth.image_names, folder.string() + ": photos");
  NameRows rows(truth.image_names);
  for (const fs::path& relative : ListFiles(folder, {".txt"})) {
    const std::string text = (folder / relative).string();
    if (!text.ends_with(kQueryFile)) continue;
    const std::string beginning = text.substr(0, text.size() - kQueryFile.size());
    std::istringstream line(ReadFile(text, kMaxGroundTruthSize));
    std::string name;
    GroundTruth::Query query;
    query.box.resize(4);
    line >> name;
    for (double& side : query.box) line >> side;
    VANTAGE_CHECK(!line.fail(), text, ": not 'NAME left top right bottom'");
    CheckBox(query.box, text);
    // Only Oxford's queries have this prefix.
    if (name.starts_with(kOxfordPrefix)) name = name.substr(kOxfordPrefix.size());
    rows.Row(name);
    truth.query_names.push_back(name);
    ReadNames(beginning + "_good.txt", rows, query.ok);
    ReadNames(beginning + "_ok.txt", rows, query.ok);
    ReadNames(beginning + "_junk.txt", rows, query.junk);
    truth.queries.push_back(std::move(query));
  }
  VANTAGE_CHECK(!truth.queries.empty(), folder.string(), ": no ground truth: no file NAME", kQueryFile);
  return truth;
} catch (...) {
  RethrowAsError();
}

Relevance RevisitedRelevance(const GroundTruth::Query& query, RevisitedTask task) {
  const auto concatenated = [](std::vector<int64_t> a, const std::vector<int64_t>& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
  };
  switch (task) {
    case RevisitedTask::kEasy:
      return {query.easy, concatenated(query.junk, query.hard)};
    case RevisitedTask::kMedium:
      return {concatenated(query.easy, query.hard), query.junk};
    case RevisitedTask::kHard:
      break;
  }
  return {query.hard, concatenated(query.junk, query.easy)};
}

}  // namespace vantage

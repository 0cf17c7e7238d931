// SPDX-License-Identifier: BSD-3-Clause
#include "evaluation/saved_descriptors.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "util/check.h"
#include "util/index.h"
#include "util/rethrow.h"
#include "vantage/evaluation.h"
#include "vantage/photos.h"

namespace vantage::evaluation {
namespace {

namespace fs = std::filesystem;

// Descriptors by photo name, with the reasons why other photos have none.
class NamedDescriptors {
 public:
  NamedDescriptors(const DescriptorFile& file, std::string source)
      : file_(file),
        finder_({file.descriptors.names.begin(), file.descriptors.names.end()}),
        source_(std::move(source)) {
    for (const FailedPhoto& photo : file.failed) reason_of_[photo.name] = photo.reason;
  }

  // The row of a photo. The file names it relative to the benchmark's folder, or by the benchmark's own path.
  std::optional<int64_t> Row(const fs::path& photo, const fs::path& folder) const {
    const std::optional<int64_t> row = finder_.FindExact(PhotoName(photo, folder));
    return row ? row : finder_.FindExact(photo.generic_string());
  }
  std::optional<int64_t> Find(const std::string& name) const { return finder_.Find(name); }

  auto Values(int64_t row) const { return file_.descriptors.values.row(row); }
  int64_t dimension() const { return file_.descriptors.dimension(); }
  const std::vector<std::string>& names() const { return file_.descriptors.names; }
  const std::string& source() const { return source_; }

  std::string WhyNot(const std::string& name) const {
    const auto reason = reason_of_.find(name);
    return reason == reason_of_.end() ? StrCat(source_, ": no descriptor of ", name) : reason->second;
  }

 private:
  const DescriptorFile& file_;
  PhotoFinder finder_;
  std::string source_;
  std::map<std::string, std::string> reason_of_;
};

bool IsBelow(const fs::path& folder, const fs::path& name) {
  const fs::path normal = name.lexically_normal();
  return normal.is_relative() && *normal.begin() != ".." && fs::exists(folder / normal);
}

// Fills a row of `saved.queries` for each query. `asked` is null if there is no file of queries.
void TakeQueries(const Benchmark& benchmark, const NamedDescriptors& named, const NamedDescriptors* asked,
                 const fs::path& folder, SavedDescriptors& saved) {
  saved.queries =
      DescriptorMatrix::Zero(static_cast<Eigen::Index>(benchmark.queries.size()), named.dimension());
  const NamedDescriptors& source = asked == nullptr ? named : *asked;
  const std::vector<std::string> names = QueryNames(benchmark, folder);
  size_t found = 0;
  for (size_t q = 0; q < names.size(); ++q) {
    const BenchmarkQuery& query = benchmark.queries[q];
    VANTAGE_CHECK(asked != nullptr || !query.box, names[q], ": is a query with a box, whose descriptor ",
                  named.source(),
                  " does not hold; name a file of the queries' descriptors (--queries), or "
                  "give a model instead of descriptors");
    auto values = saved.queries.row(static_cast<Eigen::Index>(q));
    if (const auto row = asked == nullptr ? std::nullopt : asked->Find(names[q])) {
      values = asked->Values(*row);
      ++found;
    } else if (const auto own = query.box ? std::nullopt : named.Row(query.photo, folder)) {
      values = named.Values(*own);
      ++found;
    } else if (query.box || !query.row) {
      saved.failed.push_back(source.WhyNot(names[q]));
    }
  }
  VANTAGE_CHECK(found > 0, source.source(), ": no descriptor of the query ", names.at(0),
                ", nor of any other",
                asked == nullptr ? "; name a file of the queries' descriptors (--queries)" : "");
}

}  // namespace

std::vector<std::string> QueryNames(const Benchmark& benchmark, const fs::path& folder) {
  std::map<std::string, int> seen;
  std::vector<std::string> names;
  for (const BenchmarkQuery& query : benchmark.queries) {
    const std::string name = PhotoName(query.photo, folder);
    const int number = ++seen[name];
    names.push_back(number == 1 ? name : StrCat(name, "#", number));
  }
  return names;
}

SavedDescriptors TakeDescriptors(Benchmark& benchmark, const DescriptorFile& file,
                                 const DescriptorFile* queries, const SavedDescriptorsOptions& options) try {
  const fs::path& folder = options.folder;
  const NamedDescriptors named(file, options.source);
  std::optional<NamedDescriptors> asked;
  if (queries != nullptr) asked.emplace(*queries, options.queries_source);
  VANTAGE_CHECK(!asked || asked->dimension() == named.dimension(), options.queries_source,
                ": descriptors of ", asked->dimension(), " dimensions, those of ", options.source, " have ",
                named.dimension());
  SavedDescriptors saved;
  std::vector<bool> is_used(named.names().size());
  std::vector<std::optional<int64_t>> rows;
  const auto use = [&](const fs::path& photo) {
    const std::optional<int64_t> row = named.Row(photo, folder);
    if (row) is_used[ToIndex(*row)] = true;
    return row;
  };
  for (const fs::path& photo : benchmark.photos) {
    rows.push_back(use(photo));
    if (!rows.back()) saved.failed.push_back(named.WhyNot(PhotoName(photo, folder)));
  }
  VANTAGE_CHECK(saved.failed.size() < rows.size(), options.source, ": no descriptor of ",
                PhotoName(benchmark.photos.at(0), folder),
                ", nor of any other photo of the benchmark; the names "
                "start from another folder than ",
                folder.string());
  TakeQueries(benchmark, named, asked ? &*asked : nullptr, folder, saved);

  for (const BenchmarkQuery& query : benchmark.queries) use(query.photo);
  for (size_t row = 0; row < is_used.size(); ++row) {
    if (is_used[row]) continue;
    if (options.take_distractors && !IsBelow(folder, named.names()[row])) {
      benchmark.photos.emplace_back(named.names()[row]);
      rows.emplace_back(static_cast<int64_t>(row));
    } else {
      ++saved.left_out;
    }
  }
  saved.database = DescriptorMatrix::Zero(static_cast<Eigen::Index>(rows.size()), named.dimension());
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i]) saved.database.row(static_cast<Eigen::Index>(i)) = named.Values(*rows[i]);
  }
  return saved;
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage::evaluation

// SPDX-License-Identifier: BSD-3-Clause
#include "serve/search_service.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "serve/search_page.h"
#include "util/check.h"
#include "util/file.h"
#include "util/index.h"
#include "util/stopwatch.h"
#include "vantage/photos.h"

namespace vantage::serve {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int64_t kMostResults = 1000;
constexpr int kThumbnail = 320;  // pixels: twice what the page shows, for dense screens
constexpr int kPhoto = 2048;
constexpr int64_t kCopyBytes = int64_t{64} << 20;

// One of a limited number of workers, for as long as it lives.
class Worker {
 public:
  explicit Worker(std::counting_semaphore<>& workers) : workers_(workers) { workers_.acquire(); }
  ~Worker() { workers_.release(); }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

 private:
  std::counting_semaphore<>& workers_;
};

// Bytes as a file in memory, for stages that read photos from files.
class MemoryFile {
 public:
  explicit MemoryFile(const std::string& bytes) : descriptor_(::memfd_create("photo", MFD_CLOEXEC)) {
    VANTAGE_CHECK(descriptor_ >= 0, "a photo in memory: the system makes no file for it");
    WriteAll(descriptor_, bytes, path());
  }
  ~MemoryFile() { ::close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  fs::path path() const { return StrCat("/proc/self/fd/", descriptor_); }

 private:
  int descriptor_;
};

std::optional<std::string> RestAfter(const std::string& path, std::string_view prefix) {
  if (!path.starts_with(prefix)) return std::nullopt;
  return path.substr(prefix.size());
}

}  // namespace

SearchService::SearchService(const Descriptors& database, const SearchServiceOptions& options,
                             DescribeBytes describe)
    : database_(database),
      options_(options),
      describe_(std::move(describe)),
      page_(SearchPage()),
      copies_(options.photos, database.names, options.max_pixels, kCopyBytes),
      workers_(options.threads) {
  if (options.k < 1 || options.k > kMostResults)
    throw UsageError(StrCat("k: must be in [1, ", kMostResults, "]"));
  CheckStages(options.search, /*has_finder=*/false);
  VANTAGE_CHECK(database.size() > 0, "the database holds no descriptor");
}

HttpAnswer SearchService::Answer(const HttpRequest& request) {
  if (request.method == "GET") return Get(request);
  if (request.method == "POST" && request.path == "/search") return SearchByPhoto(request);
  throw HttpError(405, StrCat(request.method, " ", request.path, ": not allowed; POST /search is"));
}

HttpAnswer SearchService::Get(const HttpRequest& request) {
  if (request.path == "/")
    return {.type = "text/html; charset=utf-8",
            .body = page_,
            .policy = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"};  // the rest is in it
  if (request.path == "/info") {
    return JsonAnswer({{"photos", database_.size()},
                       {"dimension", database_.dimension()},
                       {"model", options_.model},
                       {"k", options_.k},
                       {"max_k", kMostResults},
                       {"max_upload", options_.max_upload}});
  }
  if (request.path == "/favicon.ico") return {.status = 204, .type = "image/x-icon"};  // browsers ask
  if (request.path == "/search") return SearchByName(request);
  if (const auto name = RestAfter(request.path, "/thumbnail/")) return Copy(*name, kThumbnail);
  if (const auto name = RestAfter(request.path, "/photo/")) return Copy(*name, kPhoto);
  throw HttpError(404, StrCat(request.path, ": no such page"));
}

HttpAnswer SearchService::SearchByPhoto(const HttpRequest& request) {
  const int64_t k = CountOf(request);
  const std::string bytes = request.read_body();
  if (bytes.empty()) throw HttpError(400, "the body must be a photo's bytes; it is empty");
  const Worker worker(workers_);
  const auto start = std::chrono::steady_clock::now();
  const std::vector<float> values = describe_(bytes);
  DescriptorMatrix query = Eigen::Map<const DescriptorMatrix>(values.data(), 1, std::ssize(values));
  std::optional<MemoryFile> photo;
  if (NeedsPhotos(options_.search)) photo.emplace(bytes);
  return JsonAnswer(Found(Nearest(std::move(query), k, std::nullopt, photo ? photo->path() : ""), start));
}

HttpAnswer SearchService::SearchByName(const HttpRequest& request) {
  const int64_t k = CountOf(request);
  const auto name = request.query.find("name");
  if (name == request.query.end())
    throw HttpError(400, "GET /search needs ?name= with a photo of the database; POST a photo's bytes else");
  const int64_t row = RowOf(name->second);
  const Worker worker(workers_);
  const auto start = std::chrono::steady_clock::now();
  // Its own row is found too, and left out.
  std::vector<Neighbor> neighbors = Nearest(database_.values.row(row), k + 1, row,
                                            PhotoPath(database_.names[ToIndex(row)], options_.photos));
  std::erase_if(neighbors, [&](const Neighbor& neighbor) { return neighbor.index == row; });
  neighbors.resize(std::min(neighbors.size(), ToIndex(k)));
  json found = Found(neighbors, start);
  found["query"] = Described(row);
  return JsonAnswer(found);
}

HttpAnswer SearchService::Copy(const std::string& name, int size) {
  const int64_t row = RowOf(name);
  std::shared_ptr<const std::string> jpeg = copies_.Kept(row, size);
  if (jpeg == nullptr) {
    const Worker worker(workers_);
    jpeg = copies_.Make(row, size);
  }
  return {.type = "image/jpeg", .body = *jpeg};
}

// own: the query's row; photo: its file. Both if there are any.
std::vector<Neighbor> SearchService::Nearest(DescriptorMatrix query, int64_t k, std::optional<int64_t> own,
                                             const fs::path& photo) const {
  RunContext context;
  context.threads = 1;
  SearchFacts facts;
  if (own) facts.own = {own};
  if (NeedsPhotos(options_.search)) {
    facts.photos.query = [&](size_t) { return photo; };
    facts.photos.database = [&](int64_t row) {
      return PhotoPath(database_.names[ToIndex(row)], options_.photos);
    };
  }
  return Search(query, database_.values, k, options_.search, context, facts).front();
}

json SearchService::Found(const std::vector<Neighbor>& neighbors,
                          std::chrono::steady_clock::time_point start) const {
  json results = json::array();
  for (const Neighbor& neighbor : neighbors) {
    results.push_back(Described(neighbor.index));
    results.back()["score"] = neighbor.score;
  }
  return {{"results", std::move(results)}, {"milliseconds", 1000 * SecondsSince(start)}};
}

json SearchService::Described(int64_t row) const {
  const std::string& name = database_.names[ToIndex(row)];
  // In a path, browsers resolve "." and "..".
  const std::string path = PercentEncode(fs::path(name).lexically_normal().generic_string());
  return {{"name", name},
          {"search", "/search?name=" + PercentEncode(name)},
          {"photo", "/photo/" + path},
          {"thumbnail", "/thumbnail/" + path}};
}

int64_t SearchService::RowOf(const std::string& name) const {
  const auto row = copies_.Find(name);
  if (!row) throw HttpError(404, StrCat(name, ": no photo of the database"));
  return *row;
}

int64_t SearchService::CountOf(const HttpRequest& request) const {
  const auto k = request.query.find("k");
  if (k == request.query.end()) return options_.k;
  int64_t count = 0;
  try {
    count = ParseInteger(k->second, "k");
  } catch (const Error&) {  // reported below
  }
  if (count < 1 || count > kMostResults)
    throw HttpError(400, StrCat("k: '", k->second, "' is not a number in [1, ", kMostResults, "]"));
  return count;
}

}  // namespace vantage::serve

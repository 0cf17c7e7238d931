// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <semaphore>
#include <string>
#include <vector>

#include "serve/http.h"
#include "serve/photo_copies.h"
#include "vantage/descriptors.h"
#include "vantage/search.h"

namespace vantage::serve {

struct SearchServiceOptions {
  std::filesystem::path photos;  // folder that the database's names are relative to
  int64_t k = 24;                // results, unless a request says how many
  SearchOptions search;
  int64_t max_pixels = int64_t{1} << 26;   // of photos that are searched for or shown
  int64_t max_upload = int64_t{20} << 20;  // bytes; told to the page
  int threads = 1;                         // requests that decode or search at the same time
  std::string model;                       // told to clients
};

// The descriptor of a photo file's bytes. Throws HttpError with status 400 if they are no photo that can be
// described.
using DescribeBytes = std::function<std::vector<float>(const std::string& bytes)>;

// Answers:
//   GET /                    the page
//   GET /info                {"photos", "dimension", "model", "k", "max_k", "max_upload"}
//   POST /search?k=K         the body is a photo: its nearest
//   GET /search?name=N&k=K   a photo of the database: its nearest others
//   GET /photo/N, /thumbnail/N   copies of photos of the database, as JPEG
// A search gives {"results": [{"name", "score", "search", "photo", "thumbnail"}], "milliseconds"}, the last
// three of a result as paths of this server; "query" has the same for a photo of the database. Names that
// are not UTF-8 have U+FFFD in "name", while the paths work. Any number of threads may use it.
class SearchService {
 public:
  // database: must outlive the service. Throws UsageError and Error for wrong options.
  SearchService(const Descriptors& database, const SearchServiceOptions& options, DescribeBytes describe);

  // Throws HttpError.
  HttpAnswer Answer(const HttpRequest& request);

 private:
  HttpAnswer Get(const HttpRequest& request);
  HttpAnswer SearchByPhoto(const HttpRequest& request);
  HttpAnswer SearchByName(const HttpRequest& request);
  HttpAnswer Copy(const std::string& name, int size);
  std::vector<Neighbor> Nearest(DescriptorMatrix query, int64_t k, std::optional<int64_t> own,
                                const std::filesystem::path& photo) const;
  nlohmann::json Found(const std::vector<Neighbor>& neighbors,
                       std::chrono::steady_clock::time_point start) const;
  nlohmann::json Described(int64_t row) const;
  int64_t RowOf(const std::string& name) const;
  int64_t CountOf(const HttpRequest& request) const;

  const Descriptors& database_;
  const SearchServiceOptions options_;
  const DescribeBytes describe_;
  const std::string page_;
  PhotoCopies copies_;
  std::counting_semaphore<> workers_;
};

}  // namespace vantage::serve

// SPDX-License-Identifier: BSD-3-Clause
#include "serve/search_service.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "serve/http_server.h"
#include "testing/exif.h"
#include "testing/files.h"
#include "util/file.h"
#include "util/string.h"
#include "vantage/image.h"

namespace vantage::serve {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;
using vantage::testing::TemporaryFolder;

// A database of the first axes of space, whose photos need not exist.
class Serving : public ::testing::Test {
 protected:
  Serving() { Make({"a.jpg", "./b.jpg", "\xff.jpg", "d/e f.jpg"}); }

  void Make(const std::vector<std::string>& names) {
    database_.names = names;
    database_.values = DescriptorMatrix::Identity(std::ssize(names), std::ssize(names));
    service_.emplace(database_, SearchServiceOptions{.photos = folder_.path(), .max_pixels = 40000},
                     [](const std::string& bytes) -> std::vector<float> {
                       if (bytes != "photo") throw HttpError(400, "no photo");
                       return {0.6F, 0.8F, 0, 0};
                     });
  }

  HttpAnswer Ask(const std::string& method, const std::string& target, const std::string& body = "") {
    HttpRequest request = ParseTarget(target);
    request.method = method;
    request.read_body = [&] { return body; };
    try {
      return service_->Answer(request);
    } catch (const HttpError& error) {
      return ErrorAnswer(error.status(), error.what());
    }
  }

  json Json(const std::string& method, const std::string& target, const std::string& body = "") {
    return json::parse(Ask(method, target, body).body);
  }

  TemporaryFolder folder_;
  Descriptors database_;
  std::optional<SearchService> service_;
};

TEST_F(Serving, RanksByInnerProduct) {
  const json found = Json("POST", "/search?k=2", "photo");
  ASSERT_EQ(found["results"].size(), 2U);
  EXPECT_EQ(found["results"][0]["name"], "./b.jpg");
  EXPECT_FLOAT_EQ(found["results"][0]["score"].get<float>(), 0.8F);
  EXPECT_EQ(found["results"][1]["name"], "a.jpg");
}

TEST_F(Serving, APhotoOfTheDatabaseDoesNotFindItself) {
  const json found = Json("GET", "/search?name=a.jpg&k=1000");
  EXPECT_EQ(found["query"]["name"], "a.jpg");
  ASSERT_EQ(found["results"].size(), 3U);
  for (const json& result : found["results"]) EXPECT_NE(result["name"], "a.jpg");
}

TEST_F(Serving, PathsOfResultsLeadToTheirPhotosWhateverTheName) {
  for (const char* name : {"a.jpg", "b.jpg", "\xff.jpg", "d/e f.jpg"}) {
    fs::create_directories((folder_ / name).parent_path());
    WriteFile(folder_ / name, EncodeJpeg(MakeImage(60, 40), 90));
  }
  const json found = Json("POST", "/search", "photo");
  ASSERT_EQ(found["results"].size(), 4U);
  for (const json& result : found["results"]) {
    EXPECT_EQ(Ask("GET", result["photo"]).type, "image/jpeg") << result;
    EXPECT_EQ(Ask("GET", result["thumbnail"]).type, "image/jpeg") << result;
    EXPECT_EQ(Json("GET", result["search"])["query"], [&] {
      json query = result;
      query.erase("score");
      return query;
    }());
    EXPECT_EQ(result["photo"].get<std::string>().find("/."), std::string::npos);  // browsers remove it
  }
}

TEST_F(Serving, PhotosOutsideTheFolderAreNotShown) {
  WriteFile(folder_ / "photos" / "in.jpg", EncodeJpeg(MakeImage(60, 40), 90));
  WriteFile(folder_ / "out.jpg", EncodeJpeg(MakeImage(60, 40), 90));
  WriteFile(folder_ / "photos-2" / "out.jpg", EncodeJpeg(MakeImage(60, 40), 90));
  fs::create_symlink("../out.jpg", folder_ / "photos" / "link.jpg");
  fs::create_symlink("../photos-2", folder_ / "photos" / "folder");
  fs::create_symlink("in.jpg", folder_ / "photos" / "inner.jpg");
  database_.names = {"in.jpg",         "link.jpg",
                     "../out.jpg",     (folder_ / "out.jpg").string(),
                     "folder/out.jpg", "../photos-2/out.jpg",
                     "inner.jpg"};
  database_.values = DescriptorMatrix::Identity(7, 7);
  service_.emplace(database_, SearchServiceOptions{.photos = folder_ / "photos"}, DescribeBytes());
  for (const std::string& name : database_.names) {
    const int expected = name == "in.jpg" || name == "inner.jpg" ? 200 : 403;
    EXPECT_EQ(Ask("GET", "/photo/" + PercentEncode(name)).status, expected) << name;
    EXPECT_EQ(Ask("GET", "/thumbnail/" + PercentEncode(name)).status, expected) << name;
  }
  EXPECT_EQ(Ask("GET", "/photo/../photos/in.jpg").status, 404);  // not a name of the database
}

TEST_F(Serving, CopiesAreUprightReducedAndWithoutMetadata) {
  WriteFile(folder_ / "a.jpg", testing::WithOrientation(EncodeJpeg(MakeImage(100, 400), 90), 6));
  const HttpAnswer copy = Ask("GET", "/thumbnail/a.jpg");
  const Image image = DecodeImage(copy.body, "copy");
  EXPECT_EQ(image.width, 320);
  EXPECT_EQ(image.height, 80);
  EXPECT_EQ(copy.body.find("Exif"), std::string::npos);
}

TEST_F(Serving, PhotosThatCannotBeShownSayWhyWithoutTheirPath) {
  WriteFile(folder_ / "a.jpg", "text");
  WriteFile(folder_ / "b.jpg", EncodeJpeg(MakeImage(300, 200), 90));
  for (const char* path : {"/photo/a.jpg", "/photo/b.jpg", "/photo/d/e%20f.jpg"}) {
    const HttpAnswer answer = Ask("GET", path);
    EXPECT_EQ(answer.status, 404);
    EXPECT_THAT(answer.body, ::testing::Not(HasSubstr(folder_.path().string())));
  }
  EXPECT_THAT(Ask("GET", "/photo/b.jpg").body, HasSubstr("60000 pixels, more than 40000"));
}

TEST_F(Serving, CopiesThatAreKeptNeedTheFileOnce) {
  WriteFile(folder_ / "a.jpg", EncodeJpeg(MakeImage(60, 40), 90));
  const std::string first = Ask("GET", "/thumbnail/a.jpg").body;
  fs::remove(folder_ / "a.jpg");
  EXPECT_EQ(Ask("GET", "/thumbnail/a.jpg").body, first);
}

TEST(PhotoCopies, KeepThoseUsedLastWithinTheirBytes) {
  const TemporaryFolder folder;
  std::vector<std::string> names;
  for (int i = 0; i < 4; ++i) {
    names.push_back(StrCat(i, ".jpg"));
    WriteFile(folder / names.back(), EncodeJpeg(MakeImage(60, 40), 90));
  }
  const int64_t size = std::ssize(*PhotoCopies(folder.path(), names, 1 << 20, 1 << 20).Make(0, 320));
  PhotoCopies copies(folder.path(), names, 1 << 20, 2 * size + size / 2);
  copies.Make(0, 320);
  copies.Make(1, 320);
  EXPECT_NE(copies.Kept(0, 320), nullptr);
  EXPECT_EQ(copies.Kept(0, 60), nullptr);
  copies.Make(2, 320);
  EXPECT_NE(copies.Kept(0, 320), nullptr);
  EXPECT_EQ(copies.Kept(1, 320), nullptr);
  PhotoCopies none(folder.path(), names, 1 << 20, 10);
  EXPECT_NE(none.Make(0, 320), nullptr);
  EXPECT_EQ(none.Kept(0, 320), nullptr);
}

TEST_F(Serving, WrongRequestsAreErrors) {
  EXPECT_EQ(Ask("POST", "/search", "text").status, 400);
  EXPECT_EQ(Ask("POST", "/search", "").status, 400);
  EXPECT_EQ(Ask("POST", "/search?k=0", "photo").status, 400);
  EXPECT_EQ(Ask("GET", "/search?k=9223372036854775808&name=a.jpg").status, 400);
  EXPECT_EQ(Ask("GET", "/search?name=%").status, 404);
  EXPECT_EQ(Ask("GET", "/search?&&=&name").status, 404);
  EXPECT_EQ(Ask("GET", "").status, 404);
  EXPECT_EQ(Ask("GET", "/photo/%00").status, 404);
  EXPECT_EQ(Ask("PUT", "/search").status, 405);
  EXPECT_EQ(json::parse(ErrorAnswer(400, "\xff").body)["error"], "\xef\xbf\xbd");
}

TEST(HttpServer, SaysWhatABuildLacks) {
#ifdef VANTAGE_WITH_HTTPLIB
  HttpServer server("127.0.0.1", 0, {}, [](const HttpRequest&) { return HttpAnswer(); });
  EXPECT_GT(server.port(), 0);
  EXPECT_TRUE(server.IsLoopback());
  EXPECT_EQ(server.url(), StrCat("http://127.0.0.1:", server.port(), "/"));
#else
  EXPECT_THAT(testing::ErrorOf([] { HttpServer("127.0.0.1", 0, {}, {}); }), HasSubstr("libcpp-httplib-dev"));
#endif
}

}  // namespace
}  // namespace vantage::serve

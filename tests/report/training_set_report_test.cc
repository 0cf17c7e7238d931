// SPDX-License-Identifier: BSD-3-Clause
#include "report/training_set_report.h"

#include <map>

#include "testing/files.h"
#include "testing/photos.h"
#include "util/file.h"

namespace vantage::report {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using vantage::testing::ErrorOf;
using vantage::testing::TemporaryFolder;
using vantage::testing::WritePhotosAndSet;

size_t Count(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

// How often the page holds each image's data.
std::map<std::string, int> ImagesOf(const std::string& page) {
  const std::string start = "src=\"data:image/jpeg;base64,";
  std::map<std::string, int> images;
  for (size_t at = page.find(start); at != std::string::npos; at = page.find(start, at + 1)) {
    ++images[page.substr(at, page.find('"', at + start.size()) - at)];
  }
  return images;
}

// Five scenes of six photos, the last one for validation; three queries a scene with three candidates each.
class Report : public ::testing::Test {
 protected:
  Report() : set_(WritePhotosAndSet(folder_.path(), 5, 6, 1)) {}

  TrainingSetReportSummary Write(const ReportNegatives* negatives = nullptr, const RunContext& context = {}) {
    return WriteTrainingSetReport(set_, "set.db", folder_.path(), negatives, options_,
                                  folder_ / "out/page.html", context);
  }
  std::string Page() const { return ReadFile(folder_ / "out/page.html"); }

  // Each query's negatives: the photos 0, 1, ... of the next scene.
  ReportNegatives SomeNegatives() const {
    ReportNegatives negatives{.model = "a<b>.pth", .notes = {"a note & more"}};
    for (const TrainingQuery& query : set_.queries) {
      QueryNegatives& entry = negatives.queries.emplace_back();
      entry.query = query.photo;
      const size_t scene = IndexOf(set_.photos[IndexOf(query.photo)].scene);
      for (size_t i = 0; i < 3; ++i) {
        const auto photo = static_cast<int64_t>((scene + 1) % 5 * 6 + i);
        entry.negatives.push_back({PhotoId{photo}, 0.5 + 0.125 * static_cast<double>(i)});
      }
    }
    return negatives;
  }

  TemporaryFolder folder_;
  TrainingSet set_;
  TrainingSetReportOptions options_;
};

TEST_F(Report, HoldsEachPhotoOnce) {
  const TrainingSetReportSummary summary = Write();
  EXPECT_EQ(summary.queries, 15);
  EXPECT_EQ(summary.photos, 30);
  EXPECT_THAT(summary.unreadable, IsEmpty());
  const std::string page = Page();
  EXPECT_EQ(summary.bytes, static_cast<int64_t>(page.size()));
  const auto images = ImagesOf(page);
  EXPECT_EQ(images.size(), 30U);
  for (const auto& [data, times] : images) EXPECT_EQ(times, 1);
  EXPECT_EQ(Count(page, "<article class=\"query\""), 15U);
  EXPECT_EQ(Count(page, "<article class=\"scene\""), 5U);
  EXPECT_EQ(Count(page, "class=\"photo chosen\""), 15U);
  EXPECT_EQ(Count(page, "class=\"photo candidate\""), 30U);
  EXPECT_EQ(Count(page, "class=\"photo negative\""), 0U);
  // 15 x (query + 3 candidates) and 5 x 6 photos of scenes.
  EXPECT_EQ(Count(page, "<img "), 90U);
  EXPECT_EQ(Count(page, "<img data-photo="), 60U);
  EXPECT_THAT(page, HasSubstr("--model MODEL"));
  EXPECT_THAT(page, HasSubstr("50 points</span><span>overlap 50&#8239;%</span><span>scale &times;1.10"));
}

TEST_F(Report, ShowsNegativesWithTheirDistances) {
  const ReportNegatives negatives = SomeNegatives();
  options_.negatives = 2;
  Write(&negatives);
  const std::string page = Page();
  EXPECT_EQ(Count(page, "class=\"photo negative\""), 30U);
  EXPECT_THAT(page, HasSubstr("distance 0.500"));
  EXPECT_THAT(page, HasSubstr("distance 0.625"));
  EXPECT_THAT(page, Not(HasSubstr("distance 0.750")));          // only two are shown
  EXPECT_THAT(page, HasSubstr("45 negatives · median 0.625"));  // all are counted
  EXPECT_THAT(page, HasSubstr("a&lt;b&gt;.pth"));
  EXPECT_THAT(page, HasSubstr("a note &amp; more"));
  EXPECT_THAT(page, Not(HasSubstr("--model MODEL")));
}

TEST_F(Report, ShowsTheDistanceOfPositivesWhereItIsKnown) {
  ReportNegatives negatives = SomeNegatives();
  Write(&negatives);
  EXPECT_THAT(Page(), Not(HasSubstr("is nearer than every negative")));
  EXPECT_EQ(Count(Page(), "<circle class=\"chosen\""), 0U);
  // The negatives' distances begin at 0.5.
  for (QueryNegatives& query : negatives.queries) query.positive_distance = 0.812;
  negatives.queries[0].positive_distance = 0.499;
  Write(&negatives);
  EXPECT_THAT(Page(), HasSubstr("The chosen positive is nearer than every negative of 1 of 15 queries."));
  EXPECT_EQ(Count(Page(), "<circle class=\"chosen\""), 15U);
  EXPECT_EQ(Count(Page(), "<circle class=\"negative\""), 45U);
  EXPECT_EQ(Count(Page(), "<span class=\"facts\"><span>distance 0.812</span>"), 14U);
  EXPECT_EQ(Count(Page(), "text-anchor=\"end\">distance 0.9</text>"), 15U);
}

TEST_F(Report, DrawsQueriesOfBothSplitsAndOnlyMinedOnes) {
  options_.queries = 5;
  EXPECT_EQ(Write().queries, 5);
  std::string page = Page();
  EXPECT_EQ(Count(page, "data-scene=\"4\" data-split=\"val\"><header>"), 2U);  // a query and the scene
  ReportNegatives negatives = SomeNegatives();
  // The two first of the training split only.
  negatives.queries.resize(2);
  EXPECT_EQ(Write(&negatives).queries, 3);
  page = Page();
  EXPECT_EQ(Count(page, "<article class=\"query\""), 3U);
  EXPECT_EQ(Count(page, "<h4>Nearest of other scenes</h4>"), 2U);
}

TEST_F(Report, SeedAndNothingElseChangesTheBytes) {
  options_.queries = 4;
  RunContext context;
  context.threads = 1;
  Write(nullptr, context);
  const std::string one = Page();
  context.threads = 4;
  Write(nullptr, context);
  EXPECT_EQ(Page(), one);
  options_.seed = 7;
  Write(nullptr, context);
  EXPECT_NE(Page(), one);
}

TEST_F(Report, PhotosThatCannotBeReadBecomePlaceholders) {
  std::filesystem::remove(folder_ / set_.photos[0].path);
  WriteFile(folder_ / set_.photos[1].path, "no <photo>");
  const TrainingSetReportSummary summary = Write();
  EXPECT_THAT(summary.unreadable,
              ElementsAre("photos/scene0/0.jpg: no such file", HasSubstr("photos/scene0/1.jpg: not a JPEG")));
  const std::string page = Page();
  EXPECT_EQ(ImagesOf(page).size(), 28U);
  EXPECT_THAT(
      page, HasSubstr("<div class=\"missing\" role=\"img\" aria-label=\"query: photos/scene0/0.jpg: no such "
                      "file\" title=\"no such file\"><span>no such file</span></div>"));
  EXPECT_THAT(page, HasSubstr("<h2>Unreadable photos</h2><p>2 photos"));
}

TEST_F(Report, NamesAreTextWhateverTheyHold) {
  const std::string hostile = "\"><script>alert('x')</script>&\xff.jpg";
  set_.scenes[0].name = hostile;
  std::filesystem::rename(folder_ / set_.photos[0].path, folder_ / "photos" / "moved.jpg");
  set_.photos[0].path = "photos/" + hostile;
  const ReportNegatives negatives = SomeNegatives();
  const TrainingSetReportSummary summary =
      WriteTrainingSetReport(set_, hostile, folder_.path(), &negatives, options_, folder_ / "out/page.html");
  EXPECT_EQ(summary.unreadable.size(), 1U);
  const std::string page = Page();
  EXPECT_EQ(Count(page, "<script>"), 1U);  // the page's own
  EXPECT_EQ(Count(page, "alert('"), 0U);
  EXPECT_THAT(page, HasSubstr("&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;"));
}

TEST_F(Report, ManyScenesAreCountedAndSomeShown) {
  options_.scenes = 2;
  options_.scene_photos = 3;
  options_.queries = 1;
  options_.candidates = 1;
  Write();
  const std::string page = Page();
  EXPECT_EQ(Count(page, "<article class=\"scene\""), 5U);
  EXPECT_EQ(Count(page, "<div class=\"strip\">"), 2U);
  EXPECT_EQ(Count(page, "photo of the scene: "), 6U);
  EXPECT_THAT(page, HasSubstr("3 matching photos<span class=\"more\">, 1 shown</span>"));
}

TEST_F(Report, PositiveWithoutNumbersAndSetWithoutQueriesHaveTheirPage) {
  for (TrainingQuery& query : set_.queries) query.candidates.clear();
  Write();
  EXPECT_EQ(Count(Page(), "<span class=\"facts\">no numbers</span>"), 15U);
  set_.queries.clear();
  EXPECT_EQ(Write().queries, 0);
  EXPECT_THAT(Page(), HasSubstr("0 of 0 queries"));
}

TEST_F(Report, InterruptionAndErrorsLeaveNoFile) {
  RunContext context;
  context.is_cancelled = [] { return true; };
  EXPECT_THROW(Write(nullptr, context), Interrupted);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out"));
  WriteFile(folder_ / "out", "a file where a folder should be");
  EXPECT_THAT(ErrorOf([&] { Write(); }), HasSubstr("out"));
}

}  // namespace
}  // namespace vantage::report

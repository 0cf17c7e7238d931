// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/report/evaluation_report.h"

#include <limits>

#include "testing/files.h"
#include "testing/photos.h"
#include "vantage/util/file.h"

namespace vantage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using vantage::testing::MakePhoto;
using vantage::testing::TemporaryFolder;

int Count(const std::string& text, const std::string& part) {
  int count = 0;
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + part.size())) ++count;
  return count;
}

TEST(EvaluationReport, ShowsTheWorstAndTheBestInFramesThatSayWhatIsRight) {
  const TemporaryFolder folder;
  for (int i = 0; i < 4; ++i) {
    WriteFile(folder / StrCat(i, ".jpg"), EncodeJpeg(MakePhoto(i, 0, 120, 80), 90));
  }
  EvaluationReport report;
  report.name = "a <b> benchmark";
  report.figures = {{"47.50", "mAP", "40.0 to 55.0"}};
  report.notes = {"Partial & so on"};
  for (int i = 0; i < 5; ++i) {
    EvaluatedQuery query;
    query.name = StrCat("q", i, ".jpg");
    query.photo = folder / StrCat(i % 4, ".jpg");
    query.positives = 2;
    query.average_precision = i == 4 ? std::numeric_limits<double>::quiet_NaN() : 1 - 0.25 * i;
    query.results = {{"1.jpg", folder / "1.jpg", ResultKind::kPositive, 0.9},
                     {"2.jpg", folder / "2.jpg", ResultKind::kJunk, 0.8},
                     {"none.jpg", folder / "none.jpg", ResultKind::kNegative, 0.7}};
    report.queries.push_back(query);
  }
  report.queries[0].box = Box{10, 10, 60, 60};
  EvaluationReportOptions options;
  options.worst = 2;
  options.best = 1;
  const EvaluationReportSummary summary = WriteEvaluationReport(report, options, folder / "page.html");
  EXPECT_EQ(summary.queries, 3);
  EXPECT_EQ(summary.photos, 5);  // 2, 3; 0 with its box; 1; none
  EXPECT_THAT(summary.unreadable, ElementsAre("none.jpg: no such file"));
  const std::string page = ReadFile(folder / "page.html");
  EXPECT_THAT(page, HasSubstr("<h1>a &lt;b&gt; benchmark</h1>"));
  EXPECT_THAT(page, HasSubstr("Partial &amp; so on"));
  EXPECT_THAT(page, HasSubstr("<b>47.50</b><span>mAP</span><small>40.0 to 55.0</small>"));
  EXPECT_EQ(Count(page, "<article class=\"query\""), 3);
  EXPECT_EQ(Count(page, "<rect "), 4);  // the fifth query does not count
  EXPECT_EQ(Count(page, "<a href=\"#query-1\"><rect"), 1);
  EXPECT_EQ(Count(page, "<figure class=\"photo chosen\">"), 3);
  EXPECT_EQ(Count(page, "<figure class=\"photo negative\">"), 3);
  EXPECT_EQ(Count(page, "<figure class=\"photo candidate\">"), 3);
  EXPECT_LT(page.find("AP 25.00"), page.find("AP 50.00"));
  EXPECT_LT(page.find("AP 50.00"), page.find("AP 100.00"));
  EXPECT_THAT(page, Not(HasSubstr("q2.jpg: 75.00")));
  EXPECT_THAT(page, HasSubstr("q1.jpg: 75.00"));  // in the chart only
}

TEST(EvaluationReport, OfNoQueriesIsStillAPage) {
  const TemporaryFolder folder;
  EXPECT_EQ(WriteEvaluationReport({}, {}, folder / "page.html").queries, 0);
  EXPECT_THAT(ReadFile(folder / "page.html"), HasSubstr("</html>"));
}

}  // namespace
}  // namespace vantage

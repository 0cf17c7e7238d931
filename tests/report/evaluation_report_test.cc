// SPDX-License-Identifier: BSD-3-Clause
#include "report/evaluation_report.h"

#include <limits>

#include "report/evaluation_sections.h"
#include "testing/files.h"
#include "testing/photos.h"
#include "util/file.h"
#include "util/string.h"

namespace vantage::report {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using vantage::testing::ErrorOf;
using vantage::testing::MakePhoto;
using vantage::testing::TemporaryFolder;

int Count(const std::string& text, const std::string& part) {
  int count = 0;
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + part.size())) ++count;
  return count;
}

// Five queries, the last without positives; photos 0 to 3 are there.
EvaluationReport MakeReport(const TemporaryFolder& folder) {
  for (int i = 0; i < 4; ++i) {
    WriteFile(folder / StrCat(i, ".jpg"), EncodeJpeg(MakePhoto(i, 0, 120, 80), 90));
  }
  EvaluationReport report;
  report.folder = folder.path();
  report.run.benchmark = "a <b> benchmark";
  report.run.missing = {"Partial & so on"};
  report.run.tasks = {""};
  report.run.figures = LandmarkJudging().figures;
  report.run.source = "model.pth";
  for (int i = 0; i < 5; ++i) {
    QueryResult query;
    query.query = StrCat(i % 4, ".jpg");
    query.positives = i == 4 ? 0 : 1;
    if (i < 4) query.positive_ranks = {i};
    query.figures = JudgeQuery(LandmarkJudging(), {query.positive_ranks, query.positives});
    query.first = {{"1.jpg", ResultKind::kPositive, 0.9},
                   {"2.jpg", ResultKind::kJunk, 0.8},
                   {"none.jpg", ResultKind::kNegative, std::numeric_limits<double>::quiet_NaN()}};
    report.run.queries.push_back(query);
  }
  report.run.queries[0].box = Box{10, 10, 60, 60};
  return report;
}

TEST(EvaluationReport, ShowsTheWorstAndTheBestInFramesThatSayWhatIsRight) {
  const TemporaryFolder folder;
  const EvaluationReport report = MakeReport(folder);
  EvaluationReportOptions options;
  options.worst = 2;
  options.best = 1;
  const EvaluationReportSummary summary = WriteEvaluationReport(report, options, folder / "page.html");
  EXPECT_EQ(summary.queries, 3);
  EXPECT_EQ(summary.photos, 5);  // 2, 3; 0 with its box; 1; none
  EXPECT_THAT(summary.unreadable, ElementsAre("none.jpg: no such file"));
  const std::string page = ReadFile(folder / "page.html");
  EXPECT_THAT(page, HasSubstr("<h1>a &lt;b&gt; benchmark</h1>"));
  EXPECT_THAT(page, HasSubstr("Missing: Partial &amp; so on"));
  // AP 1, 1/4, 1/6, 1/8: the mean of the four that count.
  EXPECT_THAT(page, HasSubstr("<b>38.54</b><span>mAP</span>"));
  EXPECT_THAT(page, HasSubstr("<b>25.00</b><span>mP@1</span>"));
  EXPECT_EQ(Count(page, "<article class=\"query\""), 3);
  EXPECT_EQ(Count(page, "<rect "), 4);  // the fifth query does not count
  EXPECT_EQ(Count(page, "<a href=\"#query-1\"><rect"), 1);
  EXPECT_EQ(Count(page, "<figure class=\"photo chosen\">"), 3);
  EXPECT_EQ(Count(page, "<figure class=\"photo negative\">"), 3);
  EXPECT_EQ(Count(page, "<figure class=\"photo candidate\">"), 3);
  EXPECT_EQ(Count(page, "<svg class=\"sketch\""), 3);
  EXPECT_EQ(Count(page, "<section id=\"curves\">"), 1);
  EXPECT_EQ(Count(page, "<section id=\"comparison\">"), 0);
  EXPECT_THAT(page, HasSubstr("1 queries have no positives and do not count"));
  EXPECT_THAT(page, Not(HasSubstr("nan")));
  EXPECT_LT(page.find("AP 12.50"), page.find("AP 16.67"));
  EXPECT_LT(page.find("AP 16.67"), page.find("AP 100.00"));
  EXPECT_THAT(page, HasSubstr("1.jpg: 25.00"));  // in the chart only
}

TEST(EvaluationReport, ShowsTwoRunsSideBySide) {
  const TemporaryFolder folder;
  EvaluationReport report = MakeReport(folder);
  report.other = report.run;
  report.other_name = "other <run>.json";
  // The second query lost most, the fourth gained a little, the others did not change.
  report.other->queries[1].figures[0] = 1;
  report.other->queries[1].positive_ranks = {0};
  report.other->queries[1].first = {{"3.jpg", ResultKind::kPositive, 0.5}};
  report.other->queries[3].figures[0] = 0.1;
  report.other->queries[3].positive_ranks = {4};
  EvaluationReportOptions options;
  options.worst = 1;
  options.best = 1;
  options.changed = 1;
  const EvaluationReportSummary summary = WriteEvaluationReport(report, options, folder / "page.html");
  EXPECT_EQ(summary.queries, 3);
  const std::string page = ReadFile(folder / "page.html");
  EXPECT_EQ(Count(page, "data-split=\"changed\""), 1);
  EXPECT_THAT(page, HasSubstr("class=\"change worse\">-75.00</span>"));
  EXPECT_THAT(page, HasSubstr("class=\"change better\">+2.50</span>"));
  EXPECT_THAT(page, HasSubstr("<td>38.54</td><td>56.67</td><td>-18.12</td>"));
  EXPECT_THAT(page, HasSubstr("1 of 4 queries better, 1 worse"));
  EXPECT_THAT(page, HasSubstr("other &lt;run&gt;.json"));
  EXPECT_THAT(page, Not(HasSubstr("other <run>")));
  EXPECT_THAT(page, HasSubstr("1.jpg: 25.00, other run 100.00"));
  EXPECT_EQ(Count(page, "<path class=\"other\""), 4);
  EXPECT_EQ(Count(page, "<figure class=\"photo chosen\">"), 6);  // of both runs
  EXPECT_EQ(Count(page, "<figure class=\"photo negative\">"), 5);
  EXPECT_THAT(page, HasSubstr("<option value=\"lost\">"));

  // With only a table of average precisions there are no lists and no curves, but there is a comparison.
  report.other->has_all_ranks = false;
  for (QueryResult& query : report.other->queries) {
    query.first.clear();
    query.positive_ranks.clear();
  }
  WriteEvaluationReport(report, options, folder / "table.html");
  const std::string table = ReadFile(folder / "table.html");
  EXPECT_EQ(Count(table, "<figure class=\"photo chosen\">"), 3);
  EXPECT_THAT(table, HasSubstr("<td>38.54</td><td>56.67</td><td>-18.12</td>"));
  EXPECT_THAT(table, HasSubstr("class=\"change worse\">-75.00</span>"));

  report.other->queries[1].query = "elsewhere.jpg";
  EXPECT_THAT(ErrorOf([&] { WriteEvaluationReport(report, options, folder / "page.html"); }),
              HasSubstr("has no query '1.jpg'"));
}

TEST(EvaluationReport, ShowsTheFiguresOfEveryProtocol) {
  const TemporaryFolder folder;
  EvaluationReport report = MakeReport(folder);
  report.run.benchmark = "b";
  std::vector<Judging> judgings = {{{RecallFigure(1), RecallFigure(7)}, 7, true}};
  for (const Protocol& protocol : Protocols()) judgings.push_back(protocol.judging);
  for (const Judging& judging : judgings) {
    report.run.figures = judging.figures;
    report.run.has_all_ranks = judging.first == 0;
    for (QueryResult& query : report.run.queries) {
      query.figures = JudgeQuery(judging, {query.positive_ranks, query.positives});
    }
    report.other = report.run;
    report.other_name = "other.json";
    WriteEvaluationReport(report, {}, folder / "page.html");
    const std::string page = ReadFile(folder / "page.html");
    int in_tables = 0;
    for (const Figure& figure : judging.figures) {
      EXPECT_EQ(Count(page, StrCat("<span>", figure.mean_label, "</span>")), figure.in_tables ? 1 : 0);
      in_tables += figure.in_tables ? 1 : 0;
    }
    EXPECT_EQ(Count(page, "<th scope=\"row\">"), in_tables);
    EXPECT_EQ(Count(page, "no positives and count as misses"), judging.has_misses ? 1 : 0);
    EXPECT_EQ(Count(page, "<article class=\"query\""), judging.has_misses ? 5 : 4);
    // Precision against recall needs all ranks.
    EXPECT_EQ(Count(page, "id=\"curves\""), judging.first == 0 ? 1 : 0);
    EXPECT_EQ(Count(page, "href=\"#curves\""), judging.first == 0 ? 1 : 0);
    EXPECT_EQ(Count(page, "<svg class=\"sketch\""), judging.first == 0 ? 4 : 0);
    EXPECT_THAT(page, HasSubstr(StrCat("<h2>", MainTitle(report), "</h2>")));
  }
}

TEST(EvaluationReport, ARunWithAnotherMainFigureIsRefused) {
  const TemporaryFolder folder;
  EvaluationReport report = MakeReport(folder);
  EXPECT_EQ(MainTitle(report), "Average precision");
  report.other = report.run;
  report.other_name = "other.json";
  std::swap(report.other->figures[0], report.other->figures[1]);
  EXPECT_THAT(ErrorOf([&] { WriteEvaluationReport(report, {}, folder / "page.html"); }),
              HasSubstr("other.json: its main figure is precision_at_1, this run's average_precision"));
}

TEST(EvaluationReport, OfNoQueriesIsStillAPage) {
  const TemporaryFolder folder;
  EXPECT_EQ(WriteEvaluationReport({}, {}, folder / "page.html").queries, 0);
  EXPECT_THAT(ReadFile(folder / "page.html"), HasSubstr("</html>"));
}

}  // namespace
}  // namespace vantage::report

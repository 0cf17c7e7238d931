// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/search.h"

#include "testing/files.h"

namespace vantage::search {
namespace {

std::vector<int64_t> Rows(const std::vector<Neighbor>& ranking) {
  std::vector<int64_t> rows;
  for (const Neighbor& neighbor : ranking) rows.push_back(neighbor.index);
  return rows;
}

TEST(RerankTop, PutsWhatFitsFirstAndLeavesTheRest) {
  const std::vector<std::vector<Neighbor>> rankings = {{{4, 0.9F}, {2, 0.8F}, {7, 0.7F}, {1, 0.6F}},
                                                       {{0, 0.5F}, {1, 0.4F}}};
  const CloserLook look = [](size_t query, int64_t row) -> int64_t {
    return query == 0 ? (row == 7 ? 30 : row == 1 ? 99 : 0) : 0;
  };
  const auto three = RerankTop(rankings, 3, look);
  EXPECT_THAT(Rows(three[0]), ::testing::ElementsAre(7, 4, 2, 1));
  EXPECT_EQ(three[0][0].score, 0.7F);
  EXPECT_THAT(Rows(three[1]), ::testing::ElementsAre(0, 1));
  EXPECT_THAT(Rows(RerankTop(rankings, 100, look)[0]), ::testing::ElementsAre(1, 7, 4, 2));
  EXPECT_THAT(Rows(RerankTop(rankings, 0, look)[0]), ::testing::ElementsAre(4, 2, 7, 1));
  RunContext context;
  context.is_cancelled = [] { return true; };
  EXPECT_THROW(RerankTop(rankings, 3, look, context), Interrupted);
}

}  // namespace
}  // namespace vantage::search

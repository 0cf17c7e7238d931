// SPDX-License-Identifier: BSD-3-Clause
#include <memory>

#include "search/stages/stages.h"
#include "vantage/matching.h"

namespace vantage {
namespace {

class LocalStage : public search::Stage {
 public:
  explicit LocalStage(const LocalStageOptions& options)
      : options_(options), matcher_(std::make_unique<PhotoMatcher>(options.features, options.match)) {}

  int64_t Wants(int64_t wanted, const OwnRows& own) const override {
    return std::max(wanted, search::WithOwn(options_.top, own));
  }
  bool NeedsPhotos() const override { return true; }

  void Apply(search::SearchState& state, int64_t input, int64_t /*wanted*/) const override {
    const SearchPhotos& photos = state.facts.photos;
    search::RerankOthers(state, input, [&](search::Rankings rankings) {
      return RerankTop(
          std::move(rankings), options_.top,
          [&](size_t query, int64_t row) {
            return matcher_->Inliers(photos.query(query), photos.database(row),
                                     photos.box ? photos.box(query) : std::nullopt);
          },
          state.context);
    });
  }

 private:
  LocalStageOptions options_;
  std::unique_ptr<PhotoMatcher> matcher_;  // safe to call from several threads
};

}  // namespace

void Declare(OptionsDescription& description, LocalStageOptions& options) {
  description.Add("top", options.top, "Results of each ranking that are compared, from the first").AtLeast(1);
  Declare(description, options.features);
  Declare(description, options.match);
}

void RegisterLocalStage() {
  search::RegisterStage(search::MakeStageRow<LocalStageOptions>(
      "Put results first whose local features fit the query's by one geometry",
      [](const LocalStageOptions& options) -> std::unique_ptr<search::Stage> {
        return std::make_unique<LocalStage>(options);
      }));
}

}  // namespace vantage

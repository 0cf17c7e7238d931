// SPDX-License-Identifier: BSD-3-Clause
#include "search/stages/stages.h"

namespace vantage {

// Each is defined in the file of its kind.
namespace search {
StageRow AlphaExpansion();
StageRow AverageExpansion();
StageRow DatabaseAugmentation();
StageRow Diffusion();
StageRow SuperGlobal();
}  // namespace search

namespace {

Catalogue<search::StageRow>& StageTable() {
  static Catalogue<search::StageRow> stages(
      "stage", {search::AlphaExpansion(), search::AverageExpansion(), search::DatabaseAugmentation(),
                search::Diffusion(), search::SuperGlobal()});
  return stages;
}

}  // namespace

const Kinds& StageFamily::Table() { return StageTable(); }

void search::RegisterStage(StageRow row) {
  if (StageTable().Find(row.kind.name) == nullptr) StageTable().Add(std::move(row));
}

std::unique_ptr<search::Stage> search::MakeStage(const StageChoice& options) {
  return StageTable().At(options.kind()).make(options);
}

}  // namespace vantage

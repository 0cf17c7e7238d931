// SPDX-License-Identifier: BSD-3-Clause
#include "train/optimizers/optimizers.h"

namespace vantage {

// Defined in the file of each kind.
namespace train {
OptimizerRow AdamOptimizer();
OptimizerRow AdamWOptimizer();
OptimizerRow SgdOptimizer();
}  // namespace train

namespace {

const Catalogue<train::OptimizerRow>& Optimizers() {
  static const Catalogue<train::OptimizerRow> optimizers(
      "optimiser", {train::AdamOptimizer(), train::AdamWOptimizer(), train::SgdOptimizer()});
  return optimizers;
}

}  // namespace

const Kinds& OptimizerFamily::Table() { return Optimizers(); }

train::OptimizerRule train::MakeOptimizerRule(const OptimizerChoice& options) {
  CheckOptions(options);
  return Optimizers().At(options.kind()).make(options);
}

}  // namespace vantage

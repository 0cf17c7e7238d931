// SPDX-License-Identifier: BSD-3-Clause
#include "nn/heads.h"

#include <array>

#include "nn/aggregations.h"
#include "util/string.h"
#include "vantage/error.h"

namespace vantage::nn {
namespace {

constexpr std::array<HeadRow, 4> kHeads = {
    {{"cirtorch", "features.", "pool", "whiten", nullptr},
     {"cosplace", "backbone.", "aggregation.1", "aggregation.3", nullptr},
     {"netvlad", "base_features.", "netvlad_pool", "learned_pca", MakeNetVlad},
     {"local-gem", "base_features.", "local_pool", "learned_pca", MakeLocalGem}}};

}  // namespace

std::span<const HeadRow> Heads() { return kHeads; }

const HeadRow& HeadOf(const DescriptorNetOptions& options) {
  for (const HeadRow& head : kHeads) {
    if (options.head == head.name) return head;
  }
  throw UsageError(StrCat("unknown head '", options.head, "'; known are ", Join(HeadNames(), ", ")));
}

}  // namespace vantage::nn

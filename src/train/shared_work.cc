// SPDX-License-Identifier: BSD-3-Clause
#include "train/shared_work.h"

#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <nlohmann/json.hpp>
#include <numeric>

#include "serialize/json.h"
#include "util/index.h"
#include "vantage/error.h"

namespace vantage::train {
namespace {

using nlohmann::json;

constexpr const char* kSkippedElsewhere = "another process could not use it";
// Numbers sent for each outcome: loss, photos, photos with gradient, whether it was skipped.
constexpr int64_t kFields = 4;

}  // namespace

TupleShare::TupleShare(const ProcessGroup& processes, size_t first, size_t tuple_count)
    : group(processes), count(tuple_count) {
  const auto size = ToIndex(group.size());
  for (size_t place = 0; place < count; ++place) {
    if ((first + place) % size == ToIndex(group.rank())) own.push_back(place);
  }
}

std::vector<TupleOutcome> ShareOutcomes(const TupleShare& share, const std::vector<TupleOutcome>& own) {
  if (share.group.size() == 1) return own;
  const at::Tensor shared = at::zeros({static_cast<int64_t>(share.count), kFields}, at::kDouble);
  auto* rows = shared.mutable_data_ptr<double>();
  for (size_t i = 0; i < own.size(); ++i) {
    double* row = rows + static_cast<int64_t>(share.own[i]) * kFields;
    row[0] = own[i].loss;
    row[1] = static_cast<double>(own[i].photos);
    row[2] = static_cast<double>(own[i].photos_with_gradient);
    row[3] = own[i].skipped.empty() ? 0 : 1;
  }
  share.group.AllReduceSum({shared});  // each row is zero in all processes but one
  std::vector<TupleOutcome> all(share.count);
  for (size_t i = 0; i < all.size(); ++i) {
    const double* row = rows + static_cast<int64_t>(i) * kFields;
    all[i].loss = row[0];
    all[i].photos = static_cast<int64_t>(row[1]);
    all[i].photos_with_gradient = static_cast<int64_t>(row[2]);
    if (row[3] != 0) all[i].skipped = kSkippedElsewhere;
  }
  return all;
}

std::vector<at::Tensor> SumOverProcesses(const ProcessGroup& group, std::span<const at::Tensor> like,
                                         std::vector<at::Tensor> tensors) {
  if (group.size() == 1) return tensors;
  tensors.resize(like.size());
  for (size_t i = 0; i < tensors.size(); ++i) {
    tensors[i] = tensors[i].defined() ? tensors[i].clone() : at::zeros_like(like[i]).detach();
  }
  group.AllReduceSum(tensors);
  return tensors;
}

ExtractedDescriptors DescribeShared(const ProcessGroup& group, const PhotoSource& photos,
                                    const mining::DescribePhotos& describe, const RunContext& context) {
  if (group.size() == 1) return describe(photos, context);
  const auto begin_of = [&](int rank) { return photos.size() * rank / group.size(); };
  const int64_t begin = begin_of(group.rank());
  std::vector<int64_t> places(ToIndex(begin_of(group.rank() + 1) - begin));
  std::iota(places.begin(), places.end(), begin);
  const ExtractedDescriptors own = describe(SelectedPhotos(photos, std::move(places)), context);
  ExtractedDescriptors all;
  all.values = group.AllGatherRows(own.values);
  json failed = json::array();
  for (const FailedRequest& request : own.failed) failed.push_back({begin + request.index, request.reason});
  for (const std::string& text :
       group.AllGather(failed.dump(-1, ' ', false, json::error_handler_t::replace))) {
    for (const json& request : json::parse(text)) all.failed.push_back({request[0], request[1]});
  }
  return all;
}

mining::MinedTuples TuplesOfFirst(const ProcessGroup& group, mining::MinedTuples mined) {
  if (group.size() == 1) return mined;
  // JSON round-trips finite doubles exactly; others become null, which reads as NaN.
  const auto ids = [](const std::vector<PhotoId>& photos) {
    std::vector<int64_t> numbers;
    for (const PhotoId photo : photos) numbers.push_back(static_cast<int64_t>(photo));
    return numbers;
  };
  json sent = {{"average", mined.average_negative_distance}, {"tuples", json::array()}};
  if (group.IsFirst()) {
    for (const mining::Tuple& tuple : mined.tuples) {
      sent["tuples"].push_back({static_cast<int64_t>(tuple.query), static_cast<int64_t>(tuple.positive),
                                ids(tuple.negatives), tuple.negative_distances, tuple.positive_distance});
    }
  }
  const std::string text = group.Broadcast(sent.dump());
  if (group.IsFirst()) return mined;
  const json received = json::parse(text);
  mined.average_negative_distance = serialize::NumberOrNaN(received["average"]);
  mined.tuples.clear();
  for (const json& entry : received["tuples"]) {
    mining::Tuple tuple;
    tuple.query = PhotoId{entry[0].get<int64_t>()};
    tuple.positive = PhotoId{entry[1].get<int64_t>()};
    for (const json& negative : entry[2]) tuple.negatives.push_back(PhotoId{negative.get<int64_t>()});
    for (const json& distance : entry[3])
      tuple.negative_distances.push_back(serialize::NumberOrNaN(distance));
    tuple.positive_distance = serialize::NumberOrNaN(entry[4]);
    mined.tuples.push_back(std::move(tuple));
  }
  return mined;
}

}  // namespace vantage::train

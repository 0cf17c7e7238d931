// SPDX-License-Identifier: BSD-3-Clause
#include "nn/head.h"
#include "nn/heads/map_head.h"
#include "util/string.h"
#include "vantage/error.h"

namespace vantage {

// Each is in the file of its kind.
namespace nn {
HeadRow CirtorchHeadRow();
HeadRow CosPlaceHeadRow();
HeadRow NetVladHeadRow();
HeadRow LocalGemHeadRow();
HeadRow SaladHeadRow();
HeadRow BoqHeadRow();
HeadRow ClassTokenHeadRow();
HeadRow VladHeadRow();
}  // namespace nn

namespace {

Catalogue<nn::HeadRow>& AllHeads() {
  static Catalogue<nn::HeadRow> heads(
      "head", {nn::CirtorchHeadRow(), nn::CosPlaceHeadRow(), nn::NetVladHeadRow(), nn::LocalGemHeadRow(),
               nn::SaladHeadRow(), nn::BoqHeadRow(), nn::ClassTokenHeadRow(), nn::VladHeadRow()});
  return heads;
}

}  // namespace

const Kinds& HeadFamily::Table() { return AllHeads(); }

void RegisterHead(Kind kind, std::function<MapHead(const HeadChoice& head, int64_t channels)> make) {
  if (!make) throw UsageError("a head needs a function that makes it");
  AllHeads().Add(nn::MapHeadRow(std::move(kind), std::move(make)));
}

namespace nn {

const Catalogue<HeadRow>& Heads() { return AllHeads(); }

const HeadRow& RowOf(const HeadChoice& head) {
  if (!head) throw UsageError("no head is chosen");
  return Heads().At(head.kind());
}

std::vector<std::string> UnrevealedOf(const HeadChoice& found, bool has_meta) {
  const HeadRow& row = RowOf(found);
  return row.unrevealed ? row.unrevealed(found, has_meta) : std::vector<std::string>();
}

FeatureRequest RequestOf(const HeadChoice& head, const TrunkRow& trunk) {
  const HeadRow& row = RowOf(head);
  return row.request ? row.request(head, trunk) : FeatureRequest{};
}

DescriptorNetOptions Simplified(DescriptorNetOptions options) {
  const TrunkRow* trunk = FindTrunk(options.architecture);
  const HeadRow& row = RowOf(options.head);
  if (trunk == nullptr) return options;
  options.architecture = trunk->name;
  if (row.simplify) row.simplify(options.head, trunk->channels);
  return options;
}

void DeclareOutputDimension(OptionsDescription& description, int& rows, std::string help) {
  description.Add("output_dimension", rows, std::move(help)).Range(0, kMaxOutputDimension);
}

void DeclarePower(OptionsDescription& description, double& power) {
  description
      .Add("power", power,
           "Exponent of the power normalisation of the pooled descriptor, before the last linear layer; 1: "
           "none")
      .Range(kLeastPower, 1);
}

int SizeIn(const TensorShapes& shapes, const std::string& name, size_t dimension) {
  const auto found = shapes.find(name);
  if (found == shapes.end() || found->second.size() <= dimension) return 0;
  const int64_t size = found->second[dimension];
  return size <= kMaxOutputDimension ? static_cast<int>(size) : 0;
}

int RowsOf(const TensorShapes& shapes, const std::string& linear) {
  const auto found = shapes.find(linear + ".weight");
  if (found == shapes.end() || found->second.size() != 2) return 0;
  const int64_t rows = found->second[0];
  return rows <= kMaxOutputDimension && rows != found->second[1] ? static_cast<int>(rows) : 0;
}

}  // namespace nn

}  // namespace vantage

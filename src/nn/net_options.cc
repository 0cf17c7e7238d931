// SPDX-License-Identifier: BSD-3-Clause
#include "nn/head.h"
#include "nn/locals.h"
#include "nn/pooling.h"
#include "nn/trunk.h"
#include "util/string.h"
#include "vantage/model.h"

namespace vantage {
namespace {

constexpr int kMostChannels = 65536;
constexpr int kMostClusters = 65536;

}  // namespace

std::vector<std::string> HeadNames() {
  std::vector<std::string> names;
  for (const nn::HeadRow& head : nn::Heads()) names.emplace_back(head.name);
  return names;
}

void DeclareLocals(OptionsDescription& description, DescriptorNetOptions& options) {
  description.Nest("locals", options.locals, "Local features, of the heads netvlad and local-gem");
  description.Nest("netvlad", options.netvlad, "Of the head netvlad");
}

void Declare(OptionsDescription& description, DescriptorNetOptions& options) {
  description.Add("architecture", options.architecture, "Trunk")
      .OneOf(nn::TrunkArchitectures());
  description.Add("pooling", options.pooling, "How the last feature map becomes one vector")
      .OneOf(nn::PoolingNames());
  description.Add("fc_whitening", options.fc_whitening, "A learned linear layer after pooling");
  description.Add("local_whitening", options.local_whitening,
                  "A learned linear layer at every location before pooling");
  description.Add("regional", options.regional, "Pool and whiten R-MAC's regions, and add them up");
  description
      .Add("head", options.head,
           "What follows the trunk: cirtorch's layers, CosPlace's and EigenPlaces' (l2n, gem, linear, l2n), "
           "or "
           "local features and NetVLAD or a generalised mean")
      .OneOf(HeadNames());
  description
      .Add("output_dimension", options.output_dimension,
           "Rows of the last linear layer; 0: as many as the trunk has channels")
      .Range(0, nn::kMaxOutputDimension);
  description
      .Add("power", options.power,
           "Exponent of the pooled descriptor's power normalisation, before whitening; 1: none")
      .Range(nn::kLeastPower, 1);
}

std::string NameOf(const DescriptorNetOptions& options) {
  const nn::HeadRow* head = nn::FindHead(options.head);
  const bool has_pooling = !options.pooling.empty() && (head == nullptr || head->has_pooling);
  return StrCat(options.architecture, has_pooling ? "-" + options.pooling : "",
                options.local_whitening ? ", with local whitening" : "", options.regional ? ", regional" : "",
                options.fc_whitening ? ", with FC whitening" : "",
                options.head == "cirtorch" ? "" : ", with the head of " + options.head,
                options.output_dimension == 0 ? "" : StrCat(", of dimension ", options.output_dimension),
                options.power == 1 ? "" : ", with power " + FormatShortest(options.power));
}

void Declare(OptionsDescription& description, LocalOptions& options) {
  description
      .Add("projection", options.projection,
           "Channels of a 1x1 convolution before everything else, which begins as a PCA; 0: none")
      .Range(0, kMostChannels);
  description
      .Add("windows", options.windows,
           "Sides of the windows that the map is max-pooled with at stride 1; empty: the map itself")
      .Range(1, static_cast<double>(nn::kLargestWindow));
  description
      .Add("dimension", options.dimension,
           "Of a local: the channels of a location are cut into pieces of so many; 0: one piece")
      .Range(0, kMostChannels);
  description.Add("last_relu", options.last_relu, "VGG: take the map after the last ReLU, not before it");
}

void Declare(OptionsDescription& description, NetVladOptions& options) {
  description.Add("clusters", options.clusters, "Clusters of locals").Range(1, kMostClusters);
  description
      .Add("ghost_clusters", options.ghost_clusters,
           "More clusters that take part in the assignment, and are left out of the descriptor")
      .Range(0, kMostClusters);
  description.Add("alpha", options.alpha, "How hard locals are assigned to clusters at first").Above(0);
  description
      .Add("intra_norm", options.intra_norm,
           "What gets unit length before the whole does: each cluster, each dimension across clusters, or "
           "none")
      .OneOf({"cluster", "across", "none"});
  description
      .Add("order", options.order, "Of the descriptor: dk by dimension, then cluster; kd the other way round")
      .OneOf({"dk", "kd"});
}

NetWish::NetWish(const DescriptorNetOptions& options)
    : fc_whitening(options.fc_whitening),
      local_whitening(options.local_whitening),
      regional(options.regional),
      locals(options.locals),
      netvlad(options.netvlad) {
  if (!options.architecture.empty()) architecture = options.architecture;
  if (!options.pooling.empty()) pooling = options.pooling;
  if (!options.head.empty()) head = options.head;
  if (options.output_dimension > 0) output_dimension = options.output_dimension;
  if (options.power != 1) power = options.power;
}

DescriptorNetOptions NetWish::Options() const {
  const DescriptorNetOptions defaults;
  return {.architecture = architecture.value_or(""),
          .pooling = pooling.value_or(""),
          .fc_whitening = fc_whitening,
          .local_whitening = local_whitening,
          .regional = regional,
          .head = head.value_or(defaults.head),
          .output_dimension = output_dimension.value_or(defaults.output_dimension),
          .power = power.value_or(defaults.power),
          .locals = locals.value_or(defaults.locals),
          .netvlad = netvlad.value_or(defaults.netvlad)};
}

}  // namespace vantage

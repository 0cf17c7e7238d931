// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>

#include "nn/head.h"
#include "nn/heads/last_linear.h"
#include "nn/heads/random_weights.h"
#include "nn/linear_layer.h"
#include "nn/locals.h"
#include "nn/new_tensors.h"
#include "nn/trunks/transformer_block.h"
#include "util/check.h"

// BoQ (Ali-bey, Chaib-draa, Giguere, CVPR 2024), section 3. Names are those of the published files.
namespace vantage {
namespace {

constexpr int64_t kBoqHeadChannels = 64;

}  // namespace

void Declare(OptionsDescription& description, BoqHeadOptions& options) {
  constexpr int kMost = 16384;
  description
      .Add("projection", options.projection,
           "Channels of the 3x3 convolution of the map and of all attention: a multiple of 64")
      .Range(kBoqHeadChannels, kMost);
  description.Add("queries", options.queries, "Learned queries of a block").Range(1, kMost);
  description.Add("blocks", options.blocks, "Blocks, each an encoder layer and its queries").Range(1, 100);
  description.Add("rows", options.rows, "Vectors that the results of all queries are combined into")
      .Range(1, kMost);
  nn::DeclareOutputDimension(description, options.output_dimension);
}

namespace nn {
namespace {

constexpr double kBoqNormEpsilon = 1e-5;
constexpr const char* kLinearOfBoq = "aggregator.linear";

// torch.nn.MultiheadAttention with heads of 64 channels.
struct MultiheadAttention {
  explicit MultiheadAttention(int64_t channels)
      : in(LinearLayer::Zeros(3 * channels, channels)), out(LinearLayer::Zeros(channels, channels)) {}

  at::Tensor operator()(const at::Tensor& queries_BQC, const at::Tensor& keys_BNC) const {
    const int64_t channels = out.weight.size(0);
    const auto part = [&](const at::Tensor& x, int64_t number) {
      return at::linear(x, in.weight.narrow(0, number * channels, channels),
                        in.bias.narrow(0, number * channels, channels))
          .unflatten(2, at::IntArrayRef({channels / kBoqHeadChannels, kBoqHeadChannels}))
          .transpose(1, 2);
    };
    const at::Tensor values_BHQC =
        at::scaled_dot_product_attention(part(queries_BQC, 0), part(keys_BNC, 1), part(keys_BNC, 2));
    return out(values_BHQC.transpose(1, 2).flatten(2));
  }
  void Replace(const std::string& name, const TensorReplacer& replacer) {
    replacer(name + ".in_proj_weight", in.weight, TensorRole::kParameter);
    replacer(name + ".in_proj_bias", in.bias, TensorRole::kParameter);
    out.Replace(name + ".out_proj", replacer);
  }

  LinearLayer in;  // of queries, keys and values
  LinearLayer out;
};

// torch.nn.TransformerEncoderLayer with norms after each sum; then the queries attend to each other and to
// its output. Without dropout.
struct QueryBlock {
  QueryBlock(std::string block_name, const BoqHeadOptions& options)
      : name(std::move(block_name)),
        queries(at::zeros({1, options.queries, options.projection}, NewTensor())),
        encoder_attention(options.projection),
        linear1(LinearLayer::Zeros(4 * int64_t{options.projection}, options.projection)),
        linear2(LinearLayer::Zeros(options.projection, 4 * int64_t{options.projection})),
        norm1(name + ".encoder.norm1", options.projection, kBoqNormEpsilon),
        norm2(name + ".encoder.norm2", options.projection, kBoqNormEpsilon),
        self_attention(options.projection),
        norm_queries(name + ".norm_q", options.projection, kBoqNormEpsilon),
        cross_attention(options.projection),
        norm_out(name + ".norm_out", options.projection, kBoqNormEpsilon) {}

  at::Tensor Encode(const at::Tensor& x_BNC, const PassContext& pass) const {
    const at::Tensor x = norm1.Forward(x_BNC + encoder_attention(x_BNC, x_BNC), pass);
    return norm2.Forward(x + linear2(linear1(x).relu()), pass);
  }
  // x: the encoder layer's output.
  at::Tensor Answers(const at::Tensor& x_BNC, const PassContext& pass) const {
    const at::Tensor asked_1QC = norm_queries.Forward(queries + self_attention(queries, queries), pass);
    return norm_out.Forward(cross_attention(asked_1QC.expand({x_BNC.size(0), -1, -1}), x_BNC), pass);
  }
  void Replace(const TensorReplacer& replacer) {
    replacer(name + ".queries", queries, TensorRole::kParameter);
    encoder_attention.Replace(name + ".encoder.self_attn", replacer);
    linear1.Replace(name + ".encoder.linear1", replacer);
    linear2.Replace(name + ".encoder.linear2", replacer);
    norm1.Replace(replacer);
    norm2.Replace(replacer);
    self_attention.Replace(name + ".self_attn", replacer);
    norm_queries.Replace(replacer);
    cross_attention.Replace(name + ".cross_attn", replacer);
    norm_out.Replace(replacer);
  }

  std::string name;
  at::Tensor queries;  // 1 x Q x C
  MultiheadAttention encoder_attention;
  LinearLayer linear1;
  LinearLayer linear2;
  LayerNorm norm1;
  LayerNorm norm2;
  MultiheadAttention self_attention;
  LayerNorm norm_queries;
  MultiheadAttention cross_attention;
  LayerNorm norm_out;
};

class BoqHead : public Head {
 public:
  BoqHead(const BoqHeadOptions& options, int64_t channels)
      : projection_{NewZeros({options.projection, channels, 3, 3}), NewZeros({options.projection})},
        norm_("aggregator.norm_input", options.projection, kBoqNormEpsilon),
        combination_(LinearLayer::Zeros(options.rows, int64_t{options.blocks} * options.queries)),
        linear_(kLinearOfBoq, options.output_dimension, Flattened()) {
    for (int i = 0; i < options.blocks; ++i)
      blocks_.emplace_back("aggregator.boqs." + std::to_string(i), options);
  }

  int64_t dimension() const override { return linear_.dimension(); }

  at::Tensor Forward(const Features& features, const PassContext& pass) const override {
    VANTAGE_CHECK(IsInitialized(),
                  "the head 'boq' without weights: they come from a file that holds them, or ",
                  "from 'vantage train'");
    at::Tensor x_BNC = norm_.Forward(at::conv2d(features.map_BCHW, projection_.weight, projection_.bias,
                                                /*stride=*/1, /*padding=*/1)
                                         .flatten(2)
                                         .transpose(1, 2),
                                     pass);
    std::vector<at::Tensor> answers_BQC;
    for (const QueryBlock& block : blocks_) {
      x_BNC = block.Encode(x_BNC, pass);
      answers_BQC.push_back(block.Answers(x_BNC, pass));
    }
    const at::Tensor rows_BCR = combination_(at::cat(answers_BQC, 1).transpose(1, 2));
    return linear_(NormalizeAlong(rows_BCR.flatten(1), 1));
  }

  bool IsInitialized() const override { return combination_.weight.any().item<bool>(); }
  InitializedHead Initialize(TrainingFeatures& /*features*/, const HeadInitialization& options,
                             const RunContext& /*context*/) override {
    Replace([&](const std::string& name, at::Tensor& tensor, TensorRole) {
      if (name.find("norm") != name.npos || name.starts_with(kLinearOfBoq)) return;
      if (name.ends_with("queries")) {
        tensor = NormalWeights(name, tensor, options.seed);
      } else {
        tensor = tensor.dim() == 1 ? at::zeros_like(tensor) : UniformWeights(name, tensor, options.seed);
      }
    });
    return {};
  }

  void Replace(const TensorReplacer& replacer) override {
    projection_.Replace("aggregator.proj_c", replacer);
    norm_.Replace(replacer);
    for (QueryBlock& block : blocks_) block.Replace(replacer);
    combination_.Replace("aggregator.fc", replacer);
    linear_.Replace(replacer);
  }

 private:
  int64_t Flattened() const { return projection_.weight.size(0) * combination_.weight.size(0); }

  LinearLayer projection_;  // a 3x3 convolution
  LayerNorm norm_;
  std::vector<QueryBlock> blocks_;
  LinearLayer combination_;
  LastLinear linear_;
};

std::unique_ptr<Head> MakeBoqHead(const BoqHeadOptions& options, int64_t channels) {
  if (options.projection % kBoqHeadChannels != 0)
    throw UsageError(StrCat("projection ", options.projection, " is not a multiple of ", kBoqHeadChannels));
  return std::make_unique<BoqHead>(options, channels);
}

std::optional<BoqHeadOptions> RecogniseBoq(const TensorShapes& shapes) {
  if (!shapes.contains("aggregator.boqs.0.queries")) return std::nullopt;
  const auto blocks = std::count_if(shapes.begin(), shapes.end(), [](const auto& item) {
    return item.first.starts_with("aggregator.boqs.") && item.first.ends_with(".queries");
  });
  return BoqHeadOptions{.projection = SizeIn(shapes, "aggregator.proj_c.weight", 0),
                        .queries = SizeIn(shapes, "aggregator.boqs.0.queries", 1),
                        .blocks = static_cast<int>(blocks),
                        .rows = SizeIn(shapes, "aggregator.fc.weight", 0),
                        .output_dimension = SizeIn(shapes, "aggregator.linear.weight", 0)};
}

}  // namespace

HeadRow BoqHeadRow() {
  return MakeHeadRow<BoqHeadOptions>(
      "BoQ's layers: learned queries that attend to the map, block by block",
      {.weights_kind = "BoQ weights",
       .trunk_prefix = "backbone.",
       .linear = kLinearOfBoq,
       .made_by_training = {"aggregator."},
       .request = [](const BoqHeadOptions&,
                     const TrunkRow&) { return FeatureRequest{.map_after_norm = false}; },
       .make = MakeBoqHead,
       .recognise = RecogniseBoq,
       .unrevealed = [](const BoqHeadOptions& found,
                        bool) { return LastLinear::Unrevealed(found.output_dimension); },
       .add_linear = [](BoqHeadOptions& options,
                        int rows) { return LastLinear::Add(options.output_dimension, rows); }});
}

}  // namespace nn

}  // namespace vantage

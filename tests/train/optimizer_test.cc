// SPDX-License-Identifier: BSD-3-Clause
#include "train/optimizer.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <map>

#include "testing/files.h"
#include "testing/photos.h"
#include "testing/tensors.h"
#include "train/parameter_groups.h"
#include "util/file.h"
#include "util/subprocess.h"

namespace vantage::train {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::MakeFormulaModel;
using vantage::testing::RelativeError;
using vantage::testing::TemporaryFolder;

// The gradients of a step: arbitrary numbers that differ by parameter, element and step.
std::vector<at::Tensor> GradientsAt(const Optimizer& optimizer, int step) {
  std::vector<at::Tensor> gradients;
  const std::vector<at::Tensor> parameters = optimizer.Parameters();
  for (size_t i = 0; i < parameters.size(); ++i) {
    const auto phase = static_cast<double>(3 * i) + step;
    gradients.push_back((at::arange(parameters[i].numel(), at::kDouble) + phase)
                            .sin()
                            .to(at::kFloat)
                            .reshape(parameters[i].sizes()));
  }
  return gradients;
}

void TakeSteps(Optimizer& optimizer, int first, int last, double rate) {
  for (int step = first; step <= last; ++step) {
    optimizer.AddGradients(GradientsAt(optimizer, step));
    optimizer.Step(rate);
  }
}

std::vector<nn::TorchValue> Values(const Optimizer& optimizer) {
  std::vector<nn::TorchValue> values;
  for (const at::Tensor& tensor : optimizer.Parameters()) values.push_back({tensor.detach().clone()});
  return values;
}

const at::Tensor& TensorOf(const nn::TorchValue& value) { return std::get<at::Tensor>(value.data); }

OptimizerOptions OptionsOf(const std::string& name) {
  OptimizerOptions options;
  options.algorithm = OptimizerChoice(name);
  options.weight_decay = 0.01;
  return options;
}

struct OptimizerCase {
  const char* name;
  OptimizerOptions options;
};
void PrintTo(const OptimizerCase& value, std::ostream* out) { *out << value.name; }

std::vector<OptimizerCase> Cases() {
  OptimizerOptions nesterov = OptionsOf("sgd");
  nesterov.algorithm.As<SgdOptions>().nesterov = true;
  OptimizerOptions plain = OptionsOf("sgd");
  plain.algorithm.As<SgdOptions>().momentum = 0;
  OptimizerOptions clipped = OptionsOf("adam");
  clipped.clip_gradient_norm = 0.5;
  OptimizerOptions grouped = OptionsOf("adamw");
  grouped.groups = {"features.0. rate=0.1 decay=0.5", "pool.p rate=3"};
  OptimizerOptions by_depth = OptionsOf("adamw");
  by_depth.decay_vectors = "no";
  by_depth.layer_decay = 0.8;
  by_depth.groups = {"features.3. rate=0.5"};
  return {{"adam", OptionsOf("adam")}, {"adamw", OptionsOf("adamw")}, {"sgd", OptionsOf("sgd")},
          {"nesterov", nesterov},      {"plain_sgd", plain},          {"clipped", clipped},
          {"grouped", grouped},        {"by_depth", by_depth}};
}

class EveryOptimizer : public ::testing::TestWithParam<OptimizerCase> {};
INSTANTIATE_TEST_SUITE_P(All, EveryOptimizer, ::testing::ValuesIn(Cases()),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

constexpr double kRate = 1e-3;

// Three steps here and in PyTorch; then each continues with the other's state.
TEST_P(EveryOptimizer, AgreesWithPyTorchBothWays) {
  const char* python = std::getenv("VANTAGE_PYTHON");  // NOLINT(concurrency-mt-unsafe)
  if (python == nullptr) GTEST_SKIP() << "needs VANTAGE_PYTHON naming a Python with torch";
  const OptimizerOptions& options = GetParam().options;
  const TemporaryFolder folder;
  nn::ModelParts model = MakeFormulaModel();
  Optimizer optimizer(model.net, options);
  nn::TorchDict file;
  file.Set("before", {Values(optimizer)});
  TakeSteps(optimizer, 1, 3, kRate);
  file.Set("after", {Values(optimizer)});
  file.Set("optimizer", optimizer.StateDict(kRate));
  nn::WriteTorchFile({file}, folder / "ours.pth");
  TakeSteps(optimizer, 4, 5, kRate);
  const std::vector<nn::TorchValue> end = Values(optimizer);
  nn::TorchDict end_file;
  end_file.Set("end", {end});
  nn::WriteTorchFile({end_file}, folder / "end.pth");
  WriteFile(folder / "steps.py", R"(
import sys, torch
name, clip, folder = sys.argv[1], float(sys.argv[2]), sys.argv[3]
file = torch.load(folder + '/ours.pth', weights_only=True)
parameters = [torch.nn.Parameter(t.clone()) for t in file['before']]
groups = []
for group in file['optimizer']['param_groups']:
    groups.append({k: v for k, v in group.items() if k != 'decoupled_weight_decay'})
    groups[-1]['params'] = [parameters[i] for i in group['params']]
make = {'adam': torch.optim.Adam, 'adamw': torch.optim.AdamW, 'sgd': torch.optim.SGD}[name]
def steps(optimizer, first, last):
    for step in range(first, last + 1):
        for i, p in enumerate(parameters):
            p.grad = (torch.arange(p.numel(), dtype=torch.float64) + 3 * i + step).sin().float().reshape(p.shape)
        if clip > 0: torch.nn.utils.clip_grad_norm_(parameters, clip)
        optimizer.step()
def check(expected):
    for p, e in zip(parameters, expected):
        assert (p - e).abs().max() <= 2e-6 * e.abs().max(), (p, e)
theirs = make(groups, lr=1)
steps(theirs, 1, 3)
check(file['after'])
torch.save({'optimizer': theirs.state_dict(), 'after': [p.detach() for p in parameters]}, folder + '/theirs.pth')
for p, value in zip(parameters, file['after']): p.data.copy_(value)
fresh = make(groups, lr=1)
fresh.load_state_dict(file['optimizer'])
steps(fresh, 4, 5)
check(torch.load(folder + '/end.pth', weights_only=True)['end'])
)");
  const auto [code, output] =
      CaptureCommand({python, (folder / "steps.py").string(), options.algorithm.kind(),
                      std::to_string(options.clip_gradient_norm), folder.path().string()});
  ASSERT_EQ(code, 0) << output;

  nn::ModelParts other = MakeFormulaModel();
  Optimizer theirs(other.net, options);
  const serialize::TorchFile read(folder / "theirs.pth");
  theirs.LoadStateDict(read, serialize::Member(read.root(), "optimizer", "file"));
  const serialize::PickleValue& after = serialize::Member(read.root(), "after", "file");
  const std::vector<at::Tensor> parameters = theirs.Parameters();
  for (size_t i = 0; i < parameters.size(); ++i) {
    const at::NoGradGuard no_grad;
    at::Tensor parameter = parameters[i];
    parameter.copy_(nn::ReadTensor(read, *after.items[i], "after"));
  }
  TakeSteps(theirs, 4, 5, kRate);
  for (size_t i = 0; i < parameters.size(); ++i) {
    EXPECT_LT(RelativeError(parameters[i].detach(), TensorOf(end[i])), 2e-6) << theirs.ParameterNames()[i];
  }
}

TEST_P(EveryOptimizer, GoesOnFromItsSavedState) {
  const TemporaryFolder folder;
  nn::ModelParts a = MakeFormulaModel();
  Optimizer optimizer_a(a.net, GetParam().options);
  TakeSteps(optimizer_a, 1, 2, kRate);
  nn::TorchDict file;
  file.Set("optimizer", optimizer_a.StateDict(kRate));
  nn::WriteTorchFile({file}, folder / "state.pth");

  nn::ModelParts b = a;
  b.net = a.net.Clone();
  Optimizer optimizer_b(b.net, GetParam().options);
  const serialize::TorchFile read(folder / "state.pth");
  optimizer_b.LoadStateDict(read, serialize::Member(read.root(), "optimizer", "file"));
  TakeSteps(optimizer_a, 3, 4, kRate);
  TakeSteps(optimizer_b, 3, 4, kRate);
  const std::vector<at::Tensor> expected = optimizer_a.Parameters();
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_TRUE(optimizer_b.Parameters()[i].equal(expected[i])) << optimizer_a.ParameterNames()[i];
  }
}

TEST_P(EveryOptimizer, AnUndefinedGradientIsZero) {
  nn::ModelParts a = MakeFormulaModel();
  nn::ModelParts b = MakeFormulaModel();
  Optimizer with_zeros(a.net, GetParam().options);
  Optimizer with_none(b.net, GetParam().options);
  for (Optimizer* optimizer : {&with_zeros, &with_none}) TakeSteps(*optimizer, 1, 1, kRate);
  std::vector<at::Tensor> zeros;
  for (const at::Tensor& parameter : with_zeros.Parameters()) zeros.push_back(at::zeros_like(parameter));
  with_zeros.AddGradients(zeros);
  with_none.AddGradients(std::vector<at::Tensor>(zeros.size()));
  EXPECT_EQ(with_zeros.Step(kRate), 0);
  EXPECT_EQ(with_none.Step(kRate), 0);
  for (size_t i = 0; i < zeros.size(); ++i) {
    EXPECT_TRUE(with_zeros.Parameters()[i].equal(with_none.Parameters()[i]));
  }
}

TEST(Optimizer, AdamFollowsItsEquations) {
  nn::ModelParts model = MakeFormulaModel();
  const OptimizerOptions options = OptionsOf("adam");
  const AdamOptions& adam_options = options.algorithm.As<AdamOptions>();
  Optimizer adam(model.net, options);
  const std::vector<at::Tensor> parameters = adam.Parameters();
  const std::vector<std::string> names = adam.ParameterNames();
  std::vector<double> expected;  // of each parameter's first element
  for (const at::Tensor& parameter : parameters) expected.push_back(parameter.flatten()[0].item<double>());
  std::vector<double> mean(expected.size(), 0);
  std::vector<double> square(expected.size(), 0);
  for (int step = 1; step <= 5; ++step) {
    TakeSteps(adam, step, step, kRate);
    for (size_t i = 0; i < expected.size(); ++i) {
      const bool exponent = names[i] == "pool.p";
      const double gradient =
          std::sin(static_cast<double>(3 * i) + step) + (exponent ? 0 : options.weight_decay * expected[i]);
      mean[i] = adam_options.beta1 * mean[i] + (1 - adam_options.beta1) * gradient;
      square[i] = adam_options.beta2 * square[i] + (1 - adam_options.beta2) * gradient * gradient;
      const double mean_hat = mean[i] / (1 - std::pow(adam_options.beta1, step));
      const double square_hat = square[i] / (1 - std::pow(adam_options.beta2, step));
      expected[i] -= (exponent ? 10 : 1) * kRate * mean_hat / (std::sqrt(square_hat) + adam_options.epsilon);
    }
  }
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(parameters[i].flatten()[0].item<double>(), expected[i], 2e-6) << names[i];
  }
}

// Adam's bits are those of ATen's kernel on each parameter separately.
TEST(Optimizer, AdamIsTheFusedKernel) {
  nn::ModelParts model = MakeFormulaModel();
  nn::ModelParts plain = MakeFormulaModel();
  const OptimizerOptions options = OptionsOf("adam");
  const AdamOptions& adam_options = options.algorithm.As<AdamOptions>();
  Optimizer adam(model.net, options);
  Optimizer names(plain.net, options);
  const std::vector<at::Tensor> parameters = names.Parameters();
  std::vector<std::vector<at::Tensor>> state;  // mean, square, step
  for (const at::Tensor& parameter : parameters) {
    state.push_back({at::zeros_like(parameter).detach(), at::zeros_like(parameter).detach(), at::zeros({})});
  }
  for (int step = 1; step <= 3; ++step) {
    TakeSteps(adam, step, step, kRate);
    const std::vector<at::Tensor> gradients = GradientsAt(names, step);
    const at::NoGradGuard no_grad;
    for (size_t i = 0; i < parameters.size(); ++i) {
      const bool exponent = names.ParameterNames()[i] == "pool.p";
      at::_fused_adam_({parameters[i]}, {gradients[i]}, {state[i][0]}, {state[i][1]}, {},
                       {state[i][2].add_(1)}, exponent ? 10 * kRate : kRate, adam_options.beta1,
                       adam_options.beta2, exponent ? 0 : options.weight_decay, adam_options.epsilon, false,
                       false);
    }
  }
  for (size_t i = 0; i < parameters.size(); ++i) {
    EXPECT_TRUE(adam.Parameters()[i].equal(parameters[i])) << adam.ParameterNames()[i];
  }
}

// The distance by which a step of plain SGD with gradients of 1 moves each parameter.
std::map<std::string, double> StepSizes(OptimizerOptions options,
                                        const std::vector<std::string>& freeze = {}) {
  options.algorithm = SgdOptions{.momentum = 0};
  options.weight_decay = 0;
  nn::ModelParts model = MakeFormulaModel();
  Optimizer optimizer(model.net, options, freeze);
  std::vector<at::Tensor> before;
  std::vector<at::Tensor> gradients;
  for (const at::Tensor& parameter : optimizer.Parameters()) {
    before.push_back(parameter.detach().clone());
    gradients.push_back(at::ones_like(parameter));
  }
  optimizer.AddGradients(gradients);
  optimizer.Step(1);
  std::map<std::string, double> sizes;
  for (size_t i = 0; i < before.size(); ++i) {
    sizes[optimizer.ParameterNames()[i]] =
        (before[i] - optimizer.Parameters()[i]).abs().mean().item<double>();
  }
  return sizes;
}

TEST(Optimizer, TheFirstGroupThatFitsGivesTheRate) {
  OptimizerOptions options;
  options.groups = {"features.0.weight rate=0.25", "features.0. rate=0.5", "features.3 rate=0"};
  const auto sizes = StepSizes(options);
  EXPECT_NEAR(sizes.at("features.0.weight"), 0.25, 1e-6);
  EXPECT_NEAR(sizes.at("features.0.bias"), 0.5, 1e-6);
  EXPECT_EQ(sizes.at("features.3.squeeze.weight"), 0);
  EXPECT_NEAR(sizes.at("features.4.squeeze.weight"), 1, 1e-6);
  EXPECT_NEAR(sizes.at("pool.p"), 10, 1e-5);
}

// As in cirtorch's train.py: x10 for one exponent, x100 for one exponent a channel.
TEST(Optimizer, ExponentsOfChannelsHaveARateOfTheirOwn) {
  const auto factor = [](const std::string& pooling, const OptimizerOptions& options) {
    nn::DescriptorNet net({"squeezenet1_1", CirtorchHeadOptions{.pooling = pooling}});
    for (const ParameterGroup& group : GroupParameters(net, options, {})) {
      if (group.names[0] == "pool.p") return group.rate_factor;
    }
    return -1.0;
  };
  EXPECT_EQ(factor("gem", {}), 10);
  EXPECT_EQ(factor("gemmp", {}), 100);
  OptimizerOptions options;
  options.exponent_rate_factor = 2;
  options.channel_exponent_rate_factor = 3;
  EXPECT_EQ(factor("gem", options), 2);
  EXPECT_EQ(factor("gemmp", options), 3);
}

// The groups' value of each parameter, by name.
std::map<std::string, double> ByName(const std::string& architecture, const OptimizerOptions& options,
                                     double ParameterGroup::*value) {
  nn::DescriptorNet net({architecture});
  std::map<std::string, double> by_name;
  for (const ParameterGroup& group : GroupParameters(net, options, {})) {
    for (const std::string& name : group.names) by_name[name] = group.*value;
  }
  return by_name;
}

TEST(Optimizer, VectorsAndTokensOfATransformerDoNotDecay) {
  OptimizerOptions options;
  options.weight_decay = 0.25;
  const auto undecayed = [&](const std::string& architecture) {
    std::string names;
    for (const auto& [name, decay] : ByName(architecture, options, &ParameterGroup::weight_decay))
      if (decay == 0) names += name + " ";
    return names;
  };
  const std::string kVectors =
      "features.blocks.0.attn.proj.bias features.blocks.0.attn.qkv.bias features.blocks.0.ls1.gamma "
      "features.blocks.0.ls2.gamma features.blocks.0.mlp.fc1.bias features.blocks.0.mlp.fc2.bias "
      "features.blocks.0.norm1.bias features.blocks.0.norm1.weight features.blocks.0.norm2.bias "
      "features.blocks.0.norm2.weight features.cls_token features.norm.bias features.norm.weight "
      "features.patch_embed.proj.bias features.pos_embed features.register_tokens pool.p ";
  EXPECT_EQ(undecayed("dinov2_vits14_reg:blocks=1"), kVectors);
  EXPECT_EQ(undecayed("resnet18"), "pool.p ");
  options.groups = {"features.blocks.0.attn. rate=0.5", "features.blocks.0.norm1. decay=0.125"};
  std::string without_norm = kVectors;
  for (const char* name : {"features.blocks.0.norm1.bias ", "features.blocks.0.norm1.weight "})
    without_norm.erase(without_norm.find(name), std::string(name).size());
  EXPECT_EQ(undecayed("dinov2_vits14_reg:blocks=1"), without_norm) << "a rule may say otherwise";
  options.groups.clear();
  options.decay_vectors = "yes";
  EXPECT_EQ(undecayed("dinov2_vits14_reg:blocks=1"), "pool.p ");
  options.decay_vectors = "no";
  EXPECT_EQ(undecayed("squeezenet1_1").find("weight"), std::string::npos);
  EXPECT_THAT(undecayed("resnet18"), HasSubstr("features.1.bias features.1.weight "));
}

TEST(Optimizer, TheRateFallsFromTheHeadToTheStem) {
  OptimizerOptions options;
  options.layer_decay = 0.5;
  options.groups = {"features.blocks.0.mlp. rate=3"};
  const auto rates = ByName("dinov2_vits14:blocks=2", options, &ParameterGroup::rate_factor);
  EXPECT_EQ(rates.at("pool.p"), 10);
  EXPECT_EQ(rates.at("features.norm.weight"), 1);
  EXPECT_EQ(rates.at("features.blocks.1.attn.qkv.weight"), 0.5);
  EXPECT_EQ(rates.at("features.blocks.0.attn.qkv.bias"), 0.25);
  EXPECT_EQ(rates.at("features.blocks.0.mlp.fc1.weight"), 0.75);
  EXPECT_EQ(rates.at("features.patch_embed.proj.weight"), 0.125);
  EXPECT_EQ(rates.at("features.cls_token"), 0.125);
  options.groups.clear();
  EXPECT_EQ(ByName("resnet18", options, &ParameterGroup::rate_factor).at("features.0.weight"),
            std::pow(0.5, 1 + nn::MakeTrunk("resnet18")->stages()));
}

TEST(Optimizer, GradientsOfALargeNormAreScaledDown) {
  const double parameters = 722497;  // of SqueezeNet 1.1 with GeM
  OptimizerOptions options;
  options.exponent_rate_factor = 1;
  options.clip_gradient_norm = std::sqrt(parameters) / 4;
  EXPECT_NEAR(StepSizes(options).at("pool.p"), 0.25, 1e-6);
  options.clip_gradient_norm = std::sqrt(parameters) * 4;
  EXPECT_NEAR(StepSizes(options).at("pool.p"), 1, 1e-6);
}

TEST(Optimizer, ReturnsTheNormBeforeClipping) {
  nn::ModelParts model = MakeFormulaModel();
  OptimizerOptions options;
  options.clip_gradient_norm = 0.1;
  Optimizer optimizer(model.net, options);
  const std::vector<at::Tensor> gradients = GradientsAt(optimizer, 1);
  double squares = 0;
  for (const at::Tensor& gradient : gradients)
    squares += gradient.to(at::kDouble).square().sum().item<double>();
  optimizer.AddGradients(gradients);
  EXPECT_NEAR(optimizer.Step(kRate), std::sqrt(squares), 1e-5 * std::sqrt(squares));
}

TEST(Optimizer, FrozenParametersStay) {
  nn::ModelParts model = MakeFormulaModel();
  const Optimizer optimizer(model.net, {}, {"features."});
  EXPECT_THAT(optimizer.ParameterNames(), ElementsAre("pool.p"));
  model.net.Visit([](const std::string& name, const at::Tensor& tensor, nn::TensorRole) {
    EXPECT_EQ(tensor.requires_grad(), name == "pool.p") << name;
  });
  EXPECT_EQ(StepSizes({}, {"features.0."}).count("features.0.weight"), 0U);
}

TEST(Optimizer, BelowTheFirstTrainedParameterThereIsNoGraph) {
  nn::ModelParts model = MakeFormulaModel();
  const at::Tensor images = at::ones({1, 3, 64, 64});
  const Optimizer all(model.net, {});
  EXPECT_TRUE(model.net.trunk().Forward(images).map_BCHW.requires_grad());
  const Optimizer exponent(model.net, {}, {"features."});
  EXPECT_FALSE(model.net.trunk().Forward(images).map_BCHW.requires_grad());
  EXPECT_TRUE(model.net.Forward(images).requires_grad());
}

TEST(Optimizer, FrozenBlocksHaveNoGraphAndTheRestTheSameGradients) {
  for (const char* architecture : {"resnet18", "dinov2_vits14:blocks=3"}) {
    nn::ModelParts model = MakeFormulaModel(architecture);
    const nn::DescriptorNet& net = model.net;
    const at::Tensor images = at::arange(3 * 42 * 56, at::kFloat).sin().view({1, 3, 42, 56});
    const auto gradients = [&](const Optimizer& optimizer) {
      std::map<std::string, at::Tensor> by_name;
      const std::vector<at::Tensor> all =
          torch::autograd::grad({(net.Forward(images) * at::arange(net.dimension())).sum()},
                                optimizer.Parameters(), {}, {}, false, /*allow_unused=*/true);
      for (size_t i = 0; i < all.size(); ++i) by_name[optimizer.ParameterNames()[i]] = all[i];
      return by_name;
    };
    const auto whole = gradients(Optimizer(model.net, {}));
    const auto rest = gradients(Optimizer(model.net, {}, {}, 2));
    const nn::TrunkState state = net.trunk().Run(net.trunk().Stem(images, {}), 0, 2, {});
    EXPECT_FALSE(state.x.requires_grad()) << architecture;
    EXPECT_TRUE(net.trunk().Run(state, 2, 3, {}).x.requires_grad()) << architecture;
    std::map<std::string, int> depths;
    for (const auto& [name, depth] : net.trunk().Depths()) depths[net.NameOfTrunk(name)] = depth;
    for (const auto& [name, gradient] : whole) {
      ASSERT_EQ(rest.contains(name), !depths.contains(name) || depths.at(name) > 2) << name;
      if (!rest.contains(name)) continue;
      EXPECT_TRUE(rest.at(name).equal(gradient)) << architecture << " " << name;
    }
  }
  nn::ModelParts model = MakeFormulaModel("dinov2_vits14:blocks=3");
  EXPECT_THAT(Optimizer(model.net, {}, {}, 3).ParameterNames(),
              ElementsAre("features.norm.weight", "features.norm.bias", "pool.p"));
  EXPECT_THAT(ErrorOf([&] { const Optimizer optimizer(model.net, {}, {}, 4); }),
              HasSubstr("model.freeze_blocks = 4: a dinov2_vits14:blocks=3 has 3 blocks"));
}

TEST(Optimizer, InfiniteGradientsChangeNothing) {
  nn::ModelParts model = MakeFormulaModel();
  Optimizer optimizer(model.net, {});
  const std::vector<nn::TorchValue> before = Values(optimizer);
  std::vector<at::Tensor> gradients = GradientsAt(optimizer, 1);
  gradients.back().fill_(std::numeric_limits<float>::infinity());
  optimizer.AddGradients(gradients);
  EXPECT_THROW(optimizer.Step(kRate), NotFinite);
  for (size_t i = 0; i < before.size(); ++i) {
    EXPECT_TRUE(optimizer.Parameters()[i].equal(TensorOf(before[i])));
  }
  EXPECT_EQ(optimizer.Step(kRate), 0) << "nothing is left of them";
}

TEST(Optimizer, WrongOptionsAreErrors) {
  const auto error = [](OptimizerOptions options, const std::vector<std::string>& freeze = {}) {
    nn::ModelParts model = MakeFormulaModel();
    return ErrorOf([&] { const Optimizer optimizer(model.net, options, freeze); });
  };
  const auto of_group = [&](const std::string& group) {
    OptimizerOptions options;
    options.groups = {group};
    return error(options);
  };
  EXPECT_THAT(ErrorOf([] { OptionsOf("lion"); }),
              HasSubstr("unknown optimiser 'lion'; known are adam, adamw, sgd"));
  EXPECT_THAT(of_group("layer1 rate=0.1"), HasSubstr("'layer1 rate=0.1' matches no trained parameter"));
  EXPECT_THAT(of_group("features. rat=1"), HasSubstr("'rat=1' is neither"));
  EXPECT_THAT(of_group("features. rate=fast"), HasSubstr("fast"));
  EXPECT_THAT(of_group("features. rate=-1"), HasSubstr("-1 is below 0"));
  EXPECT_THAT(of_group(" "), HasSubstr("empty"));
  EXPECT_THAT(error({}, {"features.0.", "stem"}), HasSubstr("no parameter's name starts with 'stem'"));
  EXPECT_THAT(error({}, {""}), HasSubstr("nothing is left to train"));
  OptimizerOptions nesterov = OptionsOf("sgd");
  nesterov.algorithm.As<SgdOptions>().nesterov = true;
  nesterov.algorithm.As<SgdOptions>().momentum = 0;
  EXPECT_THAT(error(nesterov), HasSubstr("needs an optimizer.sgd.momentum"));
}

TEST(Optimizer, StateThatDoesNotFitIsAnError) {
  const TemporaryFolder folder;
  nn::ModelParts model = MakeFormulaModel();
  Optimizer adam(model.net, {});
  const auto error = [&](const nn::TorchValue& state) {
    nn::TorchDict file;
    file.Set("optimizer", state);
    nn::WriteTorchFile({file}, folder / "state.pth");
    const serialize::TorchFile read(folder / "state.pth");
    return ErrorOf([&] { adam.LoadStateDict(read, serialize::Member(read.root(), "optimizer", "file")); });
  };
  nn::TorchDict empty;
  empty.Set("state", {nn::TorchDict{}});
  EXPECT_THAT(error({empty}), HasSubstr("state.pth: optimizer: no state of parameter 0"));
  nn::TorchDict listed;
  listed.Set("state", {std::vector<nn::TorchValue>{}});
  EXPECT_THAT(error({listed}), HasSubstr("state.pth: optimizer: state is a list"));
  const Optimizer sgd(model.net, OptionsOf("sgd"));
  EXPECT_THAT(error(sgd.StateDict(1)), HasSubstr("state.pth: optimizer: parameter 0: step"));
  nn::TorchValue misshapen = adam.StateDict(1);
  auto& entries = std::get<nn::TorchDict>(std::get<nn::TorchDict>(misshapen.data).items[0].second.data);
  std::get<nn::TorchDict>(entries.items[2].second.data).items[1].second = {at::full({2}, 1.0)};
  EXPECT_THAT(error(misshapen), HasSubstr("parameter 2: exp_avg has another shape"));
}

}  // namespace
}  // namespace vantage::train

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

#include "vantage/config/options_description.h"
#include "vantage/mining/tuple_miner.h"
#include "vantage/nn/descriptor_net.h"
#include "vantage/train/schedule.h"

namespace vantage {

struct ModelOptions {
  DescriptorNetOptions net;
  // Where training starts: a trunk's weights with torchvision's names, or a checkpoint of this project or
  // cirtorch.
  std::string weights;
  // Beginnings of the names of parameters that are not trained, such as "features.0.".
  std::vector<std::string> freeze;
};
void Describe(OptionsDescription& description, ModelOptions& options);

struct DataOptions {
  // The .db file that `vantage tuples` writes.
  std::string training_set;
  // Folder that photo paths are relative to; empty: the training set's own.
  std::string photos;
  // Longest side that photos are reduced to, pixels.
  int image_size = 362;  // TPAMI 2019, section 5.1
  bool apply_exif_orientation = false;
};
void Describe(OptionsDescription& description, DataOptions& options);

struct LossOptions {
  std::string name = "contrastive";
  // How far apart non-matching descriptors should be.
  double margin = 0.85;  // TPAMI 2019, section 5.1: 0.7 AlexNet, 0.75 VGG, 0.85 ResNet
};
void Describe(OptionsDescription& description, LossOptions& options);

struct OptimizerOptions {
  // One of OptimizerNames().
  std::string name = "adam";
  // Of the first epoch; see ScheduleOptions for the later ones.
  double learning_rate = 1e-6;  // TPAMI 2019, section 5.1; 5e-7 for ResNet-101 in its code
  double weight_decay = 1e-6;   // of the PyTorch code; 5e-4 in the paper
  // adam, adamw: how slowly the means of the gradient and of its square change. Below 1.
  double beta1 = 0.9;
  double beta2 = 0.999;
  // adam, adamw: added to the denominator.
  double epsilon = 1e-8;
  // sgd: share of the last step that is kept. Range [0, 1).
  double momentum = 0.9;
  // sgd: Nesterov's momentum.
  bool nesterov = false;
  // Gradients whose norm over all parameters is larger are scaled down to it. 0: never.
  double clip_gradient_norm = 0;
  // Parameters with a rate or a decay of their own: "features.0. rate=0.1 decay=0" is for those whose names
  // begin as its first word. rate: multiple of the rate (left out: 1); decay: in place of weight_decay. The
  // first that fits a parameter counts.
  std::vector<std::string> groups;
  // The exponent of GeM learns at this multiple of the rate, without weight decay.
  double exponent_rate_factor = 10;  // of the PyTorch code
};
void Describe(OptionsDescription& description, OptimizerOptions& options);

struct TrainOptions {
  ModelOptions model;
  DataOptions data;
  MiningOptions mining;
  LossOptions loss;
  OptimizerOptions optimizer;
  ScheduleOptions schedule;
  // Passes over the mined tuples.
  int epochs = 30;  // TPAMI 2019, section 5.1
  // Tuples whose gradients are added up before each step of the optimiser.
  int tuples_per_step = 5;  // TPAMI 2019, section 5.1
  int64_t seed = 0;
};
void Describe(OptionsDescription& description, TrainOptions& options);

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

#include "vantage/config/options_description.h"
#include "vantage/image/augment.h"
#include "vantage/mining/tuple_miner.h"
#include "vantage/nn/loss_options.h"
#include "vantage/nn/net_options.h"
#include "vantage/train/initialize.h"
#include "vantage/train/schedule.h"

namespace vantage {

struct ModelOptions {
  DescriptorNetOptions net;
  // Where training starts: a trunk's weights with torchvision's names, or a checkpoint of this project or
  // cirtorch.
  std::string weights;
  // Go on with the training that `weights`, a checkpoint of cirtorch or of this project, was written in: take
  // its optimiser's state and the number of its epochs too.
  bool continue_training = false;
  // Beginnings of the names of parameters that are not trained, such as "features.0.".
  std::vector<std::string> freeze;
  // Statistics that batch norms normalise with in training, but for those whose weights are not trained:
  // "frozen": the running ones, which stay as they are; "trained": those of the photos of one size of a
  // tuple, and the running ones, which the model is described with, follow them.
  std::string batch_norm = "frozen";  // as cirtorch
  // "trained": the running statistics move once a step by so much of the way to the mean of what the step
  // saw.
  double batch_norm_momentum = 0.1;  // of PyTorch, a batch
};
void Declare(OptionsDescription& description, ModelOptions& options);

struct DataOptions {
  // The .db file that `vantage tuples` writes.
  std::string training_set;
  // Folder that photo paths are relative to; empty: the training set's own.
  std::string photos;
  // Longest side that photos are reduced to in training, mining and validation, pixels.
  int image_size = 362;  // TPAMI 2019, section 5.1
  // Longest side that the finished model describes photos at, pixels: stored in it, for `vantage whiten`,
  // `extract` and `evaluate`. The watched benchmark is described at it too.
  int test_size = 1024;  // TPAMI 2019, section 5.1
  bool apply_exif_orientation = false;
  // How photos of training tuples are varied; those that are mined and validated are not.
  AugmentationOptions augmentation;
};
void Declare(OptionsDescription& description, DataOptions& options);

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
  // A step with a loss or a gradient that is not finite is skipped, at most so many times in a run; the next
  // such step ends it. 0: the first.
  int max_skipped_steps = 10;
  // Parameters with a rate or a decay of their own: "features.0. rate=0.1 decay=0" is for those whose names
  // begin as its first word. rate: multiple of the rate (left out: 1); decay: in place of weight_decay. The
  // first that fits a parameter counts.
  std::vector<std::string> groups;
  // gem: the exponent learns at this multiple of the rate, without weight decay. 0: it stays.
  double exponent_rate_factor = 10;  // of the PyTorch code and the MATLAB code
  // gemmp: the same of the channels' exponents.
  double channel_exponent_rate_factor = 100;  // of the PyTorch code; 10 in the MATLAB code
};
void Declare(OptionsDescription& description, OptimizerOptions& options);

// How a step is computed: what it costs, not what comes out, but for `precision`.
struct ComputeOptions {
  // "cpu", "cuda" or "cuda:1".
  std::string device = "cpu";
  // What the trunk computes in: see nn/precision.h.
  std::string precision = "fp32";
  // Photos of exactly equal size share a pass through the network while they have together at most so many
  // pixels. 0: each alone on a CPU, and 2^22 on a GPU.
  int64_t batch_pixels = 0;
  // Of so many pixels of each tuple what the gradient needs is kept in memory; the photos beyond are computed
  // twice. Less takes less memory and more time.
  int64_t kept_pixels = int64_t{1} << 20;
  // Threads that decode photos ahead of the network. 0: half as many as --threads.
  int loading_threads = 0;
};
void Declare(OptionsDescription& description, ComputeOptions& options);

struct CheckpointOptions {
  // Minutes between checkpoints in the middle of an epoch. 0: only at its end.
  double every_minutes = 10;
  // Keep the checkpoints of the last so many epochs, beside the newest and the best.
  int keep = 0;
};
void Declare(OptionsDescription& description, CheckpointOptions& options);

// A benchmark to watch, as `vantage evaluate` computes it on one scale.
struct EvaluationOptions {
  // The benchmark's folder: class sub-folders, or one with queries.json. Empty: none.
  std::string data;
  // Folders of photos that match no query.
  std::vector<std::string> distractors;
  // Of class sub-folders: every so many-th photo is a query.
  int query_every = 1;
  // Longest side of its photos, pixels; 0: data.test_size.
  int image_size = 0;
  // Epochs from one evaluation to the next; epoch 0 is evaluated too. 0: none is.
  int every_epochs = 0;
  // What makes an epoch the best: the lowest "validation" loss, or the highest mAP of the "benchmark".
  std::string best_by = "validation";
};
void Declare(OptionsDescription& description, EvaluationOptions& options);

struct TrainOptions {
  ModelOptions model;
  DataOptions data;
  InitializationOptions initialization;
  MiningOptions mining;
  LossOptions loss;
  OptimizerOptions optimizer;
  ScheduleOptions schedule;
  ComputeOptions compute;
  CheckpointOptions checkpoint;
  EvaluationOptions evaluation;
  // Passes over the mined tuples.
  int epochs = 30;  // TPAMI 2019, section 5.1, of 6,000 queries; its PyTorch code: 100 of 2,000
  // Tuples whose gradients are added up before each step of the optimiser.
  int tuples_per_step = 5;  // TPAMI 2019, section 5.1
  // Leave out the last tuples of an epoch (of a mining round) that are too few for a step, as cirtorch and
  // the MATLAB code of TPAMI 2019. Else they make a smaller step.
  bool drop_last = false;
  int64_t seed = 0;
  // The model is an average of the weights over the steps: after each, average <- decay average + (1 - decay)
  // weights. 0: the weights themselves. Range [0, 1).
  double weight_average_decay = 0;
};
void Declare(OptionsDescription& description, TrainOptions& options);

}  // namespace vantage

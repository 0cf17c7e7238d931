// SPDX-License-Identifier: BSD-3-Clause
// Trains networks, learns their whitening, in one process or several. docs/reference/train.md explains each
// option, `vantage train --print-config` too; comments here say what the help does not.
#pragma once

#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "vantage/choice.h"
#include "vantage/describer.h"
#include "vantage/descriptors.h"
#include "vantage/error.h"
#include "vantage/image.h"
#include "vantage/losses.h"
#include "vantage/metrics.h"
#include "vantage/mining.h"
#include "vantage/model.h"
#include "vantage/options.h"
#include "vantage/run_context.h"
#include "vantage/training_set.h"
#include "vantage/whitening.h"

namespace at {
class Tensor;
}

namespace vantage {

struct ConstantScheduleOptions {
  static constexpr const char* kKind = "constant";
};

// Falls to final_factor at the end of the last epoch (Loshchilov and Hutter, ICLR 2017, eq. (5)).
struct CosineScheduleOptions {
  static constexpr const char* kKind = "cosine";
  double final_factor = 0;
};
void Declare(OptionsDescription& description, CosineScheduleOptions& options);

// exp(-decay * (epochs before this one + offset)).
struct ExponentialScheduleOptions {
  static constexpr const char* kKind = "exponential";
  double decay = 0.01;  // TPAMI 2019, its PyTorch code; 0.1 in the paper
  int offset = 0;  // TPAMI 2019, its MATLAB code; 1 in cirtorch, which steps its schedule before each epoch
};
void Declare(OptionsDescription& description, ExponentialScheduleOptions& options);

// factor^drops / (1 + decay * steps since the last drop), with a drop every `epochs`.
struct StepScheduleOptions {
  static constexpr const char* kKind = "step";
  int epochs = 120;     // MVA 2022, epochs of 400 steps
  double factor = 0.1;  // MVA 2022
  double decay = 0;     // MVA 2022: 1e-6
  int offset = 0;
};
void Declare(OptionsDescription& description, StepScheduleOptions& options);

struct ScheduleFamily {
  static constexpr const char* kDefault = ExponentialScheduleOptions::kKind;
  static const Kinds& Table();
};
using ScheduleChoice = Choice<ScheduleFamily>;

// How the learning rate changes from OptimizerOptions::learning_rate.
struct ScheduleOptions {
  ScheduleChoice shape;
  // The rate of the first steps of the run is multiplied with a factor that rises linearly from warmup_start
  // to 1. 0: no warm-up.
  int64_t warmup_steps = 0;  // MVA 2022: 2000
  double warmup_start = 0.1;
};
void Declare(OptionsDescription& description, ScheduleOptions& options);

// How the weights that a network of local features needs are made before it is trained.
struct InitializationOptions {
  int photos = 320;              // of MVA 2022's code; drawn, or all if there are fewer
  int locals_per_cluster = 256;  // as many from each photo
  int iterations = 25;
};
void Declare(OptionsDescription& description, InitializationOptions& options);

struct ModelOptions {
  DescriptorNetOptions net;
  std::string weights;
  bool continue_training = false;
  std::vector<std::string> freeze;
  // Batch norms whose weights are not trained stay "frozen".
  std::string batch_norm = "frozen";  // as cirtorch
  // The way goes to the mean of what the step saw.
  double batch_norm_momentum = 0.1;  // of PyTorch, a batch
};
void Declare(OptionsDescription& description, ModelOptions& options);

struct DataOptions {
  std::string training_set;
  std::string photos;
  int image_size = 362;  // TPAMI 2019, section 5.1; in validation too
  int test_size = 1024;  // TPAMI 2019, section 5.1; stored in the model
  bool apply_exif_orientation = false;
  // Of the photos of training tuples; those that are mined and validated are not varied.
  AugmentationOptions augmentation;
};
void Declare(OptionsDescription& description, DataOptions& options);

// Kingma and Ba, ICLR 2015, with L2 weight decay added to the gradient.
struct AdamOptions {
  static constexpr const char* kKind = "adam";
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
};
void Declare(OptionsDescription& description, AdamOptions& options);

// Loshchilov and Hutter, ICLR 2019: the decay is apart from the gradient.
struct AdamWOptions {
  static constexpr const char* kKind = "adamw";
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
};
void Declare(OptionsDescription& description, AdamWOptions& options);

// With L2 weight decay added to the gradient.
struct SgdOptions {
  static constexpr const char* kKind = "sgd";
  double momentum = 0.9;
  bool nesterov = false;
};
void Declare(OptionsDescription& description, SgdOptions& options);

struct OptimizerFamily {
  static constexpr const char* kDefault = AdamOptions::kKind;
  static const Kinds& Table();
};
using OptimizerChoice = Choice<OptimizerFamily>;

struct OptimizerOptions {
  OptimizerChoice algorithm;
  double learning_rate = 1e-6;  // TPAMI 2019, section 5.1; 5e-7 for ResNet-101 in its code
  double weight_decay = 1e-6;   // of the PyTorch code; 5e-4 in the paper
  double clip_gradient_norm = 0;
  int max_skipped_steps = 10;
  // rate: multiple of the rate (left out: 1); decay: in place of weight_decay. The first entry that fits a
  // parameter counts.
  std::vector<std::string> groups;
  double exponent_rate_factor = 10;           // of the PyTorch code and the MATLAB code; no weight decay
  double channel_exponent_rate_factor = 100;  // of the PyTorch code; 10 in the MATLAB code
};
void Declare(OptionsDescription& description, OptimizerOptions& options);

// How a step is computed: what it costs, not what comes out, but for `precision`.
struct ComputeOptions {
  std::string device = "cpu";
  std::string precision = "fp32";
  int64_t batch_pixels = 0;
  int64_t kept_pixels = int64_t{1} << 20;  // less takes less memory and more time
  int loading_threads = 0;
};
void Declare(OptionsDescription& description, ComputeOptions& options);

struct CheckpointOptions {
  double every_minutes = 10;
  int keep = 0;
};
void Declare(OptionsDescription& description, CheckpointOptions& options);

// A benchmark to watch, as `vantage evaluate` computes it on one scale.
struct EvaluationOptions {
  std::string data;
  std::vector<std::string> distractors;
  int query_every = 1;
  int image_size = 0;
  int every_epochs = 0;  // epoch 0 is evaluated too
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
  int epochs = 30;          // TPAMI 2019, section 5.1, of 6,000 queries; its PyTorch code: 100 of 2,000
  int tuples_per_step = 5;  // TPAMI 2019, section 5.1
  // Tuples that are not left out make a smaller step. TPAMI 2019's MATLAB code leaves them out, too.
  bool drop_last = false;
  int64_t seed = 0;
  // After each step: average <- decay average + (1 - decay) weights.
  double weight_average_decay = 0;
};
void Declare(OptionsDescription& description, TrainOptions& options);

// docs/reference/whiten.md explains each option.
struct LearnWhiteningOptions {
  // LearnWhitening; of the paper, section 3.4: LearnWhiteningOfPaper. Descriptors of more than 8,192
  // dimensions take "pca" and "pca-rotation" only, and a `dimension`.
  std::string method = "learned";
  // In a set that knows nothing of overlap (cirtorch's) a query's pair is its chosen positive.
  double min_overlap = 0.2;
  double max_scale_change = 1.5;
  // Drawn from the candidates. Each query weighs the same, so that dense scenes do not decide alone.
  int pairs_per_query = 10;
  std::string shrinkage = "auto";  // ChooseShrinkage
  int dimension = 0;               // --dim
  int pca_exact_up_to = 4096;
  int pca_passes = 3;
  int memory = 1024;
  // The file has no name there. "": the system's folder for such files.
  std::string scratch;
};
void Declare(OptionsDescription& description, LearnWhiteningOptions& options);

struct LearnedWhitening {
  ModelWhitening whitening;  // learned at one scale, and where there are several also at those
  int64_t photos = 0;
  int64_t pairs = 0;
  // Where it was chosen: as `whitening`.
  std::optional<ShrinkageChoice> single_scale_shrinkage;
  std::optional<ShrinkageChoice> multi_scale_shrinkage;
  std::vector<std::string> failed;  // photos that could not be read or are too small at the least scale
};

// This process among those that were started together: what torchrun says in environment variables, and what
// SLURM's and MPI's launchers can be told to say.
struct LaunchEnvironment {
  int rank = 0;        // RANK: 0 .. size - 1
  int size = 1;        // WORLD_SIZE
  int local_rank = 0;  // LOCAL_RANK: which of this machine's processes, and so which of its devices
  int local_size = 1;  // LOCAL_WORLD_SIZE: how many share this machine's cores
  // MASTER_ADDR and MASTER_PORT: where process 0 listens. Empty and 0 for one process alone.
  std::string master_address;
  int master_port = 0;
  // torchrun listens there itself (TORCHELASTIC_USE_AGENT_STORE), and starts all again after a failure.
  bool agent_hosts_store = false;
  int restart = 0;  // TORCHELASTIC_RESTART_COUNT
};

// Reads the variables: one process alone where neither RANK nor WORLD_SIZE is set, and then no other is
// looked at. Throws UsageError naming the variable that is missing, is no number or contradicts another.
// `get` is asked for each variable, nullptr where it is not set; empty: this process's environment.
LaunchEnvironment ReadLaunchEnvironment(const std::function<const char*(const char*)>& get = {});

// The device of a process among several: "cuda" becomes the GPU of its number on the machine, or the only one
// that it sees; other names stay. gpus: how many it sees. Throws UsageError if it sees more than one and none
// of its number.
std::string DeviceOfProcess(const std::string& device, const LaunchEnvironment& launch, int gpus);

// Another process of the group ended early, or cannot be reached any more.
class PeerError : public Error {
 public:
  using Error::Error;
};

struct ProcessGroupOptions {
  // "cpu", or the GPU that this process computes on: "cuda:1". Where all have one, each its own, gradients go
  // from GPU to GPU by NCCL, if the build has it; else over the CPU by Gloo.
  std::string device = "cpu";
  // How long a process waits for the others to come, seconds.
  double join_timeout = 300;
  // A process that gives no sign of life for so long is gone, seconds; it gives one a second.
  double peer_timeout = 20;
};

// Whether this build has NCCL between GPUs: with a CUDA LibTorch, where CMake finds NCCL's headers and
// CUDA's.
bool HasNccl();

// The processes that train one network, one a device, over c10d with Gloo, and NCCL between GPUs: what
// PyTorch's DistributedDataParallel has beneath it. All processes make the same calls in the same order, each
// from one thread. One process alone is a group too, which needs no network.
//
// Where a process ended early (it was killed, failed, or was told to stop), the calls of all others end with
// Error or Interrupted, also while they wait for it; those that compute learn it from Watched.
//
//   const ProcessGroup group = ProcessGroup::Join(ReadLaunchEnvironment(), context);
//   group.AllReduceSum(gradients);
//   group.Finish();
class ProcessGroup {
 public:
  // One process alone.
  ProcessGroup();
  // Meets the others. Throws Error where they don't come, or are not those of this run; UsageError where
  // process 0 cannot listen at its port; Interrupted.
  static ProcessGroup Join(const LaunchEnvironment& launch, const RunContext& context = {},
                           const ProcessGroupOptions& options = {});
  // Without Finish before it: tells the others that this process ended early.
  ~ProcessGroup();
  ProcessGroup(ProcessGroup&&) noexcept;
  ProcessGroup& operator=(ProcessGroup&&) noexcept;

  int rank() const { return launch_.rank; }
  int size() const { return launch_.size; }
  int local_rank() const { return launch_.local_rank; }
  bool IsFirst() const { return rank() == 0; }

  // Replaces the elements of each tensor by their sum over the processes, in buckets of 25 MB. The tensors
  // have the same shapes and types everywhere and are dense. All processes get the same bits.
  void AllReduceSum(const std::vector<at::Tensor>& tensors) const;

  // What each process has to say, in the order of ranks; texts may be of any lengths.
  std::vector<std::string> AllGather(const std::string& bytes) const;
  // The rows of all processes below each other, in the order of ranks; as many columns everywhere.
  DescriptorMatrix AllGatherRows(const DescriptorMatrix& rows) const;
  // What process 0 gives; what the others give is not looked at.
  std::string Broadcast(const std::string& bytes) const;
  // Returns when all processes have come here.
  void Barrier() const;

  // The context with the others in it: it is cancelled also where another process ended early. The object
  // must outlive it.
  RunContext Watched(const RunContext& context) const;
  // Throws PeerError, or Interrupted where the other was told to stop, if another process ended early; also
  // after Abandon.
  void CheckPeers() const;

  // The end, where all has gone well: waits for the others.
  void Finish();
  // The end of this process alone: tells the others why, so that they end too.
  void Abandon(const std::exception& reason);

 private:
  struct State;

  LaunchEnvironment launch_;
  std::unique_ptr<State> state_;  // null: alone, or the end has come
};

struct TrainResult {
  std::vector<EpochMetrics> epochs;  // of this call and those before it
  int64_t best_epoch = 0;
  // Of that epoch: the benchmark's mAP where epochs are compared by it, else the validation loss, or the
  // training loss where nothing validates.
  double best_score = 0;
  std::filesystem::path best_model;
};

// Fine-tunes a descriptor network on tuples (TPAMI 2019, sections 4.3 and 5.1): in each epoch negatives are
// mined with the network as it is, then the optimiser steps on the loss summed over `tuples_per_step` tuples,
// batch norm frozen; the model of the epoch with the lowest validation loss is the result.
//
// `folder` receives config.toml (every option), metrics.csv and steps.csv, TensorBoard's event files,
// report.html, last.pth (the newest checkpoint, in cirtorch's schema with the optimiser's state) and
// best.pth. With `resume` a run goes on where the newest checkpoint stands, also in the middle of an epoch,
// and ends in the same best.pth and last.pth, bit for bit, as an unbroken one on the same machine, whatever
// the number of threads.
//
// A group of several processes shares a step's tuples, the photos that mining describes and the tuples of
// validation, and comes to the result of one process but for the rounding of sums. Each needs the training
// set and its photos, process 0 alone the weights, the folder and the benchmark: it writes and tells of
// epochs, and its result is the only one that is filled. A run may go on with another number of processes.
// Where one ends early all do, after a checkpoint. The group ends with the call.
//
// A step with a loss or a gradient that is not finite changes nothing; a warning names its photos.
//
// Throws UsageError where options do not fit, also those of the run to be resumed; Error where the training
// set, the weights or the photos cannot be read, more steps than optimizer.max_skipped_steps are not finite
// (the message names the photos; failed-step.json tells more and last.pth holds the weights before), or
// another process trains in the folder; PeerError where another process of the group ended; Interrupted when
// cancelled, after a checkpoint.
TrainResult Train(const TrainOptions& options, const std::filesystem::path& folder, bool resume,
                  const RunContext& context = {},
                  const std::function<void(const EpochMetrics&)>& on_epoch = {}, ProcessGroup group = {});

// What a run would be: learned from reading its files, a sample of its photos, and two steps whose results
// are thrown away.
struct DryRunReport {
  TrainingSetSummary train;
  TrainingSetSummary val;
  // Photos decoded to see whether they can be read, and why those that cannot failed.
  int64_t sampled_photos = 0;
  std::vector<std::string> failed;
  int64_t dimension = 0;   // of the descriptors
  int64_t parameters = 0;  // numbers in the network
  int64_t trained_parameters = 0;
  int64_t tuples_of_epoch = 0;
  int64_t steps_of_epoch = 0;
  int64_t mined_photos_of_epoch = 0;  // described to find negatives
  // Measured: a step, and a photo described for mining.
  double seconds_of_step = 0;
  double seconds_of_mined_photo = 0;
  // Estimated from these: mining, steps and validation of an epoch; without watched benchmarks.
  double seconds_of_epoch = 0;
  double seconds_of_run = 0;
  // Of the process, up to now; 0 where the system does not tell.
  int64_t peak_bytes = 0;
};

// Checks a configuration without writing anything. Throws as Train does where a run could not start, and
// Error where no sampled photo can be read.
DryRunReport DryRun(const TrainOptions& options, const RunContext& context = {});

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
// Trains networks and learns their whitening, in one process or several. docs/reference/train.md and
// `vantage train --print-config` explain each option; comments here add only what the help does not say.
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
#include "vantage/preprocessing.h"
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

// Factor of the rate: half a cosine from 1 to final_factor at the end of the last epoch (Loshchilov and
// Hutter, ICLR 2017, eq. (5)).
struct CosineScheduleOptions {
  static constexpr const char* kKind = "cosine";
  double final_factor = 0;
};
void Declare(OptionsDescription& description, CosineScheduleOptions& options);

// Factor of the rate: exp(-decay * (epochs before this one + offset)).
struct ExponentialScheduleOptions {
  static constexpr const char* kKind = "exponential";
  double decay = 0.01;  // TPAMI 2019's PyTorch code; 0.1 in the paper
  int offset = 0;       // TPAMI 2019's MATLAB code; 1 in cirtorch, which steps its schedule before each epoch
};
void Declare(OptionsDescription& description, ExponentialScheduleOptions& options);

// Factor of the rate: factor^drops / (1 + decay * steps since the last drop), with a drop every `epochs`.
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
  // In the first warmup_steps of the run, the rate is multiplied by a factor that rises linearly from
  // warmup_start to 1. 0: no warm-up.
  int64_t warmup_steps = 0;  // MVA 2022: 2000
  double warmup_start = 0.1;
};
void Declare(OptionsDescription& description, ScheduleOptions& options);

// How the initial weights of a network of local features are computed before training.
struct InitializationOptions {
  int photos = 320;              // MVA 2022's code; drawn at random, or all if there are fewer
  int locals_per_cluster = 256;  // sampled evenly over the photos
  int iterations = 25;
};
void Declare(OptionsDescription& description, InitializationOptions& options);

struct ModelOptions {
  DescriptorNetOptions net;
  std::string weights;
  // How the network is found in the file of the weights: NetWish::state and NetWish::rename.
  std::string state;
  std::vector<std::string> rename;
  bool continue_training = false;
  std::vector<std::string> freeze;
  // The trunk's stem and its first blocks are not trained; 0: all of it is.
  int freeze_blocks = 0;
  // Stochastic depth (Huang et al., ECCV 2016; DINOv2's code): see docs/training.md. Transformers only.
  double drop_path = 0;
  // Dropout of the head's hidden values. Heads that have them: salad (its authors' code: 0.3).
  double dropout = 0;
  // Batch norms whose weights are not trained are always "frozen".
  std::string batch_norm = "frozen";  // as in cirtorch
  // In each step, running <- (1 - momentum) running + momentum seen, with `seen` the mean of the statistics
  // that the step observed.
  double batch_norm_momentum = 0.1;  // PyTorch's default, which it applies for each batch
};
void Declare(OptionsDescription& description, ModelOptions& options);

struct DataOptions {
  std::string training_set;
  std::string photos;
  int image_size = 362;  // TPAMI 2019, section 5.1; also for validation
  int test_size = 1024;  // TPAMI 2019, section 5.1
  // Each as ParsePreprocessing reads it; "": the longest side, image_size or test_size. Stored in the model.
  std::string preprocessing;
  std::string test_preprocessing;
  bool apply_exif_orientation = false;
  // Applies to the photos of training tuples only, not to those described for mining and validation.
  AugmentationOptions augmentation;
};
void Declare(OptionsDescription& description, DataOptions& options);
// Throw UsageError if the text cannot be read.
Preprocessing TrainingPreprocessing(const DataOptions& options);
Preprocessing TestPreprocessing(const DataOptions& options);

// Kingma and Ba, ICLR 2015, with L2 weight decay added to the gradient.
struct AdamOptions {
  static constexpr const char* kKind = "adam";
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
};
void Declare(OptionsDescription& description, AdamOptions& options);

// Loshchilov and Hutter, ICLR 2019, with weight decay decoupled from the gradient.
struct AdamWOptions {
  static constexpr const char* kKind = "adamw";
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
};
void Declare(OptionsDescription& description, AdamWOptions& options);

// Stochastic gradient descent with L2 weight decay added to the gradient.
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
  double weight_decay = 1e-6;   // TPAMI 2019's PyTorch code; 5e-4 in the paper
  double clip_gradient_norm = 0;
  int max_skipped_steps = 10;
  // Whether vectors (biases, norms, scales) and tokens decay. "auto": no if the trunk is a transformer (as
  // Touvron et al., ICML 2021), else yes (as cirtorch).
  std::string decay_vectors = "auto";
  // Layer-wise rate decay (Bao et al., BEiT, ICLR 2022): the rate of a tensor of the trunk is multiplied by
  // layer_decay^n, where n is the number of the trunk's parts after its own: stages, and what follows the
  // last. The head has n = 0. 1: one rate everywhere.
  double layer_decay = 1;
  // Entries are "PREFIX rate=FACTOR decay=DECAY". rate: multiple of the learning rate (default 1); decay:
  // replaces weight_decay, also for tensors that decay_vectors excludes. The first entry that matches a
  // parameter's name applies.
  std::vector<std::string> groups;
  double exponent_rate_factor = 10;           // the PyTorch code and the MATLAB code; no weight decay
  double channel_exponent_rate_factor = 100;  // the PyTorch code; 10 in the MATLAB code
};
void Declare(OptionsDescription& description, OptimizerOptions& options);

// How a step is computed. Affects time and memory, but not results, except for `precision`.
struct ComputeOptions {
  std::string device = "cpu";
  std::string precision = "fp32";
  int64_t batch_pixels = 0;
  // Keep activations for at most this many pixels per tuple; recompute the rest in the backward pass. Fewer
  // pixels need less memory and more time.
  int64_t kept_pixels = int64_t{1} << 20;
  // Keep only the input of each stage of the trunk for the backward pass, and compute the stage's activations
  // again there: less memory, more time, the same gradient.
  bool recompute_blocks = false;
  // MiB for the output of the trunk's first stages that are not trained (ModelOptions::freeze_blocks), by
  // photo for the whole run. Photos that are augmented have none.
  int64_t frozen_features = 1024;
  int loading_threads = 0;
};
void Declare(OptionsDescription& description, ComputeOptions& options);

struct CheckpointOptions {
  double every_minutes = 10;
  int keep = 0;
};
void Declare(OptionsDescription& description, CheckpointOptions& options);

// A benchmark that is evaluated during training, as `vantage evaluate` does at one scale.
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
  // If false, the last tuples make a smaller step. TPAMI 2019's MATLAB code and cirtorch leave them out.
  bool drop_last = false;
  int64_t seed = 0;
  // After each step, average <- decay average + (1 - decay) weights.
  double weight_average_decay = 0;
};
void Declare(OptionsDescription& description, TrainOptions& options);

// docs/reference/whiten.md explains each option.
struct LearnWhiteningOptions {
  // "learned": LearnWhitening; "learned-paper": LearnWhiteningOfPaper. Descriptors of more than 8,192
  // dimensions need "pca" or "pca-rotation", and a `dimension`.
  std::string method = "learned";
  // In a set without overlaps (cirtorch's), a query's only pair is its chosen positive.
  double min_overlap = 0.2;
  double max_scale_change = 1.5;
  // Drawn from the candidates. Each query has the same weight, so that dense scenes do not dominate.
  int pairs_per_query = 10;
  std::string shrinkage = "auto";  // "auto": ChooseShrinkage
  int dimension = 0;               // --dim
  int pca_exact_up_to = 4096;
  int pca_passes = 3;
  int memory = 1024;
  // Folder of an unnamed temporary file. "": the system's folder for temporary files.
  std::string scratch;
};
void Declare(OptionsDescription& description, LearnWhiteningOptions& options);

struct LearnedWhitening {
  ModelWhitening whitening;  // learned at one scale and, if there are several scales, also at those
  int64_t photos = 0;
  int64_t pairs = 0;
  // Set if the shrinkage was chosen ("auto"), for the same scales as in `whitening`.
  std::optional<ShrinkageChoice> single_scale_shrinkage;
  std::optional<ShrinkageChoice> multi_scale_shrinkage;
  std::vector<std::string> failed;  // photos that cannot be read or are too small at the smallest scale
};

// The place of this process among those started together, from environment variables. torchrun sets these;
// the launchers of SLURM and MPI can be configured to set them.
struct LaunchEnvironment {
  int rank = 0;        // RANK: 0 .. size - 1
  int size = 1;        // WORLD_SIZE
  int local_rank = 0;  // LOCAL_RANK: rank among this machine's processes, which selects the device
  int local_size = 1;  // LOCAL_WORLD_SIZE: number of processes that share this machine's cores
  // MASTER_ADDR and MASTER_PORT: where process 0 listens. Empty and 0 for a single process.
  std::string master_address;
  int master_port = 0;
  // TORCHELASTIC_USE_AGENT_STORE: torchrun itself listens there, and restarts all processes after a failure.
  bool agent_hosts_store = false;
  int restart = 0;  // TORCHELASTIC_RESTART_COUNT
};

// Reads the variables. If neither RANK nor WORLD_SIZE is set, returns a single process and ignores the
// others. Throws UsageError naming the variable that is missing, not a number or inconsistent with another.
// `get` returns a variable's value, or nullptr if it is not set; empty: reads this process's environment.
LaunchEnvironment ReadLaunchEnvironment(const std::function<const char*(const char*)>& get = {});

// The device of a process of a group. If there are several processes, "cuda" becomes "cuda:LOCAL_RANK", or
// "cuda:0" if the process sees only one GPU; other names are returned unchanged. gpus: number of GPUs that it
// sees. Throws UsageError if it sees more than one, but none with its local rank.
std::string DeviceOfProcess(const std::string& device, const LaunchEnvironment& launch, int gpus);

// Another process of the group ended early or is no longer reachable.
class PeerError : public Error {
 public:
  using Error::Error;
};

struct ProcessGroupOptions {
  // "cpu", or the GPU that this process computes on: "cuda:1". If each process has a GPU of its own and the
  // build has NCCL, gradients are summed between GPUs by NCCL; otherwise through the CPU by Gloo.
  std::string device = "cpu";
  // How long a process waits for the others to join, seconds.
  double join_timeout = 300;
  // A process without a heartbeat for this long counts as gone, seconds. Processes send one each second.
  double peer_timeout = 20;
};

// Whether this build has NCCL. Needs a LibTorch with CUDA, and that CMake finds NCCL's and CUDA's headers.
bool HasNccl();

// The processes that train one network, one per device. Uses c10d with Gloo, and NCCL between GPUs, as
// PyTorch's DistributedDataParallel does. All processes must make the same calls in the same order, each from
// one thread. A single process is a group too, and needs no network.
//
// If a process ends early (it was killed, failed or was interrupted), the calls of all others throw PeerError
// or Interrupted, even while they wait for it. A process that is computing is notified through Watched.
//
//   const ProcessGroup group = ProcessGroup::Join(ReadLaunchEnvironment(), context);
//   group.AllReduceSum(gradients);
//   group.Finish();
class ProcessGroup {
 public:
  // A single process.
  ProcessGroup();
  // Connects to the other processes. Throws Error if they do not join in time or belong to another run,
  // UsageError if process 0 cannot listen at its port, and Interrupted.
  static ProcessGroup Join(const LaunchEnvironment& launch, const RunContext& context = {},
                           const ProcessGroupOptions& options = {});
  // Notifies the others that this process ended early, unless Finish was called.
  ~ProcessGroup();
  ProcessGroup(ProcessGroup&&) noexcept;
  ProcessGroup& operator=(ProcessGroup&&) noexcept;

  int rank() const { return launch_.rank; }
  int size() const { return launch_.size; }
  int local_rank() const { return launch_.local_rank; }
  bool IsFirst() const { return rank() == 0; }

  // Replaces each tensor by its sum over the processes, in buckets of at most 25 MiB unless one tensor is
  // larger. The tensors must be dense, with the same shapes and types in all processes. All processes get the
  // same bits.
  void AllReduceSum(const std::vector<at::Tensor>& tensors) const;

  // The bytes that each process passes, in the order of ranks. Lengths may differ.
  std::vector<std::string> AllGather(const std::string& bytes) const;
  // The rows of all processes, concatenated in the order of ranks. All must have the same number of columns.
  DescriptorMatrix AllGatherRows(const DescriptorMatrix& rows) const;
  // The bytes that process 0 passes. Those of the others are ignored.
  std::string Broadcast(const std::string& bytes) const;
  // Returns when all processes have called it.
  void Barrier() const;

  // The context, cancelled also if another process ended early. The group must outlive it.
  RunContext Watched(const RunContext& context) const;
  // If another process ended early, throws Interrupted if that process was interrupted, and PeerError
  // otherwise. May also be called after Abandon.
  void CheckPeers() const;

  // Leaves the group after success: waits for the others.
  void Finish();
  // Leaves the group after a failure: sends the reason to the others, so that they end too.
  void Abandon(const std::exception& reason);

 private:
  struct State;

  LaunchEnvironment launch_;
  std::unique_ptr<State> state_;  // null: a single process, or after Finish
};

struct TrainResult {
  std::vector<EpochMetrics> epochs;  // of this call and those before it
  int64_t best_epoch = 0;
  // Score of that epoch: the benchmark's main figure (mAP, unless its protocol has another) if
  // evaluation.best_by is "benchmark", else the validation loss, or the training loss if there is no
  // validation.
  double best_score = 0;
  std::filesystem::path best_model;
};

// Fine-tunes a descriptor network on tuples (TPAMI 2019, sections 4.3 and 5.1). In each epoch, mines
// negatives with the current network, then makes a step of the optimiser for each `tuples_per_step` tuples on
// the sum of their losses. Batch norm is frozen by default. The result is the model of the best epoch: by
// default, that with the lowest validation loss.
//
// Writes to `folder`: config.toml (all options), metrics.csv and steps.csv, TensorBoard's event files,
// report.html, last.pth (the newest checkpoint, in cirtorch's schema with the optimiser's state) and
// best.pth. `resume`: resumes from the newest checkpoint, which may be in the middle of an epoch. On the same
// machine, the final best.pth and last.pth are bit for bit those of an uninterrupted run, whatever the number
// of threads.
//
// A group of several processes shares the tuples of each step, the photos described for mining and the tuples
// of validation. The result is that of a single process except for the rounding of sums. Each process needs
// the training set, its photos and the teacher of a distillation. Only process 0 needs the weights, the
// folder and the benchmark; only it writes files, calls on_epoch and returns a filled result. A run may be
// resumed with another number of processes. If one process ends early, all end, after a checkpoint. The group
// ends with the call.
//
// A step whose loss or gradient is not finite is skipped; a warning names its photos.
//
// Throws UsageError if the options are inconsistent with each other or with the run to be resumed; Error if
// the training set, the weights or the photos cannot be read, if more than optimizer.max_skipped_steps steps
// are not finite (the message names the photos, failed-step.json has details, and last.pth holds the weights
// before the step), or if another process trains in the folder; PeerError if another process of the group
// ended; Interrupted if cancelled, after a checkpoint.
TrainResult Train(const TrainOptions& options, const std::filesystem::path& folder, bool resume,
                  const RunContext& context = {},
                  const std::function<void(const EpochMetrics&)>& on_epoch = {}, ProcessGroup group = {});

// Figures of a planned run, from its files, a sample of its photos and two steps whose results are discarded.
struct DryRunReport {
  TrainingSetSummary train;
  TrainingSetSummary val;
  int64_t sampled_photos = 0;       // photos decoded to check that they can be read
  std::vector<std::string> failed;  // for each of these that cannot be read, why
  int64_t dimension = 0;            // of the descriptors
  int64_t parameters = 0;           // numbers in the network
  int64_t trained_parameters = 0;
  int64_t tuples_of_epoch = 0;
  int64_t steps_of_epoch = 0;
  int64_t mined_photos_of_epoch = 0;  // photos described to find negatives
  // Photos that the loss's teacher describes once, and an estimate of the time; 0 without such a teacher.
  int64_t taught_photos = 0;
  double seconds_of_teacher = 0;
  // Measured times of a step, and of describing a photo for mining.
  double seconds_of_step = 0;
  double seconds_of_mined_photo = 0;
  // Estimated from these: mining, steps and validation of an epoch, without evaluation of a benchmark.
  double seconds_of_epoch = 0;
  double seconds_of_run = 0;
  // Peak memory of the process so far; 0: not known.
  int64_t peak_bytes = 0;
};

// Checks a configuration without writing anything. A teacher describes a sample of the photos. Throws as
// Train does if a run could not start, and Error if no sampled photo can be read.
DryRunReport DryRun(const TrainOptions& options, const RunContext& context = {});

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/training.h"

#include "nn/precision.h"

namespace vantage {

void Declare(OptionsDescription& description, ModelOptions& options) {
  Declare(description, options.net);
  description.Add("weights", options.weights,
                  "Weights to start from: those of a trunk, or of a whole network");
  description.Add(
      "state", options.state,
      "If 'weights' holds several networks: the beginning of the names of the wanted one's tensors, as "
      "in state_dict_ema");
  description.Add("rename", options.rename,
                  "FROM=TO: tensors of 'weights' whose names begin with FROM are read under names that begin "
                  "with TO");
  description.Add(
      "continue_training", options.continue_training,
      "Also take the optimiser's state and the number of epochs from 'weights', a checkpoint of cirtorch "
      "or of this program");
  description.Add("freeze", options.freeze,
                  "Prefixes of the names of parameters that are not trained, such as features.0.");
  description
      .Add("freeze_blocks", options.freeze_blocks,
           "The trunk's stem and this many of its first blocks are not trained, and no activations are kept "
           "for them; 0: all are trained")
      .Range(0, 1000);
  description
      .Add("drop_path", options.drop_path,
           "Transformers: probability with which a photo skips attention, and with which it skips the "
           "MLP, of the last block in training; it falls linearly to 0 for the first block")
      .Range(0, 0.9);
  description
      .Add("dropout", options.dropout,
           "Head 'salad': probability with which a hidden value is left out in training; its authors' code: "
           "0.3")
      .Range(0, 0.9);
  description
      .Add("batch_norm", options.batch_norm,
           "Statistics of batch norms in training: frozen (the model's own), or trained (those of the photos "
           "of one size of a tuple; the model's own follow them)")
      .OneOf({"frozen", "trained"});
  description
      .Add("batch_norm_momentum", options.batch_norm_momentum,
           "trained: share by which the model's own statistics move to the batch's in a step")
      .Range(0, 1);
}

void Declare(OptionsDescription& description, DataOptions& options) {
  description.Add("training_set", options.training_set, "The .db file that 'vantage tuples' writes");
  description.Add("photos", options.photos,
                  "Folder of the photos, if they were moved: the folder that the set's paths are relative "
                  "to, or the moved one; empty: the training set's own");
  description.Add("image_size", options.image_size, "Longest side of photos in training and mining, pixels")
      .Range(16, 16384);
  description
      .Add("test_size", options.test_size,
           "Longest side at which the finished model describes photos, pixels; also for a watched benchmark")
      .Range(16, 16384);
  const auto is_preprocessing = [](const std::string& text) {
    return text.empty() || (ParsePreprocessing(text), true);  // or throws
  };
  description
      .Add("preprocessing", options.preprocessing,
           "How photos are prepared in training and mining, such as \"square=224,bicubic\" "
           "(docs/preprocessing.md); empty: longest=image_size")
      .AllowedIf(is_preprocessing);
  description
      .Add("test_preprocessing", options.test_preprocessing,
           "How the finished model prepares photos; empty: longest=test_size")
      .AllowedIf(is_preprocessing);
  description.Add("apply_exif_orientation", options.apply_exif_orientation,
                  "Turn photos as their EXIF orientation says");
  description.Nest("augmentation", options.augmentation,
                   "Random changes of photos in training; none by default");
}

Preprocessing TrainingPreprocessing(const DataOptions& options) {
  return options.preprocessing.empty() ? LongestSide(options.image_size)
                                       : ParsePreprocessing(options.preprocessing);
}

Preprocessing TestPreprocessing(const DataOptions& options) {
  return options.test_preprocessing.empty() ? LongestSide(options.test_size)
                                            : ParsePreprocessing(options.test_preprocessing);
}

void Declare(OptionsDescription& description, OptimizerOptions& options) {
  description.AddChoice(options.algorithm, "Algorithm that updates the parameters");
  description.Add("learning_rate", options.learning_rate, "Step size in the first epoch").Range(0, 1);
  description
      .Add("weight_decay", options.weight_decay,
           "L2 penalty on all parameters except GeM's exponent; adamw: decoupled from the gradient")
      .AtLeast(0);
  description
      .Add("decay_vectors", options.decay_vectors,
           "Whether biases, norms, scales and tokens decay: auto (no if the trunk is a transformer, else "
           "yes), yes or no")
      .OneOf({"auto", "yes", "no"});
  description
      .Add(
          "layer_decay", options.layer_decay,
          "Factor of the rate from each stage of the trunk to the one before it; the head learns at the full "
          "rate; 1: all parameters do")
      .Range(0, 1);
  description
      .Add(
          "clip_gradient_norm", options.clip_gradient_norm,
          "Largest norm of the gradient of all parameters, to which larger ones are scaled down; 0: no limit")
      .AtLeast(0);
  description
      .Add("max_skipped_steps", options.max_skipped_steps,
           "Most steps that a run may skip because a loss or a gradient is not finite; one more ends the run")
      .AtLeast(0);
  description.Add("groups", options.groups,
                  "Factor of the rate, and weight decay, of parameters by the prefix of their names: "
                  "'features.0. rate=0.1 decay=0'");
  description
      .Add("exponent_rate_factor", options.exponent_rate_factor,
           "gem: multiple of the rate at which the exponent learns; 0: the exponent is fixed")
      .AtLeast(0);
  description
      .Add("channel_exponent_rate_factor", options.channel_exponent_rate_factor,
           "gemmp: multiple of the rate at which the channels' exponents learn; 0: the exponents are fixed")
      .AtLeast(0);
}

void Declare(OptionsDescription& description, ComputeOptions& options) {
  description.Add("device", options.device, "cpu, cuda or cuda:1; a --device other than cpu replaces it");
  description
      .Add("precision", options.precision,
           "Precision of the trunk: fp32; bf16 on a GPU or a CPU with AMX or AVX512-BF16; tf32 or fp16 on a "
           "GPU")
      .OneOf(nn::PrecisionNames());
  description
      .Add("batch_pixels", options.batch_pixels,
           "Most pixels of a pass, which photos of equal size share; 0: one photo on a CPU, 4 megapixels on "
           "a GPU")
      .Range(0, 1 << 28);
  description
      .Add("kept_pixels", options.kept_pixels,
           "Most pixels of a tuple whose activations are kept; the rest is computed again in the backward "
           "pass")
      .AtLeast(0);
  description.Add("recompute_blocks", options.recompute_blocks,
                  "Keep only the input of each block, and compute the block's activations again in the "
                  "backward pass: less memory for about a third more time (gradient checkpointing)");
  description
      .Add("frozen_features", options.frozen_features,
           "MiB of memory for the output of the trunk's first blocks that are not trained, so that a photo "
           "passes them once in a run; without augmentation only; 0: off")
      .Range(0, 1 << 24);
  description
      .Add("loading_threads", options.loading_threads,
           "Threads that decode photos in advance; 0: half as many as --threads")
      .Range(0, 1024);
}

void Declare(OptionsDescription& description, CheckpointOptions& options) {
  description
      .Add("every_minutes", options.every_minutes,
           "Minutes between checkpoints in the middle of an epoch; 0: only at its end")
      .AtLeast(0);
  description
      .Add("keep", options.keep,
           "Number of latest epochs whose checkpoints are kept (checkpoints/epoch-0001.pth), in addition to "
           "last and best")
      .Range(0, 100000);
}

void Declare(OptionsDescription& description, EvaluationOptions& options) {
  description.Add(
      "data", options.data,
      "Folder of a benchmark to evaluate during training: class sub-folders, or queries.json; empty: none");
  description.Add("distractors", options.distractors, "Folders of photos that match no query");
  description.Add("query_every", options.query_every, "Class sub-folders: every Nth photo is a query")
      .AtLeast(1);
  description
      .Add("image_size", options.image_size,
           "Longest side of the benchmark's photos, pixels; 0: data.test_size")
      .Range(0, 16384);
  description
      .Add("every_epochs", options.every_epochs, "Epochs from one evaluation to the next; 0: no evaluation")
      .AtLeast(0);
  description
      .Add("best_by", options.best_by,
           "Criterion of the best epoch: lowest loss (validation), or highest main figure, such as mAP "
           "(benchmark)")
      .OneOf({"validation", "benchmark"});
}

void Declare(OptionsDescription& description, TrainOptions& options) {
  description.Add("epochs", options.epochs, "Passes over the mined tuples").Range(0, 100000);
  description.Add("tuples_per_step", options.tuples_per_step, "Tuples whose gradients are added for a step")
      .Range(1, 10000);
  description.Add(
      "drop_last", options.drop_last,
      "Leave out the last tuples of a round of mining if they are too few for a step, as cirtorch does");
  description.Add("seed", options.seed, "Seed of all random choices").AtLeast(0);
  description
      .Add(
          "weight_average_decay", options.weight_average_decay,
          "Decay of the moving average of the weights over the steps, which becomes the model; 0: no average")
      .Range(0, 0.999999);
  description.Nest("model", options.model, "The network");
  description.Nest("data", options.data, "The photos");
  description.Nest("initialization", options.initialization,
                   "Initial values of a network of local features if the weights are those of a trunk only");
  description.Nest("mining", options.mining, "Hard negatives, found anew in each epoch");
  description.Nest("loss", options.loss, "What is minimised");
  description.Nest("optimizer", options.optimizer, "How parameters change");
  description.Nest("schedule", options.schedule, "Learning rate over the run");
  description.Nest("compute", options.compute, "Time and memory of a step; only 'precision' changes results");
  description.Nest("checkpoint", options.checkpoint, "Files of a run");
  description.Nest("evaluation", options.evaluation, "Benchmark evaluated during training");
}

}  // namespace vantage

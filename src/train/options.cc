// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/training.h"

#include "nn/precision.h"

namespace vantage {

void Declare(OptionsDescription& description, ModelOptions& options) {
  Declare(description, options.net);
  description.Add("weights", options.weights,
                  "Where training starts: a trunk's weights (torchvision's names), or a checkpoint");
  description.Add(
      "continue_training", options.continue_training,
      "Also take the optimiser's state and the number of epochs from 'weights', a checkpoint of cirtorch "
      "or of this program");
  description.Add("freeze", options.freeze,
                  "Beginnings of the names of parameters that are not trained, such as features.0.");
  description
      .Add(
          "batch_norm", options.batch_norm,
          "Statistics of batch norms in training: frozen (the model's own), or trained (of the photos of one "
          "size of a tuple, which the model's own follow)")
      .OneOf({"frozen", "trained"});
  description
      .Add("batch_norm_momentum", options.batch_norm_momentum,
           "trained: part of the way that the model's own statistics go in a step")
      .Range(0, 1);
}

void Declare(OptionsDescription& description, DataOptions& options) {
  description.Add("training_set", options.training_set, "The .db file that 'vantage tuples' writes");
  description.Add(
      "photos", options.photos,
      "Folder of the photos, if they were moved: the one that the set's paths start from, or the moved "
      "one; empty: the training set's own");
  description.Add("image_size", options.image_size, "Longest side of photos in training and mining, pixels")
      .Range(16, 16384);
  description
      .Add("test_size", options.test_size,
           "Longest side that the finished model describes photos at, pixels; also of a watched benchmark")
      .Range(16, 16384);
  description.Add("apply_exif_orientation", options.apply_exif_orientation,
                  "Turn photos as their EXIF orientation says");
  description.Nest("augmentation", options.augmentation,
                   "How photos are varied for training; by default they are not");
}

void Declare(OptionsDescription& description, OptimizerOptions& options) {
  description.AddChoice(options.algorithm, "How parameters step along their gradients");
  description.Add("learning_rate", options.learning_rate, "Step size in the first epoch").Range(0, 1);
  description
      .Add("weight_decay", options.weight_decay,
           "L2 penalty on all parameters but GeM's exponent; adamw: decoupled from the gradient")
      .AtLeast(0);
  description
      .Add("clip_gradient_norm", options.clip_gradient_norm,
           "Gradients of a larger norm over all parameters are scaled down to it; 0: never")
      .AtLeast(0);
  description
      .Add("max_skipped_steps", options.max_skipped_steps,
           "Steps that a run may skip since a loss or a gradient is not finite; one more ends it")
      .AtLeast(0);
  description.Add(
      "groups", options.groups,
      "Parameters of another rate or decay, by the beginning of their names: 'features.0. rate=0.1 "
      "decay=0'");
  description
      .Add("exponent_rate_factor", options.exponent_rate_factor,
           "gem: the exponent learns at this multiple of the rate; 0: it stays")
      .AtLeast(0);
  description
      .Add("channel_exponent_rate_factor", options.channel_exponent_rate_factor,
           "gemmp: the channels' exponents learn at this multiple of the rate; 0: they stay")
      .AtLeast(0);
}

void Declare(OptionsDescription& description, ComputeOptions& options) {
  description.Add("device", options.device, "cpu, cuda or cuda:1; --device says so too");
  description
      .Add("precision", options.precision,
           "What the trunk computes in: fp32; bf16 on a GPU or a CPU with AMX or AVX512-BF16; tf32 or fp16 "
           "on a GPU")
      .OneOf(nn::PrecisionNames());
  description
      .Add("batch_pixels", options.batch_pixels,
           "Photos of equal size share a pass while they have at most so many pixels; 0: one alone on a CPU, "
           "4 "
           "megapixels on a GPU")
      .Range(0, 1 << 28);
  description
      .Add("kept_pixels", options.kept_pixels,
           "Pixels of a tuple whose activations are kept for the gradient; photos beyond are computed twice")
      .AtLeast(0);
  description
      .Add("loading_threads", options.loading_threads,
           "Threads that decode photos ahead; 0: half as many as --threads")
      .Range(0, 1024);
}

void Declare(OptionsDescription& description, CheckpointOptions& options) {
  description
      .Add("every_minutes", options.every_minutes,
           "Minutes between checkpoints in the middle of an epoch; 0: only at its end")
      .AtLeast(0);
  description
      .Add("keep", options.keep,
           "Keep the checkpoints of the last so many epochs (checkpoints/epoch-0001.pth), beside last and "
           "best")
      .Range(0, 100000);
}

void Declare(OptionsDescription& description, EvaluationOptions& options) {
  description.Add("data", options.data,
                  "Folder of a benchmark to watch: class sub-folders, or queries.json; empty: none");
  description.Add("distractors", options.distractors, "Folders of photos that match no query");
  description.Add("query_every", options.query_every, "Class sub-folders: every so many-th photo is a query")
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
           "What makes an epoch the best: the lowest validation loss, or the highest mAP of the benchmark")
      .OneOf({"validation", "benchmark"});
}

void Declare(OptionsDescription& description, TrainOptions& options) {
  description.Add("epochs", options.epochs, "Passes over the mined tuples").Range(0, 100000);
  description
      .Add("tuples_per_step", options.tuples_per_step, "Tuples whose gradients are added up for a step")
      .Range(1, 10000);
  description.Add("drop_last", options.drop_last,
                  "Leave out the last tuples of a round of mining that are too few for a step, as cirtorch");
  description.Add("seed", options.seed, "Of all random choices").AtLeast(0);
  description
      .Add("weight_average_decay", options.weight_average_decay,
           "The model is an average of the weights over the steps, which forgets them at this rate; 0: it is "
           "not")
      .Range(0, 0.999999);
  description.Nest("model", options.model, "The network");
  description.Nest("data", options.data, "The photos");
  description.Nest("initialization", options.initialization,
                   "How a network of local features begins, where its weights are those of a trunk alone");
  description.Nest("mining", options.mining, "Hard negatives, found anew in each epoch");
  description.Nest("loss", options.loss, "What is minimised");
  description.Nest("optimizer", options.optimizer, "How parameters change");
  description.Nest("schedule", options.schedule, "How the learning rate changes over the run");
  description.Nest("compute", options.compute,
                   "What a step costs; the results are the same but for precision");
  description.Nest("checkpoint", options.checkpoint, "What is kept of a run");
  description.Nest("evaluation", options.evaluation, "A benchmark to watch");
}

}  // namespace vantage

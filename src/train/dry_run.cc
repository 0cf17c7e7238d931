// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/training.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <set>

#include "nn/device.h"
#include "train/benchmark_watch.h"
#include "train/initialize.h"
#include "train/starting_model.h"
#include "train/training_data.h"
#include "train/training_step.h"
#include "util/check.h"
#include "util/index.h"
#include "util/parallel.h"
#include "util/random.h"
#include "util/rethrow.h"
#include "util/stopwatch.h"
#include "vantage/describer.h"
#include "vantage/run_context.h"

namespace vantage {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int64_t kSampledPhotos = 64;
constexpr int64_t kDescribedPhotos = 16;
constexpr int kInitializingPhotos = 32;
constexpr int kSteps = 2;  // the first warms up

int64_t PeakBytes() {
  rusage usage{};
  return getrusage(RUSAGE_SELF, &usage) == 0 ? int64_t{usage.ru_maxrss} * 1024 : 0;
}

struct PhotoSample {
  std::vector<PhotoId> readable;
  std::set<PhotoId> unreadable;
};

// Tries to read a random sample of photos. Fills the report.
PhotoSample SamplePhotos(const train::TrainingData& data, RandomStream& random, const RunContext& context,
                         DryRunReport& report) {
  const auto count = static_cast<int64_t>(data.set().photos.size());
  PhotoSample sample;
  for (const int64_t i : random.Sample(count, kSampledPhotos)) {
    context.CheckCancelled();
    try {
      LoadPhoto(data.photos(), i, data.extract());
      sample.readable.push_back(PhotoId{i});
    } catch (const Error& error) {
      sample.unreadable.insert(PhotoId{i});
      report.failed.emplace_back(error.what());
    }
    ++report.sampled_photos;
    context.Report(
        {"reading a sample of photos", report.sampled_photos, std::min(count, kSampledPhotos), ""});
  }
  VANTAGE_CHECK(
      !sample.readable.empty(), "none of ", report.sampled_photos,
      " sampled photos could be read; the first: ", report.failed.empty() ? "" : report.failed.front());
  return sample;
}

// Tuples with random photos of other scenes as negatives.
std::vector<mining::Tuple> RandomTuples(const TrainingSet& set, const std::set<PhotoId>& unreadable,
                                        int64_t count, int negatives, RandomStream& random) {
  std::vector<const TrainingQuery*> queries;
  for (const TrainingQuery& query : set.queries) {
    if (set.SplitOf(query.photo) != Split::kTrain) continue;
    if (unreadable.count(query.photo) + unreadable.count(query.positive) == 0) queries.push_back(&query);
  }
  VANTAGE_CHECK(!queries.empty(), "no query and its positive could be read");
  std::vector<mining::Tuple> tuples;
  for (int64_t i = 0; i < count; ++i) {
    const TrainingQuery& query = *queries[random.Below(queries.size())];
    mining::Tuple tuple{query.photo, query.positive, {}, {}};
    while (tuple.negatives.size() < ToIndex(negatives)) {
      const PhotoId photo{static_cast<int64_t>(random.Below(set.photos.size()))};
      if (set.photos[IndexOf(photo)].scene != set.photos[IndexOf(query.photo)].scene)
        tuple.negatives.push_back(photo);
    }
    tuples.push_back(std::move(tuple));
  }
  return tuples;
}

// Opens the teacher, and tries it on a sample of photos. Steps then get targets of zeros, which take as long.
void TryTeacher(const TeacherWish& wish, const TrainOptions& options, int64_t student_dimension,
                const PhotoSource& sample, const RunContext& context, train::TrainingData& data,
                DryRunReport& report) {
  const train::OpenedTeacher teacher = train::OpenTeacher(wish, data.set(), options, student_dimension);
  const int64_t photos = data.photos().size();
  if (teacher.describer) {
    const auto start = Clock::now();
    const ExtractedDescriptors described = ExtractDescriptors(*teacher.describer, sample, context);
    report.taught_photos = photos;
    report.seconds_of_teacher =
        SecondsSince(start) * static_cast<double>(photos) / static_cast<double>(sample.size());
    VANTAGE_CHECK(std::ssize(described.failed) < sample.size(), wish.path, ": describes none of ",
                  sample.size(),
                  " photos; the first: ", described.failed.empty() ? "" : described.failed.front().reason);
  }
  const int64_t dimension = wish.same_dimension ? student_dimension : teacher.dimension;
  data.SetTeacher({DescriptorMatrix::Zero(photos, dimension), teacher.missing});
}

double TimeOfStep(const TrainOptions& options, const train::TrainingData& data,
                  const std::set<PhotoId>& unreadable, nn::DescriptorNet& net, train::Optimizer& optimizer,
                  RandomStream& random, const RunContext& context) {
  const auto per_step = ToIndex(options.tuples_per_step);
  const std::vector<mining::Tuple> tuples = RandomTuples(
      data.set(), unreadable, int64_t{kSteps} * options.tuples_per_step, data.miner().Negatives(), random);
  const TupleLoss loss = nn::MakeLoss(options.loss);
  const ProcessGroup alone;
  const std::unique_ptr<train::Engine> engine =
      train::MakeEngine(options.compute, net.device(), context.ThreadCount());
  double seconds = 0;
  for (size_t step = 0; step < kSteps; ++step) {
    const auto start = Clock::now();
    const train::StepResult result =
        train::TakeStep(*engine, net, optimizer, /*learning_rate=*/0, train::TupleShare(alone, 0, per_step),
                        {.loss = loss, .next = [&](size_t i) {
                           context.CheckCancelled();
                           return data.Load(tuples[step * per_step + i], Split::kTrain, 1, i);
                         }});
    seconds = SecondsSince(start);
    VANTAGE_CHECK(result.not_finite.empty(), result.not_finite);
    VANTAGE_CHECK(result.tally.tuples > 0,
                  "no tuple of a step could be read: ", result.tuples.front().skipped);
    context.Report({"trying two steps", static_cast<int64_t>(step + 1), kSteps, ""});
  }
  return seconds;
}

// Number of steps in all rounds of an epoch.
int64_t StepsOf(const TrainOptions& options, int64_t tuples_of_epoch) {
  const int64_t of_round = tuples_of_epoch / options.mining.rounds;
  const int64_t incomplete = of_round % options.tuples_per_step > 0 && !options.drop_last ? 1 : 0;
  return options.mining.rounds * (of_round / options.tuples_per_step + incomplete);
}

}  // namespace

DryRunReport DryRun(const TrainOptions& options, const RunContext& context) try {
  CheckOptions(options);
  train::TrainingData data(options);
  const train::BenchmarkWatch benchmark(options);
  nn::ModelParts model = train::ReadStartingModel(options);
  model.net.To(nn::ParseDevice(options.compute.device));
  InitializationOptions initialization = options.initialization;
  initialization.photos = std::min(initialization.photos, kInitializingPhotos);
  train::InitializeLocals(model.net, data.set(), data.photo_root(), data.extract(), initialization,
                          options.seed, context);
  train::Optimizer optimizer(model.net, options.optimizer, options.model.freeze, options.model.freeze_blocks);
  train::UseBatchStatistics(model.net, options.model);
  nn::DescriptorNet net = model.net;
  net.ComputeTrunkIn(nn::ParsePrecision(options.compute.precision, net.device()));

  DryRunReport report;
  report.train = Summarize(data.set(), Split::kTrain);
  report.val = Summarize(data.set(), Split::kVal);
  report.dimension = model.net.dimension();
  model.net.Visit([&](const std::string&, const at::Tensor& tensor, nn::TensorRole role) {
    if (role != nn::TensorRole::kBuffer) report.parameters += tensor.numel();
  });
  for (const at::Tensor& parameter : optimizer.Parameters()) report.trained_parameters += parameter.numel();

  RandomStream random(static_cast<uint64_t>(options.seed), "dry run");
  const PhotoSample sample = SamplePhotos(data, random, context, report);
  std::vector<int64_t> places;
  for (size_t i = 0; i < sample.readable.size() && i < kDescribedPhotos; ++i)
    places.push_back(static_cast<int64_t>(sample.readable[i]));
  const SelectedPhotos photos(data.photos(), places);
  const Describer describer(model.net, data.extract());
  auto start = Clock::now();
  const ExtractedDescriptors described = ExtractDescriptors(describer, photos, context);
  report.seconds_of_mined_photo = SecondsSince(start) / static_cast<double>(photos.size());
  VANTAGE_CHECK(described.failed.size() < places.size(), "no photo could be described: ",
                described.failed.empty() ? "" : described.failed.front().reason);
  if (const auto teacher = nn::MakeLoss(options.loss).teacher)
    TryTeacher(*teacher, options, report.dimension, photos, context, data, report);
  report.seconds_of_step = TimeOfStep(options, data, sample.unreadable, net, optimizer, random, context);

  report.tuples_of_epoch = data.miner().Tuples(report.train, options.mining.rounds);
  report.steps_of_epoch = StepsOf(options, report.tuples_of_epoch);
  report.mined_photos_of_epoch = data.miner().Photos(report.train, options.mining.rounds);
  const MiningOptions of_validation = mining::ForValidation(options.mining);
  const std::unique_ptr<mining::Miner> validation = mining::MakeMiner(of_validation.miner);
  const int64_t described_photos =
      report.mined_photos_of_epoch +
      (data.validates() ? validation->Photos(report.val, of_validation.rounds) : 0);
  // Validation has no backward pass, so that it takes about a third of a step's time.
  const double val_steps =
      static_cast<double>(validation->Tuples(report.val, of_validation.rounds)) / options.tuples_per_step / 3;
  report.seconds_of_epoch = static_cast<double>(described_photos) * report.seconds_of_mined_photo +
                            (static_cast<double>(report.steps_of_epoch) + val_steps) * report.seconds_of_step;
  report.seconds_of_run = report.seconds_of_epoch * options.epochs + report.seconds_of_teacher;
  report.peak_bytes = PeakBytes();
  return report;
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage

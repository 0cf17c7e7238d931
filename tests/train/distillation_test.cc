// SPDX-License-Identifier: BSD-3-Clause
// Training with a teacher.
#include <ATen/TensorOperators.h>

#include <atomic>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "nn/model_file.h"
#include "nn/named_tensors.h"
#include "testing/exif.h"
#include "testing/files.h"
#include "testing/photos.h"
#include "train/small_run.h"
#include "train/teacher.h"
#include "util/file.h"
#include "util/hash.h"
#include "util/random.h"
#include "util/string.h"
#include "vantage/run_context.h"
#include "vantage/training.h"

namespace vantage::train {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using vantage::testing::ErrorOf;
using vantage::testing::FilesBelow;
using vantage::testing::MakeFormulaModel;
using vantage::testing::OneThread;
using vantage::testing::SmallRun;
using vantage::testing::TemporaryFolder;
using vantage::testing::WritePhotosAndSet;

constexpr const char* kDescribing = "describing the photos with the teacher";

class Distilling : public ::testing::Test {
 protected:
  void SetUp() override {
    set_ = WritePhotosAndSet(folder_.path(), 5, 6, 2);
    WriteModelOf("squeezenet1_1", "start.pth");
    options_ = SmallRun(folder_.path());
    options_.epochs = 2;
  }

  std::string Path(const std::string& name) const { return (folder_ / name).string(); }

  // A network of formula weights, which describes photos at 64 pixels.
  void WriteModelOf(const std::string& architecture, const std::string& name) const {
    nn::ModelParts model = MakeFormulaModel(architecture);
    model.preprocessing = LongestSide(64);
    nn::WriteModel(model, folder_ / name);
  }

  void TeachBy(const std::string& name, DistillationLossOptions options = {}) {
    options.teacher = Path(name);
    options_.loss = options;
  }

  // What `vantage extract` writes of the photos.
  DescriptorFile Extracted(const std::string& model) const {
    return ExtractNamedPhotos(Describer::Load(folder_ / model), ListPhotos({Path("photos")}), OneThread());
  }

  std::string WeightsOf(const std::string& run) const {
    nn::ModelParts model = nn::ReadModel(folder_ / run / "last.pth");
    return nn::WeightsSha256(model.net);
  }
  std::string HashOf(const std::string& file) const { return Sha256OfFile(folder_ / file); }

  // The error of opening the teacher for a network of that dimension, and taking its descriptors.
  std::string ErrorOfTeacher(const std::string& name, int64_t dimension, bool same_dimension = true) const {
    return ErrorOf([&] { Describe(name, dimension, same_dimension); });
  }
  TeacherDescriptors Describe(const std::string& name, int64_t dimension, bool same_dimension = true,
                              int threads = 1) const {
    const OpenedTeacher teacher = OpenTeacher({Path(name), same_dimension}, set_, options_, dimension);
    RunContext context;
    context.threads = threads;
    return DescribeWithTeacher(teacher, set_, PhotosOfSet(set_, folder_.path()), nullptr, ProcessGroup(),
                               context);
  }

  std::vector<PhotoId> AllPhotos() const {
    std::vector<PhotoId> photos;
    for (size_t i = 0; i < set_.photos.size(); ++i) photos.push_back(PhotoId{static_cast<int64_t>(i)});
    return photos;
  }

  // A file of random descriptors of all photos.
  DescriptorFile RandomFile(int64_t dimension) const {
    DescriptorFile file;
    file.descriptors.values.resize(std::ssize(set_.photos), dimension);
    RandomStream random(1, "descriptors");
    for (int64_t i = 0; i < file.descriptors.values.size(); ++i)
      file.descriptors.values.data()[i] = static_cast<float>(random.Normal());
    file.descriptors.values.rowwise().normalize();
    for (const TrainingPhoto& photo : set_.photos) file.descriptors.names.push_back(photo.path);
    return file;
  }

  TemporaryFolder folder_;
  TrainingSet set_;
  TrainOptions options_;
};

TEST_F(Distilling, BringsTheStudentNearerToTheTeacher) {
  WriteModelOf("resnet18", "teacher.pth");
  for (const DistillationLossOptions& loss :
       {DistillationLossOptions{}, DistillationLossOptions{.descriptor_weight = 0, .relation_weight = 1}}) {
    TeachBy("teacher.pth", loss);
    options_.epochs = 4;
    const std::string run = loss.relation_weight > 0 ? "relations" : "descriptors";
    const TrainResult result = Train(options_, folder_ / run, false, OneThread());
    EXPECT_LT(result.epochs[4].train_loss, 0.9 * result.epochs[1].train_loss) << run;
    if (run == "descriptors") EXPECT_LT(result.epochs[4].val_loss, result.epochs[0].val_loss);
  }
  const auto origin = nlohmann::json::parse(nn::ReadModel(folder_ / "relations/best.pth").origin);
  EXPECT_EQ(origin.value("teacher_sha256", ""), HashOf("teacher.pth"));
}

TEST_F(Distilling, TheTeacherTurnsPhotosAsItsFileSays) {
  for (const TrainingPhoto& photo : set_.photos)
    WriteFile(folder_ / photo.path, vantage::testing::WithOrientation(ReadFile(folder_ / photo.path), 6));
  const auto rows = [&](const std::string& name, std::optional<bool> turns) {
    nn::ModelParts model = MakeFormulaModel("resnet18");
    model.preprocessing = LongestSide(64);
    model.applies_exif_orientation = turns;
    nn::WriteModel(model, folder_ / name);
    return Describe(name, 512).Rows(AllPhotos());
  };
  const at::Tensor turned = rows("turned.pth", true);
  EXPECT_GT((rows("ignored.pth", false) - turned).abs().max().item<float>(), 1e-3);
  EXPECT_TRUE(rows("silent.pth", std::nullopt).equal(turned));
}

TEST_F(Distilling, AStudentThatIsItsTeacherHasNoLossAndStaysAsItIs) {
  options_.mining.miner = NegativeMiningOptions{.negatives = 2, .redraw_positives = true};
  options_.optimizer.weight_decay = 0;
  options_.optimizer.algorithm = SgdOptions{};  // Adam would make full steps along the rounding of zeros
  TeachBy("start.pth", {.relation_weight = 1});
  const TrainResult result = Train(options_, folder_ / "run", false, OneThread());
  for (const EpochMetrics& epoch : result.epochs) {
    EXPECT_LT(epoch.val_loss, 1e-9) << epoch.epoch;
    if (epoch.epoch > 0) EXPECT_LT(epoch.train_loss, 1e-9) << epoch.epoch;
  }
  EXPECT_EQ(result.best_epoch, 0);
}

// The file that `vantage extract` writes of the model's descriptors teaches the same, to the last bit.
TEST_F(Distilling, AModelAndTheFileOfItsDescriptorsTeachTheSame) {
  WriteModelOf("efficientnet_lite0", "teacher.pth");  // 1,280 dimensions, which PCA reduces to 512
  TeachBy("teacher.pth", {.beside = "contrastive:margin=0.7"});
  Train(options_, folder_ / "model", false, OneThread());
  const DescriptorFile file = Extracted("teacher.pth");
  for (const char* name : {"teacher.npy", "teacher.h5"}) {
    WriteDescriptors(file, folder_ / name);
    TeachBy(name, {.beside = "contrastive:margin=0.7"});
    const std::string run = StrCat("run-", name);
    Train(options_, folder_ / run, false, OneThread());
    EXPECT_EQ(WeightsOf(run), WeightsOf("model")) << name;
  }
  const auto origin = nlohmann::json::parse(nn::ReadModel(folder_ / "run-teacher.npy/best.pth").origin);
  EXPECT_EQ(origin.value("teacher_sha256", ""), HashOf("teacher.npy"));
  EXPECT_EQ(origin.value("teacher_names_sha256", ""), HashOf("teacher.json"));
}

TEST_F(Distilling, ResumedAfterAnInterruptEndsInTheSameBytes) {
  WriteModelOf("efficientnet_lite0", "teacher.pth");
  TeachBy("teacher.pth");
  Train(options_, folder_ / "whole", false, OneThread());
  EXPECT_THAT(FilesBelow(folder_ / "whole"), Not(Contains("teacher.partial")));
  bool was_cut_in_teaching = false;
  for (int calls = 5; calls < 300; calls += 41) {
    const std::string run = StrCat("cut", calls);
    RunContext context = OneThread();
    std::atomic<int> seen = 0;
    context.is_cancelled = [&] { return ++seen > calls; };
    std::string task;
    context.on_progress = [&](const Progress& progress) { task = progress.task; };
    try {
      Train(options_, folder_ / run, false, context);
    } catch (const Interrupted&) {
      was_cut_in_teaching |= task == kDescribing;
    }
    RunContext resumed = OneThread();
    if (calls % 2 == 0) resumed.threads = 2;
    Train(options_, folder_ / run, true, resumed);
    EXPECT_EQ(HashOf(run + "/best.pth"), HashOf("whole/best.pth")) << calls;
    EXPECT_EQ(HashOf(run + "/last.pth"), HashOf("whole/last.pth")) << calls;
  }
  EXPECT_TRUE(was_cut_in_teaching);
}

TEST_F(Distilling, TheTeacherDescribesNoPhotoTwice) {
  WriteModelOf("resnet18", "teacher.pth");
  TeachBy("teacher.pth");
  RunContext context = OneThread();
  std::atomic<int64_t> seen = 0;
  context.on_progress = [&](const Progress& progress) {
    if (progress.task == kDescribing) seen = progress.done;
  };
  context.is_cancelled = [&] { return seen > 20; };
  EXPECT_THROW(Train(options_, folder_ / "run", false, context), Interrupted);
  EXPECT_THAT(FilesBelow(folder_ / "run"), Contains("teacher.partial"));
  int64_t first = -1;
  RunContext resumed = OneThread();
  resumed.on_progress = [&](const Progress& progress) {
    if (progress.task == kDescribing && first < 0) first = progress.done;
  };
  Train(options_, folder_ / "run", true, resumed);
  EXPECT_GT(first, 20);
}

TEST_F(Distilling, ATeacherMayBeMovedButNotChanged) {
  WriteModelOf("resnet18", "teacher.pth");
  TeachBy("teacher.pth");
  Train(options_, folder_ / "run", false, OneThread());
  std::filesystem::rename(folder_ / "teacher.pth", folder_ / "moved.pth");
  TeachBy("moved.pth");
  options_.epochs = 3;
  Train(options_, folder_ / "run", true, OneThread());
  EXPECT_THAT(ErrorOf([&] {
                TeachBy("start.pth");
                Train(options_, folder_ / "run", true, OneThread());
              }),
              AllOf(HasSubstr("start.pth: is another teacher (SHA-256 "),
                    HasSubstr("than the one that the run was started with")));
}

TEST_F(Distilling, TheNamesOfATeachersFileAreAPartOfIt) {
  DescriptorFile file = RandomFile(512);
  WriteDescriptors(file, folder_ / "teacher.npy");
  TeachBy("teacher.npy");
  Train(options_, folder_ / "run", false, OneThread());
  std::swap(file.descriptors.names[0], file.descriptors.names[1]);
  WriteDescriptors(file, folder_ / "teacher.npy");
  options_.epochs = 3;
  EXPECT_THAT(ErrorOf([&] { Train(options_, folder_ / "run", true, OneThread()); }),
              HasSubstr("is another teacher"));
}

TEST_F(Distilling, PhotosOfAFileAreFoundByTheEndOfTheirPaths) {
  const DescriptorFile file = RandomFile(8);
  WriteDescriptors(file, folder_ / "a.npy");
  DescriptorFile shorter = file;
  for (std::string& name : shorter.descriptors.names) name = name.substr(std::string("photos/").size());
  WriteDescriptors(shorter, folder_ / "b.h5");
  DescriptorFile longer = file;
  for (std::string& name : longer.descriptors.names) name = Path(name);
  WriteDescriptors(longer, folder_ / "c.npy");
  const at::Tensor expected = Describe("a.npy", 8).Rows(AllPhotos());
  EXPECT_EQ(expected[3][2].item<float>(), file.descriptors.values(3, 2));
  for (const char* name : {"b.h5", "c.npy"})
    EXPECT_TRUE(Describe(name, 8).Rows(AllPhotos()).equal(expected)) << name;
}

TEST_F(Distilling, AFileThatDoesNotFitTheSetIsRefused) {
  const DescriptorFile file = RandomFile(8);
  DescriptorFile fewer;
  fewer.descriptors = SelectRows(file.descriptors, {0, 1, 2});
  WriteDescriptors(fewer, folder_ / "fewer.npy");
  EXPECT_THAT(ErrorOfTeacher("fewer.npy", 8),
              HasSubstr("fewer.npy: has no descriptor of 27 of 30 photos of the training set: "
                        "photos/scene0/3.jpg, photos/scene0/4.jpg, photos/scene0/5.jpg and 24 more"));
  DescriptorFile loose = file;
  for (size_t i = 0; i < loose.descriptors.names.size(); ++i)
    loose.descriptors.names[i] = i < 6 ? StrCat(i, ".jpg") : StrCat("other/", i, ".jpg");
  WriteDescriptors(loose, folder_ / "loose.npy");
  EXPECT_THAT(ErrorOfTeacher("loose.npy", 8),
              HasSubstr("'0.jpg' names two photos, photos/scene0/0.jpg and photos/scene1/0.jpg"));
  DescriptorFile zero = file;
  zero.descriptors.values.row(7).setZero();
  WriteDescriptors(zero, folder_ / "zero.npy");
  EXPECT_THAT(ErrorOfTeacher("zero.npy", 8),
              HasSubstr("zero.npy: the descriptors of 1 photos are zero: photos/scene1/1.jpg"));
  DescriptorFile infinite = file;
  infinite.descriptors.values(4, 4) = std::numeric_limits<float>::infinity();
  WriteDescriptors(infinite, folder_ / "infinite.h5");
  EXPECT_THAT(ErrorOfTeacher("infinite.h5", 8), HasSubstr("not finite"));
  WriteDescriptors(file, folder_ / "file.npy");
  EXPECT_THAT(ErrorOfTeacher("file.npy", 9),
              AllOf(HasSubstr("a teacher of 8 dimensions for a network of 9"),
                    HasSubstr("output_dimension = 8"), HasSubstr("relations")));
  EXPECT_EQ(Describe("file.npy", 9, /*same_dimension=*/false).Rows(AllPhotos()).size(1), 8);
  EXPECT_THAT(ErrorOfTeacher("nowhere.npy", 8), HasSubstr("nowhere"));
  EXPECT_THAT(ErrorOfTeacher("nowhere.pth", 8), HasSubstr("nowhere.pth"));
}

// Distances between the training photos are those of the teacher, as far as the dimension allows.
TEST_F(Distilling, PcaReducesALargerTeacher) {
  DescriptorFile file = RandomFile(40);
  WriteDescriptors(file, folder_ / "teacher.npy");
  const at::Tensor reduced = Describe("teacher.npy", 4).Rows(AllPhotos());
  EXPECT_EQ(reduced.size(1), 4);
  EXPECT_LT(reduced.norm(2, {1}).sub(1).abs().max().item<double>(), 1e-5);
  EXPECT_TRUE(Describe("teacher.npy", 4, true, 3).Rows(AllPhotos()).equal(reduced)) << "on three threads";
  // 18 photos vary in 17 directions: all are kept, so that their centred descriptors keep their angles.
  const at::Tensor whole = Describe("teacher.npy", 30).Rows(AllPhotos());
  EXPECT_EQ(whole.narrow(1, 17, 13).abs().max().item<double>(), 0);
  const int64_t training = 18;
  Eigen::MatrixXf centred = file.descriptors.values.topRows(training);
  centred.rowwise() -= centred.colwise().mean().eval();
  centred.rowwise().normalize();
  const at::Tensor cosines = whole.narrow(0, 0, training).mm(whole.narrow(0, 0, training).t());
  for (int64_t i = 0; i < training; ++i)
    EXPECT_NEAR(cosines[0][i].item<float>(), centred.row(0).dot(centred.row(i)), 1e-5) << i;
}

TEST_F(Distilling, DescriptorsOfAnyLengthAreScaledToUnitLength) {
  DescriptorFile file = RandomFile(8);
  WriteDescriptors(file, folder_ / "unit.npy");
  file.descriptors.values *= 3;
  WriteDescriptors(file, folder_ / "long.npy");
  const at::Tensor expected = Describe("unit.npy", 8).Rows(AllPhotos());
  EXPECT_LT(Describe("long.npy", 8).Rows(AllPhotos()).sub(expected).abs().max().item<double>(), 1e-5);
}

// A photo that the teacher cannot describe is left out like one that cannot be read.
TEST_F(Distilling, PhotosThatTheTeacherCannotDescribeAreLeftOut) {
  DescriptorFile file = RandomFile(512);
  file.descriptors = SelectRows(file.descriptors, [] {
    std::vector<int64_t> rows;
    for (int64_t i = 0; i < 30; ++i) {
      if (i != 3) rows.push_back(i);
    }
    return rows;
  }());
  file.failed = {{set_.photos[3].path, "photos/scene0/3.jpg: too small"}};
  WriteDescriptors(file, folder_ / "teacher.npy");
  const TeacherDescriptors teacher = Describe("teacher.npy", 512);
  teacher.Require(PhotoId{2});
  EXPECT_THAT(ErrorOf([&] { teacher.Require(PhotoId{3}); }), HasSubstr("too small"));
  TeachBy("teacher.npy");
  options_.epochs = 1;
  const TrainResult result = Train(options_, folder_ / "run", false, OneThread());
  EXPECT_EQ(result.epochs[1].tuples, 8) << "one of nine queries matches that photo";
}

TEST_F(Distilling, ADryRunTriesTheTeacherAndWritesNothing) {
  WriteModelOf("efficientnet_lite0", "teacher.pth");
  TeachBy("teacher.pth");
  const std::vector<std::string> before = FilesBelow(folder_.path());
  const DryRunReport report = DryRun(options_, OneThread());
  EXPECT_EQ(FilesBelow(folder_.path()), before);
  EXPECT_EQ(report.taught_photos, 30);
  EXPECT_GT(report.seconds_of_teacher, 0);
  EXPECT_EQ(report.seconds_of_run, 2 * report.seconds_of_epoch + report.seconds_of_teacher);
  WriteDescriptors(RandomFile(512), folder_ / "teacher.npy");
  TeachBy("teacher.npy");
  EXPECT_EQ(DryRun(options_, OneThread()).taught_photos, 0);
  WriteDescriptors(RandomFile(100), folder_ / "small.npy");
  TeachBy("small.npy");
  EXPECT_THAT(ErrorOf([&] { DryRun(options_, OneThread()); }), HasSubstr("a teacher of 100 dimensions"));
}

}  // namespace
}  // namespace vantage::train

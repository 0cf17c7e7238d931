// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/describer.h"
#include "vantage/evaluation.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <chrono>
#include <numeric>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "nn/images_to_tensor.h"
#include "nn/resize_images.h"
#include "numerics/single_threaded_blas.h"
#include "testing/files.h"
#include "testing/photos.h"
#include "util/cpu.h"
#include "util/file.h"
#include "util/hash.h"
#include "util/string.h"
#include "vantage/describer.h"

namespace vantage::extract {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::MakeFormulaModel;
using vantage::testing::MakePhoto;
using vantage::testing::TemporaryFolder;

void WritePhotos(const TemporaryFolder& folder, int count) {
  for (int i = 0; i < count; ++i) {
    WriteFile(folder / StrCat("p", i, ".jpg"), EncodeJpeg(MakePhoto(i, 0, 90 + 7 * i, 70), 90));
  }
}

TEST(ExtractDescriptors, AgreesWithDescribingEachAlone) {
  const TemporaryFolder folder;
  WritePhotos(folder, 5);
  const nn::ModelParts model = MakeFormulaModel();
  const NamedPhotos photos = ListPhotos({folder.path().string()});
  EXPECT_THAT(photos.names, ElementsAre("p0.jpg", "p1.jpg", "p2.jpg", "p3.jpg", "p4.jpg"));
  const at::NoGradGuard no_grad;
  for (const std::vector<double>& scales : {std::vector<double>{1}, {1, 0.7071, 1.5}}) {
    const ExtractedDescriptors extracted = ExtractDescriptors(
        Describer(model.net, {LongestSide(64), false, scales}), PhotoFiles(photos.requests));
    for (Eigen::Index i = 0; i < 5; ++i) {
      const Image image = Thumbnail(ReadImage(photos.requests[static_cast<size_t>(i)].path), 64);
      const at::Tensor alone =
          model.net.ForwardAtScales(nn::ImagesToTensor({image}, model.net.normalization), scales);
      for (Eigen::Index d = 0; d < 512; ++d) {
        EXPECT_NEAR(extracted.values(i, d), alone[0][d].item<float>(), 1e-5);
      }
    }
  }
}

// Workers whiten in parallel; threads of BLAS inside each would wait for one another.
TEST(ExtractDescriptors, GivesBlasOneThreadWhileItsWorkersWhiten) {
  if (openblas_set_num_threads == nullptr || openblas_get_num_threads == nullptr)
    GTEST_SKIP() << "BLAS is not OpenBLAS";
  const TemporaryFolder folder;
  WritePhotos(folder, 3);
  const nn::ModelParts model = MakeFormulaModel();
  const NamedPhotos photos = ListPhotos({folder.path().string()});
  openblas_set_num_threads(2);
  std::vector<int> seen;
  RunContext context;
  context.on_progress = [&](const Progress&) { seen.push_back(openblas_get_num_threads()); };
  ExtractDescriptors(Describer(model.net, {LongestSide(64), false}), PhotoFiles(photos.requests), context);
  EXPECT_THAT(seen, ElementsAre(1, 1, 1, 1));
  EXPECT_EQ(openblas_get_num_threads(), 2);
  // Also if two runs overlap, whichever ends first.
  auto first = std::make_optional<numerics::SingleThreadedBlas>();
  auto second = std::make_optional<numerics::SingleThreadedBlas>();
  first.reset();
  EXPECT_EQ(openblas_get_num_threads(), 1);
  second.reset();
  EXPECT_EQ(openblas_get_num_threads(), 2);
}

TEST(SingleThreadedBlas, LimitsMklInItsThread) {
  if (MKL_Set_Num_Threads_Local == nullptr || MKL_Get_Max_Threads == nullptr)
    GTEST_SKIP() << "BLAS is not MKL";
  const int before = MKL_Set_Num_Threads_Local(2);
  auto first = std::make_optional<numerics::SingleThreadedBlas>();
  auto second = std::make_optional<numerics::SingleThreadedBlas>();
  std::thread([] {
    MKL_Set_Num_Threads_Local(2);
    {
      const numerics::SingleThreadedBlas in_worker;
      EXPECT_EQ(MKL_Get_Max_Threads(), 1);
    }
    EXPECT_EQ(MKL_Get_Max_Threads(), 2);
  }).join();
  first.reset();
  EXPECT_EQ(MKL_Get_Max_Threads(), 1);
  second.reset();
  EXPECT_EQ(MKL_Get_Max_Threads(), 2);
  MKL_Set_Num_Threads_Local(before);
}

TEST(Describer, TakesTheTensorsOfAModel) {
  const Image photo = MakePhoto(0, 0, 90, 70);
  nn::ModelParts parts = MakeFormulaModel();
  parts.preprocessing = LongestSide(64);
  const std::vector<float> expected = Describer(parts).Describe(photo);
  Model model(parts);
  const Model copy = model;
  EXPECT_EQ(Describer::Take(std::move(model)).Describe(photo), expected);
  EXPECT_EQ(Describer(copy).Describe(photo), expected);
}

TEST(ParseScales, TakesNumbersAndRefusesTheRest) {
  EXPECT_THAT(ParseScales("1,0.5"), ElementsAre(1, 0.5));
  for (const char* wrong :
       {"", "1,", "half", "0", "-1", "nan", "1x", "17", "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1"}) {
    EXPECT_THROW(ParseScales(wrong), UsageError) << wrong;
  }
}

TEST(ExtractDescriptors, DoesNotDependOnTheThreads) {
  const TemporaryFolder folder;
  WritePhotos(folder, 6);
  const nn::ModelParts model = MakeFormulaModel();
  const NamedPhotos photos = ListPhotos({folder.path().string()});
  const auto with_threads = [&](int threads) {
    RunContext context;
    context.threads = threads;
    return ExtractDescriptors(Describer(model.net, {LongestSide(64), false}), PhotoFiles(photos.requests),
                              context)
        .values;
  };
  const DescriptorMatrix one = with_threads(1);
  EXPECT_EQ(with_threads(2), one);
  EXPECT_EQ(with_threads(5), one);
}

TEST(ExtractDescriptors, BadPhotosAreNamedAndTheRestGoesOn) {
  const TemporaryFolder folder;
  WritePhotos(folder, 3);
  WriteFile(folder / "p1.jpg", "text");
  WriteFile(folder / "p3.png", EncodePng(MakePhoto(9, 0, 3, 3)));  // too small for the poolings
  const nn::ModelParts model = MakeFormulaModel();
  const NamedPhotos photos = ListPhotos({folder.path().string()});
  const ExtractedDescriptors extracted =
      ExtractDescriptors(Describer(model.net, {LongestSide(64), false}), PhotoFiles(photos.requests));
  ASSERT_EQ(extracted.failed.size(), 2U);
  EXPECT_EQ(extracted.failed[0].index, 1);
  EXPECT_THAT(extracted.failed[0].reason, HasSubstr("p1.jpg: not a JPEG"));
  EXPECT_THAT(extracted.failed[1].reason, HasSubstr("p3.png: too small for the network"));
  EXPECT_EQ(extracted.values.row(1).norm(), 0);
  EXPECT_NEAR(extracted.values.row(2).norm(), 1, 1e-4);
}

TEST(ExtractDescriptors, BatchesChangeNothingVisible) {
  const TemporaryFolder folder;
  for (int i = 0; i < 260; ++i) {  // windows of four photos
    const int width = i % 3 == 0 ? 90 : 60;
    WriteFile(folder / StrCat("p", 100 + i, ".jpg"), EncodeJpeg(MakePhoto(i, 0, width, 70), 90));
  }
  WriteFile(folder / "p110.jpg", "not a photo, in the middle of a batch");
  const nn::ModelParts model = MakeFormulaModel();
  const NamedPhotos photos = ListPhotos({folder.path().string()});
  for (const std::vector<double>& scales : {std::vector<double>{1}, {1, 0.7071}}) {
    ExtractOptions options{LongestSide(64), false, scales};
    const ExtractedDescriptors alone =
        ExtractDescriptors(Describer(model.net, options), PhotoFiles(photos.requests));
    options.batch_pixels = 1 << 16;
    const ExtractedDescriptors batched =
        ExtractDescriptors(Describer(model.net, options), PhotoFiles(photos.requests));
    EXPECT_LT((batched.values - alone.values).cwiseAbs().maxCoeff(), 1e-5);
    ASSERT_EQ(batched.failed.size(), 1U);
    EXPECT_EQ(batched.failed[0].index, 10);
    RunContext three_threads;
    three_threads.threads = 3;
    EXPECT_EQ(
        ExtractDescriptors(Describer(model.net, options), PhotoFiles(photos.requests), three_threads).values,
        batched.values);
  }
}

TEST(ExtractDescriptors, GoesOnFromAnyPrefixOfItsStore) {
  const TemporaryFolder folder;
  WritePhotos(folder, 5);
  WriteFile(folder / "p2.jpg", "text");
  const NamedPhotos photos = ListPhotos({folder.path().string()});
  const Describer describer(MakeFormulaModel().net, {LongestSide(64), false});
  const auto path = folder / "run.partial";
  const auto extract = [&] {
    DescriptorStore store(path);
    return ExtractDescriptors(describer, PhotoFiles(photos.requests), {}, &store);
  };
  const ExtractedDescriptors whole = extract();
  const std::string bytes = ReadFile(path);
  for (size_t cut = bytes.size() + 1; cut-- > 0; cut -= std::min<size_t>(cut, cut < 64 ? 0 : 397)) {
    WriteFile(path, bytes.substr(0, cut));
    const ExtractedDescriptors resumed = extract();
    EXPECT_EQ(resumed.values, whole.values) << cut;
    ASSERT_EQ(resumed.failed.size(), 1U);
    EXPECT_EQ(resumed.failed[0].index, 2);
    EXPECT_EQ(resumed.failed[0].reason, whole.failed[0].reason);
    EXPECT_EQ(ReadFile(path), bytes) << cut;
  }
}

TEST(ExtractDescriptors, DoesNotDescribeAgainWhatTheStoreHolds) {
  const TemporaryFolder folder;
  WritePhotos(folder, 3);
  const NamedPhotos photos = ListPhotos({folder.path().string()});
  const Describer describer(MakeFormulaModel().net, {LongestSide(64), false});
  DescriptorStore store(folder / "run.partial");
  store.Append(
      {{*KeyOf(describer.identity(), PhotoFiles(photos.requests), 1), std::vector<float>(512, 0.25F)}});
  const ExtractedDescriptors extracted =
      ExtractDescriptors(describer, PhotoFiles(photos.requests), {}, &store);
  EXPECT_EQ(extracted.values(1, 7), 0.25F);
  EXPECT_NEAR(extracted.values.row(2).norm(), 1, 1e-4);
  EXPECT_EQ(store.size(), 3U);
}

// The run is interrupted at each window with one batch size and resumed with another, like a run that begins
// on a CPU and resumes on a GPU.
TEST(ExtractDescriptors, LeavesNoRowUndescribedIfItGoesOnWithOtherBatches) {
  const TemporaryFolder folder;
  for (int i = 0; i < 260; ++i)
    WriteFile(folder / StrCat("p", 100 + i, ".png"), EncodePng(MakePhoto(i, 0, 40, 30)));
  const NamedPhotos photos = ListPhotos({folder.path().string()});
  const nn::DescriptorNet net = MakeFormulaModel().net;
  for (const int stop : {1, 3, 30}) {
    for (const bool larger : {true, false}) {
      DescriptorStore store(folder / StrCat("run", stop, larger, ".partial"));
      const Describer first(net, {.preprocessing = LongestSide(40), .batch_pixels = larger ? 1 : 1 << 14});
      const Describer second(net, {.preprocessing = LongestSide(40), .batch_pixels = larger ? 1 << 14 : 1});
      EXPECT_NE(first.identity(), second.identity());
      RunContext context;
      int reports = 0;
      context.on_progress = [&](const Progress&) { ++reports; };
      context.is_cancelled = [&] { return reports > stop; };
      EXPECT_THROW(ExtractDescriptors(first, PhotoFiles(photos.requests), context, &store), Interrupted);
      const ExtractedDescriptors whole = ExtractDescriptors(second, PhotoFiles(photos.requests), {}, &store);
      EXPECT_TRUE(whole.failed.empty());
      for (Eigen::Index i = 0; i < whole.values.rows(); ++i) ASSERT_NEAR(whole.values.row(i).norm(), 1, 1e-4);
    }
  }
}

// A read error may be temporary, for example of a network file system.
TEST(ExtractDescriptors, ReadsPhotosThatFailedAgain) {
  const TemporaryFolder folder;
  WritePhotos(folder, 3);
  const std::string photo = ReadFile(folder / "p1.jpg");
  WriteFile(folder / "p1.jpg", "text");
  const NamedPhotos photos = ListPhotos({folder.path().string()});
  const Describer describer(MakeFormulaModel().net, {LongestSide(64), false});
  DescriptorStore store(folder / "run.partial");
  EXPECT_EQ(ExtractDescriptors(describer, PhotoFiles(photos.requests), {}, &store).failed.size(), 1U);
  WriteFile(folder / "p1.jpg", photo);
  EXPECT_TRUE(ExtractDescriptors(describer, PhotoFiles(photos.requests), {}, &store).failed.empty());
}

TEST(ModelDescriptorOptions, TurnPhotosByExifAsTheModelSaysAndByDefault) {
  nn::ModelParts model = MakeFormulaModel();
  EXPECT_TRUE(ResolveOptions(model, {}).apply_exif_orientation);
  EXPECT_FALSE(ResolveOptions(model, {.exif_orientation = "ignore"}).apply_exif_orientation);
  model.applies_exif_orientation = false;
  EXPECT_FALSE(ResolveOptions(model, {}).apply_exif_orientation);
  EXPECT_TRUE(ResolveOptions(model, {.exif_orientation = "apply"}).apply_exif_orientation);
  EXPECT_TRUE(ProvenanceOf(model, "m.pth", {.exif_orientation = "apply"}).apply_exif_orientation.value());
  EXPECT_FALSE(ProvenanceOf(model, "m.pth", {}).apply_exif_orientation.value());
  EXPECT_THROW(CheckOptions(ModelDescriptorOptions{.exif_orientation = "true"}), UsageError);
}

TEST(Describer, IdentityFollowsWhateverDecidesADescriptor) {
  nn::ModelParts model = MakeFormulaModel();
  model.preprocessing = LongestSide(64);
  std::set<std::string> seen;
  const auto add = [&](const nn::ModelParts& of, const ModelDescriptorOptions& options) {
    EXPECT_TRUE(seen.insert(Describer(of, options).identity()).second) << seen.size();
  };
  add(model, {});
  EXPECT_EQ(Describer(model).identity(), Describer(model).identity());
  EXPECT_EQ(Describer::Take(model).identity(), Describer(model).identity());
  add(model, {.image_size = 65});
  add(model, {.preprocessing = "square=64"});
  add(model, {.preprocessing = "square=64,bilinear"});
  add(model, {.preprocessing = "square=64,bilinear,tensor"});
  add(model, {.exif_orientation = "ignore"});
  add(model, {.scales = "1,0.5"});
  add(model, {.decode = "fast"});
  add(model, {.batch_pixels = 100'000});
  add(model, {.super_global = {.exponent = 4}});
  model.net.normalization.mean[0] = 0.4;
  add(model, {});
  model.net.Replace([](const std::string&, at::Tensor& tensor, nn::TensorRole) { tensor = tensor * 1.01; });
  add(model, {});
  model.whitenings["own"].single_scale =
      Whitening{Eigen::VectorXd::Zero(512), Eigen::MatrixXd::Identity(512, 512)};
  add(model, {.whitening = "own"});
  add(model, {.whitening = "own", .dimension = 9});
  model.whitenings["own"].single_scale->mean[3] = 1;
  add(model, {.whitening = "own"});
}

TEST(KeyOf, FollowsThePhoto) {
  const TemporaryFolder folder;
  WritePhotos(folder, 2);
  const auto key_of = [](const std::string& identity, const PhotoRequest& request) {
    return KeyOf(identity, PhotoFiles({request}), 0);
  };
  const PhotoRequest photo{folder / "p0.jpg"};
  const auto key = key_of("a", photo);
  ASSERT_TRUE(key);
  EXPECT_EQ(key_of("a", {folder / "../" / folder.path().filename() / "p0.jpg"}), key);  // another spelling
  EXPECT_NE(key_of("b", photo), key);
  EXPECT_NE(key_of("a", {folder / "p1.jpg"}), key);
  EXPECT_NE(key_of("a", {photo.path, Box{1, 2, 3, 4}}), key);
  EXPECT_NE(key_of("a", {photo.path, std::nullopt, 90}), key);
  EXPECT_FALSE(key_of("a", {folder / "p2.jpg"}));
  std::filesystem::last_write_time(photo.path,
                                   std::filesystem::file_time_type::clock::now() + std::chrono::hours(1));
  EXPECT_NE(key_of("a", photo), key);
  // The same pixels have the same key, wherever they are.
  const Image image = ReadImage(photo.path);
  EXPECT_EQ(KeyOf("a", PhotosInMemory({image}), 0), KeyOf("a", PhotosInMemory({image}, {"other"}), 0));
  EXPECT_NE(KeyOf("a", PhotosInMemory({image}), 0),
            KeyOf("a", PhotosInMemory({ReadImage(folder / "p1.jpg")}), 0));
}

TEST(PhotoSource, PhotosInMemoryGetTheDescriptorsOfTheirFiles) {
  const TemporaryFolder folder;
  WritePhotos(folder, 4);
  const PhotoFiles files(ListPhotos({folder.path().string()}).requests);
  std::vector<Image> images;
  for (int64_t i = 0; i < files.size(); ++i) images.push_back(files.Decode(i));
  const Describer describer(MakeFormulaModel().net, {LongestSide(64), false});
  const DescriptorMatrix of_files = ExtractDescriptors(describer, files).values;
  const PhotosInMemory memory(images, {"first"});
  DescriptorStore store(folder / "run.partial");
  EXPECT_EQ(ExtractDescriptors(describer, memory, {}, &store).values, of_files);
  EXPECT_EQ(store.size(), 4U);
  EXPECT_EQ(memory.name(0), "first");
  EXPECT_EQ(memory.name(1), "photo 1");
  const DescriptorMatrix some = ExtractDescriptors(describer, SelectedPhotos(memory, {3, 1})).values;
  EXPECT_EQ(some.row(0), of_files.row(3));
  EXPECT_EQ(some.row(1), of_files.row(1));
  EXPECT_EQ(ExtractDescriptors(describer, SelectedPhotos(files, {})).values.rows(), 0);
  EXPECT_THAT(ErrorOf([&] { SelectedPhotos(memory, {4}); }), HasSubstr("photo 4 of 4"));
  EXPECT_THAT(ErrorOf([] {
                PhotosInMemory({Image{3, 3, {}}}, {"mine"});
              }),
              HasSubstr("mine: an image of 3 x 3"));
}

TEST(Describer, StepsOnTheTensorAreAppliedAfterNormalisation) {
  const nn::ModelParts model = MakeFormulaModel();
  const at::NoGradGuard no_grad;
  const Image photo = MakePhoto(1, 0, 90, 70);
  const Preprocessing rounded = ParsePreprocessing("multiple=32,bilinear,tensor");
  const std::vector<float> row = Describer(model.net, {.preprocessing = rounded}).Describe(photo);
  const at::Tensor input =
      nn::ApplyTensorSteps(nn::ImagesToTensor({photo}, model.net.normalization), rounded.steps);
  ASSERT_EQ(input.sizes(), at::IntArrayRef({1, 3, 64, 96}));
  const at::Tensor expected = model.net.Forward(input);
  for (int64_t d = 0; d < 512; ++d)
    EXPECT_NEAR(row[static_cast<size_t>(d)], expected[0][d].item<float>(), 1e-5);
  // A photo that is enlarged on the tensor is not too small.
  const Image tiny = MakePhoto(1, 0, 3, 3);
  EXPECT_THROW(Describer(model.net).Describe(tiny), Error);
  EXPECT_EQ(Describer(model.net, {.preprocessing = ParsePreprocessing("square=64,bicubic,tensor")})
                .Describe(tiny)
                .size(),
            512U);
}

TEST(Describer, MeanAndDeviationCanBeReplaced) {
  const nn::ModelParts model = MakeFormulaModel();
  const Image photo = MakePhoto(1, 0, 90, 70);
  nn::ModelParts other = model;
  other.net.normalization = {{0.5, 0.4, 0.3}, {0.2, 0.3, 0.4}};
  const auto text = "longest=64 + mean=0.5,0.4,0.3 + std=0.2,0.3,0.4";
  EXPECT_EQ(Describer(model, {.preprocessing = text}).Describe(photo),
            Describer(other, {.preprocessing = "longest=64"}).Describe(photo));
  EXPECT_NE(Describer(model, {.preprocessing = text}).Describe(photo),
            Describer(model, {.preprocessing = "longest=64"}).Describe(photo));
}

TEST(EffectivePreprocessing, OptionsComeBeforeTheModel) {
  nn::ModelParts parts = MakeFormulaModel();
  const auto text = [&](const ModelDescriptorOptions& options) {
    return ToText(EffectivePreprocessing(Model(parts), options));
  };
  EXPECT_EQ(text({}), "longest=1024");
  EXPECT_EQ(text({.image_size = 362}), "longest=362");
  parts.preprocessing = ParsePreprocessing("square=322,bicubic");
  EXPECT_EQ(text({}), "square=322,bicubic,antialias");
  EXPECT_EQ(text({.image_size = 224}), "square=224,bicubic,antialias");
  EXPECT_EQ(text({.preprocessing = "area=100000"}), "area=100000");
  EXPECT_THAT(ErrorOf([&] { text({.image_size = 224, .preprocessing = "none"}); }),
              HasSubstr("set one of them"));
  EXPECT_EQ(ProvenanceOf(Model(parts), "m.pth", {}).preprocessing, "square=322,bicubic,antialias");
}

TEST(DescriptorStore, IsHeldByOneAndReplacesNoOtherFile) {
  const TemporaryFolder folder;
  const auto path = folder / "run.partial";
  const auto open = [&] { DescriptorStore store(path); };
  {
    const DescriptorStore store(path);
    EXPECT_THAT(ErrorOf(open), HasSubstr("another run is writing this output"));
    EXPECT_THAT(ErrorOf([&] { DescriptorStore::Discard(path); }), HasSubstr("another run is writing"));
  }
  open();
  DescriptorStore::Discard(path);
  EXPECT_FALSE(std::filesystem::exists(path));
  DescriptorStore::Discard(path);
  for (const char* notes : {"a user's own notes, much longer than a record's head", "short"}) {
    WriteFile(path, notes);
    EXPECT_THAT(ErrorOf(open), HasSubstr("keeps no descriptors of an interrupted run"));
    EXPECT_THAT(ErrorOf([&] { DescriptorStore::Discard(path); }), HasSubstr("keeps no descriptors"));
    EXPECT_EQ(ReadFile(path), notes);
  }
}

TEST(DescriptorStore, KeepsDescriptorsOfSeveralDimensionsUntilItIsCleared) {
  const TemporaryFolder folder;
  const auto path = folder / "run.partial";
  const DescriptorKey a{1};
  const DescriptorKey b{2};
  std::vector<float> two(2);
  std::vector<float> three(3);
  {
    DescriptorStore store(path);
    store.Append({{a, {1, 2}}});
    store.Append({{b, {3, 4, 5}}});
    store.Append({});
  }
  DescriptorStore store(path);
  EXPECT_EQ(store.size(), 2U);
  EXPECT_TRUE(store.Read(a, two));
  EXPECT_THAT(two, ElementsAre(1, 2));
  EXPECT_FALSE(store.Read(a, three));
  EXPECT_TRUE(store.Read(b, three));
  EXPECT_THAT(three, ElementsAre(3, 4, 5));
  store.Clear();
  EXPECT_FALSE(store.Read(a, two));
  store.Append({{a, {6, 7}}});
  EXPECT_TRUE(store.Read(a, two));
  EXPECT_THAT(two, ElementsAre(6, 7));
}

TEST(Describer, TakesPhotosOfAnySize) {
  const Describer describer(MakeFormulaModel().net, {LongestSide(64), false});
  const std::vector<Image> photos = {MakePhoto(1, 0, 120, 90), MakePhoto(2, 0, 50, 60),
                                     MakePhoto(3, 0, 240, 180)};
  const DescriptorMatrix rows = describer.Describe(photos);
  for (size_t i = 0; i < photos.size(); ++i) {
    const std::vector<float> alone = describer.Describe(photos[i]);
    ASSERT_EQ(alone.size(), 512U);
    for (size_t d = 0; d < alone.size(); ++d)
      EXPECT_NEAR(alone[d], rows(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(d)), 1e-5);
  }
  EXPECT_THAT(ErrorOf([&] {
                describer.Describe(std::vector{photos[0], MakePhoto(1, 0, 3, 3)});
              }),
              HasSubstr("photo 1: too small for the network"));
}

TEST(Describer, RefusesWhatItCannotDo) {
  const nn::ModelParts model = MakeFormulaModel();
  EXPECT_THROW(Describer(model.net, {.decode = "slow"}), UsageError);
  EXPECT_THROW(Describer(model.net, {.precision = "fp8"}), UsageError);
  if (!HasFastBfloat16()) {
    EXPECT_THAT(ErrorOf([&] { Describer(model.net, {.precision = "bf16"}); }), HasSubstr("neither AMX"));
  } else {
    const Image photo = MakePhoto(1, 0, 120, 90);
    const std::vector<float> exact = Describer(model.net).Describe(photo);
    const std::vector<float> rounded = Describer(model.net, {.precision = "bf16"}).Describe(photo);
    EXPECT_GT(std::inner_product(exact.begin(), exact.end(), rounded.begin(), 0.0), 0.99);
  }
}

TEST(SelectShard, SplitsTheListIntoBlocks) {
  NamedPhotos photos;
  for (int i = 0; i < 10; ++i) {
    photos.names.push_back(std::to_string(i));
    photos.requests.push_back({std::to_string(i), std::nullopt});
  }
  EXPECT_THAT(SelectShard(photos, ParseShard("1/3")).names, ElementsAre("0", "1", "2"));
  EXPECT_THAT(SelectShard(photos, ParseShard("2/3")).names, ElementsAre("3", "4", "5"));
  EXPECT_THAT(SelectShard(photos, ParseShard("3/3")).names, ElementsAre("6", "7", "8", "9"));
  for (const char* wrong : {"", "1", "0/3", "4/3", "1/2/3", "a/b", "-1/2"}) {
    EXPECT_THROW(ParseShard(wrong), UsageError) << wrong;
  }
}

TEST(ExtractDescriptors, StopsWhenCancelled) {
  const TemporaryFolder folder;
  WritePhotos(folder, 3);
  RunContext context;
  context.is_cancelled = [] { return true; };
  EXPECT_THROW(ExtractDescriptors(Describer(MakeFormulaModel().net, {LongestSide(64), false}),
                                  PhotoFiles(ListPhotos({folder.path().string()}).requests), context),
               Interrupted);
}

TEST(LoadPhoto, BoxesAreReducedAsMuchAsTheWholePhoto) {
  const TemporaryFolder folder;
  WriteFile(folder / "a.png", EncodePng(MakePhoto(1, 0, 400, 300)));
  const Image part =
      LoadPhoto(PhotoFiles({{folder / "a.png", Box{100, 50, 300, 150}}}), 0, {LongestSide(200), false});
  EXPECT_EQ(part.width, 100);
  EXPECT_EQ(part.height, 50);
  EXPECT_THAT(
      ErrorOf([&] {
        LoadPhoto(PhotoFiles({{folder / "a.png", Box{500, 50, 600, 150}}}), 0, {LongestSide(200), false});
      }),
      HasSubstr("a.png: the box"));
}

TEST(ListPhotos, TakesFoldersListsAndFiles) {
  const TemporaryFolder folder;
  WritePhotos(folder, 3);
  WriteFile(folder / "list.txt", "p0.jpg\n\n  p2.jpg\n");
  EXPECT_THAT(ListPhotos({(folder / "list.txt").string()}).names, ElementsAre("p0.jpg", "p2.jpg"));
  EXPECT_EQ(ListPhotos({(folder / "p1.jpg").string()}).names.size(), 1U);
  EXPECT_THAT(ErrorOf([&] { ListPhotos({(folder / "p9.jpg").string()}); }),
              HasSubstr("no such file or folder"));
  EXPECT_THAT(ErrorOf([&] {
                ListPhotos({folder.path().string(), (folder / "list.txt").string()});
              }),
              HasSubstr("'p0.jpg' is named twice"));
  std::filesystem::create_directory(folder / "empty");
  EXPECT_THAT(ErrorOf([&] { ListPhotos({(folder / "empty").string()}); }), HasSubstr("no photo"));
}

TEST(Describer, AppliesTheModelsWhitening) {
  const TemporaryFolder folder;
  WritePhotos(folder, 3);
  nn::ModelParts model = MakeFormulaModel();
  model.preprocessing = LongestSide(64);
  const PhotoFiles requests(ListPhotos({folder.path().string()}).requests);
  const DescriptorMatrix plain = ExtractDescriptors(Describer(model, {}), requests).values;
  EXPECT_EQ(plain.cols(), 512);
  model.whitenings["own"].single_scale =
      Whitening{Eigen::VectorXd::Zero(512), 2 * Eigen::MatrixXd::Identity(512, 512)};
  model.default_whitening = "own";
  const DescriptorMatrix whitened = ExtractDescriptors(Describer(model, {.dimension = 100}), requests).values;
  EXPECT_EQ(whitened.cols(), 100);
  const DescriptorMatrix first = plain.leftCols(100);
  EXPECT_NEAR(whitened.row(1).dot(first.row(1)), first.row(1).norm(), 1e-4);
  EXPECT_EQ(ExtractDescriptors(Describer(model, {.whitening = "none"}), requests).values, plain);
  model.whitenings["own"].multi_scale =
      Whitening{Eigen::VectorXd::Zero(512), Eigen::MatrixXd::Identity(7, 512)};
  EXPECT_EQ(ExtractDescriptors(Describer(model, {.scales = "1,0.8"}), requests).values.cols(), 7);
  EXPECT_EQ(ExtractDescriptors(Describer(model, {}), requests).values.cols(), 512);
  model.scales = {1, 0.8};
  EXPECT_EQ(ExtractDescriptors(Describer(model, {}), requests).values.cols(), 7);
  EXPECT_EQ(Describer(model, {.scales = "1"}).dimension(), 512);
  EXPECT_EQ(Describer(model, {}).model_sha256(), "");
  model.licence = "CC0-1.0";
  nn::WriteModel(model, folder / "model.pth");
  const Describer loaded = Describer::Load(folder / "model.pth");
  EXPECT_EQ(loaded.model_sha256(), Sha256OfFile(folder / "model.pth"));
  EXPECT_EQ(loaded.licence(), "CC0-1.0");
  EXPECT_EQ(ExtractDescriptors(loaded, requests).values,
            ExtractDescriptors(Describer(model, {}), requests).values);
  EXPECT_THAT(ErrorOf([&] { ExtractDescriptors(Describer(model, {.whitening = "other"}), requests); }),
              HasSubstr("no whitening 'other'; it has own"));
  EXPECT_THAT(
      ErrorOf([&] { ExtractDescriptors(Describer(model, {.whitening = "none", .dimension = 3}), requests); }),
      HasSubstr("kept of a whitening only"));
}

TEST(LoadPhoto, TurnsClockwise) {
  const TemporaryFolder folder;
  const Image photo = MakePhoto(1, 0, 40, 30);
  WriteFile(folder / "a.png", EncodePng(photo));
  for (const int turn : {0, 90, 180, 270}) {
    const Image turned =
        LoadPhoto(PhotoFiles({{folder / "a.png", std::nullopt, turn}}), 0, {LongestSide(64), false});
    ASSERT_EQ(turned.width, turn % 180 == 0 ? 40 : 30);
    for (int y = 0; y < 30; ++y) {
      for (int x = 0; x < 40; ++x) {
        const int to_x = turn == 0 ? x : turn == 90 ? 29 - y : turn == 180 ? 39 - x : y;
        const int to_y = turn == 0 ? y : turn == 90 ? x : turn == 180 ? 29 - y : 39 - x;
        ASSERT_TRUE(std::equal(photo.Row(y) + 3 * x, photo.Row(y) + 3 * x + 3, turned.Row(to_y) + 3 * to_x))
            << turn << " " << x << " " << y;
      }
    }
  }
  EXPECT_THAT(ErrorOf([&] {
                LoadPhoto(PhotoFiles({{folder / "a.png", std::nullopt, 45}}), 0, {LongestSide(64), false});
              }),
              HasSubstr("a turn by 45 degrees"));
}

// Upright Holidays: the list of turns gives the descriptors of photos that were turned beforehand.
TEST(DescribeBenchmark, DescribesTurnedPhotosAsIfTheyWereStoredSo) {
  const TemporaryFolder folder;
  Benchmark lying;
  Benchmark upright;
  for (int i = 0; i < 3; ++i) {
    const Image photo = MakePhoto(i, 0, 90, 70);
    lying.photos.push_back(folder / StrCat("lying/", i, ".png"));
    upright.photos.push_back(folder / StrCat("upright/", i, ".png"));
    WriteFile(lying.photos.back(), EncodePng(photo));
    WriteFile(upright.photos.back(), EncodePng(i == 1 ? ApplyOrientation(photo, 6) : photo));
  }
  lying.turns = {0, 90, 0};
  lying.queries.push_back({lying.photos[1], std::nullopt, {{2}, {1}}, 1, {}});
  upright.queries.push_back({upright.photos[1], std::nullopt, {{2}, {1}}, 1, {}});
  const Describer describer(MakeFormulaModel().net, {LongestSide(64), false});
  const auto describe = [&](const PhotoSource& photos) { return ExtractDescriptors(describer, photos); };
  const BenchmarkDescriptors turned = DescribeBenchmark(lying, describe);
  const BenchmarkDescriptors stored = DescribeBenchmark(upright, describe);
  EXPECT_EQ(turned.database, stored.database);
  EXPECT_EQ(turned.queries, stored.queries);
  lying.turns = {};
  EXPECT_NE(DescribeBenchmark(lying, describe).queries, stored.queries);
}

TEST(DescribeBenchmark, NamesAQueryWhoseBoxLiesOutsideItsPhoto) {
  const TemporaryFolder folder;
  WritePhotos(folder, 2);
  Benchmark benchmark;
  benchmark.photos = {folder / "p0.jpg", folder / "p1.jpg"};
  benchmark.queries.push_back({folder / "p0.jpg", Box{200, 0, 300, 50}, {{1}, {}}, 0, {}});
  benchmark.queries.push_back({folder / "p1.jpg", Box{50, 0, 300, 50}, {{0}, {}}, 1, {}});  // in part
  const Describer describer(MakeFormulaModel().net, {LongestSide(64), false});
  const BenchmarkDescriptors described = DescribeBenchmark(
      benchmark, [&](const PhotoSource& photos) { return ExtractDescriptors(describer, photos); });
  EXPECT_THAT(described.failed, ElementsAre(HasSubstr("p0.jpg: the box")));
  EXPECT_TRUE(described.queries.row(0).isZero(0));
  EXPECT_NEAR(described.queries.row(1).norm(), 1, 1e-4);
}

TEST(Describer, RefusesOptionsThatMeanNothing) {
  const nn::ModelParts model = MakeFormulaModel();
  const auto error = [&](const ExtractOptions& options) {
    return ErrorOf([&] { Describer(model.net, options); });
  };
  EXPECT_THAT(error({.preprocessing = LongestSide(0)}), HasSubstr("longest=0: sizes are in [1, 16384]"));
  EXPECT_THAT(error({.preprocessing = LongestSide(-5)}), HasSubstr("longest=-5"));
  EXPECT_THAT(error({.scales = {}}), HasSubstr("scales"));
  EXPECT_THAT(error({.scales = {1, 0}}), HasSubstr("scales"));
  EXPECT_THAT(error({.decode = "slow"}), HasSubstr("'decode' = 'slow'"));
  EXPECT_THAT(error({.batch_pixels = -1}), HasSubstr("'batch_pixels' = -1"));
  EXPECT_THAT(ErrorOf([&] { Describer(model, {.dimension = -1}); }), HasSubstr("'dimension' = -1"));
}

TEST(ListPhotos, SaysWhatTheFileSystemRefuses) {
  EXPECT_THAT(ErrorOf([] { ListPhotos({std::string(300, 'x')}); }), HasSubstr("too long"));
}

}  // namespace
}  // namespace vantage::extract

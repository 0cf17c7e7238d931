// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/extract/extract.h"

#include <ATen/core/grad_mode.h>

#include "testing/files.h"
#include "testing/photos.h"
#include "vantage/extract/model_descriptors.h"
#include "vantage/util/file.h"

namespace vantage {
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
  const Model model = MakeFormulaModel();
  const NamedPhotos photos = ListPhotos({folder.path().string()});
  EXPECT_THAT(photos.names, ElementsAre("p0.jpg", "p1.jpg", "p2.jpg", "p3.jpg", "p4.jpg"));
  const at::NoGradGuard no_grad;
  for (const std::vector<double>& scales : {std::vector<double>{1}, {1, 0.7071, 1.5}}) {
    const ExtractedDescriptors extracted =
        ExtractDescriptors(model.net, photos.requests, {64, false, scales});
    for (Eigen::Index i = 0; i < 5; ++i) {
      const Image image = Thumbnail(ReadImage(photos.requests[static_cast<size_t>(i)].path), 64);
      const at::Tensor alone = model.net.Forward(ImagesToTensor({image}, model.net.normalization), scales);
      for (Eigen::Index d = 0; d < 512; ++d) {
        EXPECT_NEAR(extracted.values(i, d), alone[0][d].item<float>(), 1e-5);
      }
    }
  }
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
  const Model model = MakeFormulaModel();
  const NamedPhotos photos = ListPhotos({folder.path().string()});
  const auto with_threads = [&](int threads) {
    RunContext context;
    context.threads = threads;
    return ExtractDescriptors(model.net, photos.requests, {64, false}, context).values;
  };
  const DescriptorMatrix one = with_threads(1);
  EXPECT_EQ(with_threads(2), one);
  EXPECT_EQ(with_threads(5), one);
}

TEST(ExtractDescriptors, BadPhotosAreNamedAndTheRestGoesOn) {
  const TemporaryFolder folder;
  WritePhotos(folder, 3);
  WriteFile(folder / "p1.jpg", "text");
  WriteFile(folder / "p3.png", EncodePng(MakePhoto(9, 0, 3, 3)));  // nothing is left of it after the poolings
  const Model model = MakeFormulaModel();
  const NamedPhotos photos = ListPhotos({folder.path().string()});
  const ExtractedDescriptors extracted = ExtractDescriptors(model.net, photos.requests, {64, false});
  ASSERT_EQ(extracted.failed.size(), 2U);
  EXPECT_EQ(extracted.failed[0].index, 1);
  EXPECT_THAT(extracted.failed[0].reason, HasSubstr("p1.jpg: not a JPEG or PNG"));
  EXPECT_THAT(extracted.failed[1].reason, HasSubstr("p3.png: too small for the network"));
  EXPECT_EQ(extracted.values.row(1).norm(), 0);
  EXPECT_NEAR(extracted.values.row(2).norm(), 1, 1e-4);
}

TEST(ExtractDescriptors, StopsWhenCancelled) {
  const TemporaryFolder folder;
  WritePhotos(folder, 3);
  RunContext context;
  context.is_cancelled = [] { return true; };
  EXPECT_THROW(ExtractDescriptors(MakeFormulaModel().net, ListPhotos({folder.path().string()}).requests,
                                  {64, false}, context),
               Interrupted);
}

TEST(LoadPhoto, BoxesAreReducedAsMuchAsTheWholePhoto) {
  const TemporaryFolder folder;
  WriteFile(folder / "a.png", EncodePng(MakePhoto(1, 0, 400, 300)));
  const Image part = LoadPhoto({folder / "a.png", Box{100, 50, 300, 150}}, {200, false});
  EXPECT_EQ(part.width, 100);
  EXPECT_EQ(part.height, 50);
  EXPECT_THAT(ErrorOf([&] {
                LoadPhoto({folder / "a.png", Box{500, 50, 600, 150}}, {200, false});
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

TEST(ExtractModelDescriptors, AppliesTheModelsWhitening) {
  const TemporaryFolder folder;
  WritePhotos(folder, 3);
  Model model = MakeFormulaModel();
  model.image_size = 64;
  const auto requests = ListPhotos({folder.path().string()}).requests;
  const DescriptorMatrix plain = ExtractModelDescriptors(model, requests, {}).values;
  EXPECT_EQ(plain.cols(), 512);
  model.whitenings["own"].single_scale =
      Whitening{Eigen::VectorXd::Zero(512), 2 * Eigen::MatrixXd::Identity(512, 512)};
  model.default_whitening = "own";
  const DescriptorMatrix whitened = ExtractModelDescriptors(model, requests, {.dimension = 100}).values;
  EXPECT_EQ(whitened.cols(), 100);
  const DescriptorMatrix first = plain.leftCols(100);
  EXPECT_NEAR(whitened.row(1).dot(first.row(1)), first.row(1).norm(), 1e-4);
  EXPECT_EQ(ExtractModelDescriptors(model, requests, {.whitening = "none"}).values, plain);
  model.whitenings["own"].multi_scale =
      Whitening{Eigen::VectorXd::Zero(512), Eigen::MatrixXd::Identity(7, 512)};
  EXPECT_EQ(ExtractModelDescriptors(model, requests, {.scales = "1,0.8"}).values.cols(), 7);
  EXPECT_EQ(ExtractModelDescriptors(model, requests, {}).values.cols(), 512);
  EXPECT_THAT(ErrorOf([&] { ExtractModelDescriptors(model, requests, {.whitening = "other"}); }),
              HasSubstr("no whitening 'other'; it has own"));
  EXPECT_THAT(
      ErrorOf([&] { ExtractModelDescriptors(model, requests, {.whitening = "none", .dimension = 3}); }),
      HasSubstr("kept of a whitening only"));
}

}  // namespace
}  // namespace vantage

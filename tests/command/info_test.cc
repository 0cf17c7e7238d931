// SPDX-License-Identifier: BSD-3-Clause
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "command/run_vantage.h"
#include "testing/exif.h"
#include "testing/files.h"
#include "util/cpu.h"
#include "util/file.h"
#include "util/simd.h"
#include "util/string.h"
#include "util/subprocess.h"
#include "vantage/image.h"
#include "vantage/photos.h"
#include "vantage/run_context.h"

namespace vantage {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;
using vantage::testing::Output;
using vantage::testing::Vantage;
using vantage::testing::VantageJson;

TEST(Info, WithoutAFileTellsWhatVantageComputesOn) {
  const json system = VantageJson({"info"});
  EXPECT_EQ(system["kind"], "system");
  EXPECT_EQ(system["version"], Version());
  EXPECT_EQ(system["build_type"], BuildType());
  EXPECT_EQ(system["processors"], UsableProcessors());
  EXPECT_EQ(system["devices"]["cpu"]["precisions"],
            HasFastBfloat16() ? json({"fp32", "bf16"}) : json({"fp32"}));
  for (const json& device : system["devices"]) EXPECT_FALSE(device["name"].empty());
}

TEST(Info, NamesTheEndingsOfAllPhotoFormats) {
  std::vector<std::string> endings;
  const json formats = VantageJson({"info"})["photo_formats"];
  for (const auto& [name, of_format] : formats.items()) {
    EXPECT_NE(of_format, json::array()) << name;
    for (const json& ending : of_format) endings.push_back(ending);
  }
  EXPECT_THAT(endings, ::testing::UnorderedElementsAreArray(PhotoExtensions()));
  EXPECT_THAT(Vantage({"info"}).text, HasSubstr("\n  PNG: .png\n"));
}

TEST(Info, NamesTheFormatsThatThisBuildLacks) {
  const json system = VantageJson({"info"});
  for (const char* name : {"AVIF", "HEIC", "TIFF", "WebP"}) {
    const json& missing = system["photo_formats_missing"];
    const bool is_missing = std::find(missing.begin(), missing.end(), name) != missing.end();
    EXPECT_NE(is_missing, system["photo_formats"].contains(name)) << name;
  }
}

TEST(Info, TellsWhatAPhotoIs) {
  const vantage::testing::TemporaryFolder folder;
  WriteFile(folder / "photo", vantage::testing::WithOrientation(EncodeJpeg(MakeImage(30, 20), 90), 6));
  EXPECT_EQ(VantageJson({"info", (folder / "photo").string()}), json({{"kind", "photo"},
                                                                      {"format", "JPEG"},
                                                                      {"width", 30},
                                                                      {"height", 20},
                                                                      {"exif_orientation", 6},
                                                                      {"color", "RGB"},
                                                                      {"alpha", false},
                                                                      {"bit_depth", 8}}));
}

TEST(Info, TheKernelsAreThoseThatTheEnvironmentAllows) {
  const auto with = [](const std::string& level) {
    return CaptureCommand({"env", "VANTAGE_SIMD=" + level, VANTAGE_PROGRAM, "info"});
  };
  EXPECT_THAT(with("portable").second, HasSubstr("\nsimd: portable\n"));
  EXPECT_THAT(with("avx2").second, HasSubstr(StrCat("\nsimd: ", SimdLevelName(UsedSimdLevel()), "\n")));
  const auto unknown = with("avx9");
  EXPECT_EQ(unknown.first, 2);
  EXPECT_THAT(unknown.second, HasSubstr("VANTAGE_SIMD is 'avx9'; known are portable and avx2"));
}

TEST(Info, ReadsWellAsText) {
  const Output output = Vantage({"info"});
  EXPECT_EQ(output.code, 0);
  EXPECT_THAT(output.text, HasSubstr("kind: system\n"));
  EXPECT_THAT(output.text, HasSubstr("\nlibtorch:\n"));
  EXPECT_THAT(output.text, Not(HasSubstr("null")));
}

TEST(Info, SaysWhyThereIsNoGpu) {
  const json system = VantageJson({"info"});
  if (system["devices"].size() > 1) {
    EXPECT_FALSE(system.contains("no_gpu"));
    GTEST_SKIP() << "there is a GPU";
  }
  const std::string reason = system["no_gpu"];
  EXPECT_FALSE(reason.empty());
  EXPECT_EQ(system["libtorch"]["build"] == "CPU",
            reason == "the LibTorch that vantage is built with is one for CPUs");
}

// Runs with the test's own driver library.
json SystemWithDriver(const std::string& variable) {
  const auto [code, text] = CaptureCommand(
      {"env", "LD_LIBRARY_PATH=" VANTAGE_FAKE_DRIVER, variable, VANTAGE_PROGRAM, "info", "--json"});
  EXPECT_EQ(code, 0) << text;
  // A CUDA build warns of such a driver before it.
  return json::parse(text.substr(std::min(text.find("{\n"), text.size())), nullptr, false);
}

TEST(Info, NamesTheGpusThatTheDriverHas) {
  const json driver = SystemWithDriver("FAKE_DRIVER_GPUS=2")["nvidia_driver"];
  EXPECT_EQ(driver["cuda"], "12.4");
  EXPECT_EQ(driver["gpus"], json({"Test GPU 0", "Test GPU 1"}));
}

TEST(Info, SaysWhatTheDriverSaysWhereItFails) {
  const json system = SystemWithDriver("FAKE_DRIVER_FAILS=1");
  EXPECT_EQ(system["nvidia_driver"]["gpus"], json::array());
  EXPECT_EQ(system["devices"].size(), 1);
  if (system["libtorch"]["build"] != "CPU") {
    EXPECT_THAT(system["no_gpu"], HasSubstr("no device of the test"));
  }
}

TEST(Info, WantsAFileForTensors) {
  const Output output = Vantage({"info", "--tensors"});
  EXPECT_EQ(output.code, 2);
  EXPECT_THAT(output.text, HasSubstr("--tensors: name a model's file"));
}

}  // namespace
}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#include "descriptors/provenance_json.h"
#include "vantage/descriptors.h"

#include <nlohmann/json.hpp>

#include "testing/files.h"
#include "vantage/run_context.h"

namespace vantage::descriptors {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using vantage::testing::ErrorOf;

const json kMade = {{"vantage", "0.1"},
                    {"model", "m.pth"},
                    {"model_sha256", "ab"},
                    {"architecture", "resnet50"},
                    {"head", "cirtorch"},
                    {"preprocessing", "longest=1024"},
                    {"apply_exif_orientation", false},
                    {"scales", {1, 0.5}},
                    {"whitening", "sfm"},
                    {"dimension", 0},
                    {"decode", "exact"},
                    {"precision", "fp32"},
                    {"batch_pixels", 0}};

DescriptorProvenance With(const char* key, const json& value) {
  json made = kMade;
  made[key] = value;
  return ProvenanceFrom(made, "test");
}

DescriptorProvenance Made() { return ProvenanceFrom(kMade, "test"); }

// The warnings of CheckComparable of q.npy and d.npy.
std::vector<std::string> WarningsOf(const DescriptorProvenance& a, const DescriptorProvenance& b) {
  std::vector<std::string> warnings;
  SetLogSink([&](LogLevel, const std::string& message) { warnings.push_back(message); });
  CheckComparable(a, "q.npy", b, "d.npy");
  SetLogSink({});
  return warnings;
}

TEST(DescriptorProvenance, ReadsBackWhatItWrites) {
  json made = kMade;
  made["shard"] = {{"index", 1}, {"count", 2}};
  made["of another program"] = {1, "two"};
  const DescriptorProvenance provenance = ProvenanceFrom(made, "test");
  EXPECT_EQ(ToJson(provenance), made);
  EXPECT_EQ(provenance.preprocessing, "longest=1024");
  EXPECT_EQ(provenance.whitening, "sfm");
  made["preprocessing"] = 1024;  // a value of another type is kept without interpretation
  EXPECT_EQ(ToJson(ProvenanceFrom(made, "test")), made);
  EXPECT_EQ(ProvenanceFrom(made, "test").preprocessing, std::nullopt);
  EXPECT_THAT(ErrorOf([] { ProvenanceFrom("text", "d.json"); }),
              HasSubstr("d.json: provenance is not a JSON object"));
}

TEST(DescriptorProvenance, DescriptorsOfAnotherSpaceAreRefused) {
  const auto error = [](const char* key, const json& value) {
    return ErrorOf([&] { CheckComparable(With(key, value), "q.npy", Made(), "d.npy"); });
  };
  EXPECT_THAT(error("model_sha256", "cd"),
              HasSubstr("q.npy and d.npy: descriptors cannot be compared: their models differ (cd and ab)"));
  EXPECT_THAT(error("whitening", "none"), HasSubstr("their whitenings differ (none and sfm)"));
  EXPECT_THAT(error("whitening", ""), HasSubstr("their whitenings differ (none and sfm)"));
  EXPECT_THAT(error("precision", "bf16"), HasSubstr("their precisions differ (bf16 and fp32)"));
  EXPECT_THAT(error("head", "netvlad"), HasSubstr("their heads differ (netvlad and cirtorch)"));
  EXPECT_THAT(error("super_global", {{"exponent", 4.6}}), HasSubstr("their values of 'super_global' differ"));
  EXPECT_THAT(
      ErrorOf([] { CheckComparable(With("dimension", 128), "q.npy", With("dimension", 256), "d.npy"); }),
      HasSubstr("their dimensions differ (128 and 256)"));
}

TEST(DescriptorProvenance, WhatCostsAccuracyIsOneWarningWithFilesAndValues) {
  EXPECT_THAT(WarningsOf(With("preprocessing", "longest=362"), Made()),
              ElementsAre("q.npy and d.npy: descriptors were made in different ways, which costs accuracy: "
                          "their preparations of photos differ (longest=362 and longest=1024)"));
  EXPECT_THAT(WarningsOf(With("scales", {1}), Made()),
              ElementsAre(HasSubstr("their scales differ ([1.0] and [1.0,0.5])")));
  EXPECT_THAT(WarningsOf(With("apply_exif_orientation", true), Made()),
              ElementsAre(HasSubstr("their uses of the EXIF orientation differ (true and false)")));
  DescriptorProvenance several = With("preprocessing", "longest=362");
  several.apply_exif_orientation = true;
  several.decode = "fast";
  EXPECT_THAT(WarningsOf(several, Made()),
              ElementsAre(HasSubstr("(longest=362 and longest=1024); their uses of")));
}

TEST(DescriptorProvenance, WhatChangesNoDescriptorIsNotSaid) {
  EXPECT_THAT(WarningsOf(Made(), Made()), IsEmpty());
  EXPECT_THAT(WarningsOf(With("model", "copy/m.pth"), Made()), IsEmpty());
  EXPECT_THAT(WarningsOf(With("vantage", "0.2"), Made()), IsEmpty());
  EXPECT_THAT(WarningsOf(With("batch_pixels", 1000), Made()), IsEmpty());
  EXPECT_THAT(WarningsOf(With("shard", {{"index", 1}, {"count", 2}}), Made()), IsEmpty());
  EXPECT_THAT(WarningsOf(With("dimension", 2048), Made()), IsEmpty());  // all of them
  EXPECT_THAT(WarningsOf({}, Made()), IsEmpty());                       // of another program
  EXPECT_THAT(WarningsOf({}, With("super_global", {{"exponent", 4.6}})), IsEmpty());
}

}  // namespace
}  // namespace vantage::descriptors

// SPDX-License-Identifier: BSD-3-Clause
// Finds the photos that show what a query shows, and how reliable each result is. Retrieves the nearest
// photos, then counts the local features that fit the query's by one geometry. retrieve_and_verify MODEL
// QUERY PHOTO...
#include <vantage/describer.h>
#include <vantage/error.h>
#include <vantage/index.h>
#include <vantage/matching.h>
#include <vantage/run_context.h>

#include <cstdio>

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: %s MODEL QUERY PHOTO...\n", argv[0]);
    return 2;
  }
  vantage::KeepFreedMemory();
  try {
    const auto describer = vantage::Describer::Load(argv[1]);
    vantage::Index index(describer.dimension(), describer.model_sha256());
    for (int i = 3; i < argc; ++i) index.Add(argv[i], describer.Describe(argv[i]));

    const vantage::Image query =
        vantage::ReadImage(argv[2], {.apply_exif_orientation = describer.options().apply_exif_orientation});
    const vantage::LocalFeatures of_query = vantage::DetectFeatures(query, {});
    for (const vantage::Match& match : index.Query(describer.Describe(query), 10)) {
      const vantage::LocalFeatures features = vantage::DetectFeatures(vantage::ReadImage(match.id), {});
      const vantage::GeometricMatch verified = vantage::MatchFeatures(of_query, features, {});
      std::printf("%s %.4f %zu\n", match.id.c_str(), match.score, verified.inliers.size());
    }
    return 0;
  } catch (const vantage::Error& error) {
    std::fprintf(stderr, "retrieve_and_verify: %s\n", error.what());
    return 1;
  }
}

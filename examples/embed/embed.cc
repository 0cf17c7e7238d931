// SPDX-License-Identifier: BSD-3-Clause
// Finds the photos that show what a query shows. embed MODEL QUERY PHOTO...
#include <vantage/describer.h>
#include <vantage/error.h>
#include <vantage/index.h>
#include <vantage/run_context.h>

#include <cstdio>

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: %s MODEL QUERY PHOTO...\n", argv[0]);
    return 2;
  }
  vantage::KeepFreedMemory();
  try {
    // The model file states how photos are reduced and normalised, and its whitening.
    const auto describer = vantage::Describer::Load(argv[1]);
    vantage::Index index(describer.dimension(), describer.model_sha256());
    for (int i = 3; i < argc; ++i) index.Add(argv[i], describer.Describe(argv[i]));

    // Descriptors have unit length: their inner product is the cosine of the angle between them.
    for (const vantage::Match& match : index.Query(describer.Describe(argv[2]), 10))
      std::printf("%.4f %s\n", match.score, match.id.c_str());
    return 0;
  } catch (const vantage::Error& error) {
    std::fprintf(stderr, "embed: %s\n", error.what());
    return 1;
  }
}

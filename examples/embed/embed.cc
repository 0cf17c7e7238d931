// SPDX-License-Identifier: BSD-3-Clause
// How alike are two photos? embed MODEL PHOTO PHOTO
#include <vantage/extract/model_descriptors.h>
#include <vantage/util/error.h>

#include <cstdio>

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: %s MODEL PHOTO PHOTO\n", argv[0]);
    return 2;
  }
  try {
    const vantage::Model model = vantage::ReadModel(argv[1]);
    const vantage::ExtractedDescriptors described =
        vantage::ExtractModelDescriptors(model, {{argv[2], {}}, {argv[3], {}}}, {});
    if (!described.failed.empty()) throw vantage::Error(described.failed[0].reason);
    // Descriptors have unit length: their inner product is the cosine of the angle between them.
    std::printf("%.4f\n", described.values.row(0).dot(described.values.row(1)));
    return 0;
  } catch (const vantage::Error& error) {
    std::fprintf(stderr, "embed: %s\n", error.what());
    return 1;
  }
}

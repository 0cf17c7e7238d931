// SPDX-License-Identifier: BSD-3-Clause
// Prints the dimension of a photo's descriptor. describe MODEL PHOTO
#include <vantage/describer.h>

#include <cstdio>

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  std::printf("%zu\n", vantage::Describer::Load(argv[1]).Describe(argv[2]).size());
  return 0;
}

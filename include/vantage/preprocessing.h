// SPDX-License-Identifier: BSD-3-Clause
// How a photo becomes a network's input: sizes, interpolation, normalisation.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "vantage/image.h"

namespace vantage {

// Normalisation of pixels in 0..1: (x - mean) / std, for red, green and blue.
struct Normalization {
  std::array<double, 3> mean = {0.485, 0.456, 0.406};  // ImageNet's, as in torchvision
  std::array<double, 3> std = {0.229, 0.224, 0.225};

  bool operator==(const Normalization&) const = default;
};

enum class Interpolation {
  kLanczos,   // over 3 lobes, after reducing by whole-pixel boxes (Pillow's reducing_gap = 2); photos only
  kBilinear,  // without boxes, as torchvision calls Pillow
  kBicubic,   // likewise; a = -0.5, or -0.75 without antialias as in PyTorch
};

enum class PreprocessingStepKind {
  kLongest,   // the longest side gets `size` pixels; rounded as Pillow's thumbnail does
  kShortest,  // the shortest side gets `size` pixels; the other is rounded down, as torchvision's Resize does
  kArea,      // the photo gets at most `size` pixels in all; sides are rounded down
  kSquare,    // both sides get `size` pixels, whatever the photo's shape
  kCrop,      // the centre is cut out, `size` pixels a side, as torchvision's CenterCrop does; shorter sides
              // are kept (torchvision fills them up with black)
  kMultiple,  // each side is rounded to the nearest multiple of `size` (ties to even), at least one
};

// One step. The aspect ratio is kept as well as whole pixels allow, except by kSquare and kMultiple.
struct PreprocessingStep {
  PreprocessingStepKind kind = PreprocessingStepKind::kLongest;
  int64_t size = 0;
  Interpolation interpolation = Interpolation::kLanczos;
  // Reducing averages over all pixels of the source, as Pillow does. False: only over the 2 x 2 (bilinear) or
  // 4 x 4 (bicubic) nearest, as PyTorch's interpolate does by default. Lanczos always averages.
  bool antialias = true;
  // kLongest, kShortest, kArea: photos below the size are enlarged to it. False: they are kept.
  bool enlarges = false;
  // Resizes the normalised float32 tensor as PyTorch's interpolate does, instead of the photo's bytes.
  bool on_tensor = false;

  bool operator==(const PreprocessingStep&) const = default;
};

// Everything that happens to the pixels of a decoded photo before the network gets them. EXIF orientation is
// applied before, several scales are made after. Steps on photos come first, steps on the tensor last.
struct Preprocessing {
  std::vector<PreprocessingStep> steps;
  std::optional<Normalization> normalization;  // unset: the network's own

  bool operator==(const Preprocessing&) const = default;
};

// Reduces the longest side to `pixels`: Pillow's thumbnail, as in cirtorch.
Preprocessing LongestSide(int pixels);

// Reads text such as
//   longest=1024
//   square=322,bicubic
//   shortest=256,bilinear,enlarge + crop=224
//   longest=640 + multiple=14,bilinear,tensor
//   square=224,bilinear + mean=0.5,0.5,0.5 + std=0.5,0.5,0.5
// Steps are separated by '+'. Words after a size, in any order: lanczos (the default), bilinear or bicubic;
// antialias (the default) or no-antialias; enlarge; tensor. crop takes none: it acts on the tensor if the
// step before does. "none": no step. Throws UsageError naming the part that is wrong.
Preprocessing ParsePreprocessing(const std::string& text);

// The text that ParsePreprocessing reads as the same value. Equal values have equal texts.
std::string ToText(const Preprocessing& preprocessing);

// Throws UsageError if a value that a program made is out of range: sides in [1, 16384], areas in [1, 2^28],
// multiples in [1, 1024], deviations above 0, no Lanczos on tensors, no photo step after a tensor step.
void CheckPreprocessing(const Preprocessing& preprocessing);

// The same steps for another size: the first step gets this size if it is kLongest, kShortest or kSquare;
// otherwise LongestSide(size) comes before the steps.
Preprocessing WithSize(Preprocessing preprocessing, int size);

// Size after a step.
ImageSize SizeAfter(const PreprocessingStep& step, ImageSize size);

// The steps on photos, or those on tensors.
std::vector<PreprocessingStep> PhotoSteps(const Preprocessing& preprocessing);
std::vector<PreprocessingStep> TensorSteps(const Preprocessing& preprocessing);

// The photo after the steps on photos. Throws Error if the result has more than 2^28 pixels.
Image ApplyPhotoSteps(const Image& photo, const Preprocessing& preprocessing);

// The steps for a part of a photo, such that the part is reduced by the same factor as the whole photo would
// be: sizes of kLongest, kShortest and kArea become smaller.
Preprocessing ForPart(Preprocessing preprocessing, ImageSize part, ImageSize whole);

// Pillow's resize((width, height)) with this filter, bit for bit; kLanczos with reducing_gap = 2. The
// horizontal pass comes first; new versions of Pillow begin with the vertical one for some sizes, which
// changes pixels by 1. Without antialias: PyTorch's interpolate, rounded to bytes.
Image Resize(const Image& image, int width, int height, Interpolation interpolation, bool antialias = true);

// The centre of an image of this size, at most `side` pixels a side.
Box CentreSquare(ImageSize size, int64_t side);

}  // namespace vantage

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
  kLanczos,   // 3 lobes, after reducing by whole-pixel boxes (Pillow's reducing_gap = 2); photos only
  kBilinear,  // without boxes, as torchvision calls Pillow
  kBicubic,   // without boxes; a = -0.5 as in Pillow; without antialias -0.75 as in PyTorch
};

enum class PreprocessingStepKind {
  kLongest,   // resizes: the longest side gets `size` pixels; the other is rounded as by Pillow's thumbnail
  kShortest,  // resizes: the shortest side gets `size` pixels; the other is rounded down, as by torchvision's
              // Resize
  kArea,      // resizes: at most `size` pixels in all; sides are rounded down
  kSquare,    // resizes: both sides get `size` pixels, whatever the photo's shape
  kCrop,      // cuts out the centre, `size` pixels per side, as torchvision's CenterCrop; shorter sides are
              // kept (torchvision pads them with black)
  kMultiple,  // resizes: each side to its nearest multiple of `size` (ties to even), at least `size`
};

// One step. Keeps the aspect ratio as well as whole pixels allow, except kSquare, kCrop and kMultiple.
struct PreprocessingStep {
  PreprocessingStepKind kind = PreprocessingStepKind::kLongest;
  int64_t size = 0;  // pixels
  // Ignored by kCrop, as is `antialias`.
  Interpolation interpolation = Interpolation::kLanczos;
  // True: reducing averages over all pixels of the source, as Pillow does. False: only over the nearest 2 x 2
  // (bilinear) or 4 x 4 (bicubic) pixels, as PyTorch's interpolate does by default. Must be true for Lanczos.
  bool antialias = true;
  // kLongest, kShortest, kArea: enlarges photos below the size. False: keeps them as they are.
  bool enlarges = false;
  // Acts on the normalised float32 tensor, resizing as PyTorch's interpolate does, instead of on the photo's
  // bytes.
  bool on_tensor = false;

  bool operator==(const PreprocessingStep&) const = default;
};

// Everything that happens to a decoded photo before the network gets it. EXIF orientation is applied before
// the steps; the scales of multi-scale description are made after them. Steps on photos precede steps on the
// tensor. docs/preprocessing.md has the recipes of published networks.
struct Preprocessing {
  std::vector<PreprocessingStep> steps;
  std::optional<Normalization> normalization;  // unset: the network's own

  bool operator==(const Preprocessing&) const = default;
};

// One step: reduces the longest side to `pixels` with Lanczos, as Pillow's thumbnail and cirtorch.
Preprocessing LongestSide(int pixels);

// Reads text such as
//   longest=1024
//   square=322,bicubic
//   shortest=256,bilinear,enlarge + crop=224
//   longest=640 + multiple=14,bilinear,tensor
//   square=224,bilinear + mean=0.5,0.5,0.5 + std=0.5,0.5,0.5
// Steps are separated by '+'. Words after a size, in any order: lanczos (the default), bilinear or bicubic;
// antialias (the default) or no-antialias; enlarge; tensor. crop accepts only tensor, which it has in any
// case if the step before it does. mean and std must be given together. "none": no step. Throws UsageError
// naming the part that is wrong, or as CheckPreprocessing does.
Preprocessing ParsePreprocessing(const std::string& text);

// The text that ParsePreprocessing reads as the same value. Equal values have equal texts.
std::string ToText(const Preprocessing& preprocessing);

// Throws UsageError if a value that a program made is not valid. Sides are in [1, 16384], areas in [1, 2^28],
// multiples in [1, 1024]; means are finite, standard deviations finite and above 0. Lanczos needs antialias
// and photos; no step on photos follows one on the tensor.
void CheckPreprocessing(const Preprocessing& preprocessing);

// The same steps for another size: replaces the size of the first step if that is kLongest, kShortest or
// kSquare; otherwise inserts the step of LongestSide(size) before all others.
Preprocessing WithSize(Preprocessing preprocessing, int size);

// Size of a photo after a step. Throws Error if kShortest gives more than 2^28 pixels.
ImageSize SizeAfter(const PreprocessingStep& step, ImageSize size);

// The steps on photos, and those on the tensor.
std::vector<PreprocessingStep> PhotoSteps(const Preprocessing& preprocessing);
std::vector<PreprocessingStep> TensorSteps(const Preprocessing& preprocessing);

// The photo after the steps on photos; those on the tensor are not applied. Steps that do not change the size
// change no pixel. Throws Error if a step's result has more than 2^28 pixels, or as CheckImage does.
Image ApplyPhotoSteps(const Image& photo, const Preprocessing& preprocessing);

// The steps for a part of a photo, such that the part is resized by the factor for the whole photo: the sizes
// of kLongest, kShortest and kArea are multiplied by the part's share of the photo; other steps stay. part,
// whole: pixels before the steps.
Preprocessing ForPart(Preprocessing preprocessing, ImageSize part, ImageSize whole);

// Pillow's resize((width, height)) with this filter, bit for bit; kLanczos with reducing_gap = 2. The
// horizontal pass comes first; recent versions of Pillow start with the vertical one for some sizes, which
// changes pixels by 1. Without antialias (ignored by kLanczos): PyTorch's interpolate, rounded to bytes.
Image Resize(const Image& image, int width, int height, Interpolation interpolation, bool antialias = true);

// The centre of an image of this size: `side` pixels per side, or the image's own side if that is shorter.
// The corner is rounded half to even, as by torchvision's CenterCrop.
Box CentreSquare(ImageSize size, int64_t side);

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/preprocessing.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <string_view>
#include <utility>

#include "image/resample.h"
#include "util/check.h"
#include "util/index.h"
#include "util/string.h"

namespace vantage {
namespace {

using Kind = PreprocessingStepKind;
using Step = PreprocessingStep;

constexpr int64_t kMaxPixels = int64_t{1} << 28;

// A kind of step: its name in texts and its largest size.
struct KindRow {
  Kind kind;
  std::string name;
  int64_t max_size;
  bool resizes;      // takes an interpolation
  bool may_enlarge;  // takes `enlarge`
};

const std::vector<KindRow>& KindRows() {
  static const std::vector<KindRow> kRows = {
      {Kind::kLongest, "longest", 16384, true, true}, {Kind::kShortest, "shortest", 16384, true, true},
      {Kind::kArea, "area", kMaxPixels, true, true},  {Kind::kSquare, "square", 16384, true, false},
      {Kind::kCrop, "crop", 16384, false, false},     {Kind::kMultiple, "multiple", 1024, true, false}};
  return kRows;
}

const KindRow& RowOf(Kind kind) {
  return *std::find_if(KindRows().begin(), KindRows().end(),
                       [&](const KindRow& row) { return row.kind == kind; });
}

const std::vector<std::pair<std::string, Interpolation>>& Interpolations() {
  static const std::vector<std::pair<std::string, Interpolation>> kNames = {
      {"lanczos", Interpolation::kLanczos},
      {"bilinear", Interpolation::kBilinear},
      {"bicubic", Interpolation::kBicubic}};
  return kNames;
}

[[noreturn]] void Refuse(const std::string& text, const std::string& why) {
  throw UsageError(StrCat("preprocessing '", text, "': ", why));
}

std::array<double, 3> ParseThree(std::string_view values, const std::string& name, const std::string& text) {
  const std::vector<std::string> parts = SplitText(values, ',');
  std::array<double, 3> numbers{};
  try {
    if (parts.size() == 3) {
      for (size_t i = 0; i < 3; ++i) numbers[i] = ParseDouble(Trim(parts[i]), name);
      return numbers;
    }
  } catch (const Error&) {  // reported below
  }
  Refuse(text, StrCat(name, " takes three numbers, not '", values, "'"));
}

void ApplyWord(const std::string& word, const KindRow& row, const std::string& text, Step& step) {
  std::vector<std::string> known;
  if (row.resizes) {
    for (const auto& [name, interpolation] : Interpolations()) {
      known.push_back(name);
      if (word == name) step.interpolation = interpolation;
    }
    known.insert(known.end(), {"antialias", "no-antialias"});
    if (word == "antialias") step.antialias = true;
    if (word == "no-antialias") step.antialias = false;
  }
  if (row.may_enlarge) {
    known.emplace_back("enlarge");
    if (word == "enlarge") step.enlarges = true;
  }
  known.emplace_back("tensor");
  if (word == "tensor") step.on_tensor = true;
  if (std::find(known.begin(), known.end(), word) != known.end()) return;
  Refuse(text,
         StrCat("'", word, "' after ", row.name, DidYouMean(word, known), "; known are ", Join(known, ", ")));
}

Step ParseStep(const KindRow& row, const std::string& values, bool after_tensor, const std::string& text) {
  const std::vector<std::string> words = SplitText(values, ',');
  Step step{.kind = row.kind};
  try {
    step.size = ParseInteger(words.empty() ? "" : Trim(words[0]), row.name);
  } catch (const Error&) {
    Refuse(text, StrCat(row.name, " takes a whole number of pixels first, not '", values, "'"));
  }
  if (!row.resizes) step.on_tensor = after_tensor;
  for (size_t i = 1; i < words.size(); ++i) ApplyWord(std::string(Trim(words[i])), row, text, step);
  return step;
}

// Why a value is wrong; "" if it is not.
std::string Fault(const Preprocessing& preprocessing) {
  bool on_tensor = false;
  for (const Step& step : preprocessing.steps) {
    const KindRow& row = RowOf(step.kind);
    if (step.size < 1 || step.size > row.max_size)
      return StrCat(row.name, "=", step.size, ": sizes are in [1, ", row.max_size, "]");
    if (on_tensor && !step.on_tensor)
      return StrCat(row.name, "=", step.size, " is a step on photos and follows one on the tensor");
    on_tensor = step.on_tensor;
    if (!row.resizes) continue;
    if (step.interpolation == Interpolation::kLanczos && step.on_tensor)
      return StrCat(row.name, "=", step.size, ": tensors are resized bilinear or bicubic, not lanczos");
    if (step.interpolation == Interpolation::kLanczos && !step.antialias)
      return StrCat(row.name, "=", step.size, ": lanczos always antialiases");
  }
  if (!preprocessing.normalization) return "";
  const Normalization& pixels = *preprocessing.normalization;
  for (size_t c = 0; c < 3; ++c) {
    if (!std::isfinite(pixels.mean[c])) return StrCat("a mean of ", pixels.mean[c]);
    if (!std::isfinite(pixels.std[c]) || pixels.std[c] <= 0)
      return StrCat("a standard deviation of ", pixels.std[c]);
  }
  return "";
}

std::string TextOf(const Step& step) {
  const KindRow& row = RowOf(step.kind);
  std::string text = StrCat(row.name, "=", step.size);
  if (row.resizes && step.interpolation != Interpolation::kLanczos) {
    for (const auto& [name, interpolation] : Interpolations()) {
      if (interpolation == step.interpolation) text += "," + name;
    }
    text += step.antialias ? ",antialias" : ",no-antialias";
  }
  if (step.enlarges && row.may_enlarge) text += ",enlarge";
  if (step.on_tensor) text += ",tensor";
  return text;
}

std::string ThreeText(const std::array<double, 3>& numbers) {
  return StrCat(FormatShortest(numbers[0]), ",", FormatShortest(numbers[1]), ",", FormatShortest(numbers[2]));
}

Image ApplyStep(const Image& photo, const Step& step) {
  const ImageSize size = SizeAfter(step, {photo.width, photo.height});
  VANTAGE_CHECK(int64_t{size.width} * size.height <= kMaxPixels, TextOf(step), " makes a photo of ",
                photo.width, " x ", photo.height, " pixels one of ", size.width, " x ", size.height,
                "; the limit is 2^28 pixels");
  if (step.kind == Kind::kCrop) return Crop(photo, CentreSquare({photo.width, photo.height}, step.size));
  return Resize(photo, size.width, size.height, step.interpolation, step.antialias);
}

std::vector<Step> StepsOn(bool on_tensor, const Preprocessing& preprocessing) {
  std::vector<Step> steps;
  for (const Step& step : preprocessing.steps) {
    if (step.on_tensor == on_tensor) steps.push_back(step);
  }
  return steps;
}

}  // namespace

Preprocessing LongestSide(int pixels) { return {{{.kind = Kind::kLongest, .size = pixels}}, std::nullopt}; }

Preprocessing ParsePreprocessing(const std::string& text) {
  Preprocessing preprocessing;
  if (Trim(text) == "none") return preprocessing;
  std::optional<std::array<double, 3>> mean;
  std::optional<std::array<double, 3>> deviation;
  const std::vector<std::string> parts = SplitText(text, '+');
  if (parts.empty()) Refuse(text, "no step; 'none' keeps photos as they are");
  for (const std::string& part : parts) {
    const size_t equals = part.find('=');
    const std::string name(Trim(part.substr(0, equals)));
    const std::string values(equals == std::string::npos ? "" : Trim(part.substr(equals + 1)));
    if (name == "mean" || name == "std") {
      (name == "mean" ? mean : deviation) = ParseThree(values, name, text);
      continue;
    }
    const auto row = std::find_if(KindRows().begin(), KindRows().end(),
                                  [&](const KindRow& known) { return known.name == name; });
    if (row == KindRows().end()) {
      std::vector<std::string> names;
      for (const KindRow& known : KindRows()) names.push_back(known.name);
      names.insert(names.end(), {"mean", "std"});
      Refuse(text,
             StrCat("no step '", name, "'", DidYouMean(name, names), "; known are ", Join(names, ", ")));
    }
    const bool after_tensor = !preprocessing.steps.empty() && preprocessing.steps.back().on_tensor;
    preprocessing.steps.push_back(ParseStep(*row, values, after_tensor, text));
  }
  if (mean.has_value() != deviation.has_value()) Refuse(text, "mean and std go together");
  if (mean) preprocessing.normalization = Normalization{*mean, *deviation};
  const std::string fault = Fault(preprocessing);
  if (!fault.empty()) Refuse(text, fault);
  return preprocessing;
}

std::string ToText(const Preprocessing& preprocessing) {
  std::vector<std::string> parts;
  for (const Step& step : preprocessing.steps) parts.push_back(TextOf(step));
  if (preprocessing.normalization) {
    parts.push_back("mean=" + ThreeText(preprocessing.normalization->mean));
    parts.push_back("std=" + ThreeText(preprocessing.normalization->std));
  }
  return parts.empty() ? "none" : Join(parts, " + ");
}

void CheckPreprocessing(const Preprocessing& preprocessing) {
  const std::string fault = Fault(preprocessing);
  if (!fault.empty()) throw UsageError("preprocessing: " + fault);
}

Preprocessing WithSize(Preprocessing preprocessing, int size) {
  std::vector<Step>& steps = preprocessing.steps;
  const bool is_sized =
      !steps.empty() &&
      (steps[0].kind == Kind::kLongest || steps[0].kind == Kind::kShortest || steps[0].kind == Kind::kSquare);
  if (is_sized) {
    steps[0].size = size;
  } else {
    steps.insert(steps.begin(), LongestSide(size).steps[0]);
  }
  return preprocessing;
}

ImageSize SizeAfter(const Step& step, ImageSize size) {
  const auto side = static_cast<int>(step.size);
  const int longest = std::max(size.width, size.height);
  const int shortest = std::min(size.width, size.height);
  switch (step.kind) {
    case Kind::kLongest:
      if (longest == side || (longest < side && !step.enlarges)) return size;
      return image::SizeOfLongest(size.width, size.height, side);
    case Kind::kShortest: {
      if (shortest == side || (shortest < side && !step.enlarges)) return size;
      const int64_t other = step.size * longest / shortest;
      VANTAGE_CHECK(other * side <= kMaxPixels, TextOf(step), " makes a photo of ", size.width, " x ",
                    size.height, " pixels too large");
      const auto rounded = static_cast<int>(other);
      return size.width <= size.height ? ImageSize{side, rounded} : ImageSize{rounded, side};
    }
    case Kind::kArea: {
      const double area = static_cast<double>(size.width) * size.height;
      const double factor = std::sqrt(static_cast<double>(step.size) / area);
      if (factor >= 1 && !step.enlarges) return size;
      // A product that would be whole must not be rounded down to the number below it.
      const auto scaled = [&](int pixels) { return std::max(1, static_cast<int>(pixels * factor + 1e-9)); };
      return {scaled(size.width), scaled(size.height)};
    }
    case Kind::kSquare:
      return {side, side};
    case Kind::kCrop:
      return {std::min(side, size.width), std::min(side, size.height)};
    case Kind::kMultiple: {
      const auto rounded = [&](int pixels) {
        return std::max(1, static_cast<int>(std::nearbyint(pixels / static_cast<double>(side)))) * side;
      };
      return {rounded(size.width), rounded(size.height)};
    }
  }
  return size;
}

std::vector<Step> PhotoSteps(const Preprocessing& preprocessing) { return StepsOn(false, preprocessing); }

std::vector<Step> TensorSteps(const Preprocessing& preprocessing) { return StepsOn(true, preprocessing); }

Image ApplyPhotoSteps(const Image& photo, const Preprocessing& preprocessing) {
  CheckImage(photo);
  const Image* from = &photo;
  Image made;
  for (const Step& step : PhotoSteps(preprocessing)) {
    if (SizeAfter(step, {from->width, from->height}) == ImageSize{from->width, from->height}) continue;
    made = ApplyStep(*from, step);
    from = &made;
  }
  if (from == &photo) return photo;
  return made;
}

Preprocessing ForPart(Preprocessing preprocessing, ImageSize part, ImageSize whole) {
  const auto ratio = [](int of_part, int of_whole) { return static_cast<double>(of_part) / of_whole; };
  for (Step& step : preprocessing.steps) {
    double share = 1;
    if (step.kind == Kind::kLongest) {
      share = ratio(std::max(part.width, part.height), std::max(whole.width, whole.height));
    } else if (step.kind == Kind::kShortest) {
      share = ratio(std::min(part.width, part.height), std::min(whole.width, whole.height));
    } else if (step.kind == Kind::kArea) {
      share = ratio(part.width, whole.width) * ratio(part.height, whole.height);
    }
    step.size = std::max<int64_t>(1, static_cast<int64_t>(static_cast<double>(step.size) * share));
  }
  return preprocessing;
}

Box CentreSquare(ImageSize size, int64_t side) {
  const auto width = static_cast<double>(std::min<int64_t>(side, size.width));
  const auto height = static_cast<double>(std::min<int64_t>(side, size.height));
  const double left = std::nearbyint((size.width - width) / 2);
  const double top = std::nearbyint((size.height - height) / 2);
  return {left, top, left + width, top + height};
}

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "vantage/colmap.h"
#include "vantage/image.h"
#include "vantage/options.h"
#include "vantage/run_context.h"

namespace vantage::synthetic {

// How different the photos of a landmark are from each other: docs/reference/synthesize.md explains each.
struct SyntheticViewOptions {
  double arc = 105;
  double zoom = 2.2;  // of the field's width, in metres at the landmark
  double light = 0.4;
  double occlusion = 0.5;
  double sensor = 0.5;
};
void Declare(OptionsDescription& description, SyntheticViewOptions& options);

struct SyntheticSceneOptions {
  // Landmarks of different seeds differ.
  int64_t seed = 0;
  // Which style the landmark is built in, 0 .. SyntheticStyleCount() - 1.
  int style = 0;
  int photos = 13;
  // Longest side of the photos in pixels.
  int image_size = 384;
  // Places sampled in each photo; those that at least two photos see become points.
  int points_per_photo = 160;
  SyntheticViewOptions views;
};
void Declare(OptionsDescription& description, SyntheticSceneOptions& options);

struct SyntheticPhoto {
  std::string name;  // "0000.jpg"
  Image image;
  int jpeg_quality = 90;
  // Focal length in millimetres for which the longer side would be 35: what COLMAP reads from EXIF.
  int focal_length_35mm = 35;
};
// A JPEG whose EXIF block tells the focal length.
std::string EncodeSyntheticPhoto(const SyntheticPhoto& photo);

// Photos of a landmark and the truth about them: exact SIMPLE_RADIAL cameras without distortion, one a photo,
// and points on its surfaces and those around it. A point is observed where it is seen: not hidden by a
// nearer surface nor by who happens to stand before it. Observations are exact; the errors are 0. Metres, z
// up, the landmark's front towards -y.
struct SyntheticScene {
  std::vector<SyntheticPhoto> photos;
  Reconstruction truth;
};

// How many styles there are, and what they are called.
int SyntheticStyleCount();
std::string SyntheticStyleName(int style);

// A pure function of the options: the same on any number of threads. Throws UsageError where they are out of
// range, Interrupted when cancelled.
SyntheticScene MakeSyntheticScene(const SyntheticSceneOptions& options, const RunContext& context = {});

// docs/reference/synthesize.md explains each option.
struct SyntheticOptions {
  int64_t seed = 0;
  int train_scenes = 12;
  int val_scenes = 3;
  int test_scenes = 27;
  int scene_photos = 13;
  int test_photos = 8;
  int distractors = 60;  // each of a place of its own
  int image_size = 384;
  int styles = 8;                                         // at most SyntheticStyleCount()
  SyntheticViewOptions views;                             // of training and validation photos
  SyntheticViewOptions test_views = {130, 3.5, 1, 1, 1};  // of test photos and distractors
};
void Declare(OptionsDescription& description, SyntheticOptions& options);

struct SyntheticSummary {
  int64_t scenes = 0;   // in the folder now
  int64_t photos = 0;   // in the folder now, with distractors
  int64_t written = 0;  // photos written by this run; the others were there
};

// Writes a dataset:
//   FOLDER/{train,val,test}/photos/SCENE/0000.jpg ...
//   FOLDER/{train,val,test}/models/SCENE/{cameras,images,points3D}.bin   image names relative to photos/SCENE
//   FOLDER/test/distractors/0000.jpg ...
//   FOLDER/synthetic.toml                                                the options
// test/photos is a benchmark of class folders. A scene appears when it is complete; a run that was
// interrupted is taken up where it stood, and gives the same bytes. Throws Error where the folder holds a
// dataset of other options, or another process writes to it.
SyntheticSummary SynthesizeDataset(const SyntheticOptions& options, const std::filesystem::path& folder,
                                   const RunContext& context);

}  // namespace vantage::synthetic

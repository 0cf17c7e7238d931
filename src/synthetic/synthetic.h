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

// How much the photos of a landmark differ: docs/reference/synthesize.md explains each option.
struct SyntheticViewOptions {
  double arc = 105;
  double zoom = 2.2;  // ratio of the widest field to the narrowest (widths in metres at the landmark)
  double light = 0.4;
  double occlusion = 0.5;
  double sensor = 0.5;
};
void Declare(OptionsDescription& description, SyntheticViewOptions& options);

struct SyntheticSceneOptions {
  // Landmarks of different seeds differ.
  int64_t seed = 0;
  // The landmark's style, 0 .. SyntheticStyleCount() - 1.
  int style = 0;
  int photos = 13;
  // Longest side of the photos in pixels.
  int image_size = 384;
  // Points sampled in each photo; those that at least two photos see are kept.
  int points_per_photo = 160;
  SyntheticViewOptions views;
};
void Declare(OptionsDescription& description, SyntheticSceneOptions& options);

struct SyntheticPhoto {
  std::string name;  // "0000.jpg"
  Image image;
  int jpeg_quality = 90;
  // Focal length in millimetres, for a photo whose longer side is 35 mm; COLMAP reads it from EXIF.
  int focal_length_35mm = 35;
};
// Encodes a JPEG whose EXIF block has the focal length.
std::string EncodeSyntheticPhoto(const SyntheticPhoto& photo);

// Photos of a landmark and their ground truth: exact SIMPLE_RADIAL cameras without distortion, one per photo,
// and points on the landmark and its surroundings. A photo observes a point unless a nearer surface or an
// occluder hides it. Observations are exact: errors are 0. Metres, z up, the landmark's front towards -y.
struct SyntheticScene {
  std::vector<SyntheticPhoto> photos;
  Reconstruction truth;
};

// Number of styles, and the name of each.
int SyntheticStyleCount();
std::string SyntheticStyleName(int style);

// Makes a scene. The result depends on the options alone, not on the number of threads. Throws UsageError if
// an option is out of range, Interrupted if cancelled.
SyntheticScene MakeSyntheticScene(const SyntheticSceneOptions& options, const RunContext& context = {});

// docs/reference/synthesize.md explains each option.
struct SyntheticOptions {
  int64_t seed = 0;
  int train_scenes = 12;
  int val_scenes = 3;
  int test_scenes = 27;
  int scene_photos = 13;
  int test_photos = 8;
  int distractors = 60;  // each of its own place
  int image_size = 384;
  int styles = 8;                                         // at most SyntheticStyleCount()
  SyntheticViewOptions views;                             // for training and validation photos
  SyntheticViewOptions test_views = {130, 3.5, 1, 1, 1};  // for test photos and distractors
};
void Declare(OptionsDescription& description, SyntheticOptions& options);

struct SyntheticSummary {
  int64_t scenes = 0;   // in the folder now
  int64_t photos = 0;   // in the folder now, including distractors
  int64_t written = 0;  // photos written by this run; the others existed before
};

// Writes a dataset:
//   FOLDER/{train,val,test}/photos/SCENE/0000.jpg ...
//   FOLDER/{train,val,test}/models/SCENE/{cameras,images,points3D}.bin   image names relative to photos/SCENE
//   FOLDER/test/distractors/0000.jpg ...
//   FOLDER/synthetic.toml                                                the options
// test/photos is a benchmark of class folders. A scene appears when it is complete. A later call resumes an
// interrupted run, which then gives the same bytes. Throws Error if the folder holds a dataset with other
// options, or another process writes to it.
SyntheticSummary SynthesizeDataset(const SyntheticOptions& options, const std::filesystem::path& folder,
                                   const RunContext& context);

}  // namespace vantage::synthetic

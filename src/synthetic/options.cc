// SPDX-License-Identifier: BSD-3-Clause
#include "synthetic/synthetic.h"

namespace vantage::synthetic {

void Declare(OptionsDescription& description, SyntheticViewOptions& options) {
  description
      .Add("arc", options.arc, "Degrees of the arc around the landmark's front that photos are taken from")
      .Range(20, 240);
  description.Add("zoom", options.zoom, "Width of the widest photo's field over the narrowest's")
      .Range(1, 12);
  description
      .Add("light", options.light, "Change of weather, hour, exposure and colour: 0 none, 1 as over a year")
      .Range(0, 1.5);
  description
      .Add("occlusion", options.occlusion, "People, cars and trees before the landmark: 0 none, 1 a few")
      .Range(0, 4);
  description.Add("sensor", options.sensor, "Blur, noise and JPEG artefacts: 0 none, 1 as of a phone")
      .Range(0, 2);
}

void Declare(OptionsDescription& description, SyntheticSceneOptions& options) {
  description.Add("seed", options.seed, "Landmarks of different seeds differ").AtLeast(0);
  description.Add("style", options.style, "Style of the landmark").Range(0, SyntheticStyleCount() - 1);
  description.Add("photos", options.photos, "Photos of the landmark").Range(1, 9999);
  description.Add("image_size", options.image_size, "Longest side of the photos, pixels").Range(32, 4096);
  description
      .Add("points_per_photo", options.points_per_photo, "Places sampled in each photo for sparse points")
      .Range(0, 100000);
  description.Nest("views", options.views, "How different the photos are");
}

void Declare(OptionsDescription& description, SyntheticOptions& options) {
  description.Add("seed", options.seed, "Datasets of different seeds differ").AtLeast(0);
  description.Add("train_scenes", options.train_scenes, "Landmarks to train on").Range(0, 9999);
  description.Add("val_scenes", options.val_scenes, "Landmarks to validate on").Range(0, 9999);
  description.Add("test_scenes", options.test_scenes, "Landmarks of the benchmark").Range(0, 9999);
  description.Add("scene_photos", options.scene_photos, "Photos of each training or validation landmark")
      .Range(1, 9999);
  description.Add("test_photos", options.test_photos, "Photos of each test landmark").Range(1, 9999);
  description.Add("distractors", options.distractors, "Photos of other places in the benchmark")
      .Range(0, 9999)
      .Flag("distractor_photos");
  description.Add("image_size", options.image_size, "Longest side of the photos, pixels")
      .Range(32, 4096)
      .Flag("size");
  description.Add("styles", options.styles, "Styles in use: the fewer, the more landmarks look alike")
      .Range(1, SyntheticStyleCount());
  description.Nest("views", options.views,
                   "How different the training and validation photos of a landmark are");
  description.Nest("test_views", options.test_views, "How different the test photos of a landmark are");
}

}  // namespace vantage::synthetic

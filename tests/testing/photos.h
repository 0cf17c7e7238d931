// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>

#include "nn/descriptor_net.h"
#include "nn/model_file.h"
#include "vantage/image.h"
#include "vantage/training_set.h"

namespace vantage::testing {

// A photo of a made-up scene: blobs whose places and colours belong to the scene, moved a little from view to
// view.
Image MakePhoto(int scene, int view, int width, int height);

// Writes `scenes` folders of `views` photos below `folder`, and the training set `folder`/set.db over them:
// the last `val_scenes` validate, and every second photo is a query whose neighbours match it.
TrainingSet WritePhotosAndSet(const std::filesystem::path& folder, int scenes, int views, int val_scenes);

// A trunk with GeM under weights made from the tensors' names: a network that needs no file.
nn::ModelParts MakeFormulaModel(const std::string& architecture = "squeezenet1_1");

}  // namespace vantage::testing

// SPDX-License-Identifier: BSD-3-Clause
#include "testing/photos.h"

#include <algorithm>
#include <cmath>

#include "testing/tensors.h"
#include "util/file.h"
#include "util/random.h"
#include "util/string.h"
#include "vantage/error.h"

namespace vantage::testing {

Image MakePhoto(int scene, int view, int width, int height) {
  Image image = MakeImage(width, height);
  RandomStream random(static_cast<uint64_t>(scene), "blobs");
  for (int blob = 0; blob < 12; ++blob) {
    const double x0 = random.Uniform() * width + 1.5 * view;
    const double y0 = random.Uniform() * height - view;
    const double radius = random.Uniform(0.05, 0.3) * width;
    const uint8_t color[3] = {static_cast<uint8_t>(random.Below(256)),
                              static_cast<uint8_t>(random.Below(256)),
                              static_cast<uint8_t>(random.Below(256))};
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        if (std::hypot(x - x0, y - y0) < radius) std::copy(color, color + 3, image.Row(y) + 3 * x);
      }
    }
  }
  return image;
}

TrainingSet WritePhotosAndSet(const std::filesystem::path& folder, int scenes, int views, int val_scenes) {
  TrainingSet set;
  for (int s = 0; s < scenes; ++s) {
    const std::string scene = StrCat("scene", s);
    set.scenes.push_back({scene, s >= scenes - val_scenes ? Split::kVal : Split::kTrain});
    const auto first = static_cast<int64_t>(set.photos.size());
    for (int v = 0; v < views; ++v) {
      const int width = v % 3 == 0 ? 64 : 80;  // two sizes
      const std::string path = StrCat("photos/", scene, "/", v, ".jpg");
      WriteFile(folder / path, EncodeJpeg(MakePhoto(s, v, width, 64), 90));
      set.photos.push_back({path, width, 64, SceneId{s}});
    }
    for (int v = 0; v < views; v += 2) {
      TrainingQuery query{PhotoId{first + v}, PhotoId{first + (v + 1) % views}, {}};
      for (int step = 1; step < std::min(views, 4); ++step) {
        query.candidates.push_back(
            {PhotoId{first + (v + step) % views}, 50, 0.5, 1.0 + 0.1 * step, step - 1});
      }
      set.queries.push_back(query);
    }
  }
  WriteTrainingSet(set, folder / "set.db");
  return set;
}

nn::ModelParts MakeFormulaModel(const std::string& architecture) {
  nn::ModelParts model{nn::DescriptorNet({architecture}), {}};
  model.net.Visit([](const std::string& name, const at::Tensor& tensor, nn::TensorRole) {
    if (name != "pool.p") FillByFormula(name, tensor);
  });
  return model;
}

}  // namespace vantage::testing

// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/pipeline.h"

namespace vantage {

Model ModelSource::Read() const {
  Model model = Model::Read(path, net, allow_missing);
  model.MoveTo(device);
  return model;
}

}  // namespace vantage

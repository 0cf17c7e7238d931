// SPDX-License-Identifier: BSD-3-Clause
#include <nlohmann/json.hpp>

#include "nn/model_file.h"
#include "tasks/model_arguments.h"
#include "tasks/task.h"
#include "util/string.h"
#include "vantage/pipeline.h"

namespace vantage::tasks {
namespace {

class ConvertCall : public TaskCall {
 public:
  ConvertCall() : model_(task_.input) {}

  void Declare(Arguments& arguments) override {
    model_.Declare(arguments, "IN",
                   "Model (.pth), folder of a COLMAP model, or training set (.db, or cirtorch's .pkl)");
    arguments.Output("OUT", task_.output, "File or folder to write");
    arguments.Option(
        "--format", task_.format,
        StrCat(
            "For a model: ", nn::FormatsHelp(),
            "; default: checkpoint, or safetensors if OUT ends in .safetensors. For a COLMAP model: binary "
            "(default) or text"));
    arguments.Option(
        "--fit-head", task_.fit_head,
        "For a model whose head gets its first weights from photos (vlad, netvlad): computes them "
        "from these folders, lists of paths (.txt) or photos, in place of training");
    arguments.Option("--preprocessing", task_.preprocessing,
                     "For a model: how photos are prepared, kept as the model's own (docs/preprocessing.md)");
    arguments.Option(
        "--exif-orientation", task_.exif_orientation,
        "For a model: whether photos are turned as their EXIF orientation says (apply or ignore), kept as "
        "the model's own");
    arguments.Option("--licence", task_.licence, "Licence of the weights, stored in the model");
  }

  Result Run(const Call& call) override {
    task_.input.device = call.common.device;
    task_.overwrite = call.common.overwrite;
    const std::string format = Convert(task_, call.context);
    Result result = Result::Of({{"output", task_.output}});
    if (format.empty()) return result.Line("written: {output}");
    result.values["format"] = format;
    return result.Line("written: {output} ({format})");
  }

 private:
  ConvertTask task_;
  ModelArguments model_;
};

}  // namespace

Task ConvertRow() {
  return {.name = "convert",
          .section = Section::kFiles,
          .summary = "Write a model, sparse model or training set in another format",
          .examples =
              {"vantage convert resnet50.pth model.pth --head cirtorch:pooling=mac",
               "vantage convert dinov2_vitb14_pretrain.pth vlad.pth --head vlad:block=9 --fit-head photos/"},
          .make = MakeCall<ConvertCall>};
}

}  // namespace vantage::tasks

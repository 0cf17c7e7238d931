// SPDX-License-Identifier: BSD-3-Clause
#include <nlohmann/json.hpp>

#include "tasks/task.h"
#include "util/string.h"
#include "vantage/pipeline.h"

namespace vantage::tasks {
namespace {

class ReconstructCall : public TaskCall {
 public:
  ReconstructCall() { vantage::Declare(description_, task_.options); }

  void Declare(Arguments& arguments) override {
    arguments.Input("PHOTOS", task_.photos,
                    "Folder with a sub-folder of photos for each scene, or the photos of one scene");
    arguments.Output("-o,--output", task_.output, "Folder for the sparse models");
    arguments.Require("--output");
    arguments.Input("--pairs-from", task_.pairs_from,
                    "Model whose descriptors propose the pairs to match in scenes with many photos");
    arguments.Option("--neighbors", task_.neighbors, "Nearest neighbours that are proposed for each photo");
    arguments.Option(
        "--colmap-option", task_.options.colmap_options,
        "Any option of COLMAP's feature_extractor, matcher or mapper, as Group.name=value (may be "
        "repeated), such as Mapper.ba_refine_focal_length=0");
    arguments.Options(description_);
  }

  Result Run(const Call& call) override {
    task_.device = call.common.device;
    const std::vector<SceneOutcome> outcomes = Reconstruct(task_, call.context);
    nlohmann::json scenes = nlohmann::json::array();
    int64_t failed = 0;
    for (const SceneOutcome& o : outcomes) {
      scenes.push_back({{"name", o.name},
                        {"status", o.status},
                        {"photos", o.photos},
                        {"matched_pairs", o.matched_pairs},
                        {"verified_pairs", o.verified_pairs},
                        {"registered", o.registered},
                        {"models", o.models},
                        {"points", o.points},
                        {"mean_reprojection_error", o.mean_reprojection_error},
                        {"mean_track_length", o.mean_track_length},
                        {"seconds", o.seconds},
                        {"was_done", o.was_done},
                        {"earlier_model_stays", o.earlier_model_stays}});
      failed += o.status.starts_with("failed") ? 1 : 0;
    }
    Result result = Result::Of({{"output", task_.output}, {"scenes", scenes}});
    result.Table("scenes", {{"scene", "{name}"},
                            {"photos", "{photos}"},
                            {"pairs matched", "{matched_pairs}"},
                            {"verified", "{verified_pairs}"},
                            {"registered", "{registered}"},
                            {"models", "{models}"},
                            {"points", "{points}"},
                            {"error px", "{mean_reprojection_error:2}"},
                            {"track", "{mean_track_length:1}"},
                            {"seconds", "{seconds:0}"},
                            {"status", "{status}{earlier_model_stays:?; the earlier model stays}"}});
    if (failed > 0) result.failure = StrCat(failed, " of ", outcomes.size(), " scenes failed");
    return result;
  }

 private:
  ReconstructTask task_;
  OptionsDescription description_;
};

}  // namespace

Task ReconstructRow() {
  return {.name = "reconstruct",
          .section = Section::kData,
          .summary = "Run COLMAP on photos: one scene per sub-folder, or all together",
          .examples = {"vantage reconstruct photos/ -o models/",
                       "vantage reconstruct pile/ --unsorted --pairs-from model.pth -o models/",
                       "vantage reconstruct photos/ --masks masks/ --camera-per-folder --colmap-option "
                       "ImageReader.default_focal_length_factor=0.9 -o models/"},
          .make = MakeCall<ReconstructCall>};
}

}  // namespace vantage::tasks

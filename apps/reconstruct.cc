// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/sfm/reconstruct.h"

#include <nlohmann/json.hpp>

#include "command_line.h"
#include "session.h"
#include "vantage/util/error.h"

namespace vantage {
namespace {

class ReconstructCommand : public Command {
 public:
  ReconstructCommand() { Describe(description_, options_); }

  std::string Name() const override { return "reconstruct"; }
  std::string Summary() const override {
    return "Run COLMAP on photos: one scene per sub-folder, or all together";
  }

  void Declare(CommandLine& line) override {
    line.Positional("PHOTOS", photos_,
                    "Folder with a sub-folder of photos for each scene, or the photos of one scene");
    line.Option("-o,--output", output_, "Folder for the sparse models", /*required=*/true);
    line.Options(description_);
    line.Example("vantage reconstruct photos/ -o models/");
  }

  void Run(Session& session) override {
    const std::vector<SceneOutcome> outcomes =
        ReconstructScenes(photos_, output_, options_, session.context());
    std::vector<std::vector<std::string>> table = {
        {"scene", "photos", "registered", "models", "points", "error px", "track", "seconds", "status"}};
    nlohmann::json scenes = nlohmann::json::array();
    int64_t failed = 0;
    for (const SceneOutcome& o : outcomes) {
      table.push_back({o.name, std::to_string(o.photos), std::to_string(o.registered),
                       std::to_string(o.models), std::to_string(o.points),
                       FormatFixed(o.mean_reprojection_error, 2), FormatFixed(o.mean_track_length, 1),
                       FormatFixed(o.seconds, 0), o.status});
      scenes.push_back({{"name", o.name},
                        {"status", o.status},
                        {"photos", o.photos},
                        {"registered", o.registered},
                        {"models", o.models},
                        {"points", o.points},
                        {"mean_reprojection_error", o.mean_reprojection_error},
                        {"mean_track_length", o.mean_track_length},
                        {"seconds", o.seconds},
                        {"was_done", o.was_done}});
      failed += o.status.rfind("failed", 0) == 0 ? 1 : 0;
    }
    session.PrintResult({{"output", output_}, {"scenes", scenes}}, FormatTable(table));
    VANTAGE_CHECK(failed == 0, failed, " of ", outcomes.size(), " scenes failed");
  }

 private:
  std::string photos_;
  std::string output_;
  ReconstructOptions options_;
  OptionsDescription description_;
};

}  // namespace

std::unique_ptr<Command> MakeReconstructCommand() { return std::make_unique<ReconstructCommand>(); }

}  // namespace vantage

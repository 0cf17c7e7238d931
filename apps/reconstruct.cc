// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/colmap.h"

#include <nlohmann/json.hpp>

#include "command_line.h"
#include "photo_describer.h"
#include "session.h"
#include "util/check.h"
#include "util/hash.h"
#include "vantage/search.h"

namespace vantage::cli {
namespace {

class ReconstructCommand : public Command {
 public:
  ReconstructCommand() { Declare(description_, options_); }

  std::string Name() const override { return "reconstruct"; }
  std::string Summary() const override {
    return "Run COLMAP on photos: one scene per sub-folder, or all together";
  }

  void AddArguments(CommandLine& line) override {
    line.Positional("PHOTOS", photos_,
                    "Folder with a sub-folder of photos for each scene, or the photos of one scene");
    line.Option("-o,--output", output_, "Folder for the sparse models", /*required=*/true);
    line.Option("--pairs-from", pairs_from_,
                "Model whose descriptors propose the pairs that are matched, for scenes with many photos");
    line.Option("--neighbors", neighbors_,
                "Nearest neighbours that each photo is proposed to be matched with");
    line.Options(description_);
    line.Example("vantage reconstruct photos/ -o models/");
    line.Example("vantage reconstruct pile/ --pool --pairs-from model.pth -o models/");
  }

  void Run(Session& session) override {
    const std::vector<SceneOutcome> outcomes =
        ReconstructScenes(photos_, output_, options_, session.context(), Proposer(session));
    std::vector<std::vector<std::string>> table = {{"scene", "photos", "pairs matched", "verified",
                                                    "registered", "models", "points", "error px", "track",
                                                    "seconds", "status"}};
    nlohmann::json scenes = nlohmann::json::array();
    int64_t failed = 0;
    for (const SceneOutcome& o : outcomes) {
      table.push_back({o.name, std::to_string(o.photos), std::to_string(o.matched_pairs),
                       std::to_string(o.verified_pairs), std::to_string(o.registered),
                       std::to_string(o.models), std::to_string(o.points),
                       FormatFixed(o.mean_reprojection_error, 2), FormatFixed(o.mean_track_length, 1),
                       FormatFixed(o.seconds, 0),
                       o.status + (o.earlier_model_stays ? "; the earlier model stays" : "")});
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
      failed += o.status.rfind("failed", 0) == 0 ? 1 : 0;
    }
    session.PrintResult({{"output", output_}, {"scenes", scenes}}, FormatTable(table));
    VANTAGE_CHECK(failed == 0, failed, " of ", outcomes.size(), " scenes failed");
  }

 private:
  PairProposer Proposer(const Session& session) const {
    if (pairs_from_.empty()) return {};
    if (neighbors_ < 1) throw UsageError(StrCat("--neighbors is ", neighbors_, "; it must be at least 1"));
    const PhotoDescriber describe = MakePhotoDescriber(pairs_from_, session.options().device);
    const auto propose = [describe, k = neighbors_](const std::vector<std::filesystem::path>& photos,
                                                    const RunContext& context) {
      return NeighborPairs(describe(photos, context), k, context);
    };
    return {propose, StrCat(Sha256OfFile(pairs_from_), " ", neighbors_)};
  }

  std::string photos_;
  std::string output_;
  std::string pairs_from_;
  int neighbors_ = 50;
  ReconstructOptions options_;
  OptionsDescription description_;
};

}  // namespace

std::unique_ptr<Command> MakeReconstructCommand() { return std::make_unique<ReconstructCommand>(); }

}  // namespace vantage::cli

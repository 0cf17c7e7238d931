// SPDX-License-Identifier: BSD-3-Clause
#include "sfm/scene_work.h"

#include <algorithm>
#include <set>

#include "serialize/sqlite.h"
#include "sfm/colmap_log.h"
#include "vantage/sfm/colmap_database.h"
#include "vantage/sfm/colmap_model.h"
#include "vantage/util/error.h"
#include "vantage/util/file.h"
#include "vantage/util/hash.h"
#include "vantage/util/log.h"
#include "vantage/util/stopwatch.h"

namespace vantage {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SceneOutcome, status, photos, matched_pairs, verified_pairs, models,
                                   registered, points, mean_reprojection_error, mean_track_length, seconds)

namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using Option = ColmapProgram::Option;
using Clock = std::chrono::steady_clock;

// What scene.json must hold to be gone on from.
bool IsState(const json& state) {
  const auto has = [&](const char* key, auto check) { return state.contains(key) && (state[key].*check)(); };
  return state.is_object() && has("fingerprint", &json::is_string) && has("steps", &json::is_array) &&
         (!state.contains("seconds") || state["seconds"].is_number());
}

// The name as in URLs, where it holds a space.
std::string WithoutSpaces(const std::string& name) {
  return name.find_first_of(" \t") == name.npos ? name : PercentEncode(name);
}

}  // namespace

std::vector<PhotoPair> SequentialPairs(int64_t photos, int overlap) {
  std::vector<PhotoPair> pairs;
  for (int64_t i = 0; i < photos; ++i) {
    for (int64_t step = 1; step <= overlap && i + step < photos; ++step) pairs.emplace_back(i, i + step);
    int64_t step = 1;
    for (int power = 0; power < overlap && i + step < photos; ++power, step *= 2) {
      if (step > overlap) pairs.emplace_back(i, i + step);
    }
  }
  return pairs;
}

SceneWork::SceneWork(const PhotoScene& scene, fs::path folder, const ReconstructOptions& options,
                     const PairProposer& proposer, const ColmapProgram& colmap, int threads,
                     StepCallback on_step, const RunContext& context)
    : scene_(scene),
      folder_(std::move(folder)),
      options_(options),
      proposer_(proposer),
      colmap_(colmap),
      threads_(threads),
      on_step_(std::move(on_step)),
      context_(context),
      start_(Clock::now()) {}

SceneOutcome SceneWork::Run() {
  fs::create_directories(folder_);
  LoadState();
  SceneOutcome outcome;
  if (state_.contains("outcome")) {
    try {
      outcome = state_.at("outcome").get<SceneOutcome>();
    } catch (const json::exception& error) {
      throw Error(StrCat(StatePath().string(), ": ", error.what(), "; remove it to do the scene again"));
    }
    outcome.name = scene_.name;
    outcome.was_done = true;
    return outcome;
  }
  outcome.status = RunSteps();
  outcome.name = scene_.name;
  outcome.photos = static_cast<int64_t>(scene_.photos.size());
  outcome.seconds = state_.value("seconds", 0.0);
  if (outcome.status.empty()) {
    try {
      CountModels(outcome);
    } catch (const Error& error) {  // COLMAP does not notice that a disk is full
      outcome.status = StrCat("failed: colmap mapper left a model that cannot be read: ", error.what());
    }
  }
  // A failure is told but not kept: another call tries again.
  if (outcome.status == "done" || outcome.status == "no model") state_["outcome"] = outcome;
  SaveState();
  return outcome;
}

SceneWork::Matching SceneWork::WayOfMatching() const {
  const bool is_small = static_cast<int64_t>(scene_.photos.size()) <= options_.exhaustive_limit;
  if (options_.matching == "sequential") return Matching::kSequential;
  if (options_.matching == "proposed") return Matching::kProposed;
  const bool propose = options_.matching == "auto" && !is_small && proposer_.propose;
  return propose ? Matching::kProposed : Matching::kExhaustive;
}

std::string SceneWork::Fingerprint() const {
  std::string text = StrCat(options_.max_image_size, " ", options_.max_features, " ", options_.min_model_size,
                            " ", static_cast<int>(WayOfMatching()), "\n");
  if (WayOfMatching() == Matching::kSequential) text += StrCat(options_.sequential_overlap, "\n");
  if (WayOfMatching() != Matching::kExhaustive) text += proposer_.fingerprint + "\n";
  for (const fs::path& photo : scene_.photos) {
    text += StrCat(photo.string(), " ", fs::file_size(scene_.photo_folder / photo), "\n");
  }
  return Sha256(text);
}

void SceneWork::LoadState() {
  if (fs::exists(StatePath())) {
    // A damaged file only costs the work to be done again.
    state_ = json::parse(ReadFile(StatePath()), nullptr, /*allow_exceptions=*/false);
  }
  const std::string fingerprint = Fingerprint();
  if (!IsState(state_) || state_["fingerprint"] != fingerprint) {
    for (const fs::path& old : {DatabasePath(), ModelPath(), LogPath(), PairsPath()}) fs::remove_all(old);
    state_ = {{"steps", json::array()}, {"fingerprint", fingerprint}};
  }
  state_["photos"] = PathFrom(folder_, scene_.photo_folder);
  state_["pool"] = options_.pool;
  state_["colmap"] = colmap_.version();
}

void SceneWork::SaveState() const { WriteFile(StatePath(), state_.dump(1) + "\n"); }

std::string SceneWork::RunSteps() {
  const std::string gpu = options_.gpu ? "1" : "0";
  const std::string threads = std::to_string(threads_);
  const fs::path list = folder_ / "photos.txt";
  std::string names;
  for (const fs::path& photo : scene_.photos) names += photo.generic_string() + "\n";
  WriteFile(list, names);
  const Option database{{"database_path"}, DatabasePath().string()};
  const Option images{{"image_path"}, scene_.photo_folder.string()};

  // COLMAP 3.13 and later say FeatureExtraction and FeatureMatching for what is not SIFT's alone.
  std::string failure =
      RunStep(0, "feature_extractor",
              {database,
               images,
               {{"image_list_path"}, list.string()},
               {{"FeatureExtraction.use_gpu", "SiftExtraction.use_gpu"}, gpu},
               {{"FeatureExtraction.num_threads", "SiftExtraction.num_threads"}, threads},
               {{"FeatureExtraction.max_image_size", "SiftExtraction.max_image_size"},
                std::to_string(options_.max_image_size)},
               {{"SiftExtraction.max_num_features"}, std::to_string(options_.max_features)}});
  if (!failure.empty()) return failure;
  failure = Match(1, database, gpu);
  if (!failure.empty()) return failure;

  const fs::path partial = folder_ / "sparse.partial";
  fs::remove_all(partial);
  fs::create_directories(partial);
  failure = RunStep(2, "mapper",
                    {database,
                     images,
                     {{"output_path"}, partial.string()},
                     {{"Mapper.num_threads"}, threads},
                     {{"Mapper.min_model_size"}, std::to_string(options_.min_model_size)}});
  if (!failure.empty()) return failure;
  fs::remove_all(ModelPath());
  fs::rename(partial, ModelPath());
  return "";
}

std::string SceneWork::Match(int step, const Option& database, const std::string& gpu) {
  const Option use_gpu{{"FeatureMatching.use_gpu", "SiftMatching.use_gpu"}, gpu};
  const Option threads{{"FeatureMatching.num_threads", "SiftMatching.num_threads"}, std::to_string(threads_)};
  if (WayOfMatching() == Matching::kExhaustive) {
    // Small blocks: matches are kept, and progress is told, block by block.
    return RunStep(step, "exhaustive_matcher",
                   {database, use_gpu, threads, {{"ExhaustiveMatching.block_size"}, "20"}});
  }
  if (!IsFinished("matches_importer")) {
    WritePairs();
    RenamePhotos(Names::kWithoutSpaces);
  }
  std::string failure = RunStep(
      step, "matches_importer",
      {database, use_gpu, threads, {{"match_list_path"}, PairsPath().string()}, {{"match_type"}, "pairs"}});
  RenamePhotos(Names::kOwn);
  return failure;
}

void SceneWork::RenamePhotos(Names names) const {
  std::vector<std::pair<std::string, std::string>> renamings;
  for (const fs::path& photo : scene_.photos) {
    const std::string own = photo.generic_string();
    const std::string other = WithoutSpaces(own);
    if (own == other) continue;
    renamings.push_back(names == Names::kOwn ? std::pair(other, own) : std::pair(own, other));
  }
  if (renamings.empty()) return;
  Database database(DatabasePath(), Database::Mode::kCreate);
  database.Execute("BEGIN");
  Statement rename(database, "UPDATE images SET name = ? WHERE name = ?");
  for (const auto& [from, to] : renamings) rename.Run(to, from);
  database.Execute("COMMIT");
}

void SceneWork::WritePairs() const {
  std::set<PhotoPair> pairs;
  const auto count = static_cast<int64_t>(scene_.photos.size());
  if (WayOfMatching() == Matching::kSequential) {
    for (const PhotoPair& pair : SequentialPairs(count, options_.sequential_overlap)) pairs.insert(pair);
  }
  if (proposer_.propose) {
    on_step_(1, "proposing pairs");
    std::vector<fs::path> paths;
    for (const fs::path& photo : scene_.photos) paths.push_back(scene_.photo_folder / photo);
    for (const PhotoPair& pair : proposer_.propose(paths, context_)) {
      VANTAGE_CHECK(pair.first >= 0 && pair.first < pair.second && pair.second < count, scene_.name,
                    ": the pair ", pair.first, ", ", pair.second, " was proposed for ", count, " photos");
      pairs.insert(pair);
    }
  }
  std::string text;
  for (const auto& [a, b] : pairs) {
    text += StrCat(WithoutSpaces(scene_.photos[static_cast<size_t>(a)].generic_string()), " ",
                   WithoutSpaces(scene_.photos[static_cast<size_t>(b)].generic_string()), "\n");
  }
  WriteFile(PairsPath(), text);
  LogInfo(scene_.name, ": matching ", pairs.size(), " of ", count * (count - 1) / 2, " pairs");
}

bool SceneWork::IsFinished(const std::string& command) const {
  const json& steps = state_.at("steps");
  return std::find(steps.begin(), steps.end(), command) != steps.end();
}

std::string SceneWork::RunStep(int step, const std::string& command, const std::vector<Option>& options) {
  on_step_(step, command);
  if (IsFinished(command)) return "";
  ColmapLog log(LogPath(), static_cast<int64_t>(scene_.photos.size()));
  ColmapProgram::Watch watch;
  watch.on_wait = [&] { on_step_(step + log.DonePart(), command); };
  if (options_.time_limit > 0) {
    watch.time_limit = std::max(1e-3, options_.time_limit * 60 - SecondsSince(start_));
  }
  const auto result = colmap_.Run(command, options, LogPath(), context_, watch);
  state_["seconds"] = state_.value("seconds", 0.0) + result.seconds;
  if (result.timed_out) {
    return StrCat("failed: longer than ", options_.time_limit, " minutes, ended in colmap ", command);
  }
  // The mapper says so by its exit code where it finds no model.
  const bool found_nothing = command == "mapper" && result.exit_code == 1;
  if (result.exit_code != 0 && !found_nothing) {
    return StrCat("failed: colmap ", command, " ended with exit code ", result.exit_code, "; see ",
                  LogPath().string());
  }
  if (command != "mapper") {
    state_["steps"].push_back(command);
    SaveState();
  }
  return "";
}

void SceneWork::CountModels(SceneOutcome& outcome) const {
  std::set<std::string> registered;
  double errors = 0;
  double track_lengths = 0;
  for (const std::string& name : ListFolders(ModelPath())) {
    if (!IsColmapModel(ModelPath() / name)) continue;
    const Reconstruction model = ReadColmapModel(ModelPath() / name);
    const ReconstructionSummary summary = Summarize(model);
    for (const auto& [id, image] : model.images) registered.insert(image.name);
    ++outcome.models;
    outcome.points += summary.points;
    errors += summary.mean_reprojection_error * static_cast<double>(summary.points);
    track_lengths += summary.mean_track_length * static_cast<double>(summary.points);
  }
  const DatabaseSummary database = SummarizeColmapDatabase(DatabasePath());
  outcome.matched_pairs = database.matched_pairs;
  outcome.verified_pairs = database.verified_pairs;
  outcome.registered = static_cast<int64_t>(registered.size());
  if (outcome.points > 0) {
    outcome.mean_reprojection_error = errors / static_cast<double>(outcome.points);
    outcome.mean_track_length = track_lengths / static_cast<double>(outcome.points);
  }
  outcome.status = outcome.models > 0 ? "done" : "no model";
}

}  // namespace vantage

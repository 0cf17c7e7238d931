// SPDX-License-Identifier: BSD-3-Clause
#include "sfm/scene_work.h"

#include <algorithm>
#include <exception>
#include <map>
#include <set>
#include <utility>

#include "sfm/colmap_log.h"
#include "sfm/list_names.h"
#include "util/check.h"
#include "util/file.h"
#include "util/hash.h"
#include "util/index.h"
#include "util/lines.h"
#include "util/log.h"
#include "util/stopwatch.h"
#include "vantage/colmap.h"
#include "vantage/run_context.h"

namespace vantage::sfm {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

// The photos of each folder, in the natural order of their names.
std::vector<std::vector<int64_t>> VideosOf(const std::vector<fs::path>& photos) {
  std::map<fs::path, std::vector<int64_t>> folders;
  for (size_t i = 0; i < photos.size(); ++i)
    folders[photos[i].parent_path()].push_back(static_cast<int64_t>(i));
  std::vector<std::vector<int64_t>> videos;
  for (auto& [folder, video] : folders) {
    std::sort(video.begin(), video.end(), [&](int64_t a, int64_t b) {
      return NaturallyBefore(photos[ToIndex(a)].string(), photos[ToIndex(b)].string());
    });
    videos.push_back(std::move(video));
  }
  return videos;
}

}  // namespace

std::vector<ColmapOption> ParseColmapOptions(const std::vector<std::string>& texts) {
  std::vector<ColmapOption> options;
  for (const std::string& text : texts) {
    const size_t equals = text.find('=');
    const size_t dot = text.find('.');
    // Options without a group are files and folders, which vantage chooses.
    if (equals == text.npos || dot == text.npos || dot == 0 || dot + 1 >= equals)
      throw UsageError(StrCat("--colmap-option: '", text, "' is not Group.name=value"));
    options.push_back({text.substr(0, equals), text.substr(equals + 1)});
  }
  return options;
}

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
      colmap_options_(ParseColmapOptions(options.colmap_options)),
      proposer_(proposer),
      colmap_(colmap),
      threads_(threads),
      on_step_(std::move(on_step)),
      context_(context) {}

SceneOutcome SceneWork::Run() {
  SceneOutcome outcome;
  start_ = Clock::now();
  try {
    folder_.Load();
    outcome = RunOrThrow();
  } catch (const Interrupted&) {
    throw;
  } catch (const std::exception& error) {
    outcome.status = StrCat("failed: ", error.what());
    outcome.photos = std::ssize(scene_.photos);
  }
  outcome.name = scene_.name;
  outcome.earlier_model_stays = outcome.status != "done" && folder_.HasModel();
  return outcome;
}

SceneOutcome SceneWork::RunOrThrow() {
  const SceneAttempt attempt = MakeAttempt();
  SceneOutcome outcome;
  if (const SceneResult* known = folder_.Find(attempt.fingerprint)) {
    outcome = known->outcome;
    outcome.was_done = true;
    KeepPhotoFolder(attempt);
  } else {
    folder_.RefuseOthersFiles();
    folder_.Begin(attempt);
    outcome.status = RunSteps();
    if (outcome.status.empty()) {
      try {
        outcome = CountModels();
      } catch (const Error& error) {  // happens when a disk is full: COLMAP does not notice
        outcome.status = StrCat("failed: colmap mapper left a model that cannot be read: ", error.what());
      }
    }
    outcome.photos = std::ssize(scene_.photos);
    outcome.seconds = folder_.state().attempt.seconds;
    // A failure is reported but not stored, so that the next call tries again.
    if (outcome.status == "done" || outcome.status == "no model") folder_.Finish(outcome);
  }
  return outcome;
}

void SceneWork::KeepPhotoFolder(const SceneAttempt& attempt) {
  SceneState& state = folder_.state();
  if (state.model.fingerprint != attempt.fingerprint || state.photos == attempt.photo_folder) return;
  state.photos = attempt.photo_folder;  // the same photos were moved
  folder_.Save();
}

SceneWork::Matching SceneWork::WayOfMatching() const {
  const bool is_small = std::ssize(scene_.photos) <= options_.exhaustive_limit;
  if (options_.matching == "sequential") return Matching::kSequential;
  if (options_.matching == "proposed") return Matching::kProposed;
  const bool propose = options_.matching == "auto" && !is_small && proposer_.propose;
  return propose ? Matching::kProposed : Matching::kExhaustive;
}

SceneAttempt SceneWork::MakeAttempt() const {
  SceneAttempt attempt;
  std::string options = StrCat(options_.max_image_size, " ", options_.max_features, " ",
                               static_cast<int>(WayOfMatching()), "\n");
  if (WayOfMatching() == Matching::kSequential) options += StrCat(options_.sequential_overlap, "\n");
  if (WayOfMatching() != Matching::kExhaustive) options += proposer_.fingerprint + "\n";
  if (!options_.camera_model.empty() || options_.camera_per_folder)
    options += StrCat("camera ", options_.camera_model, " ", options_.camera_per_folder, "\n");
  options += MaskText();
  std::string mapper_options;
  for (const ColmapOption& option : colmap_options_) {
    const bool is_mapper = option.name.starts_with("Mapper.");
    (is_mapper ? mapper_options : options) += StrCat(option.name, "=", option.value, "\n");
  }
  attempt.database.options = Sha256(options);
  for (const fs::path& photo : scene_.photos) {
    attempt.database.photos.push_back(
        StrCat(PercentEncode(photo.generic_string()), " ", fs::file_size(scene_.photo_folder / photo)));
  }
  std::sort(attempt.database.photos.begin(), attempt.database.photos.end());
  attempt.fingerprint = Sha256(StrCat(attempt.database.options, " ", options_.min_model_size, "\n",
                                      Join(attempt.database.photos, "\n"), mapper_options));
  attempt.photo_folder = PathFrom(folder_.path(), scene_.photo_folder);
  attempt.is_pool = options_.pool;
  attempt.colmap = colmap_.version();
  return attempt;
}

// COLMAP 3.13 renamed the options that are not specific to SIFT to FeatureExtraction and FeatureMatching.
SceneWork::Options SceneWork::ExtractorOptions() const {
  Options options = {
      {{"database_path"}, folder_.DatabasePath().string()},
      {{"image_path"}, scene_.photo_folder.string()},
      {{"image_list_path"}, folder_.PhotosPath().string()},
      {{"FeatureExtraction.use_gpu", "SiftExtraction.use_gpu"}, options_.gpu ? "1" : "0"},
      {{"FeatureExtraction.num_threads", "SiftExtraction.num_threads"}, std::to_string(threads_)},
      {{"FeatureExtraction.max_image_size", "SiftExtraction.max_image_size"},
       std::to_string(options_.max_image_size)},
      {{"SiftExtraction.max_num_features"}, std::to_string(options_.max_features)}};
  if (!scene_.masks.empty()) options.push_back({{"ImageReader.mask_path"}, scene_.masks.string()});
  if (!options_.camera_model.empty())
    options.push_back({{"ImageReader.camera_model"}, options_.camera_model});
  if (options_.camera_per_folder) options.push_back({{"ImageReader.single_camera_per_folder"}, "1"});
  return options;
}

// The masks' sizes: other masks give other features.
std::string SceneWork::MaskText() const {
  std::string text;
  for (const fs::path& photo : scene_.photos) {
    const fs::path mask = scene_.masks / (photo.generic_string() + ".png");
    if (!scene_.masks.empty() && fs::exists(mask))
      text += StrCat("mask ", PercentEncode(photo.generic_string()), " ", fs::file_size(mask), "\n");
  }
  return text;
}

std::string SceneWork::Matcher() const {
  return WayOfMatching() == Matching::kExhaustive ? "exhaustive_matcher" : "matches_importer";
}

SceneWork::Options SceneWork::OptionsOf(const std::string& command) const {
  Options options = command == "feature_extractor" ? ExtractorOptions()
                    : command == "mapper"          ? MapperOptions()
                                                   : MatcherOptions();
  for (const ColmapOption& wanted : colmap_options_) {
    const auto own = std::find_if(options.begin(), options.end(), [&](const ColmapProgram::Option& option) {
      return std::find(option.names.begin(), option.names.end(), wanted.name) != option.names.end();
    });
    if (own != options.end()) {
      own->value = wanted.value;
    } else if (colmap_.Knows(command, wanted.name)) {
      options.push_back({{wanted.name}, wanted.value});
    }
  }
  return options;
}

SceneWork::Options SceneWork::MatcherOptions() const {
  Options options = {{{"database_path"}, folder_.DatabasePath().string()},
                     {{"FeatureMatching.use_gpu", "SiftMatching.use_gpu"}, options_.gpu ? "1" : "0"},
                     {{"FeatureMatching.num_threads", "SiftMatching.num_threads"}, std::to_string(threads_)}};
  if (WayOfMatching() == Matching::kExhaustive) {
    // Small blocks, since matches are stored and progress is printed after each block.
    options.push_back({{"ExhaustiveMatching.block_size"}, "20"});
  } else {
    options.push_back({{"match_list_path"}, folder_.PairsPath().string()});
    options.push_back({{"match_type"}, "pairs"});
  }
  return options;
}

SceneWork::Options SceneWork::MapperOptions() const {
  return {{{"database_path"}, folder_.DatabasePath().string()},
          {{"image_path"}, scene_.photo_folder.string()},
          {{"output_path"}, folder_.ModelPath().string()},
          {{"Mapper.num_threads"}, std::to_string(threads_)},
          {{"Mapper.min_model_size"}, std::to_string(options_.min_model_size)}};
}

std::set<std::string> SceneWork::LackingOptions() const {
  const std::vector<std::string> commands = {"feature_extractor", Matcher(), "mapper"};
  std::set<std::string> lacking;
  std::set<std::string> used;
  for (const std::string& command : commands) {
    const Options options = OptionsOf(command);
    for (std::string& words : colmap_.Lacks(command, options)) lacking.insert(std::move(words));
    for (const ColmapProgram::Option& option : options) used.insert(option.names.begin(), option.names.end());
  }
  for (const ColmapOption& option : colmap_options_) {
    if (used.contains(option.name)) continue;
    lacking.insert(StrCat("COLMAP ", colmap_.version(), ": ", Join(commands, ", "), " have no option ",
                          option.name, "; it is left out"));
  }
  return lacking;
}

std::string SceneWork::RunSteps() {
  std::string names;
  for (const fs::path& photo : scene_.photos) names += photo.generic_string() + "\n";
  WriteFile(folder_.PhotosPath(), names);
  // A call that was killed during matching leaves renamed photos.
  try {
    if (fs::exists(folder_.DatabasePath())) TakeOwnNames(folder_.DatabasePath());
  } catch (const Error&) {
    folder_.DropDatabase();
  }

  std::string failure = RunStep(0, "feature_extractor");
  if (!failure.empty()) return failure;
  failure = Match(1);
  if (!failure.empty()) return failure;

  fs::remove_all(folder_.ModelPath());
  fs::create_directories(folder_.ModelPath());
  return RunStep(2, "mapper");
}

std::string SceneWork::Match(int step) {
  if (WayOfMatching() == Matching::kExhaustive) return RunStep(step, Matcher());
  if (IsFinished("matches_importer")) return "";
  WritePairs();
  const bool renames = NeedsListNames();
  if (renames) TakeListNames(folder_.DatabasePath());
  std::string failure = RunStep(step, Matcher());
  if (renames) TakeOwnNames(folder_.DatabasePath());
  return failure;
}

bool SceneWork::NeedsListNames() const {
  return std::any_of(scene_.photos.begin(), scene_.photos.end(),
                     [](const fs::path& photo) { return !IsWord(photo.generic_string()); });
}

void SceneWork::WritePairs() const {
  std::set<PhotoPair> pairs;
  const auto count = std::ssize(scene_.photos);
  if (WayOfMatching() == Matching::kSequential) {
    for (const std::vector<int64_t>& video : VideosOf(scene_.photos)) {
      const auto frames = std::ssize(video);
      for (const auto& [a, b] : SequentialPairs(frames, options_.sequential_overlap)) {
        pairs.insert(std::minmax(video[ToIndex(a)], video[ToIndex(b)]));
      }
    }
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
  const bool renames = NeedsListNames();
  const auto name = [&](int64_t photo) {
    const std::string own = scene_.photos[ToIndex(photo)].generic_string();
    return renames ? ListName(own) : own;
  };
  std::string text;
  for (const auto& [a, b] : pairs) text += StrCat(name(a), " ", name(b), "\n");
  WriteFile(folder_.PairsPath(), text);
  LogInfo(scene_.name, ": matching ", pairs.size(), " of ", count * (count - 1) / 2, " pairs");
}

bool SceneWork::IsFinished(const std::string& command) const {
  const std::vector<std::string>& steps = folder_.state().attempt.steps;
  return std::find(steps.begin(), steps.end(), command) != steps.end();
}

std::string SceneWork::RunStep(int step, const std::string& command) {
  on_step_(step, command);
  if (IsFinished(command)) return "";
  const uintmax_t log_start = fs::exists(folder_.LogPath()) ? fs::file_size(folder_.LogPath()) : 0;
  ColmapLog log(folder_.LogPath(), std::ssize(scene_.photos));
  ColmapProgram::Watch watch;
  watch.on_wait = [&] { on_step_(step + log.DonePart(), command); };
  if (options_.time_limit > 0) {
    watch.time_limit = std::max(1e-3, options_.time_limit * 60 - SecondsSince(start_));
  }
  const auto result = colmap_.Run(command, OptionsOf(command), folder_.LogPath(), context_, watch);
  SceneAttempt& attempt = folder_.state().attempt;
  attempt.seconds += result.seconds;
  if (result.timed_out) {
    folder_.Save();
    return StrCat("failed: longer than ", options_.time_limit, " minutes, ended in colmap ", command);
  }
  if (command == "mapper" && result.exit_code == 1 && ModelNames().empty()) {
    says_no_model_ = SaysNoModel(ReadFile(folder_.LogPath()).substr(log_start));
  }
  if (result.exit_code != 0 && !says_no_model_) {
    folder_.Save();
    return StrCat("failed: colmap ", command, " ended with exit code ", result.exit_code, "; see ",
                  folder_.LogPath().string());
  }
  if (command != "mapper") attempt.steps.push_back(command);
  folder_.Save();
  return "";
}

std::vector<std::string> SceneWork::ModelNames() const {
  std::vector<std::string> names = ListFolders(folder_.ModelPath());
  std::erase_if(names, [&](const std::string& name) { return !IsColmapModel(folder_.ModelPath() / name); });
  return names;
}

SceneOutcome SceneWork::CountModels() const {
  SceneOutcome outcome;
  std::set<std::string> registered;
  double errors = 0;
  double track_lengths = 0;
  for (const std::string& name : ModelNames()) {
    const Reconstruction model = ReadColmapModel(folder_.ModelPath() / name);
    const ReconstructionSummary summary = Summarize(model);
    for (const auto& [id, image] : model.images) registered.insert(image.name);
    ++outcome.models;
    outcome.points += summary.points;
    errors += summary.mean_reprojection_error * static_cast<double>(summary.points);
    track_lengths += summary.mean_track_length * static_cast<double>(summary.points);
  }
  const DatabaseSummary database = SummarizeColmapDatabase(folder_.DatabasePath());
  outcome.matched_pairs = database.matched_pairs;
  outcome.verified_pairs = database.verified_pairs;
  outcome.registered = std::ssize(registered);
  if (outcome.points > 0) {
    outcome.mean_reprojection_error = errors / static_cast<double>(outcome.points);
    outcome.mean_track_length = track_lengths / static_cast<double>(outcome.points);
  }
  outcome.status = outcome.models > 0 ? "done"
                   : says_no_model_
                       ? "no model"
                       : StrCat("failed: colmap mapper left no model; see ", folder_.LogPath().string());
  return outcome;
}

}  // namespace vantage::sfm

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace vantage {

// Places in TrainingSet::photos and TrainingSet::scenes; numbers of one kind are never taken for those of the
// other.
enum class PhotoId : int64_t {};
enum class SceneId : int64_t {};

inline size_t IndexOf(PhotoId id) { return static_cast<size_t>(id); }
inline size_t IndexOf(SceneId id) { return static_cast<size_t>(id); }

enum class Split { kTrain, kVal };
inline const char* SplitName(Split split) { return split == Split::kTrain ? "train" : "val"; }

struct TrainingPhoto {
  std::string path;  // relative to the training set's file, or absolute
  int width = 0;     // pixels; 0: not known
  int height = 0;
  SceneId scene{};
};

struct TrainingScene {
  std::string name;
  Split split = Split::kTrain;
};

// A photo of the query's scene that may serve as its positive, and the numbers it may be chosen by.
struct CandidatePositive {
  PhotoId photo{};
  int64_t shared_points = 0;  // |P(i) and P(q)|: 3D points that both observe
  double overlap = 0;         // shared points / points of the query
  // Median over shared points of the query's projected scale to the candidate's, relative to the photos'
  // sizes (Covisibility); 0: not known.
  double scale_change = 0;
  int64_t camera_rank = 0;  // by distance of camera centres, 0 is the nearest
};

struct TrainingQuery {
  PhotoId photo{};
  PhotoId positive{};  // the one chosen when the set was made
  std::vector<CandidatePositive> candidates;
};

// Photos by scene and matching pairs among them: what training needs and no person had to label.
struct TrainingSet {
  std::vector<TrainingScene> scenes;
  std::vector<TrainingPhoto> photos;
  std::vector<TrainingQuery> queries;

  Split SplitOf(PhotoId photo) const { return scenes[IndexOf(photos[IndexOf(photo)].scene)].split; }
};

// Writes one SQLite file (docs/formats.md). The same set gives the same content.
void WriteTrainingSet(const TrainingSet& set, const std::filesystem::path& path);

// Reads it back. Throws Error naming the file where it is no training set, of a later version, damaged, or
// refers to a photo or scene that it does not hold.
TrainingSet ReadTrainingSet(const std::filesystem::path& path);

// Where the photo lies: its path as it stands, or below `root`, the folder of the training set's file.
std::filesystem::path PhotoPath(const TrainingSet& set, PhotoId photo, const std::filesystem::path& root);

struct TrainingSetSummary {
  int64_t scenes = 0;
  int64_t photos = 0;
  int64_t queries = 0;
  double candidates_per_query = 0;
};
TrainingSetSummary Summarize(const TrainingSet& set, Split split);

}  // namespace vantage

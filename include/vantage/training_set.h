// SPDX-License-Identifier: BSD-3-Clause
// Builds, reads and writes training sets: photos by scene and matching pairs, from sparse models, classes or
// cirtorch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vantage/colmap.h"
#include "vantage/descriptors.h"
#include "vantage/matching.h"
#include "vantage/options.h"
#include "vantage/photos.h"
#include "vantage/run_context.h"

namespace vantage {

// Indices into TrainingSet::photos and TrainingSet::scenes, as distinct types.
enum class PhotoId : int64_t {};
enum class SceneId : int64_t {};

inline size_t IndexOf(PhotoId id) { return static_cast<size_t>(id); }
inline size_t IndexOf(SceneId id) { return static_cast<size_t>(id); }

enum class Split { kTrain, kVal };
inline const char* SplitName(Split split) { return split == Split::kTrain ? "train" : "val"; }

struct TrainingPhoto {
  std::string path;  // relative to the training set's file, or absolute
  int width = 0;     // pixels; 0: unknown
  int height = 0;
  SceneId scene{};
};

struct TrainingScene {
  std::string name;
  Split split = Split::kTrain;
};

// A photo of the query's scene that may be its positive, and the numbers by which positives are chosen.
struct CandidatePositive {
  PhotoId photo{};
  int64_t shared_points = 0;  // |P(i) and P(q)|: 3D points that both observe
  double overlap = 0;         // shared points / points of the query
  // Median over shared points of the ratio of the query's projected scale to the candidate's, relative to the
  // photos' sizes (Covisibility); 0: unknown.
  double scale_change = 0;
  int64_t camera_rank = 0;  // rank by distance of camera centres; 0: the nearest
};

struct TrainingQuery {
  PhotoId photo{};
  PhotoId positive{};  // the one chosen when the set was made
  std::vector<CandidatePositive> candidates;
};

// Photos by scene and matching pairs among them.
struct TrainingSet {
  std::vector<TrainingScene> scenes;
  std::vector<TrainingPhoto> photos;
  std::vector<TrainingQuery> queries;

  Split SplitOf(PhotoId photo) const { return scenes[IndexOf(photos[IndexOf(photo)].scene)].split; }
};

// Writes a SQLite file (docs/formats.md). Equal sets give equal content.
void WriteTrainingSet(const TrainingSet& set, const std::filesystem::path& path);

// Reads a file of WriteTrainingSet. Throws Error naming the file if it is not a training set, has a later
// version, is damaged, or refers to a photo or scene that it does not contain.
TrainingSet ReadTrainingSet(const std::filesystem::path& path);

// The photo's path: unchanged if it is absolute, else below `root`, the folder of the training set's file.
std::filesystem::path PhotoPath(const TrainingSet& set, PhotoId photo, const std::filesystem::path& root);

// All photos of the set; IndexOf(photo) is a photo's index in the source.
PhotoFiles PhotosOfSet(const TrainingSet& set, const std::filesystem::path& root);

struct TrainingSetSummary {
  int64_t scenes = 0;
  int64_t photos = 0;
  int64_t queries = 0;
  double candidates_per_query = 0;
};
TrainingSetSummary Summarize(const TrainingSet& set, Split split);

// A sparse model and the folder of the photos that it names.
struct SparseModel {
  Reconstruction reconstruction;
  std::filesystem::path photo_folder;
};

// The sparse models of one scene: usually one, several if structure-from-motion found separate parts.
struct SceneModels {
  std::string name;
  std::vector<SparseModel> models;
  std::optional<Split> split;  // nullopt: drawn at random
};

// Finds the scenes at or below a folder. COLMAP models may be in a folder of their own; in SCENE/sparse/0, 1,
// ..., as `vantage reconstruct` writes them; or as hloc writes them, the largest in SCENE and the others in
// SCENE/models.
// - Links to folders are followed, and each folder is visited once. Hidden folders are skipped, and so are
//   folders that cannot be read, with a warning.
// - DIR/dense is skipped if DIR/sparse has models, since image_undistorter writes the same photos there. A
//   scene below another one is skipped if more than half of the image names of the smaller one are in both,
//   unless `vantage reconstruct` made it.
// - Photos are in `photos`/SCENE, `photos`/SCENE/images, `photos`/images or `photos`, whichever has the
//   most of them. If `photos` is empty, they are in the folder that SCENE/.vantage/scene.json names or in
//   SCENE/images, whichever has the most.
// - The models of a pool (marked in scene.json) become the scenes POOL/0, POOL/1, ... Models are parts of
//   one scene if they share a photo or, according to POOL/database.db, a pair with at least `min_inliers`
//   inliers.
// Throws Error if there is no model, or if the folder of a scene's photos cannot be determined.
std::vector<SceneModels> ReadScenes(const std::filesystem::path& folder, const std::filesystem::path& photos,
                                    std::optional<Split> split, int64_t min_inliers = 30);

// The registered photos of a scene that exist, as canonical paths, each once, sorted.
std::vector<std::filesystem::path> PhotosOf(const SceneModels& scene);

// Descriptors of photos by their paths.
struct PhotoDescriptors {
  std::map<std::filesystem::path, int64_t> row_of;
  DescriptorMatrix values;  // rows of unit length; zeros if a photo could not be described

  // The rows of these photos, N x D. Throws Error naming a photo that is not in row_of.
  DescriptorMatrix Rows(const std::vector<std::filesystem::path>& photos) const;
};

// How queries and positives are chosen. docs/reference/tuples.md explains each option.
struct TupleOptions {
  double query_fraction = 0.1;     // TPAMI 2019, section 4.1; at least one photo of each scene
  int max_queries_per_scene = 30;  // TPAMI 2019, section 4.1
  int nearest_cameras = 100;       // TPAMI 2019, section 4.2
  std::string positives = "m3";    // TPAMI 2019, section 4.2
  double min_overlap = 0.2;        // t_i
  double max_scale_change = 1.5;   // t_s
  double val_fraction = 0.2;
  int class_candidates = 20;
  int min_scene_photos = 3;
  int64_t seed = 0;
};
void Declare(OptionsDescription& description, TupleOptions& options);

struct TupleReport {
  std::vector<std::string> dropped_scenes;  // "NAME: reason"
  int64_t missing_photos = 0;               // photos that models or classes name but that do not exist
  std::string missing_example;              // the path of the first of them
  int64_t repeated_photos = 0;              // photos that are already in another scene
};

struct BuiltTuples {
  TrainingSet set;
  TupleReport report;
};

// Chooses queries and candidate positives from sparse models (TPAMI 2019, sections 4.1 and 4.2). Photo paths
// are made relative to `set_folder`, where the set's file will be. Each photo is in the set once: photos are
// compared by canonical path, and a photo of several scenes is in the first. m1 needs descriptors of all
// photos, and its candidates are all of a query's nearest cameras; candidates of m2 and m3 are those of them
// that share points with the query. Throws Error if no photo is found, no scene gives a query, or two scenes
// have the same name, and UsageError if m1 has no descriptors.
BuiltTuples BuildTuples(const std::vector<SceneModels>& scenes, const TupleOptions& options,
                        const std::filesystem::path& set_folder, const RunContext& context = {},
                        const PhotoDescriptors* descriptors = nullptr);

// Whether m3 may choose the candidate: overlap > min_overlap, and a scale change within
// [1 / max_scale_change, max_scale_change] or unknown.
bool IsModerateViewpointChange(const CandidatePositive& candidate, double min_overlap,
                               double max_scale_change);

// How scenes are compared with each other and with test photos: see docs/reference/tuples.md.
struct ExcludeOptions {
  // With "keep", photos of the same thing in two scenes may become each other's negatives.
  std::string overlapping = "merge";
  int compared_scenes = 10;
  int compared_pairs = 3;
  int compared_test_pairs = 20;
  FeatureOptions features;
  MatchOptions match;
};
void Declare(OptionsDescription& description, ExcludeOptions& options);

// Why scenes were merged or left out.
struct SceneChange {
  std::string scene;
  std::string change;  // "left out", "merged into castle"
  std::string why;     // "castle/3.jpg and castle_entry/0.jpg have 154 features in common"
};

struct ScenesAndChanges {
  std::vector<SceneModels> scenes;
  std::vector<SceneChange> changes;
  std::vector<std::string> unmet;  // exclusions that matched no scene
};

// Leaves out the scenes that the list names. Names are compared ignoring case, '_', '-' and spaces. NAME also
// matches a scene POOL/NAME, and a scene with a photo in a folder NAME.
ScenesAndChanges ExcludeNames(std::vector<SceneModels> scenes, const std::vector<std::string>& names);

// Photos of a test set, such as those of a folder, and its name.
struct TestPhotos {
  std::string name;
  std::vector<std::filesystem::path> photos;
};

// Leaves out scenes that show what a test set shows. A scene does if it has a file with the bytes of a test
// photo. With descriptors (of all photos of scenes and tests), it also does if local features of a photo and
// a near test photo match with one geometry. TPAMI 2019, section 4.1, leaves such clusters out by hand.
ScenesAndChanges ExcludeTestPhotos(std::vector<SceneModels> scenes, const std::vector<TestPhotos>& tests,
                                   const PhotoDescriptors* descriptors, const ExcludeOptions& options,
                                   const RunContext& context = {});

// Merges or leaves out overlapping scenes, as options.overlapping says (TPAMI 2019, section 4.1). Scenes
// overlap if they share a photo (a file of the same bytes) or, with descriptors, have near photos whose local
// features match with one geometry. A scene whose split is set to validation is left out if it overlaps one
// whose split is set to training. "keep" returns the scenes unchanged.
ScenesAndChanges ResolveOverlaps(std::vector<SceneModels> scenes, const PhotoDescriptors* descriptors,
                                 const ExcludeOptions& options, const RunContext& context = {});

// Photos that show the same thing, according to a person or a folder's name.
struct PhotoClass {
  std::string name;
  std::vector<std::filesystem::path> photos;
  std::optional<Split> split;  // nullopt: drawn at random
};

// The sub-folders of `folder` as classes, each with the photos below it. Throws Error if the folder is
// missing or has no sub-folder with a photo.
std::vector<PhotoClass> ReadClasses(const std::filesystem::path& folder, std::optional<Split> split = {});

struct ClassesAndChanges {
  std::vector<PhotoClass> classes;
  std::vector<SceneChange> changes;
  std::vector<std::string> unmet;  // names that match no class
};

// Leaves out the classes that the list names. Names are compared as in ExcludeNames.
ClassesAndChanges ExcludeClasses(std::vector<PhotoClass> classes, const std::vector<std::string>& names);

// If several classes have a file of the same bytes, leaves it out of all of them: at most one class can be
// right, and the photos would be each other's negatives. (ResolveOverlaps merges scenes that share a file,
// since a shared photo shows that the scenes are one.) If one class has a file twice, the first is kept.
ClassesAndChanges LeaveOutRepeatedFiles(std::vector<PhotoClass> classes, const RunContext& context = {});

// Builds a training set whose scenes are classes. Mining by difficulty needs only the classes; other mining
// uses the queries, whose positive is another photo of the class. Uses only the options query_fraction,
// max_queries_per_scene, val_fraction, min_scene_photos, class_candidates and seed. Candidates are drawn from
// the class without measurement: shared_points is 0, and overlap and scale_change are 1, so that each may be
// a positive. Photos are not opened. Paths are made relative to `set_folder`. Each photo is in the set once,
// by canonical path, in the first class that has it. Throws Error if no class has enough photos, or two have
// the same name.
BuiltTuples BuildClassTuples(const std::vector<PhotoClass>& classes, const TupleOptions& options,
                             const std::filesystem::path& set_folder);

// A training set and the folder that its relative photo paths start from (PhotoPath).
struct LocatedSet {
  TrainingSet set;
  std::filesystem::path photo_root;
};

// Reads a training set and finds its photos.
// - If `photos` is empty, paths start from the file's folder. If the file is a link, they start from the
//   link's folder or the real file's, whichever has more of the photos.
// - Else `photos` is the folder that paths start from, or a folder that the photos were moved to. In the
//   second case, the longest folder that all paths share was moved to `photos` or to a folder below it, and
//   the paths of the set are shortened to start from `photos`.
// Throws Error as ReadTrainingSet does, and Error naming paths that were tried if no photo is found.
LocatedSet ReadLocatedSet(const std::filesystem::path& path, const std::filesystem::path& photos = {});

// The training sets of cirtorch (retrieval-SfM-30k, -120k) are a pickle next to a folder `ims` of photos:
// {'train'|'val': {'cids', 'cluster', 'qidxs', 'pidxs'}}. Image i of a split has the name cids[i] and is in
// the cluster cluster[i]; image pidxs[j] matches the query qidxs[j].

// The path of a photo in the folder `ims`: "yz/wx/uv/...uvwxyz" for the cid "...uvwxyz" (cirtorch's
// cid2filename). Throws Error if the cid has fewer than six characters.
std::string CirtorchPhotoPath(std::string_view cid);

// Reads such a pickle, of protocols 0 to 4, with lists or NumPy arrays.
// - Photos: those of train, then those of val, in the order of cids. `ims` is their folder (empty: `ims` next
//   to the pickle). Paths are made relative to `set_folder`, where the set's file will be. Photos are not
//   opened: sizes are 0, and missing photos are only noticed when they are described.
// - Scenes: one for each cluster of each split, by split and number, named "train/5". A number that is in
//   both splits is two scenes.
// - Queries: one for each pair, in the order of qidxs, with the positive as the only candidate, whose numbers
//   are all 0. A photo with several positives becomes that many queries, since cirtorch also draws pairs.
// Needs at most 1,024 bytes of memory per byte of the file, plus a copy of the path `ims` for each photo.
// Throws Error naming the file and the list if a list is missing or has another type or length, a cid is not
// 6 to 255 printable ASCII characters or has a space, a slash or "..", a cluster is negative, qidxs or pidxs
// is not in [0, number of images), or there is no pair.
TrainingSet ReadCirtorchPickle(const std::filesystem::path& path, const std::filesystem::path& ims = {},
                               const std::filesystem::path& set_folder = {});

// The same from the bytes of the file. `ims` is the prefix of photo paths; `source` names the file in errors.
TrainingSet ParseCirtorchPickle(std::string_view bytes, const std::string& source, const std::string& ims);

struct CirtorchExport {
  int64_t photos = 0;
  int64_t pairs = 0;
  int64_t linked = 0;   // photos that got a link in `ims`
  int64_t missing = 0;  // photos that do not exist; cirtorch fails on them
};

// Writes the pickle (protocol 2, lists) and links the photos in the folder `ims` next to it, so that cirtorch
// can train from both. `photo_root` is the folder that the set's relative paths start from.
// - A photo whose path ends as CirtorchPhotoPath says keeps its cid, unless an earlier photo with another
//   path has it. Other photos get the first 32 digits of their path's SHA-256.
// - Photos that are not in that `ims` get a symbolic link there.
// - Clusters are the numbers in the scenes' names if all are named as in ReadCirtorchPickle, else the scenes'
//   indices.
// - Queries are written with their chosen positive; other candidates and photo sizes are lost. A set of
//   ReadCirtorchPickle is written back unchanged.
// Throws Error if a link cannot be made, another photo is in its place, or a pair spans both splits.
CirtorchExport WriteCirtorchPickle(const TrainingSet& set, const std::filesystem::path& photo_root,
                                   const std::filesystem::path& path);

}  // namespace vantage

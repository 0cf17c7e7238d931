// SPDX-License-Identifier: BSD-3-Clause
// Training sets: photos by scene and matching pairs, from sparse models, classes or cirtorch.
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
#include "vantage/run_context.h"

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

// A sparse model and the folder of the photos that it names.
struct SparseModel {
  Reconstruction reconstruction;
  std::filesystem::path photo_folder;
};

// What shows one thing: sparse models, often one, several where structure-from-motion found separate parts.
struct SceneModels {
  std::string name;
  std::vector<SparseModel> models;
  std::optional<Split> split;  // nothing: drawn
};

// Finds the scenes at or below a folder: COLMAP models, each in a folder of its own, or as SCENE/sparse/0, 1,
// ... as `vantage reconstruct` leaves them, or as hloc does, the largest in SCENE and the others in
// SCENE/models.
// - Links to folders are followed, and each folder is looked into once. Hidden folders are left out; folders
//   that cannot be read too, with a warning.
// - DIR/dense is left out if DIR/sparse has models (image_undistorter writes there), and so is a scene below
//   another one if more than half of its images have names of that one's: they are the same photos.
// - Photos are in `photos`/SCENE, `photos`/SCENE/images, `photos`/images or `photos`, whichever has the most
//   of them; if `photos` is empty, in the folder that SCENE/.vantage/scene.json names, or in SCENE/images.
// - The models of a pool (scene.json tells) are scenes of their own, POOL/0, POOL/1, ..., except those that
//   share a photo or, by POOL/database.db, a pair with at least `min_inliers` inliers: these are parts of one
//   scene.
// Throws Error if there is no model, or nothing tells where a scene's photos are.
std::vector<SceneModels> ReadScenes(const std::filesystem::path& folder, const std::filesystem::path& photos,
                                    std::optional<Split> split, int64_t min_inliers = 30);

// The registered photos of a scene that are there, as canonical paths, each once, sorted.
std::vector<std::filesystem::path> PhotosOf(const SceneModels& scene);

// Descriptors of photos by their paths.
struct PhotoDescriptors {
  std::map<std::filesystem::path, int64_t> row_of;
  DescriptorMatrix values;  // a row of zeros where a photo could not be described

  // Rows of unit length or zeros, N x D. Throws Error naming a photo that has none.
  DescriptorMatrix Rows(const std::vector<std::filesystem::path>& photos) const;
};

// How queries and positives are chosen: docs/reference/tuples.md explains each option.
struct TupleOptions {
  double query_fraction = 0.1;     // TPAMI 2019, section 4.1; at least one photo
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
  std::vector<std::string> dropped_scenes;  // "NAME: why"
  int64_t missing_photos = 0;               // named by models, not found
  std::string missing_example;              // the path at which the first of them was looked for
  int64_t repeated_photos = 0;              // photos of a scene that are in another one already
};

struct BuiltTuples {
  TrainingSet set;
  TupleReport report;
};

// Chooses queries and candidate positives from sparse models (TPAMI 2019, sections 4.1 and 4.2). Photo paths
// are made relative to `set_folder`, where the set's file will be. Each photo is in the set once: photos are
// compared by canonical path, and one of several scenes is in the first. m1 takes descriptors of all photos,
// and all of a query's nearest cameras for candidates, m2 and m3 those that share points with it. Throws
// Error if no photo is found, no scene gives a query, or two scenes have the same name; UsageError where m1
// has no descriptors.
BuiltTuples BuildTuples(const std::vector<SceneModels>& scenes, const TupleOptions& options,
                        const std::filesystem::path& set_folder, const RunContext& context = {},
                        const PhotoDescriptors* descriptors = nullptr);

// True if m3 may choose the candidate: enough overlap at a similar scale, or one that is not known.
bool IsModerateViewpointChange(const CandidatePositive& candidate, double min_overlap,
                               double max_scale_change);

// How scenes are compared with each other and with test photos: see docs/reference/tuples.md.
struct ExcludeOptions {
  // Kept apart, photos of one thing become each other's negatives.
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
  std::vector<std::string> unmet;  // exclusions by which no scene was left out
};

// Leaves out scenes that are named in the list; names are compared without regard to case, and to '_', '-'
// and spaces. A scene POOL/NAME, or of photos in a folder NAME, is meant by NAME too.
ScenesAndChanges ExcludeNames(std::vector<SceneModels> scenes, const std::vector<std::string>& names);

// Photos that are tested on, such as a folder's, and the name of all together.
struct TestPhotos {
  std::string name;
  std::vector<std::filesystem::path> photos;
};

// Leaves out scenes with a photo of a test set: the same bytes, or, with descriptors (of all photos of scenes
// and tests), a photo near to one whose local features fit one geometry with the test photo's (TPAMI 2019,
// section 4.1, leaves such clusters out by hand).
ScenesAndChanges ExcludeTestPhotos(std::vector<SceneModels> scenes, const std::vector<TestPhotos>& tests,
                                   const PhotoDescriptors* descriptors, const ExcludeOptions& options,
                                   const RunContext& context = {});

// Merges or leaves out scenes that overlap others (TPAMI 2019, section 4.1): that share a photo (the same
// bytes), or, with descriptors, show the same thing by near photos whose local features fit one geometry. A
// scene of the validation split that overlaps one of the training split is left out.
ScenesAndChanges ResolveOverlaps(std::vector<SceneModels> scenes, const PhotoDescriptors* descriptors,
                                 const ExcludeOptions& options, const RunContext& context = {});

// Photos that a person, or a folder's name, says to show the same thing.
struct PhotoClass {
  std::string name;
  std::vector<std::filesystem::path> photos;
  std::optional<Split> split;  // drawn where it is not named
};

// The sub-folders of `folder`, each with the photos below it. Throws Error where the folder is missing or has
// no sub-folder with a photo.
std::vector<PhotoClass> ReadClasses(const std::filesystem::path& folder, std::optional<Split> split = {});

struct ClassesAndChanges {
  std::vector<PhotoClass> classes;
  std::vector<SceneChange> changes;
  std::vector<std::string> unmet;  // names that no class has
};

// Leaves out the classes that are named in the list, compared as ExcludeNames compares scenes.
ClassesAndChanges ExcludeClasses(std::vector<PhotoClass> classes, const std::vector<std::string>& names);

// Leaves out files (by their bytes) that two classes have of both: at most one says what they show, and they
// would be each other's negatives. Scenes that share a file are merged instead (ResolveOverlaps), since there
// the photos say that the scenes are one. Of a file that one class has twice the first stays.
ClassesAndChanges LeaveOutRepeatedFiles(std::vector<PhotoClass> classes, const RunContext& context = {});

// A training set whose scenes are classes: for mining by difficulty, which asks for no more, and
// with queries whose positive is any other photo of the class. Of the options query_fraction,
// max_queries_per_scene, val_fraction, min_scene_photos, class_candidates and seed count. Candidates are
// drawn from the class; nothing was measured of them: they share no point, and overlap and scale are 1, so
// that all may be positives. Photos are not opened. Paths are made relative to `set_folder`. Each photo is in
// the set once, by canonical path, in the first class that has it. Throws Error if no class has enough
// photos, or two have the same name.
BuiltTuples BuildClassTuples(const std::vector<PhotoClass>& classes, const TupleOptions& options,
                             const std::filesystem::path& set_folder);

// A training set and the folder that its photos' paths start from (PhotoPath).
struct LocatedSet {
  TrainingSet set;
  std::filesystem::path photo_root;
};

// Reads a training set and finds its photos.
// - `photos` is empty: paths start from the file's folder; if the file is a link, from the link's folder or
// the
//   real file's, whichever finds more.
// - `photos` names a folder: the one that paths start from, or one that the photos were moved to. The root of
// the
//   photos is the longest folder that all paths share; `photos` may be that folder under another name, or any
//   above it. Paths of the set are shortened then, so that they start from `photos`.
// Throws Error as ReadTrainingSet does, and naming paths that were tried if no photo is found.
LocatedSet ReadLocatedSet(const std::filesystem::path& path, const std::filesystem::path& photos = {});

// The training sets of cirtorch (retrieval-SfM-30k, -120k), a pickle beside a folder `ims` of photos:
// {'train'|'val': {'cids', 'cluster', 'qidxs', 'pidxs'}}. Image i of a split is called cids[i] and belongs to
// the cluster cluster[i]; image pidxs[j] matches the query qidxs[j].

// Where a photo lies in the folder `ims`: "de/cd/bc/abcde" for "abcde" preceded by more. Of six characters or
// more (cirtorch's cid2filename).
std::string CirtorchPhotoPath(std::string_view cid);

// Reads such a pickle, of protocols 0 to 4, in lists or NumPy arrays.
// - Photos: those of train, then those of val, in the order of cids. `ims` is the folder that holds them
//   (empty: `ims` beside the pickle); their paths are made relative to `set_folder`, where the set's file
//   will lie. None is opened: sizes are 0, and missing ones are found out when they are described.
// - Scenes: one for each cluster of each split, by split and number, named "train/5". A number that is in
//   both splits is two scenes.
// - Queries: one for each pair, in the order of qidxs, with the positive as its only candidate, of which
//   nothing is known. A photo with several positives is as many queries: cirtorch draws pairs too.
// Takes at most 1,024 bytes of memory for each byte of the file, beside each photo's copy of `ims`.
// Throws Error naming the file and the list where a list is missing, of another type or length, a cid is not
// 6 to 255 letters, digits or signs of ASCII, could lead out of `ims`, a number is negative or beyond its
// split's images, or there is no pair.
TrainingSet ReadCirtorchPickle(const std::filesystem::path& path, const std::filesystem::path& ims = {},
                               const std::filesystem::path& set_folder = {});

// The same from the bytes of the file. `ims` is what photo paths begin with; `source` names it in errors.
TrainingSet ParseCirtorchPickle(std::string_view bytes, const std::string& source, const std::string& ims);

struct CirtorchExport {
  int64_t photos = 0;
  int64_t pairs = 0;
  int64_t linked = 0;   // photos that got a link in `ims`
  int64_t missing = 0;  // photos that are not there: cirtorch fails on them
};

// Writes the pickle (protocol 2, lists) and makes `ims` beside it hold the photos, so that cirtorch trains
// from the two. `photo_root` is the folder that the set's relative paths start from.
// - A photo whose path ends as in the layout above keeps its cid. Another one's is the first 32 digits of its
//   path's SHA-256.
// - Photos that do not lie in that `ims` get a symbolic link there.
// - Clusters are the numbers in the scenes' names, where all have names as above, else the scenes' places.
// - Queries are written with their chosen positive; other candidates and sizes have no place there. What
//   ReadCirtorchPickle made is written as it was.
// Throws Error where a link cannot be made, another photo has its place, or a pair spans both splits.
CirtorchExport WriteCirtorchPickle(const TrainingSet& set, const std::filesystem::path& photo_root,
                                   const std::filesystem::path& path);

}  // namespace vantage

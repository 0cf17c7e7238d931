// SPDX-License-Identifier: BSD-3-Clause
// COLMAP's sparse models and databases, and running COLMAP.
#pragma once

#include <Eigen/Core>
#include <Eigen/Geometry>
#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "vantage/options.h"
#include "vantage/run_context.h"

namespace vantage {

// COLMAP's identifiers. Distinct types, so that one kind is never mistaken for another.
enum class CameraId : uint32_t {};
enum class ImageId : uint32_t {};
enum class PointId : uint64_t {};
enum class RigId : uint32_t {};
enum class FrameId : uint32_t {};
// Point of an observation that has no 3D point.
inline constexpr PointId kNoPoint{UINT64_MAX};

// One of COLMAP's camera models. Its parameters start with one or two focal lengths, then the principal
// point. Panoramic models have neither.
struct CameraModel {
  int id = 0;
  const char* name = "";
  int parameter_count = 0;
  int focal_length_count = 1;
};

// The model with that id or name. Throws Error that names `source` and lists the known models.
const CameraModel& CameraModelById(int id, const std::string& source);
const CameraModel& CameraModelByName(const std::string& name, const std::string& source);

struct Camera {
  CameraId id{};
  int model_id = 0;
  uint64_t width = 0;  // pixels
  uint64_t height = 0;
  std::vector<double> parameters;  // as the model defines them; lengths are in pixels

  // Pixels; the mean if the model has two, 0 if it has none.
  double MeanFocalLength() const;

  // MeanFocalLength() / max(width, height), which is the same for all copies of a photo, whatever their size.
  // 0 if the model has no focal length or the size is not known.
  double RelativeFocalLength() const;
};

// Maps points from the world to the camera's frame: x_camera = R x_world + t. The camera looks along its +z.
struct Pose {
  Eigen::Quaterniond rotation = Eigen::Quaterniond::Identity();
  Eigen::Vector3d translation = Eigen::Vector3d::Zero();

  Eigen::Vector3d operator*(const Eigen::Vector3d& point) const { return rotation * point + translation; }
  // Composition: `other` is applied first.
  Pose operator*(const Pose& other) const {
    return {rotation * other.rotation, rotation * other.translation + translation};
  }
  // Camera centre in the world: -R^T t.
  Eigen::Vector3d Center() const { return -(rotation.conjugate() * translation); }
};

// A feature of an image.
struct Observation {
  double x = 0;  // pixels from the top left corner of the image
  double y = 0;
  PointId point = kNoPoint;
};

struct RegisteredImage {
  ImageId id{};
  CameraId camera{};
  std::string name;  // path relative to the folder of photos
  Pose cam_from_world;
  std::vector<Observation> observations;
};

struct TrackElement {
  ImageId image{};
  uint32_t observation = 0;  // index into the image's observations
};

struct ScenePoint {
  PointId id{};
  Eigen::Vector3d position = Eigen::Vector3d::Zero();
  std::array<uint8_t, 3> color{};
  double error = 0;  // mean reprojection error, pixels
  std::vector<TrackElement> track;
};

// COLMAP's numbers.
enum class SensorType : int32_t { kCamera = 0, kImu = 1 };

struct SensorId {
  SensorType type = SensorType::kCamera;
  uint32_t id = 0;  // of the camera, if it is one

  bool operator==(const SensorId&) const = default;
};

struct RigSensor {
  SensorId sensor;
  std::optional<Pose> sensor_from_rig;  // empty: not known, or the reference sensor
};

// Sensors fixed to each other. The first is the reference sensor, whose coordinates are the rig's.
struct Rig {
  RigId id{};
  std::vector<RigSensor> sensors;
};

struct FrameData {
  SensorId sensor;
  uint64_t id = 0;  // of the image, if the sensor is a camera
};

// What a rig captured at one time. In COLMAP 3.12 and later, each camera belongs to a rig and each image to a
// frame.
struct Frame {
  FrameId id{};
  RigId rig{};
  Pose rig_from_world;
  std::vector<FrameData> data;
};

// A sparse model: the result of structure from motion.
struct Reconstruction {
  std::map<CameraId, Camera> cameras;
  std::map<ImageId, RegisteredImage> images;
  std::map<PointId, ScenePoint> points;
  std::map<RigId, Rig> rigs;  // empty if the model is from COLMAP before 3.12 or another program
  std::map<FrameId, Frame> frames;
};

// Key figures of a model.
struct ReconstructionSummary {
  int64_t images = 0;
  int64_t points = 0;
  double mean_track_length = 0;
  double mean_reprojection_error = 0;  // pixels, over points
};
ReconstructionSummary Summarize(const Reconstruction& reconstruction);

// The similarity x -> scale * R x + t that brings `from` closest to `to` in the least-squares sense (Umeyama
// 1991). Throws Error unless there are at least three points that are not all on a line.
struct Similarity {
  double scale = 1;
  Eigen::Matrix3d rotation = Eigen::Matrix3d::Identity();
  Eigen::Vector3d translation = Eigen::Vector3d::Zero();

  Eigen::Vector3d operator*(const Eigen::Vector3d& point) const {
    return scale * (rotation * point) + translation;
  }
};
Similarity AlignPoints(const std::vector<Eigen::Vector3d>& from, const std::vector<Eigen::Vector3d>& to);

// Distances, after AlignPoints, between the camera centres of images that have the same name in both models.
// In units of `truth`.
std::vector<double> CameraCenterErrors(const Reconstruction& model, const Reconstruction& truth);

enum class ModelFormat { kBinary, kText };

// True if the folder holds a COLMAP model (cameras, images and points3D, as .bin or .txt).
bool IsColmapModel(const std::filesystem::path& folder);

// Reads a COLMAP model, with the rigs and frames of COLMAP 3.12 and later. If both formats are present, reads
// the binary one. Images in frames get their poses from the frames, as in COLMAP. Rotations are normalised.
// Drops observations of points, and track elements of images, that the model does not contain; logs one
// warning with their number. Throws Error naming the file, the record and the byte offset or line if the file
// is truncated, malformed, or refers to a camera or rig that the model does not contain. Needs at most 64
// bytes of memory for each byte of the files.
Reconstruction ReadColmapModel(const std::filesystem::path& folder);

// Writes cameras, images and points3D, and rigs and frames if there are any. Creates the folder if it is
// missing, and removes a model of the other format from it. COLMAP can open the files; if there are frames,
// it reads the poses of images from them.
void WriteColmapModel(const Reconstruction& reconstruction, const std::filesystem::path& folder,
                      ModelFormat format);

// What two images of a model see in common.
struct Covisibility {
  int64_t shared_points = 0;  // 3D points that both observe
  // Median over the shared points of (depth_a / f_a) / (depth_b / f_b); above 1 if the points look smaller in
  // a (TPAMI 2019, section 4.2). f: the camera's RelativeFocalLength. The network sees all photos at one
  // size, so a resized copy of a view has a scale change of 1. Points behind a camera do not count. 0
  // if none is left, or if a focal length is not known.
  double scale_change = 0;
};

// Which 3D points each image observes, and at what scale.
class CovisibilityIndex {
 public:
  explicit CovisibilityIndex(const Reconstruction& reconstruction);

  // |P(image)|: number of points that the image observes.
  int64_t PointCount(ImageId image) const;

  Covisibility Between(ImageId a, ImageId b) const;

  // At most `count` other images, sorted by the distance between their camera centres and the image's,
  // nearest first; equal distances by id.
  std::vector<ImageId> NearestCameras(ImageId image, int64_t count) const;

 private:
  struct SeenPoint {
    PointId point{};
    double scale = 0;  // depth / relative focal length
  };

  std::map<ImageId, std::vector<SeenPoint>> points_;  // sorted by point
  std::map<ImageId, Eigen::Vector3d> centers_;
};

// Two images of a model that observe some of the same points.
struct CovisiblePair {
  std::string a;  // names of the images; a has the lower id
  std::string b;
  int64_t shared_points = 0;
};

// All pairs with at least min_shared_points common points, in the order of the ids. min_shared_points: at
// least 1.
std::vector<CovisiblePair> CovisiblePairs(const Reconstruction& reconstruction, int64_t min_shared_points);

// True if the file is a SQLite database with COLMAP's tables.
bool IsColmapDatabase(const std::filesystem::path& path);

// Two images that COLMAP has matched, with matches that agree with one geometry.
struct VerifiedPair {
  std::string image_a;  // paths relative to the folder of photos; image_a has the lower id
  std::string image_b;
  int64_t inliers = 0;  // matches that agree with the geometry, at least 1

  bool operator==(const VerifiedPair&) const = default;
};

// Reads the pairs with inliers of a COLMAP database (3.5 to 4.x), in the order of the ids. The pairs are
// those that COLMAP's mapper reads, including pairs that share only a watermark. COLMAP itself maps pairs
// with at least 15 inliers. Skips pairs of deleted images and logs one warning with their number. Throws
// Error naming the file, the table and the row if the database is damaged or not COLMAP's. Leaves no other
// file in its folder.
std::vector<VerifiedPair> ReadVerifiedPairs(const std::filesystem::path& path);

// Names of all pairs that COLMAP tried to match, with or without success, in the order of the ids. Otherwise
// like ReadVerifiedPairs.
std::vector<std::pair<std::string, std::string>> ReadMatchedPairs(const std::filesystem::path& path);

struct DatabaseSummary {
  int64_t cameras = 0;
  int64_t images = 0;
  int64_t keypoints = 0;
  int64_t matched_pairs = 0;   // tried, with or without matches
  int64_t verified_pairs = 0;  // with inliers
  int64_t inliers = 0;         // of all pairs
};
DatabaseSummary SummarizeColmapDatabase(const std::filesystem::path& path);

// How COLMAP is run: docs/reference/reconstruct.md explains each option.
struct ReconstructOptions {
  std::string colmap = "colmap";
  bool pool = false;  // --unsorted
  // "auto": without a PairProposer, exhaustive for any number of photos.
  std::string matching = "auto";
  int exhaustive_limit = 200;
  // Each photo is matched with this many that follow it, and with those that follow at distances of 1, 2, 4,
  // ... up to 2^(this - 1). The pairs of a proposer, if there is one, are matched too, which closes loops.
  int sequential_overlap = 10;
  int max_image_size = 1600;
  int max_features = 8192;
  int min_model_size = 3;
  std::string masks;
  std::string camera_model;
  bool camera_per_folder = false;
  // "Group.name=value", as COLMAP's command line has them. They replace vantage's own values. An option that
  // this COLMAP lacks is left out with a warning.
  std::vector<std::string> colmap_options;
  double time_limit = 0;  // finished steps are kept
  int jobs = 0;           // the threads are divided among them
  bool gpu = false;
};
void Declare(OptionsDescription& description, ReconstructOptions& options);

// Indices of two photos in a list, the smaller first.
using PhotoPair = std::pair<int64_t, int64_t>;

// Proposes pairs of photos that may see the same thing. Empty `propose`: there is no proposer.
struct PairProposer {
  // May be called from several threads. Pairs may repeat.
  std::function<std::vector<PhotoPair>(const std::vector<std::filesystem::path>& photos,
                                       const RunContext& context)>
      propose;
  // Identifies what the pairs depend on, such as the model and the number of neighbours. If it changes,
  // scenes that were done with proposed pairs are done again.
  std::string fingerprint;
};

// Outcome of a scene. It is normal that a scene gives no model: its photos do not overlap enough.
struct SceneOutcome {
  std::string name;
  std::string status;  // "done", "no model", or "failed: why"
  int64_t photos = 0;
  int64_t matched_pairs = 0;   // of photos
  int64_t verified_pairs = 0;  // those whose matches fit one geometry
  int64_t models = 0;          // sub-models; all are kept
  int64_t registered = 0;      // photos in at least one model
  int64_t points = 0;
  double mean_reprojection_error = 0;  // pixels
  double mean_track_length = 0;
  double seconds = 0;     // of all calls that worked on the scene
  bool was_done = false;  // by an earlier call
  // This call gave no model, but the finished model of an earlier call, with other photos or options, is
  // still there.
  bool earlier_model_stays = false;
};

// Runs COLMAP headless (feature extraction, matching, mapping) on each sub-folder of `photos` that holds
// photos, or on `photos` itself if there is none or it is a pool.
// Writes to `folder`/SCENE: sparse/0, 1, ... (models), database.db and, in .vantage/ below it, scene.json
// (where the photos are, which steps are finished, the outcome), photos.txt, pairs.txt and colmap.log. Never
// changes COLMAP's files that are already there and not recorded in scene.json; the scene fails instead.
// Skips finished steps, so calling again resumes an interrupted call. A finished model stays until its
// replacement is complete. If photos were added, the database is extended.
// Throws Error if there are no photos, the program is missing, or another process writes to `folder`;
// UsageError if pairs are to be proposed and there is no proposer; Interrupted when cancelled.
std::vector<SceneOutcome> ReconstructScenes(const std::filesystem::path& photos,
                                            const std::filesystem::path& folder,
                                            const ReconstructOptions& options, const RunContext& context = {},
                                            const PairProposer& proposer = {});

}  // namespace vantage

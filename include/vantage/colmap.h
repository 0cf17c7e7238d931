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

// COLMAP's identifiers; numbers of one kind are never taken for those of another.
enum class CameraId : uint32_t {};
enum class ImageId : uint32_t {};
enum class PointId : uint64_t {};
enum class RigId : uint32_t {};
enum class FrameId : uint32_t {};
// What an observation without a 3D point holds.
inline constexpr PointId kNoPoint{UINT64_MAX};

// One of COLMAP's camera models: its parameters start with the focal length (or two), then the principal
// point; panoramas have neither.
struct CameraModel {
  int id = 0;
  const char* name = "";
  int parameter_count = 0;
  int focal_length_count = 1;
};

// The model of that id or name; throws Error that names `source` and lists the known ones.
const CameraModel& CameraModelById(int id, const std::string& source);
const CameraModel& CameraModelByName(const std::string& name, const std::string& source);

struct Camera {
  CameraId id{};
  int model_id = 0;
  uint64_t width = 0;  // pixels
  uint64_t height = 0;
  std::vector<double> parameters;  // of the model, pixels where they are lengths

  // Pixels; the mean where the model has two, 0 where it has none.
  double MeanFocalLength() const;

  // MeanFocalLength() / max(width, height): the same for all copies of a photo, whatever their size. 0 if the
  // model has no focal length or the size is not known.
  double RelativeFocalLength() const;
};

// Maps points from the world to the camera's frame: x_camera = R x_world + t. The camera looks along its +z.
struct Pose {
  Eigen::Quaterniond rotation = Eigen::Quaterniond::Identity();
  Eigen::Vector3d translation = Eigen::Vector3d::Zero();

  Eigen::Vector3d operator*(const Eigen::Vector3d& point) const { return rotation * point + translation; }
  // First the other, then this.
  Pose operator*(const Pose& other) const {
    return {rotation * other.rotation, rotation * other.translation + translation};
  }
  // Where the camera stands in the world: -R^T t.
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
  uint32_t id = 0;  // of the camera where it is one

  bool operator==(const SensorId&) const = default;
};

struct RigSensor {
  SensorId sensor;
  std::optional<Pose> sensor_from_rig;  // nothing: not known, or the reference sensor
};

// Sensors that are fixed to each other; the first is the reference sensor, whose coordinates are the rig's.
struct Rig {
  RigId id{};
  std::vector<RigSensor> sensors;
};

struct FrameData {
  SensorId sensor;
  uint64_t id = 0;  // of the image where the sensor is a camera
};

// What a rig took at one time. COLMAP 3.12 and later has each camera in a rig, and each image in a frame.
struct Frame {
  FrameId id{};
  RigId rig{};
  Pose rig_from_world;
  std::vector<FrameData> data;
};

// A sparse model: what structure-from-motion found of a scene.
struct Reconstruction {
  std::map<CameraId, Camera> cameras;
  std::map<ImageId, RegisteredImage> images;
  std::map<PointId, ScenePoint> points;
  std::map<RigId, Rig> rigs;  // empty where COLMAP was older than 3.12, or the model comes from elsewhere
  std::map<FrameId, Frame> frames;
};

// What is worth telling of a model.
struct ReconstructionSummary {
  int64_t images = 0;
  int64_t points = 0;
  double mean_track_length = 0;
  double mean_reprojection_error = 0;  // pixels, over points
};
ReconstructionSummary Summarize(const Reconstruction& reconstruction);

// The similarity x -> scale * R x + t that brings `from` nearest to `to` in the least-squares sense (Umeyama
// 1991). At least three points, not all on a line. Throws Error otherwise.
struct Similarity {
  double scale = 1;
  Eigen::Matrix3d rotation = Eigen::Matrix3d::Identity();
  Eigen::Vector3d translation = Eigen::Vector3d::Zero();

  Eigen::Vector3d operator*(const Eigen::Vector3d& point) const {
    return scale * (rotation * point) + translation;
  }
};
Similarity AlignPoints(const std::vector<Eigen::Vector3d>& from, const std::vector<Eigen::Vector3d>& to);

// Distances, after AlignPoints, between the camera centres of images that both models hold under the same
// name, in units of `truth`.
std::vector<double> CameraCenterErrors(const Reconstruction& model, const Reconstruction& truth);

enum class ModelFormat { kBinary, kText };

// True if the folder holds a COLMAP model (cameras, images and points3D, as .bin or .txt).
bool IsColmapModel(const std::filesystem::path& folder);

// Reads a COLMAP model, binary where both are there, with the rigs and frames of COLMAP 3.12 and later: the
// poses of images in frames are those of the frames, as COLMAP has it. Rotations are normalised. Observations
// of points and tracks of images that the model does not hold are dropped, with one warning that counts them.
// Throws Error naming the file, the record and the byte offset or line where it is truncated, malformed, or
// refers to a camera or rig that it does not hold. Takes at most 64 bytes of memory for each byte of the
// files.
Reconstruction ReadColmapModel(const std::filesystem::path& folder);

// Writes cameras, images and points3D, and rigs and frames where there are any, into the folder, which is
// made if missing, and removes a model of the other format there. COLMAP opens them; it takes the poses of
// images from the frames where there are any.
void WriteColmapModel(const Reconstruction& reconstruction, const std::filesystem::path& folder,
                      ModelFormat format);

// How two images of a model see the same thing.
struct Covisibility {
  int64_t shared_points = 0;  // 3D points that both observe
  // Median over the shared points of (depth_a / f_a) / (depth_b / f_b), above 1 if a sees them smaller (TPAMI
  // 2019, section 4.2). f: the camera's RelativeFocalLength, since the network sees all photos at one size: a
  // copy of a view in another size has the scale change 1. 0 if it is not known: a point behind a camera, or
  // no focal length.
  double scale_change = 0;
};

// Which 3D points each image observes, and in what scale.
class CovisibilityIndex {
 public:
  explicit CovisibilityIndex(const Reconstruction& reconstruction);

  // |P(image)|: points that the image observes.
  int64_t PointCount(ImageId image) const;

  Covisibility Between(ImageId a, ImageId b) const;

  // The other images by the distance of their camera centres to the image's, nearest first, at most `count`;
  // equal distances by id.
  std::vector<ImageId> NearestCameras(ImageId image, int64_t count) const;

 private:
  struct SeenPoint {
    PointId point{};
    double scale = 0;  // depth / relative focal length
  };

  std::map<ImageId, std::vector<SeenPoint>> points_;  // sorted by point
  std::map<ImageId, Eigen::Vector3d> centers_;
};

// Two images of a model that observe at least so many of the same points.
struct CovisiblePair {
  std::string a;  // the names of the images, a has the lower id
  std::string b;
  int64_t shared_points = 0;
};

// All such pairs, in the order of the ids. min_shared_points: at least 1.
std::vector<CovisiblePair> CovisiblePairs(const Reconstruction& reconstruction, int64_t min_shared_points);

// True if the file is a SQLite database with COLMAP's tables.
bool IsColmapDatabase(const std::filesystem::path& path);

// Two images that COLMAP has matched, and whose matches one geometry explains.
struct VerifiedPair {
  std::string image_a;  // paths relative to the folder of photos; image_a has the lower id
  std::string image_b;
  int64_t inliers = 0;  // matches that the geometry explains, at least 1

  bool operator==(const VerifiedPair&) const = default;
};

// The pairs of a COLMAP database (3.5 to 4.x) with inliers, as its mapper takes them: those that share
// nothing but a watermark are among them. In the order of the ids. COLMAP itself maps pairs of at least 15
// inliers. Pairs of images that were deleted are left out, with one warning that counts them. Throws Error
// naming the file, the table and the row where it is damaged or no COLMAP database. Leaves no file beside it.
std::vector<VerifiedPair> ReadVerifiedPairs(const std::filesystem::path& path);

// The names of all pairs that COLMAP tried to match, with or without success, in the order of the ids; as
// ReadVerifiedPairs else.
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
  // "auto": exhaustive too if there is no PairProposer, whatever the number of photos.
  std::string matching = "auto";
  int exhaustive_limit = 200;
  // Those farther on follow at 1, 2, 4, ... up to 2^(this - 1) photos. With a proposer its pairs are matched
  // too, which closes loops.
  int sequential_overlap = 10;
  int max_image_size = 1600;
  int max_features = 8192;
  int min_model_size = 3;
  double time_limit = 0;  // what is finished by then stays
  int jobs = 0;           // each has its share of the threads
  bool gpu = false;
};
void Declare(OptionsDescription& description, ReconstructOptions& options);

// Two photos by their places in a list, the smaller first.
using PhotoPair = std::pair<int64_t, int64_t>;

// Names pairs of photos that may see the same thing. An empty function: there is no proposer.
struct PairProposer {
  // May be called from several threads. Pairs may repeat.
  std::function<std::vector<PhotoPair>(const std::vector<std::filesystem::path>& photos,
                                       const RunContext& context)>
      propose;
  // What the pairs depend on, such as the model and the number of neighbours: where it has changed, a scene
  // that was done with it is done again.
  std::string fingerprint;
};

// What became of a scene. A scene that gives no model is a normal outcome: its photos do not overlap enough.
struct SceneOutcome {
  std::string name;
  std::string status;  // "done", "no model", or "failed: why"
  int64_t photos = 0;
  int64_t matched_pairs = 0;   // of photos
  int64_t verified_pairs = 0;  // of these, pairs whose matches fit one geometry
  int64_t models = 0;          // sub-models, each kept
  int64_t registered = 0;      // photos in any of them
  int64_t points = 0;
  double mean_reprojection_error = 0;  // pixels
  double mean_track_length = 0;
  double seconds = 0;     // of all calls that worked on it
  bool was_done = false;  // by an earlier call
  // This call gives no model, and the finished one of an earlier call, of other photos or options, is still
  // there.
  bool earlier_model_stays = false;
};

// Runs COLMAP (feature extraction, matching, mapping) headless on each sub-folder of `photos` that holds
// photos, or on `photos` itself where it has none or is a pool. Writes to `folder`/SCENE: sparse/0, 1, ...
// (models), database.db, and in .vantage/ below it scene.json (where the photos are, what is finished, the
// outcome), photos.txt, pairs.txt and colmap.log. COLMAP's files that are there already and that scene.json
// does not tell of are never changed: the scene is refused. Steps that are finished are skipped, so that an
// interrupted call is resumed by calling again. A finished model stays until another is complete; where
// photos were added, the database is extended. Throws Error where there are no photos, the program
// is missing, or another process writes to `folder`; UsageError where pairs are to be proposed and nothing
// proposes any; Interrupted when cancelled.
std::vector<SceneOutcome> ReconstructScenes(const std::filesystem::path& photos,
                                            const std::filesystem::path& folder,
                                            const ReconstructOptions& options, const RunContext& context = {},
                                            const PairProposer& proposer = {});

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#include "train/teacher.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <utility>

#include "descriptors/descriptor_rows.h"
#include "nn/losses/losses.h"
#include "numerics/pca.h"
#include "train/shared_work.h"
#include "util/check.h"
#include "util/hash.h"
#include "util/index.h"
#include "util/log.h"
#include "util/string.h"
#include "vantage/photos.h"
#include "vantage/run_context.h"

namespace vantage::train {
namespace {

namespace fs = std::filesystem;

constexpr size_t kNamesShown = 3;
constexpr int64_t kRowsAtATime = 1024;

PhotoId IdOf(size_t i) { return PhotoId{static_cast<int64_t>(i)}; }

// "a, b, c and 7 more".
std::string SomeOf(const std::vector<std::string>& names) {
  if (names.size() <= kNamesShown) return Join(names, ", ");
  return StrCat(Join({names.begin(), names.begin() + kNamesShown}, ", "), " and ", names.size() - kNamesShown,
                " more");
}

// The row that a file names by the photo's path or the end of it, or as a person would.
std::optional<int64_t> RowOfPhoto(const PhotoFinder& finder, const std::string& photo) {
  const fs::path path = fs::path(photo).lexically_normal();
  for (auto first = path.begin(); first != path.end(); ++first) {
    fs::path ending;
    for (auto part = first; part != path.end(); ++part) ending /= *part;
    if (const auto row = finder.FindExact(ending.generic_string())) return row;
  }
  return finder.Find(photo);
}

void FindRows(const TrainingSet& set, OpenedTeacher& teacher) {
  const DescriptorDatabase& file = *teacher.file;
  std::map<std::string, std::string> failed;
  std::vector<fs::path> names(file.names().begin(), file.names().end());
  for (const FailedPhoto& photo : file.failed()) {
    names.emplace_back(photo.name);
    failed[photo.name] = photo.reason;
  }
  const PhotoFinder finder(names);
  std::map<int64_t, size_t> photo_of;
  std::vector<std::string> unknown;
  for (size_t i = 0; i < set.photos.size(); ++i) {
    const std::string& photo = set.photos[i].path;
    const std::optional<int64_t> row = RowOfPhoto(finder, photo);
    if (!row) {
      unknown.push_back(photo);
      continue;
    }
    const auto [other, is_first] = photo_of.emplace(*row, i);
    VANTAGE_CHECK(is_first, teacher.wish.path, ": '", finder.photo(*row).string(), "' names two photos, ",
                  set.photos[other->second].path, " and ", photo,
                  "; describe the photos from a folder above");
    teacher.rows.push_back(*row < file.size() ? *row : -1);
    if (*row >= file.size()) teacher.missing[IdOf(i)] = failed[finder.photo(*row).string()];
  }
  VANTAGE_CHECK(unknown.empty(), teacher.wish.path, ": has no descriptor of ", unknown.size(), " of ",
                set.photos.size(), " photos of the training set: ", SomeOf(unknown));
}

void CheckDimension(const OpenedTeacher& teacher) {
  VANTAGE_CHECK(teacher.dimension > 0, teacher.wish.path, ": holds no descriptors");
  if (!teacher.wish.same_dimension || teacher.dimension >= teacher.student_dimension) return;
  throw UsageError(StrCat(teacher.wish.path, ": a teacher of ", teacher.dimension,
                          " dimensions for a network of ", teacher.student_dimension,
                          "; give the network's head a linear layer with output_dimension = ",
                          teacher.dimension, ", or learn the relations between photos only"));
}

ExtractedDescriptors FromFile(const OpenedTeacher& teacher) {
  ExtractedDescriptors taken;
  taken.values = DescriptorMatrix::Zero(std::ssize(teacher.rows), teacher.dimension);
  for (size_t i = 0; i < teacher.rows.size(); ++i) {
    const auto row = static_cast<Eigen::Index>(i);
    if (teacher.rows[i] >= 0) taken.values.row(row) = teacher.file->Read(teacher.rows[i], 1);
  }
  for (const auto& [photo, reason] : teacher.missing)
    taken.failed.push_back({static_cast<int64_t>(photo), reason});
  UnusualLengths lengths;
  lengths.Add(taken.values);
  if (lengths.count() > 0) {
    LogInfo(teacher.wish.path, ": ", lengths.count(), " descriptors are scaled to unit length");
    NormalizeRows(taken.values);
  }
  return taken;
}

// PCA of the training photos' descriptors, applied to all.
DescriptorMatrix Reduce(const DescriptorMatrix& values, const std::vector<int64_t>& learned_from,
                        int64_t dimension, const RunContext& context) {
  const descriptors::DescriptorRows rows{std::ssize(learned_from), values.cols(),
                                         [&](int64_t first, int64_t count) {
                                           DescriptorMatrix block(count, values.cols());
                                           for (int64_t i = 0; i < count; ++i)
                                             block.row(i) = values.row(learned_from[ToIndex(first + i)]);
                                           return block;
                                         }};
  // Few photos vary in fewer directions than are wanted: all of them are kept, and the rest is zero.
  const int64_t wanted = rows.size > dimension ? dimension : 0;
  const Whitening pca = numerics::LearnPca(rows, {.dimension = wanted, .whiten = false}, context);
  DescriptorMatrix reduced = DescriptorMatrix::Zero(values.rows(), dimension);
  for (int64_t first = 0; first < values.rows(); first += kRowsAtATime) {
    const int64_t count = std::min(kRowsAtATime, values.rows() - first);
    reduced.block(first, 0, count, pca.projection.rows()) =
        ApplyWhitening(pca, Eigen::MatrixXd(values.middleRows(first, count).cast<double>())).cast<float>();
  }
  LogInfo("PCA of the teacher's descriptors: ", values.cols(), " to ", pca.projection.rows(), " dimensions",
          wanted == 0 ? ", all in which the training photos vary" : "");
  return reduced;
}

}  // namespace

void TeacherDescriptors::Require(PhotoId photo) const {
  const auto missing = missing_.find(photo);
  if (missing != missing_.end()) throw Error(missing->second);
}

at::Tensor TeacherDescriptors::Rows(const std::vector<PhotoId>& photos) const {
  at::Tensor rows = at::empty({std::ssize(photos), values_.cols()}, at::kFloat);
  float* target = rows.mutable_data_ptr<float>();
  for (const PhotoId photo : photos)
    target = std::copy_n(values_.row(static_cast<Eigen::Index>(photo)).data(), values_.cols(), target);
  return rows;
}

OpenedTeacher OpenTeacher(const TeacherWish& wish, const TrainingSet& set, const TrainOptions& options,
                          int64_t student_dimension) {
  OpenedTeacher teacher{.wish = wish, .student_dimension = student_dimension};
  if (IsDescriptorPath(wish.path)) {
    teacher.file.emplace(wish.path);
    teacher.dimension = teacher.file->dimension();
    CheckDimension(teacher);
    FindRows(set, teacher);
    return teacher;
  }
  teacher.describer = Describer::Load(wish.path, {}, options.compute.device);
  teacher.dimension = teacher.describer->dimension();
  CheckDimension(teacher);
  return teacher;
}

TeacherDescriptors DescribeWithTeacher(const OpenedTeacher& teacher, const TrainingSet& set,
                                       const PhotoSource& photos, DescriptorStore* store,
                                       const ProcessGroup& group, const RunContext& context) {
  RunContext named = context;
  if (context.on_progress) {
    named.on_progress = [&](Progress progress) {
      progress.task = "describing the photos with the teacher";
      context.Report(progress);
    };
  }
  const auto describe = [&](const PhotoSource& some, const RunContext& of_call) {
    return ExtractDescriptors(*teacher.describer, some, of_call, store);
  };
  ExtractedDescriptors described =
      teacher.file ? FromFile(teacher) : DescribeShared(group, photos, describe, named);
  std::map<PhotoId, std::string> missing;
  for (const FailedRequest& photo : described.failed) {
    missing[PhotoId{photo.index}] = photo.reason;
    if (group.IsFirst()) LogWarning(photo.reason, "; left out");
  }
  std::vector<int64_t> learned_from;
  std::vector<std::string> zero;
  for (size_t i = 0; i < set.photos.size(); ++i) {
    if (missing.contains(IdOf(i))) continue;
    const auto row = static_cast<Eigen::Index>(i);
    if (described.values.row(row).isZero(0)) zero.push_back(set.photos[i].path);
    if (set.SplitOf(IdOf(i)) == Split::kTrain) learned_from.push_back(row);
  }
  VANTAGE_CHECK(zero.empty(), teacher.wish.path, ": the descriptors of ", zero.size(),
                " photos are zero: ", SomeOf(zero));
  VANTAGE_CHECK(!learned_from.empty(), teacher.wish.path, ": has no descriptor of any training photo",
                missing.empty() ? "" : StrCat("; the first: ", missing.begin()->second));
  if (!teacher.wish.same_dimension || teacher.dimension == teacher.student_dimension)
    return {std::move(described.values), std::move(missing)};
  // Machines of different kinds may round differently, so that process 0 reduces for all.
  DescriptorMatrix reduced(0, teacher.student_dimension);
  if (group.IsFirst()) reduced = Reduce(described.values, learned_from, teacher.student_dimension, context);
  return {group.AllGatherRows(reduced), std::move(missing)};
}

std::map<std::string, std::string> TeacherHashes(const LossOptions& options) {
  const std::optional<TeacherWish> teacher = nn::MakeLoss(options).teacher;
  if (!teacher) return {};
  if (!IsDescriptorPath(teacher->path)) return {{"teacher_sha256", Sha256OfFile(teacher->path)}};
  fs::path path = DescriptorDatabase(teacher->path).path();
  std::map<std::string, std::string> hashes = {{"teacher_sha256", Sha256OfFile(path)}};
  if (path.extension() == ".npy")
    hashes["teacher_names_sha256"] = Sha256OfFile(path.replace_extension(".json"));
  return hashes;
}

}  // namespace vantage::train

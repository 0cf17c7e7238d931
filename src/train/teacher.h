// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "vantage/describer.h"
#include "vantage/descriptors.h"
#include "vantage/torch.h"
#include "vantage/training.h"
#include "vantage/training_set.h"

namespace vantage::train {

// A teacher's descriptors of the photos of a training set.
class TeacherDescriptors {
 public:
  // values: one row per photo of the set. missing: why a photo has none.
  TeacherDescriptors(DescriptorMatrix values, std::map<PhotoId, std::string> missing)
      : values_(std::move(values)), missing_(std::move(missing)) {}

  // Throws Error with the reason if the teacher has no descriptor of the photo.
  void Require(PhotoId photo) const;
  // The rows of these photos, N x D, on the CPU.
  at::Tensor Rows(const std::vector<PhotoId>& photos) const;

 private:
  DescriptorMatrix values_;
  std::map<PhotoId, std::string> missing_;
};

// A teacher whose file is open and was checked.
struct OpenedTeacher {
  TeacherWish wish;
  int64_t student_dimension = 0;
  int64_t dimension = 0;
  std::optional<Describer> describer;      // of a model
  std::optional<DescriptorDatabase> file;  // of descriptors
  std::vector<int64_t> rows;               // of the file, by photo; -1: it lists the photo as failed
  std::map<PhotoId, std::string> missing;  // why these have no row
};

// Opens the teacher. student_dimension: of the network's descriptors. Throws UsageError if the teacher's
// dimension does not fit; Error if its file cannot be read, or is a descriptor file that lacks a photo of the
// set (photos that the file lists as failed are left out, as those that a model cannot describe), has one row
// for two photos or is ambiguous.
OpenedTeacher OpenTeacher(const TeacherWish& wish, const TrainingSet& set, const TrainOptions& options,
                          int64_t student_dimension);

// Describes all photos of a set with the teacher, or takes them from its file, and reduces them by PCA if the
// network's dimension is smaller. A network's dimension that the training photos do not fill is filled up
// with zeros. The processes of the group share the work, and all get the same bits. store: see
// ExtractDescriptors. Warns of photos that cannot be described. Throws Error if none can be, or if a
// descriptor is zero or not finite; Interrupted.
TeacherDescriptors DescribeWithTeacher(const OpenedTeacher& teacher, const TrainingSet& set,
                                       const PhotoSource& photos, DescriptorStore* store,
                                       const ProcessGroup& group, const RunContext& context);

// SHA-256 of each of the teacher's files: "teacher_sha256", and "teacher_names_sha256" if names are in a file
// of their own (NAME.json of NAME.npy). Empty if the loss needs no teacher.
std::map<std::string, std::string> TeacherHashes(const LossOptions& options);

}  // namespace vantage::train

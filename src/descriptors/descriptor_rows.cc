// SPDX-License-Identifier: BSD-3-Clause
#include "descriptors/descriptor_rows.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "util/check.h"
#include "util/file.h"
#include "util/index.h"

namespace vantage::descriptors {

namespace fs = std::filesystem;

DescriptorRows RowsOf(const Eigen::Ref<const DescriptorMatrix>& descriptors) {
  return {descriptors.rows(), descriptors.cols(), [descriptors](int64_t first, int64_t count) {
            return DescriptorMatrix(descriptors.middleRows(first, count));
          }};
}

ScratchDescriptors::ScratchDescriptors(const fs::path& folder, int64_t dimension)
    : path_(folder / "descriptors"), dimension_(dimension) {
  const PartialFile file(path_);  // the name is removed at once; the file exists as long as it is open
  file_ = ::fcntl(file.descriptor(), F_DUPFD_CLOEXEC, 0);
  VANTAGE_CHECK(file_ >= 0, path_.string(), ": cannot be written: ", std::generic_category().message(errno));
}

ScratchDescriptors::~ScratchDescriptors() { ::close(file_); }

void ScratchDescriptors::Append(const Eigen::Ref<const DescriptorMatrix>& rows) {
  VANTAGE_CHECK(rows.cols() == dimension_, "descriptors of ", rows.cols(), " dimensions among those of ",
                dimension_);
  for (int64_t i = 0; i < rows.rows(); ++i) {
    WriteAll(file_, {reinterpret_cast<const char*>(rows.row(i).data()), RowBytes()}, path_);
  }
  size_ += rows.rows();
}

DescriptorRows ScratchDescriptors::rows() const {
  return {size_, dimension_, [this](int64_t first, int64_t count) { return Read(first, count); }};
}

DescriptorMatrix ScratchDescriptors::Read(int64_t first, int64_t count) const {
  DescriptorMatrix values(count, dimension_);
  char* at = reinterpret_cast<char*>(values.data());
  auto left = ToIndex(count) * RowBytes();
  auto offset = static_cast<off_t>(ToIndex(first) * RowBytes());
  while (left > 0) {
    const ssize_t read = ::pread(file_, at, left, offset);
    if (read < 0 && errno == EINTR) continue;
    VANTAGE_CHECK(read > 0, path_.string(), ": cannot be read back: ",
                  read < 0 ? std::generic_category().message(errno) : "it ends early");
    at += read;
    offset += read;
    left -= ToIndex(read);
  }
  return values;
}

}  // namespace vantage::descriptors

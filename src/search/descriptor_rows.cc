// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/search/descriptor_rows.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>

#include "vantage/search/descriptor_database.h"
#include "vantage/util/error.h"
#include "vantage/util/file.h"

namespace vantage {

namespace fs = std::filesystem;

DescriptorRows RowsOf(const Eigen::Ref<const DescriptorMatrix>& descriptors) {
  return {descriptors.rows(), descriptors.cols(), [descriptors](int64_t first, int64_t count) {
            return DescriptorMatrix(descriptors.middleRows(first, count));
          }};
}

DescriptorRows RowsOfFiles(const std::vector<fs::path>& paths) {
  if (paths.empty()) throw UsageError("no descriptor file is named");
  auto files = std::make_shared<std::vector<DescriptorDatabase>>();
  DescriptorRows rows;
  for (const fs::path& path : paths) {
    DescriptorDatabase file(path);
    if (file.size() == 0) continue;
    if (!files->empty()) {
      const DescriptorDatabase& first = files->front();
      VANTAGE_CHECK(file.dimension() == first.dimension(), path.string(), ": descriptors of ",
                    file.dimension(), " dimensions, those of ", first.path().string(), " have ",
                    first.dimension());
      CheckSameModel(first.provenance(), first.path().string(), file.provenance(), path.string());
    }
    rows.size += file.size();
    rows.dimension = file.dimension();
    files->push_back(std::move(file));
  }
  rows.read = [files, dimension = rows.dimension](int64_t first, int64_t count) {
    DescriptorMatrix values(count, dimension);
    int64_t filled = 0;
    for (const DescriptorDatabase& file : *files) {
      if (filled == count) break;
      if (first < file.size()) {
        const int64_t part = std::min(count - filled, file.size() - first);
        values.middleRows(filled, part) = file.Read(first, part);
        filled += part;
        first = 0;
      } else {
        first -= file.size();
      }
    }
    VANTAGE_CHECK(filled == count, "rows beyond the last descriptor");
    return values;
  };
  return rows;
}

ScratchDescriptors::ScratchDescriptors(const fs::path& folder, int64_t dimension)
    : path_(TemporaryPathBeside(folder / "descriptors")), dimension_(dimension) {
  MakeParentFolder(path_);
  file_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  VANTAGE_CHECK(file_ >= 0, path_.string(), ": cannot be written: ", std::generic_category().message(errno));
  ::unlink(path_.c_str());
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
  auto left = static_cast<size_t>(count) * RowBytes();
  auto offset = static_cast<off_t>(static_cast<size_t>(first) * RowBytes());
  while (left > 0) {
    const ssize_t read = ::pread(file_, at, left, offset);
    if (read < 0 && errno == EINTR) continue;
    VANTAGE_CHECK(read > 0, path_.string(), ": cannot be read back: ",
                  read < 0 ? std::generic_category().message(errno) : "it ends early");
    at += read;
    offset += read;
    left -= static_cast<size_t>(read);
  }
  return values;
}

}  // namespace vantage

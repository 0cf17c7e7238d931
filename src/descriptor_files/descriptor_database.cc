// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/descriptors.h"

#include <cmath>

#include "descriptor_files/descriptor_reader.h"
#include "util/check.h"
#include "util/index.h"

namespace vantage {

DescriptorDatabase::DescriptorDatabase(const std::filesystem::path& path)
    : reader_(descriptor_files::OpenDescriptors(path)) {}
DescriptorDatabase::~DescriptorDatabase() = default;
DescriptorDatabase::DescriptorDatabase(DescriptorDatabase&&) noexcept = default;

const std::filesystem::path& DescriptorDatabase::path() const { return reader_->path(); }
const std::vector<std::string>& DescriptorDatabase::names() const {
  return reader_->facts().descriptors.names;
}
const DescriptorProvenance& DescriptorDatabase::provenance() const { return reader_->facts().provenance; }
const std::vector<FailedPhoto>& DescriptorDatabase::failed() const { return reader_->facts().failed; }
int64_t DescriptorDatabase::size() const { return reader_->rows(); }
bool DescriptorDatabase::ClaimLengths() const { return reader_->ClaimLengths(); }
int64_t DescriptorDatabase::dimension() const { return reader_->dimension(); }

DescriptorMatrix DescriptorDatabase::Read(int64_t first, int64_t count) const {
  VANTAGE_CHECK(first >= 0 && count >= 0 && first + count <= size(), path().string(), ": rows ", first,
                " to ", first + count, " of ", size());
  DescriptorMatrix values = reader_->Read(first, count);
  // A finite sum has finite terms; only a sum that is not finite (it may have overflowed) needs the rows
  // looked at.
  if (!std::isfinite(values.sum())) {
    for (int64_t i = 0; i < count; ++i) {
      VANTAGE_CHECK(values.row(i).allFinite(), path().string(), ": row ", first + i,
                    " holds a value that is not finite ('", names()[ToIndex(first + i)], "')");
    }
  }
  return values;
}

DescriptorMatrix DescriptorDatabase::ReadRows(const std::vector<int64_t>& rows) const {
  DescriptorMatrix values(static_cast<Eigen::Index>(rows.size()), dimension());
  for (size_t i = 0; i < rows.size(); ++i) values.row(static_cast<Eigen::Index>(i)) = Read(rows[i], 1);
  return values;
}

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/descriptors.h"

#include "descriptor_files/descriptor_reader.h"
#include "util/check.h"

namespace vantage {

DescriptorDatabase::DescriptorDatabase(const std::filesystem::path& path, const DescriptorReading& reading)
    : reader_(descriptor_files::OpenDescriptors(path, reading)) {}
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
  return reader_->Read(first, count);
}

DescriptorMatrix DescriptorDatabase::ReadRows(const std::vector<int64_t>& rows) const {
  DescriptorMatrix values(static_cast<Eigen::Index>(rows.size()), dimension());
  for (size_t i = 0; i < rows.size(); ++i) values.row(static_cast<Eigen::Index>(i)) = Read(rows[i], 1);
  return values;
}

}  // namespace vantage

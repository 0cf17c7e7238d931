// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <type_traits>
#include <vector>

#include "descriptor_files/descriptor_reader.h"
#include "descriptor_files/half.h"
#include "serialize/npy.h"
#include "util/check.h"
#include "util/file.h"
#include "util/index.h"

namespace vantage::descriptor_files {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMaxSidecarSize = uint64_t{4} << 30;
constexpr int64_t kPieceValues = int64_t{1} << 16;

template <typename T>
using RowMajorMatrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

template <typename T>
void Convert(const T* from, float* to, int64_t count) {
  if constexpr (std::is_same_v<T, Eigen::half>) {
    ConvertHalf(from, to, count);
  } else {
    std::transform(from, from + count, to, [](T value) { return static_cast<float>(value); });
  }
}

class NpyReader : public DescriptorReader {
 public:
  explicit NpyReader(const fs::path& path) : DescriptorReader(path), file_(path) {
    layout_ = serialize::ReadNpyLayout(file_);
    const bool floats = layout_.dtype == "<f2" || layout_.dtype == "<f4" || layout_.dtype == "<f8";
    VANTAGE_CHECK(layout_.shape.size() == 2 && floats, path.string(),
                  ": descriptors are an N x D array of float16, float32 or float64, not ", layout_.dtype,
                  " of ", layout_.shape.size(), " dimensions");
    const fs::path json_path = ReplaceExtension(path, ".json");
    ParsedFacts parsed = ParseFacts(ReadFile(json_path, kMaxSidecarSize), json_path.string());
    VANTAGE_CHECK(parsed.array.empty() || parsed.array == ArrayIdentity(file_), json_path.string(),
                  ": belongs to another ", path.filename().string(),
                  " than the one next to it; one of the two was replaced or is damaged");
    facts_ = std::move(parsed.file);
    VANTAGE_CHECK(rows() == layout_.shape[0], json_path.string(), ": ", rows(), " names for ",
                  layout_.shape[0], " rows of ", path.string());
    // With zero rows the file has no bytes that could confirm the dimension.
    dimension_ = layout_.shape[1];
  }

  DescriptorMatrix Read(int64_t first, int64_t count) const override {
    if (layout_.dtype == "<f2") return ReadAs<Eigen::half>(first, count);
    if (layout_.dtype == "<f8") return ReadAs<double>(first, count);
    return ReadAs<float>(first, count);
  }

 private:
  // Reads pieces that stay in the cache until they are converted.
  template <typename T>
  DescriptorMatrix ReadAs(int64_t first, int64_t count) const {
    DescriptorMatrix values(count, dimension_);
    std::vector<T> piece(ToIndex(std::min<int64_t>(kPieceValues, values.size())));
    uint64_t offset = layout_.data_offset + static_cast<uint64_t>(first * dimension_) * sizeof(T);
    for (int64_t done = 0; done < values.size();) {
      const int64_t size = std::min<int64_t>(kPieceValues, values.size() - done);
      file_.ReadAt(offset, piece.data(), static_cast<uint64_t>(size) * sizeof(T));
      Convert(piece.data(), values.data() + done, size);
      offset += static_cast<uint64_t>(size) * sizeof(T);
      done += size;
    }
    return values;
  }

  InputFile file_;
  serialize::NpyLayout layout_;
};

template <typename T>
void WriteValues(const DescriptorMatrix& values, AtomicFile& file, const char* dtype) {
  file.Write(serialize::NpyHeader(dtype, {values.rows(), values.cols()}));
  const int64_t block_rows = RowsPerBlock(values.cols());
  for (int64_t first = 0; first < values.rows(); first += block_rows) {
    const RowMajorMatrix<T> block =
        values.middleRows(first, std::min(block_rows, values.rows() - first)).template cast<T>();
    file.Write(block.data(), static_cast<uint64_t>(block.size()) * sizeof(T));
  }
  file.Flush();
}

}  // namespace

void WriteNpyDescriptors(const DescriptorFile& file, const fs::path& npy_path, bool float16) {
  AtomicFile values(npy_path);
  if (float16) {
    WriteValues<Eigen::half>(file.descriptors.values, values, "<f2");
  } else {
    WriteValues<float>(file.descriptors.values, values, "<f4");
  }
  // Both files are complete before either is renamed. If the process ends between the renames, the names
  // belong to another array; readers notice it by the identity.
  AtomicFile facts(ReplaceExtension(npy_path, ".json"));
  facts.Write(FactsText(file, ArrayIdentity(InputFile(values.partial_path()))));
  facts.Flush();
  values.Commit();
  facts.Commit();
}

std::unique_ptr<DescriptorReader> OpenNpyDescriptors(const fs::path& npy_path) {
  return std::make_unique<NpyReader>(npy_path);
}

}  // namespace vantage::descriptor_files

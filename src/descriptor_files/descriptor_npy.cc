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
#include "util/lines.h"

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

// NumPy stores the array in either byte order.
template <typename T>
void SwapBytes(T* values, int64_t count) {
  auto* bytes = reinterpret_cast<unsigned char*>(values);
  for (int64_t i = 0; i < count; ++i) std::reverse(bytes + i * sizeof(T), bytes + (i + 1) * sizeof(T));
}

class NpyReader : public DescriptorReader {
 public:
  NpyReader(const fs::path& path, const DescriptorReading& reading)
      : DescriptorReader(path, reading.normalise), file_(path) {
    layout_ = serialize::ReadNpyLayout(file_);
    type_ = layout_.dtype.substr(1);
    const bool floats = type_ == "f2" || type_ == "f4" || type_ == "f8";
    VANTAGE_CHECK(layout_.shape.size() == 2 && floats, path.string(),
                  ": descriptors are an N x D array of float16, float32 or float64, not ", layout_.dtype,
                  " of ", layout_.shape.size(), " dimensions");
    const std::string names_path = reading.names.empty() ? ReadFacts() : ReadNames(reading.names);
    VANTAGE_CHECK(rows() == layout_.shape[0], names_path, ": ", rows(), " names for ", layout_.shape[0],
                  " rows of ", path.string());
    // With zero rows the file has no bytes that could confirm the dimension.
    dimension_ = layout_.shape[1];
  }

 protected:
  DescriptorMatrix ReadStored(int64_t first, int64_t count) const override {
    if (type_ == "f2") return ReadAs<Eigen::half>(first, count);
    if (type_ == "f8") return ReadAs<double>(first, count);
    return ReadAs<float>(first, count);
  }

 private:
  // These return the file that holds the names.
  std::string ReadFacts() {
    const fs::path json_path = ReplaceExtension(path_, ".json");
    VANTAGE_CHECK(fs::exists(json_path), path_.string(), ": there is no ", json_path.filename().string(),
                  " with the names of its rows; --names reads them from a text file, one per line");
    ParsedFacts parsed = ParseFacts(ReadFile(json_path, kMaxSidecarSize), json_path.string());
    VANTAGE_CHECK(parsed.array.empty() || parsed.array == ArrayIdentity(file_), json_path.string(),
                  ": belongs to another ", path_.filename().string(),
                  " than the one next to it; one of the two was replaced or is damaged");
    facts_ = std::move(parsed.file);
    return json_path.string();
  }

  std::string ReadNames(const std::string& path) {
    for (TextLine& line : ReadLines(path)) facts_.descriptors.names.push_back(std::move(line.text));
    RefuseRepeatedNames(facts_.descriptors.names, path);
    return path;
  }

  template <typename T>
  DescriptorMatrix ReadAs(int64_t first, int64_t count) const {
    if (!layout_.fortran_order) {
      DescriptorMatrix values(count, dimension_);
      ReadValues<T>(first * dimension_, values.data(), values.size());
      return values;
    }
    Eigen::MatrixXf columns(count, dimension_);
    for (int64_t column = 0; column < dimension_; ++column)
      ReadValues<T>(column * layout_.shape[0] + first, columns.col(column).data(), count);
    return columns;
  }

  // Reads values from the file's `first` on, in pieces that stay in the cache until they are converted.
  template <typename T>
  void ReadValues(int64_t first, float* values, int64_t count) const {
    std::vector<T> piece(ToIndex(std::min(kPieceValues, count)));
    uint64_t offset = layout_.data_offset + static_cast<uint64_t>(first) * sizeof(T);
    for (int64_t done = 0; done < count;) {
      const int64_t size = std::min(kPieceValues, count - done);
      file_.ReadAt(offset, piece.data(), static_cast<uint64_t>(size) * sizeof(T));
      if (layout_.dtype[0] == '>') SwapBytes(piece.data(), size);
      Convert(piece.data(), values + done, size);
      offset += static_cast<uint64_t>(size) * sizeof(T);
      done += size;
    }
  }

  InputFile file_;
  serialize::NpyLayout layout_;
  std::string type_;  // "f4", of either byte order
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

std::unique_ptr<DescriptorReader> OpenNpyDescriptors(const fs::path& npy_path,
                                                     const DescriptorReading& reading) {
  return std::make_unique<NpyReader>(npy_path, reading);
}

}  // namespace vantage::descriptor_files

// SPDX-License-Identifier: BSD-3-Clause
#include "testing/mat_files.h"

#include <zlib.h>

namespace vantage::testing {
namespace {

constexpr uint32_t kInt8 = 1;
constexpr uint32_t kInt32 = 5;
constexpr uint32_t kUint32 = 6;
constexpr uint32_t kSingle = 7;
constexpr uint32_t kMatrix = 14;
constexpr uint32_t kCompressed = 15;
constexpr size_t kFieldName = 32;

template <typename T>
std::string BytesOf(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

std::string TagOf(uint32_t type, size_t size) {
  return BytesOf(std::vector<uint32_t>{type, static_cast<uint32_t>(size)});
}

std::string Concatenated(const std::vector<std::string>& parts) {
  std::string all;
  for (const std::string& part : parts) all += part;
  return all;
}

}  // namespace

std::string MatElement(uint32_t type, const std::string& data, bool small) {
  if (small) {
    return BytesOf(std::vector<uint32_t>{type | static_cast<uint32_t>(data.size()) << 16}) + data +
           std::string(4 - data.size(), '\0');
  }
  return TagOf(type, data.size()) + data + std::string((8 - data.size() % 8) % 8, '\0');
}

std::string MatArray(uint32_t kind, const std::vector<int32_t>& shape, const std::string& name,
                     const std::string& content, uint32_t flags) {
  return MatElement(kMatrix, MatElement(kUint32, BytesOf(std::vector<uint32_t>{kind | flags, 0})) +
                                 MatElement(kInt32, BytesOf(shape)) + MatElement(kInt8, name) + content);
}

std::string MatNumbers(const std::vector<int32_t>& shape, const std::vector<float>& values,
                       const std::string& name) {
  constexpr uint32_t kSingleClass = 7;
  return MatArray(kSingleClass, shape, name, MatElement(kSingle, BytesOf(values)));
}

std::string MatCells(const std::vector<std::string>& items) {
  return MatArray(1, {1, static_cast<int32_t>(items.size())}, "", Concatenated(items));
}

std::string MatStruct(const std::vector<std::string>& fields, const std::vector<std::string>& items,
                      const std::string& name) {
  std::string names;
  for (const std::string& field : fields) names += field + std::string(kFieldName - field.size(), '\0');
  const std::string length = BytesOf(std::vector<int32_t>{static_cast<int32_t>(kFieldName)});
  return MatArray(
      2, {1, 1}, name,
      MatElement(kInt32, length, /*small=*/true) + MatElement(kInt8, names) + Concatenated(items));
}

std::string MatFileOf(const std::vector<std::string>& variables, bool compressed) {
  std::string file = "MATLAB 5.0 MAT-file";
  file.resize(124, ' ');
  file += std::string("\0\1IM", 4);
  for (const std::string& variable : variables) {
    if (!compressed) {
      file += variable;
      continue;
    }
    std::string bytes(compressBound(variable.size()), '\0');
    uLongf size = bytes.size();
    compress2(reinterpret_cast<Bytef*>(bytes.data()), &size, reinterpret_cast<const Bytef*>(variable.data()),
              variable.size(), 1);
    file += TagOf(kCompressed, size) + bytes.substr(0, size);
  }
  return file;
}

}  // namespace vantage::testing

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace vantage {

// What made the descriptors of a file. A field that the file does not name is empty.
struct DescriptorProvenance {
  std::optional<std::string> vantage;       // version
  std::optional<std::string> model;         // path
  std::optional<std::string> model_sha256;  // of the model's file
  std::optional<std::string> architecture;
  std::optional<std::string> pooling;
  std::optional<int64_t> image_size;  // longest side, pixels
  std::optional<bool> apply_exif_orientation;
  std::optional<std::vector<double>> scales;
  std::optional<std::string> whitening;  // name; "" or "none": none
  std::optional<int64_t> dimension;      // that is kept of the whitening; 0: all
  std::optional<std::string> decode;
  std::optional<std::string> precision;
  std::optional<int64_t> batch_pixels;
  // Other keys, or values of another type than above, as JSON text: "super_global", "shard",
  // "missing_shards", what other programs add.
  std::map<std::string, std::string> other;

  bool operator==(const DescriptorProvenance&) const = default;
};

// As descriptor files and sidecars of indexes hold it.
nlohmann::json ToJson(const DescriptorProvenance& provenance);
// Throws Error naming `source` if it is no JSON object.
DescriptorProvenance ProvenanceFrom(const nlohmann::json& json, const std::string& source);

// How two files were made differently.
struct ProvenanceDifferences {
  // Descriptors cannot be compared: another model, pooling, whitening, dimension or precision.
  std::vector<std::string> errors;
  // They can, but rankings suffer: another image size, scales, EXIF turning, decoding; other programs' keys.
  std::vector<std::string> warnings;
  // Nothing to compare descriptors by: version, batch size, path of the same model, what only one file names.
  std::vector<std::string> notes;
};

// Each difference in words, as "their image sizes differ (362 and 1024)".
ProvenanceDifferences CompareProvenance(const DescriptorProvenance& a, const DescriptorProvenance& b);

// Throws Error if the descriptors of two files cannot be compared; logs one warning if that costs accuracy.
// Both name the files and both values.
void CheckComparable(const DescriptorProvenance& provenance, const std::string& source,
                     const DescriptorProvenance& other, const std::string& other_source);

}  // namespace vantage

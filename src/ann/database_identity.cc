// SPDX-License-Identifier: BSD-3-Clause
#include "ann/database_identity.h"
#include "descriptors/provenance_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "util/check.h"
#include "util/hash.h"

namespace vantage::ann {
namespace {

using nlohmann::json;

constexpr int64_t kRowsCompared = 256;

std::string HashOfNames(const std::vector<std::string>& names) {
  Sha256Digest digest;
  for (const std::string& name : names) digest.Add(StrCat(name.size(), ":", name));
  return digest.Hex();
}

std::string HashOfRows(const DescriptorDatabase& database) {
  Sha256Digest digest;
  const int64_t count = std::min(kRowsCompared, database.size());
  for (int64_t i = 0; i < count; ++i) {
    const int64_t row = count == 1 ? 0 : i * (database.size() - 1) / (count - 1);
    const DescriptorMatrix values = database.Read(row, 1);
    digest.Add({reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)});
  }
  return digest.Hex();
}

}  // namespace

json DatabaseIdentity(const DescriptorDatabase& database) {
  return {{"photos", database.size()},
          {"dimension", database.dimension()},
          {"names_sha256", HashOfNames(database.names())},
          {"values_sha256", HashOfRows(database)},
          {"provenance", ToJson(database.provenance())}};
}

void CheckIdentity(const json& identity, const DescriptorDatabase& database, const std::string& source) {
  const json here = DatabaseIdentity(database);
  CheckComparable(ProvenanceFrom(identity.at("provenance"), source), source, database.provenance(),
                  database.path().string());
  const auto check = [&](const char* key, const char* what) {
    VANTAGE_CHECK(identity.at(key) == here.at(key), source, ": was built from other descriptors than ",
                  database.path().string(), ": ", what,
                  " differ; delete it, or name another file, to build the index again");
  };
  check("photos", "their numbers");
  check("dimension", "their dimensions");
  check("names_sha256", "the photos' names");
  check("values_sha256", "their values");
}

}  // namespace vantage::ann

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "vantage/descriptors.h"

namespace vantage::ann {

// What tells one database from another, without reading all of it: number and dimension of its descriptors,
// the SHA-256 of its names and of 256 rows spread over it, and what made it.
nlohmann::json DatabaseIdentity(const DescriptorDatabase& database);

// Throws Error naming `source` and the first difference where the database is not the one of `identity`.
void CheckIdentity(const nlohmann::json& identity, const DescriptorDatabase& database,
                   const std::string& source);

}  // namespace vantage::ann

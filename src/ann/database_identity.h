// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "vantage/descriptors.h"

namespace vantage::ann {

// Identifies a database without reading all of it: number and dimension of its descriptors, the SHA-256 of
// its names and of 256 rows spread evenly over it, and its provenance.
nlohmann::json DatabaseIdentity(const DescriptorDatabase& database);

// Throws Error naming `source` and the first difference if the database does not have this identity.
void CheckIdentity(const nlohmann::json& identity, const DescriptorDatabase& database,
                   const std::string& source);

}  // namespace vantage::ann

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "vantage/descriptors.h"

namespace vantage {

// JSON as in descriptor files and the sidecars of indexes.
nlohmann::json ToJson(const DescriptorProvenance& provenance);
// The inverse of ToJson. Throws Error naming `source` if it is not a JSON object.
DescriptorProvenance ProvenanceFrom(const nlohmann::json& json, const std::string& source);

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "vantage/descriptors.h"

namespace vantage {

// As descriptor files and sidecars of indexes hold it.
nlohmann::json ToJson(const DescriptorProvenance& provenance);
// Throws Error naming `source` if it is no JSON object.
DescriptorProvenance ProvenanceFrom(const nlohmann::json& json, const std::string& source);

}  // namespace vantage

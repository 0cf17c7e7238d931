// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "nn/model_file.h"
#include "util/string.h"

namespace vantage::nn {

// What a checkpoint says beside its tensors: cirtorch's meta without 'Lw', and under "vantage" what a second
// user needs to get the same descriptors.
nlohmann::json MetaOf(const ModelParts& model);

// Whether it says what the network is made of, as cirtorch's does.
bool HasArchitecture(const nlohmann::json& meta);

// The network that meta describes, but for the output dimension. `what` names meta in errors.
NetWish NetOfMeta(const nlohmann::json& meta, const std::string& what);

// Everything else of meta, put into a model. Throws Error naming the key of a value of another type, or where
// the file is of a later version or wants photos resized otherwise than this program does it.
void ApplyMeta(const nlohmann::json& meta, const std::string& what, ModelParts& model);

// The SHA-256 that meta has of the weights; "" where it has none.
std::string WeightsSha256OfMeta(const nlohmann::json& meta, const std::string& what);

// meta[key] as a T, `fallback` where it is missing. Throws Error naming `what` and the key for another type.
template <typename T>
T MetaValue(const nlohmann::json& meta, const std::string& key, const T& fallback, const std::string& what) {
  const auto found = meta.is_object() ? meta.find(key) : meta.end();
  if (found == meta.end() || found->is_null()) return fallback;
  try {
    return found->template get<T>();
  } catch (const nlohmann::json::exception&) {
    throw Error(StrCat(what, ": ", key, " is a ", found->type_name(), ", which is not what belongs there"));
  }
}

}  // namespace vantage::nn

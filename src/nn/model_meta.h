// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "nn/model_file.h"
#include "nn/net_of_source.h"
#include "util/string.h"

namespace vantage::nn {

// A checkpoint's metadata: cirtorch's meta without 'Lw', and under "vantage" what is needed to compute the
// same descriptors.
nlohmann::json MetaOf(const ModelParts& model);

// Whether meta describes the network's architecture, as cirtorch's does.
bool HasArchitecture(const nlohmann::json& meta);

// The network that meta describes. shapes: the file's tensors, from which the number of rows of the last
// linear layer comes in a file of cirtorch. `what` names meta in errors.
NetOfSource NetOfMeta(const nlohmann::json& meta, const TensorShapes& shapes, const std::string& what);

// Sets the model's other properties from meta. Throws Error naming the key if a value has another type or is
// out of range, if preprocessing cannot be parsed, or if a later version wrote the file.
void ApplyMeta(const nlohmann::json& meta, const std::string& what, ModelParts& model);

// SHA-256 of the weights according to meta; "" if meta has none.
std::string WeightsSha256OfMeta(const nlohmann::json& meta, const std::string& what);

// meta[key] as a T; `fallback` if it is missing. Throws Error naming `what` and the key if it has another
// type.
template <typename T>
T MetaValue(const nlohmann::json& meta, const std::string& key, const T& fallback, const std::string& what) {
  const auto found = meta.is_object() ? meta.find(key) : meta.end();
  if (found == meta.end() || found->is_null()) return fallback;
  try {
    return found->template get<T>();
  } catch (const nlohmann::json::exception&) {
    throw Error(StrCat(what, ": ", key, " is a ", found->type_name(), ", which is the wrong type"));
  }
}

}  // namespace vantage::nn

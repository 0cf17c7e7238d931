// SPDX-License-Identifier: BSD-3-Clause
#include "descriptors/provenance_json.h"
#include "vantage/descriptors.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <type_traits>

#include "util/check.h"
#include "util/log.h"
#include "vantage/run_context.h"

namespace vantage {
namespace {

using nlohmann::json;
using Provenance = DescriptorProvenance;
using Texts = std::vector<std::string> ProvenanceDifferences::*;

constexpr Texts kErrors = &ProvenanceDifferences::errors;
constexpr Texts kWarnings = &ProvenanceDifferences::warnings;
constexpr Texts kNotes = &ProvenanceDifferences::notes;

// Calls visit(key, name of the difference, its severity, field).
template <typename Visit>
void ForEachField(const Visit& visit) {
  visit("vantage", "versions", kNotes, &Provenance::vantage);
  visit("model", "models", kNotes, &Provenance::model);
  visit("model_sha256", "models", kErrors, &Provenance::model_sha256);
  visit("architecture", "architectures", kErrors, &Provenance::architecture);
  visit("head", "heads", kErrors, &Provenance::head);
  visit("preprocessing", "preparations of photos", kWarnings, &Provenance::preprocessing);
  visit("apply_exif_orientation", "uses of the EXIF orientation", kWarnings,
        &Provenance::apply_exif_orientation);
  visit("scales", "scales", kWarnings, &Provenance::scales);
  visit("whitening", "whitenings", kErrors, &Provenance::whitening);
  visit("dimension", "dimensions", kErrors, &Provenance::dimension);
  visit("decode", "ways of decoding", kWarnings, &Provenance::decode);
  visit("precision", "precisions", kErrors, &Provenance::precision);
  visit("batch_pixels", "batch sizes", kNotes, &Provenance::batch_pixels);
}

template <typename T>
bool IsOf(const json& value) {
  if constexpr (std::is_same_v<T, bool>) return value.is_boolean();
  if constexpr (std::is_same_v<T, int64_t>) return value.is_number_integer();
  if constexpr (std::is_same_v<T, std::string>) return value.is_string();
  return value.is_array() &&
         std::all_of(value.begin(), value.end(), [](const json& item) { return item.is_number(); });
}

std::string ProvenanceText(const json& value) {
  return value.is_string() ? value.get<std::string>()
                           : value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string DifferenceText(const std::string& what, const std::string& a, const std::string& b) {
  return StrCat("their ", what, " differ (", a, " and ", b, ")");
}

// Unifies values that mean the same.
Provenance Canonical(Provenance provenance) {
  if (provenance.whitening == "") provenance.whitening = "none";
  if (provenance.dimension == 0)
    provenance.dimension.reset();  // 0: all; the dimensions of the files are compared elsewhere
  return provenance;
}

// "shard" and "missing_shards" state which photos a file holds, not how they were described.
bool SaysWhichPhotos(const std::string& key) { return key == "shard" || key == "missing_shards"; }

void CompareOther(const Provenance& a, const Provenance& b, ProvenanceDifferences& differences) {
  std::set<std::string> keys;
  for (const Provenance* provenance : {&a, &b}) {
    for (const auto& [key, value] : provenance->other) keys.insert(key);
  }
  const auto text = [](const Provenance& provenance, const std::string& key) {
    const auto found = provenance.other.find(key);
    return found == provenance.other.end() ? std::string("not named") : found->second;
  };
  for (const std::string& key : keys) {
    if (SaysWhichPhotos(key) || text(a, key) == text(b, key)) continue;
    // Files without regional GeM or scale pooling do not have "super_global".
    const bool pools = key == "super_global" && a.model_sha256 && b.model_sha256;
    const bool in_both = a.other.contains(key) && b.other.contains(key);
    (differences.*(pools     ? kErrors
                   : in_both ? kWarnings
                             : kNotes))
        .push_back(DifferenceText(StrCat("values of '", key, "'"), text(a, key), text(b, key)));
  }
}

}  // namespace

json ToJson(const Provenance& provenance) {
  json result = json::object();
  for (const auto& [key, value] : provenance.other) {
    try {
      result[key] = json::parse(value);
    } catch (const json::exception& error) {
      throw Error(StrCat("provenance '", key, "' is not valid JSON: ", error.what()));
    }
  }
  ForEachField([&](const char* key, const char*, Texts, auto field) {
    if (provenance.*field) result[key] = *(provenance.*field);
  });
  return result;
}

Provenance ProvenanceFrom(const json& object, const std::string& source) {
  VANTAGE_CHECK(object.is_object(), source, ": provenance is not a JSON object");
  Provenance provenance;
  json rest = object;
  ForEachField([&](const char* key, const char*, Texts, auto field) {
    using T = typename std::remove_reference_t<decltype(provenance.*field)>::value_type;
    const auto found = rest.find(key);
    if (found == rest.end() || !IsOf<T>(*found)) return;
    provenance.*field = found->template get<T>();
    rest.erase(found);
  });
  for (const auto& [key, value] : rest.items()) {
    provenance.other[key] = value.dump(-1, ' ', false, json::error_handler_t::replace);
  }
  return provenance;
}

ProvenanceDifferences CompareProvenance(const Provenance& first, const Provenance& second) {
  const Provenance a = Canonical(first);
  const Provenance b = Canonical(second);
  // The hash identifies the model, whatever its path.
  const bool hashes = a.model_sha256 && b.model_sha256;
  ProvenanceDifferences differences;
  ForEachField([&](const char* key, const char* what, Texts weight, auto field) {
    if (a.*field == b.*field || (hashes && std::string_view(key) == "model")) return;
    const auto text = [](const auto& value) {
      return value ? ProvenanceText(json(*value)) : std::string("not named");
    };
    const bool in_both = (a.*field).has_value() && (b.*field).has_value();
    (differences.*(in_both ? weight : kNotes))
        .push_back(DifferenceText(what, text(a.*field), text(b.*field)));
  });
  CompareOther(a, b, differences);
  return differences;
}

void CheckComparable(const Provenance& provenance, const std::string& source, const Provenance& other,
                     const std::string& other_source) {
  const ProvenanceDifferences differences = CompareProvenance(provenance, other);
  VANTAGE_CHECK(differences.errors.empty(), source, " and ", other_source,
                ": descriptors cannot be compared: ", Join(differences.errors, "; "));
  if (differences.warnings.empty()) return;
  LogWarning(
      source, " and ", other_source,
      ": descriptors were made in different ways, which costs accuracy: ", Join(differences.warnings, "; "));
}

}  // namespace vantage

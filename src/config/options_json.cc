// SPDX-License-Identifier: BSD-3-Clause
#include "config/options_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <type_traits>

#include "config/option_value.h"
#include "util/check.h"
#include "util/string.h"
#include "vantage/choice.h"

namespace vantage {
namespace {

using nlohmann::json;

// Assigns a JSON value; false if its type does not fit.
template <typename T>
bool AssignJson(const json& node, T& value) {
  if constexpr (config::IsList<T>::value) {
    if (!node.is_array()) return false;
    T items;
    for (const json& element : node) {
      typename T::value_type item{};
      if (!AssignJson(element, item)) return false;
      items.push_back(std::move(item));
    }
    value = std::move(items);
    return true;
  } else if constexpr (std::is_same_v<T, bool>) {
    if (!node.is_boolean()) return false;
    value = node.get<bool>();
    return true;
  } else if constexpr (std::is_integral_v<T>) {
    if (!node.is_number_integer()) return false;
    const auto integer = node.get<int64_t>();
    value = static_cast<T>(integer);
    return value == integer;
  } else if constexpr (std::is_floating_point_v<T>) {
    if (!node.is_number()) return false;
    value = node.get<T>();
    return true;
  } else {
    if (!node.is_string()) return false;
    value = node.get<std::string>();
    return true;
  }
}

void ReadField(const OptionField& field, const json& node, const std::string& source) {
  const bool fits = std::visit(
      [&](auto* value) {
        using T = std::remove_pointer_t<decltype(value)>;
        if constexpr (std::is_same_v<T, AnyChoice>) {
          return false;  // has been read by ReadObject
        } else if constexpr (std::is_same_v<T, AnyChoiceList>) {
          std::vector<std::string> texts;
          if (!AssignJson(node, texts)) return false;
          value->Clear();
          for (const std::string& text : texts) value->Append(text, source);
          return true;
        } else {
          return AssignJson(node, *value);
        }
      },
      field.target);
  VANTAGE_CHECK(fits, source, ": '", field.key, "' is a ", node.type_name(), ", not a ", field.TypeName());
  config::CheckOption(field, source);
}

void ReadObject(OptionsDescription& description, const json& object, const std::string& prefix,
                const std::string& source) {
  const std::string kind_key = prefix + "kind";
  const OptionField* kind = description.Find(kind_key);
  const bool has_kind = kind != nullptr && std::holds_alternative<AnyChoice*>(kind->target);
  if (has_kind && object.contains("kind")) {
    VANTAGE_CHECK(object["kind"].is_string(), source, ": '", kind_key, "' is a ", object["kind"].type_name(),
                  ", not a string");
    description.Choose(kind_key, object["kind"].get<std::string>(), source);
  }
  for (const auto& [name, node] : object.items()) {
    const std::string key = prefix + name;
    if (has_kind && key == kind_key) continue;
    const auto& fields = description.fields();
    const bool is_section = std::any_of(fields.begin(), fields.end(), [&](const OptionField& field) {
      return field.key.starts_with(key + ".");
    });
    if (node.is_object() && is_section) {
      ReadObject(description, node, key + ".", source);
    } else {
      ReadField(description.Require(key, source), node, source);
    }
  }
}

}  // namespace

nlohmann::json ToJson(const OptionsDescription& description) {
  json tree = json::object();
  for (const OptionField& field : description.fields()) {
    json* node = &tree;
    for (const std::string& part : SplitText(field.key, '.')) node = &(*node)[part];
    std::visit(
        [&](const auto* value) {
          if constexpr (std::is_same_v<decltype(value), const AnyChoice*>) {
            *node = value->kind();
          } else if constexpr (std::is_same_v<decltype(value), const AnyChoiceList*>) {
            *node = value->Texts();
          } else {
            *node = *value;
          }
        },
        field.target);
  }
  return tree;
}

void ReadJson(OptionsDescription& description, const nlohmann::json& object, const std::string& source) try {
  VANTAGE_CHECK(object.is_object(), source, " is a ", object.type_name(), ", not a dictionary");
  ReadObject(description, object, "", source);
} catch (const UsageError& error) {
  throw Error(error.what());
}

}  // namespace vantage

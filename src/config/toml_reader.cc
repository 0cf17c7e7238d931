// SPDX-License-Identifier: BSD-3-Clause
#include <toml++/toml.h>
#include <limits>
#include <type_traits>

#include "config/option_value.h"
#include "vantage/choice.h"
#include "vantage/error.h"
#include "vantage/options.h"

namespace vantage {
namespace {

std::string Place(const toml::source_region& region, const std::string& source) {
  return StrCat(source, ":", region.begin.line, ":", region.begin.column);
}

// Assigns a TOML value. Returns false if its type does not fit.
template <typename T>
bool Assign(const toml::node& node, T& value) {
  if constexpr (config::IsList<T>::value) {
    const toml::array* array = node.as_array();
    if (array == nullptr) return false;
    T items;
    for (const toml::node& element : *array) {
      typename T::value_type item{};
      if (!Assign(element, item)) return false;
      items.push_back(std::move(item));
    }
    value = std::move(items);
    return true;
  } else if constexpr (std::is_same_v<T, bool>) {
    if (!node.is_boolean()) return false;
    value = node.as_boolean()->get();
    return true;
  } else if constexpr (std::is_integral_v<T>) {
    if (!node.is_integer()) return false;
    const int64_t integer = node.as_integer()->get();
    value = static_cast<T>(integer);
    return value == integer;
  } else if constexpr (std::is_floating_point_v<T>) {
    if (!node.is_number()) return false;
    value = node.is_integer() ? static_cast<T>(node.as_integer()->get()) : node.as_floating_point()->get();
    return true;
  } else {
    if (!node.is_string()) return false;
    value = node.as_string()->get();
    return true;
  }
}

bool IsKind(const OptionField* field) {
  return field != nullptr && std::holds_alternative<AnyChoice*>(field->target);
}

void ReadTable(OptionsDescription& description, const toml::table& table, const std::string& prefix,
               const std::string& source) {
  const std::string kind_key = prefix + "kind";
  const toml::node* kind = table.get("kind");
  if (kind != nullptr && IsKind(description.Find(kind_key))) {
    const std::string place = Place(kind->source(), source);
    if (!kind->is_string()) throw UsageError(StrCat(place, ": '", kind_key, "' wants a string"));
    description.Choose(kind_key, kind->as_string()->get(), place);
  }
  for (const auto& [name, node] : table) {
    const std::string key = prefix + std::string(name.str());
    const std::string place = Place(name.source(), source);
    if (key == kind_key && IsKind(description.Find(key))) continue;
    if (node.is_table() && description.Find(key) == nullptr) {
      bool known = false;
      for (const OptionField& field : description.fields()) known |= field.key.rfind(key + ".", 0) == 0;
      if (!known) description.Require(key, place);  // throws
      ReadTable(description, *node.as_table(), key + ".", source);
      continue;
    }
    const OptionField& field = description.Require(key, place);
    const std::string value_place = Place(node.source(), source);
    const bool fits = std::visit(
        [&, &node = node](auto* value) {
          if constexpr (std::is_same_v<decltype(value), AnyChoice*>) {
            return false;  // read above
          } else if constexpr (std::is_same_v<decltype(value), AnyChoiceList*>) {
            std::vector<std::string> texts;
            if (!Assign(node, texts)) return false;
            value->Clear();
            for (const std::string& text : texts) value->Append(text, value_place);
            return true;
          } else {
            return Assign(node, *value);
          }
        },
        field.target);
    if (!fits) throw UsageError(StrCat(value_place, ": '", key, "' wants a ", field.TypeName()));
    config::CheckOption(field, value_place);
  }
}

}  // namespace

void ReadToml(OptionsDescription& description, std::string_view text, const std::string& source) {
  toml::table table;
  try {
    table = toml::parse(text, source);
  } catch (const toml::parse_error& error) {
    throw UsageError(StrCat(Place(error.source(), source), ": ", error.description()));
  }
  ReadTable(description, table, "", source);
}

}  // namespace vantage

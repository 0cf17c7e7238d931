// SPDX-License-Identifier: BSD-3-Clause
#include "config/options_json.h"
#include "vantage/options.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <utility>

#include "config/option_value.h"
#include "util/check.h"

namespace vantage {
namespace {

std::string SectionOf(const std::string& key) {
  const size_t dot = key.rfind('.');
  return dot == key.npos ? "" : key.substr(0, dot);
}

std::string NameOf(const std::string& key) { return key.substr(key.rfind('.') + 1); }

}  // namespace

OptionField& OptionField::Range(double low, double high) {
  min = low;
  max = high;
  return *this;
}

OptionField& OptionField::AtLeast(double low) {
  min = low;
  return *this;
}

OptionField& OptionField::Above(double low) {
  min = low;
  min_excluded = true;
  return *this;
}

OptionField& OptionField::OneOf(std::vector<std::string> names) {
  choices = std::move(names);
  return *this;
}

OptionField& OptionField::Flag(std::string name) {
  flag = std::move(name);
  return *this;
}

std::string OptionField::ValueText() const {
  return std::visit([](const auto* value) { return config::TomlText(*value); }, target);
}

std::string OptionField::TypeName() const {
  return std::visit([](const auto* value) { return config::OptionTypeName(*value); }, target);
}

std::string OptionField::RuleText() const {
  if (!choices.empty()) return "one of " + Join(choices, ", ");
  if (std::isfinite(min) && std::isfinite(max)) return StrCat("in [", min, ", ", max, "]");
  if (std::isfinite(min)) return StrCat(min_excluded ? "above " : "at least ", min);
  return "";
}

OptionField& OptionsDescription::AddField(const std::string& name, OptionTarget target, std::string help) {
  OptionField field;
  field.key = prefix_ + name;
  field.target = target;
  field.help = std::move(help);
  VANTAGE_CHECK(Find(field.key) == nullptr, "option '", field.key, "' is declared twice");
  fields_.push_back(std::move(field));
  return fields_.back();
}

size_t OptionsDescription::OpenSection(const std::string& name, std::string help) {
  const size_t depth = prefix_.size();
  sections_.emplace_back(prefix_ + name, std::move(help));
  prefix_ += name + ".";
  return depth;
}

void OptionsDescription::CloseSection(size_t depth) { prefix_.resize(depth); }

const OptionField* OptionsDescription::Find(std::string_view key) const {
  for (const OptionField& field : fields_) {
    if (field.key == key) return &field;
  }
  return nullptr;
}

const OptionField& OptionsDescription::Require(std::string_view key, const std::string& source) const {
  if (const OptionField* field = Find(key)) return *field;
  std::vector<std::string> keys;
  for (const OptionField& field : fields_) keys.push_back(field.key);
  const std::string nearest = NearestWord(key, keys);
  throw UsageError(StrCat(source, ": unknown key '", key, "'",
                          nearest.empty() ? std::string() : StrCat("; did you mean '", nearest, "'?")));
}

std::string OptionsDescription::SectionHelp(std::string_view section) const {
  for (const auto& [name, help] : sections_) {
    if (name == section) return help;
  }
  return "";
}

void SetOption(const OptionsDescription& description, std::string_view key, const std::string& text,
               const std::string& source) {
  const OptionField& field = description.Require(key, source);
  try {
    std::visit(
        [&](auto* value) { *value = config::ParseOption<std::remove_pointer_t<decltype(value)>>(text); },
        field.target);
  } catch (const Error& error) {
    throw UsageError(StrCat(source, ": '", key, "' wants a ", field.TypeName(), ", not '", text, "'"));
  }
  config::CheckOption(field, source);
}

void config::CheckOption(const OptionField& field, const std::string& source) {
  const auto check_number = [&](double value) {
    const bool in_range = (field.min_excluded ? value > field.min : value >= field.min) && value <= field.max;
    if (!in_range) {
      throw UsageError(StrCat(source, ": '", field.key, "' = ", value, " must be ",
                              field.RuleText().empty() ? "a number" : field.RuleText()));
    }
  };
  const auto check_text = [&](const std::string& value) {
    if (field.choices.empty()) return;
    for (const std::string& choice : field.choices) {
      if (choice == value) return;
    }
    throw UsageError(StrCat(source, ": '", field.key, "' = '", value, "' must be ", field.RuleText()));
  };
  std::visit(
      [&](const auto* value) {
        using T = std::remove_cv_t<std::remove_pointer_t<decltype(value)>>;
        if constexpr (std::is_same_v<T, bool>) {
          return;
        } else if constexpr (std::is_arithmetic_v<T>) {
          check_number(static_cast<double>(*value));
        } else if constexpr (std::is_same_v<T, std::string>) {
          check_text(*value);
        } else {
          for (const auto& item : *value) {
            if constexpr (std::is_same_v<T, std::vector<std::string>>) {
              check_text(item);
            } else {
              check_number(static_cast<double>(item));
            }
          }
        }
      },
      field.target);
}

void CheckOptions(const OptionsDescription& description) {
  for (const OptionField& field : description.fields()) config::CheckOption(field, "options");
}

std::string ToToml(const OptionsDescription& description, bool with_comments) {
  std::string toml;
  std::string section;
  for (const OptionField& field : description.fields()) {
    const std::string field_section = SectionOf(field.key);
    if (field_section != section) {
      section = field_section;
      toml += toml.empty() ? "" : "\n";
      const std::string help = description.SectionHelp(section);
      if (with_comments && !help.empty()) toml += StrCat("# ", help, "\n");
      toml += StrCat("[", section, "]\n");
    }
    if (with_comments) {
      const std::string rule = field.RuleText();
      toml += StrCat("# ", field.help, rule.empty() ? "" : StrCat(" (", rule, ")"), "\n");
    }
    toml += StrCat(NameOf(field.key), " = ", field.ValueText(), "\n");
  }
  return toml;
}

nlohmann::json ToJson(const OptionsDescription& description) {
  nlohmann::json json = nlohmann::json::object();
  for (const OptionField& field : description.fields()) {
    nlohmann::json* node = &json;
    for (const std::string& part : SplitText(field.key, '.')) node = &(*node)[part];
    std::visit([&](const auto* value) { *node = *value; }, field.target);
  }
  return json;
}

}  // namespace vantage

// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/options.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <type_traits>
#include <utility>

#include "config/kind_defaults.h"
#include "config/option_value.h"
#include "util/check.h"
#include "vantage/choice.h"

namespace vantage {
namespace {

// The end of a choice that settings can follow: see OptionField::choices.
constexpr const char* kAnySettings = "[:...]";

std::string SectionOf(const std::string& key) {
  const size_t dot = key.rfind('.');
  return dot == key.npos ? "" : key.substr(0, dot);
}

std::string NameOf(const std::string& key) { return key.substr(key.rfind('.') + 1); }

// TOML comments that list the kinds of this section that are not chosen, with their options.
std::string OtherKinds(const OptionsDescription& description, const std::string& section) {
  std::string toml;
  for (const OptionsDescription::ChoiceSection& choice : description.choices()) {
    if (choice.prefix != (section.empty() ? "" : section + ".")) continue;
    for (const Kind* kind : choice.choice->kinds().All()) {
      if (kind->name == choice.choice->kind()) continue;
      const config::KindDefaults defaults(*kind);
      toml += StrCat("#\n# kind = \"", kind->name, "\": ", kind->summary, "\n");
      if (defaults.fields().empty()) continue;
      toml += StrCat("# [", choice.prefix, kind->name, "]\n");
      for (const OptionField& field : defaults.fields()) {
        const std::string rule = field.RuleText();
        toml += StrCat("# ", field.key, " = ", field.ValueText(), "  # ", field.help,
                       rule.empty() ? "" : StrCat(" (", rule, ")"), "\n");
      }
    }
  }
  return toml;
}

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

OptionField& OptionField::KindOf(const Kinds& family) {
  kinds = &family;
  return *this;
}

std::string OptionField::ValueText() const {
  return std::visit(
      [](const auto* value) {
        if constexpr (std::is_same_v<decltype(value), const AnyChoice*>) {
          return config::TomlText(value->kind());
        } else if constexpr (std::is_same_v<decltype(value), const AnyChoiceList*>) {
          return config::TomlText(value->Texts());
        } else {
          return config::TomlText(*value);
        }
      },
      target);
}

std::string OptionField::CommandText() const {
  return std::visit(
      [](const auto* value) -> std::string {
        using T = std::remove_cvref_t<decltype(*value)>;
        if constexpr (std::is_same_v<T, AnyChoice>) {
          return value->Text();
        } else if constexpr (std::is_same_v<T, AnyChoiceList>) {
          return Join(value->Texts(), " ");
        } else if constexpr (std::is_same_v<T, std::string>) {
          return *value;
        } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
          return Join(*value, ",");
        } else if constexpr (config::IsList<T>::value) {
          std::vector<std::string> texts;
          for (const auto& item : *value) texts.push_back(config::TomlText(item));
          return Join(texts, ",");
        } else {
          return config::TomlText(*value);
        }
      },
      target);
}

std::string OptionField::TypeName() const {
  return std::visit(
      [](const auto* value) -> std::string {
        if constexpr (std::is_same_v<decltype(value), const AnyChoice*>) {
          return "string";
        } else if constexpr (std::is_same_v<decltype(value), const AnyChoiceList*>) {
          return "list, each a string";
        } else {
          return config::OptionTypeName(*value);
        }
      },
      target);
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

void OptionsDescription::AddChoice(AnyChoice& choice, std::string help) {
  const std::string section = prefix_.substr(0, prefix_.empty() ? 0 : prefix_.size() - 1);
  if (help.empty()) help = SectionHelp(section);
  AddField("kind", &choice, std::move(help)).OneOf(choice.kinds().Names()).Flag(section);
  choices_.push_back({prefix_, &choice});
  DeclareKind(choices_.back());
}

// Replaces the fields and choices of a table by those of the chosen kind, at the same position.
void OptionsDescription::DeclareKind(const ChoiceSection& section) {
  const std::string prefix = section.prefix;
  AnyChoice& choice = *section.choice;
  const auto of_a_kind = [&](const std::string& key) {
    return key.starts_with(prefix) &&
           choice.kinds().Find(key.substr(prefix.size(), key.find('.', prefix.size()) - prefix.size())) !=
               nullptr;
  };
  std::erase_if(fields_, [&](const OptionField& field) { return of_a_kind(field.key); });
  std::erase_if(choices_, [&](const ChoiceSection& inner) { return of_a_kind(inner.prefix); });
  std::erase_if(sections_, [&](const auto& named) { return of_a_kind(named.first + "."); });

  OptionsDescription added;
  added.prefix_ = prefix;
  if (!choice) return;
  const Kind& kind = choice.kinds().Require(choice.kind());
  const size_t depth = added.OpenSection(kind.name, kind.summary);
  choice.DeclareOptions(added);
  added.CloseSection(depth);
  const auto place = std::find_if(fields_.begin(), fields_.end(),
                                  [&](const OptionField& field) { return field.key == prefix + "kind"; });
  fields_.insert(place + 1, std::make_move_iterator(added.fields_.begin()),
                 std::make_move_iterator(added.fields_.end()));
  choices_.insert(choices_.end(), added.choices_.begin(), added.choices_.end());
  sections_.insert(sections_.end(), added.sections_.begin(), added.sections_.end());
}

void OptionsDescription::Choose(std::string_view kind_key, const std::string& text,
                                const std::string& source) {
  const auto section = std::find_if(choices_.begin(), choices_.end(), [&](const ChoiceSection& candidate) {
    return candidate.prefix + "kind" == kind_key;
  });
  VANTAGE_CHECK(section != choices_.end(), "'", kind_key, "' chooses no kind");
  const ChoiceSection chosen = *section;
  const size_t colon = text.find(':');
  const std::string kind(Trim(text.substr(0, colon)));
  if (chosen.choice->kinds().Find(kind) == nullptr) {
    const std::vector<std::string> known = chosen.choice->kinds().Names();
    throw UsageError(StrCat(source, ": '", kind_key, "' = '", kind, "' must be one of ", Join(known, ", "),
                            DidYouMean(kind, known)));
  }
  chosen.choice->Choose(kind);
  DeclareKind(chosen);
  if (colon == text.npos) return;
  // A part without '=' continues the list before it: "scales=1,0.5".
  std::vector<std::string> settings;
  for (const std::string& part : SplitText(text.substr(colon + 1), ',')) {
    if (part.find('=') != part.npos || settings.empty()) {
      settings.push_back(part);
    } else {
      settings.back() += "," + part;
    }
  }
  for (const std::string& setting : settings) {
    const size_t equals = setting.find('=');
    if (equals == setting.npos) {
      throw UsageError(StrCat(source, ": '", setting, "' of '", text, "' must be OPTION=VALUE, as in ", kind,
                              ":OPTION=VALUE"));
    }
    SetOption(*this, StrCat(chosen.prefix, kind, ".", Trim(setting.substr(0, equals))),
              setting.substr(equals + 1), source);
  }
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
  for (const ChoiceSection& section : choices_) {
    if (!key.starts_with(section.prefix)) continue;
    const std::string_view rest = key.substr(section.prefix.size());
    const Kind* kind = section.choice->kinds().Find(rest.substr(0, rest.find('.')));
    if (kind == nullptr || kind->name == section.choice->kind()) continue;
    throw UsageError(StrCat(source, ": '", key, "' is of the kind '", kind->name, "', but ", section.prefix,
                            "kind is '", section.choice->kind(), "'"));
  }
  std::vector<std::string> keys;
  std::string deeper;
  const std::string_view section = key.substr(0, key.find('.'));
  for (const OptionField& field : fields_) {
    keys.push_back(field.key);
    // Suggests "loss.triplet.margin" for "loss.margin" if that kind is chosen.
    const bool is_deeper = field.key.starts_with(section) && NameOf(field.key) == NameOf(std::string(key));
    if (is_deeper && deeper.empty()) deeper = field.key;
  }
  throw UsageError(StrCat(source, ": unknown key '", key, "'",
                          deeper.empty() ? DidYouMean(key, keys) : StrCat("; did you mean '", deeper, "'?")));
}

std::string OptionsDescription::SectionHelp(std::string_view section) const {
  for (const auto& [name, help] : sections_) {
    if (name == section) return help;
  }
  return "";
}

void SetOption(OptionsDescription& description, std::string_view key, const std::string& text,
               const std::string& source) {
  const OptionField& field = description.Require(key, source);
  if (std::holds_alternative<AnyChoice*>(field.target)) return description.Choose(key, text, source);
  if (auto* const* list = std::get_if<AnyChoiceList*>(&field.target)) return (*list)->Append(text, source);
  try {
    std::visit(
        [&](auto* value) {
          using T = std::remove_pointer_t<decltype(value)>;
          if constexpr (!std::is_same_v<T, AnyChoice> && !std::is_same_v<T, AnyChoiceList>)
            *value = config::ParseOption<T>(text);
        },
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
    if (field.kinds != nullptr && !value.empty()) CheckChoiceText(*field.kinds, value, source);
    if (field.choices.empty()) return;
    for (const std::string& choice : field.choices) {
      const size_t bracket = choice.find(kAnySettings);
      if (choice.substr(0, bracket) == value) return;
      if (bracket != choice.npos && value.starts_with(choice.substr(0, bracket) + ":")) return;
    }
    throw UsageError(StrCat(source, ": '", field.key, "' = '", value, "' must be ", field.RuleText()));
  };
  std::visit(
      [&](const auto* value) {
        using T = std::remove_cv_t<std::remove_pointer_t<decltype(value)>>;
        if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, AnyChoice>) {
          return;  // a choice always has a known kind
        } else if constexpr (std::is_same_v<T, AnyChoiceList>) {
          value->Check(source);
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
  // In the order of their first fields. TOML requires keys without a table first, and each table once.
  std::vector<std::string> sections = {""};
  for (const OptionField& field : description.fields()) {
    const std::string section = SectionOf(field.key);
    if (std::find(sections.begin(), sections.end(), section) == sections.end()) sections.push_back(section);
  }
  std::string toml;
  for (const std::string& section : sections) {
    if (!section.empty()) {
      toml += toml.empty() ? "" : "\n";
      const std::string help = description.SectionHelp(section);
      if (with_comments && !help.empty()) toml += StrCat("# ", help, "\n");
      toml += StrCat("[", section, "]\n");
    }
    for (const OptionField& field : description.fields()) {
      if (SectionOf(field.key) != section) continue;
      if (with_comments) {
        const std::string rule = field.RuleText();
        toml += StrCat("# ", field.help, rule.empty() ? "" : StrCat(" (", rule, ")"), "\n");
      }
      toml += StrCat(NameOf(field.key), " = ", field.ValueText(), "\n");
    }
    if (with_comments) toml += OtherKinds(description, section);
  }
  return toml;
}

}  // namespace vantage

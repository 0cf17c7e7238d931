// SPDX-License-Identifier: BSD-3-Clause
#include "tasks/arguments.h"

#include <algorithm>
#include <variant>

#include "config/kind_defaults.h"
#include "util/check.h"
#include "util/string.h"

namespace vantage::tasks {
namespace {

// "--learning-rate" of "learning_rate", "-k" of "k".
std::string FlagOf(const OptionField& field) {
  std::string name = field.flag.empty() ? field.key : field.flag;
  for (char& c : name) c = c == '_' || c == '.' ? '-' : c;
  return (name.size() == 1 ? "-" : "--") + name;
}

}  // namespace

bool Argument::IsSwitch() const { return std::holds_alternative<bool*>(field().target); }

void Argument::Set(const std::string& text) const {
  if (auto* const* texts = std::get_if<std::vector<std::string>*>(&field().target); repeats && texts) {
    (*texts)->push_back(text);
  } else {
    SetOption(*options, key, text, name());
  }
}

void Arguments::Options(OptionsDescription& description) {
  for (const OptionField& field : description.fields()) {
    const std::string flag = FlagOf(field);
    VANTAGE_CHECK(Find(flag) == nullptr, "two options are ", flag);
    const bool repeats = std::holds_alternative<AnyChoiceList*>(field.target);
    all_.push_back({{flag}, Role::kOption, false, repeats, &description, field.key});
  }
}

void Arguments::AddArgument(const std::string& names, Role role, bool repeats, OptionsDescription& own) {
  const bool may_be_left_out = names[0] == '[' || names[0] == '-';
  const std::string plain = names[0] == '[' ? names.substr(1, names.size() - 2) : names;
  Argument argument{SplitText(plain, ','), role, !may_be_left_out, repeats, &own, ""};
  for (const std::string& name : argument.names)
    VANTAGE_CHECK(Find(name) == nullptr, "two options are ", name);
  argument.key = argument.name().substr(argument.name().find_first_not_of('-'));
  all_.push_back(std::move(argument));
}

void Arguments::Require(const std::string& name) {
  for (Argument& argument : all_) {
    if (argument.name() == name) argument.is_required = true;
  }
}

const Argument* Arguments::Find(std::string_view name) const {
  for (const Argument& argument : all_) {
    if (std::find(argument.names.begin(), argument.names.end(), name) != argument.names.end())
      return &argument;
  }
  return nullptr;
}

std::string ValueName(const Argument& argument) {
  return std::visit(
      [&](const auto* value) -> std::string {
        using T = std::remove_cv_t<std::remove_pointer_t<decltype(value)>>;
        if constexpr (std::is_same_v<T, AnyChoice> || std::is_same_v<T, AnyChoiceList>)
          return "KIND[:OPTION=VALUE,...]";
        if (argument.field().kinds != nullptr) return "KIND[:OPTION=VALUE,...]";
        if constexpr (std::is_same_v<T, bool>) return "";
        if constexpr (std::is_integral_v<T>) return "N";
        if constexpr (std::is_floating_point_v<T>) return "X";
        if constexpr (std::is_same_v<T, std::vector<int64_t>>) return "N,...";
        if constexpr (std::is_same_v<T, std::vector<double>>) return "X,...";
        if (argument.role != Role::kOption) return "PATH";
        return std::is_same_v<T, std::vector<std::string>> && !argument.repeats ? "TEXT,..." : "TEXT";
      },
      argument.field().target);
}

std::string Signature(const Argument& argument) {
  if (argument.IsPositional()) return argument.name() + (argument.repeats ? "..." : "");
  const std::string value = ValueName(argument);
  return Join(argument.names, ", ") + (value.empty() ? "" : " " + value);
}

const Kinds* KindsOf(const Argument& argument) {
  const OptionTarget& target = argument.field().target;
  if (auto* const* choice = std::get_if<AnyChoice*>(&target)) return &(*choice)->kinds();
  if (auto* const* list = std::get_if<AnyChoiceList*>(&target)) return &(*list)->kinds();
  return argument.field().kinds;
}

std::string OptionsOf(const Kind& kind) {
  const config::KindDefaults defaults(kind);
  std::vector<std::string> options;
  for (const OptionField& field : defaults.fields())
    options.push_back(StrCat(field.key, "=", field.CommandText()));
  return Join(options, ", ");
}

std::string Explanation(const Argument& argument) {
  const OptionField& field = argument.field();
  const std::string rule = field.RuleText();
  const std::string value = field.CommandText();
  const bool says_nothing = value.empty() || argument.IsSwitch();
  return StrCat(field.help, rule.empty() ? "" : StrCat(" (", rule, ")"),
                says_nothing ? "" : StrCat("; default ", value));
}

}  // namespace vantage::tasks

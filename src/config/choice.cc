// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/choice.h"

#include "config/option_value.h"
#include "util/string.h"

namespace vantage {

std::vector<std::string> Kinds::Names() const {
  std::vector<std::string> names;
  for (const Kind* kind : All()) names.push_back(kind->name);
  return names;
}

const Kind& Kinds::Require(std::string_view name) const {
  if (const Kind* kind = Find(name)) return *kind;
  throw UsageError(StrCat("unknown ", family(), " '", name, "'; known are ", Join(Names(), ", "),
                          DidYouMean(name, Names())));
}

AnyChoice::AnyChoice(const Kinds& kinds, std::string_view kind, std::any options)
    : kinds_(&kinds), kind_(kind), options_(std::move(options)) {
  if (kinds.Require(kind).defaults.type() != options_.type())
    throw UsageError(
        StrCat("options of another family than ", kinds.family(), " name the kind '", kind, "'"));
}

void AnyChoice::Choose(std::string_view kind) {
  if (options_.has_value() && kind == kind_) return;
  const Kind& chosen = kinds_->Require(kind);
  options_ = chosen.defaults;
  kind_ = chosen.name;
}

void AnyChoice::DeclareOptions(OptionsDescription& description) {
  if (!kind_.empty()) kinds_->Require(kind_).declare(description, options_);
}

std::vector<AnyChoice::Setting> AnyChoice::Unlike(const AnyChoice& other) const {
  AnyChoice copies[] = {*this, other};  // a description can change what it describes
  OptionsDescription mine;
  OptionsDescription theirs;
  copies[0].DeclareOptions(mine);
  copies[1].DeclareOptions(theirs);
  std::vector<Setting> settings;
  for (const OptionField& field : mine.fields()) {
    const OptionField* same = theirs.Find(field.key);
    if (same != nullptr && same->ValueText() == field.ValueText()) continue;
    settings.push_back({field.key, field.CommandText()});
  }
  return settings;
}

bool AnyChoice::operator==(const AnyChoice& other) const {
  return kinds_ == other.kinds_ && kind_ == other.kind_ && Unlike(other).empty();
}

std::string AnyChoice::Text() const {
  std::string text = kind_;
  for (const Setting& setting : Unlike(AnyChoice(*kinds_, kind_)))
    text += (text == kind_ ? ":" : ",") + setting.Text();
  return text;
}

void SetChoice(AnyChoice& choice, const std::string& text, const std::string& source) {
  OptionsDescription description;
  description.AddChoice(choice);
  description.Choose("kind", text, source);
}

void CheckChoiceText(const Kinds& kinds, const std::string& text, const std::string& source) {
  AnyChoice choice(kinds);
  SetChoice(choice, text, source);
}

void CheckChoice(AnyChoice choice, const std::string& source) {
  OptionsDescription description;
  choice.DeclareOptions(description);
  for (const OptionField& field : description.fields())
    config::CheckOption(field, StrCat(source, ": ", choice.kind()));
}

}  // namespace vantage

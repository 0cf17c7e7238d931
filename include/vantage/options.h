// SPDX-License-Identifier: BSD-3-Clause
// Reads, writes and checks options structs: TOML files, command lines, rules.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace vantage {

class AnyChoice;      // choice.h
class AnyChoiceList;  // choice.h
class Kinds;          // choice.h

// Where an option's value is stored.
using OptionTarget =
    std::variant<bool*, int*, int64_t*, double*, std::string*, std::vector<double>*, std::vector<int64_t>*,
                 std::vector<std::string>*, AnyChoice*, AnyChoiceList*>;

// One option: everything that TOML files, command lines, help texts and stored configurations need.
struct OptionField {
  std::string key;  // "optimizer.learning_rate"
  OptionTarget target;
  std::string help;
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
  bool min_excluded = false;
  std::vector<std::string> choices;                          // allowed strings or kinds; empty: any
  std::function<bool(const std::string& value)> is_allowed;  // strings besides `choices`; empty: none
  std::string flag;              // command-line name without dashes; empty: derived from the key
  const Kinds* kinds = nullptr;  // of a string that chooses a kind, as SetChoice reads it; it may be empty

  // Requires the number, or each number of a list, to be in [low, high].
  OptionField& Range(double low, double high);
  OptionField& AtLeast(double low);
  OptionField& Above(double low);
  OptionField& OneOf(std::vector<std::string> names);
  // Allows strings for which `allows` returns true, as well as those of OneOf. It may throw a UsageError that
  // says more about a string than that it is not allowed.
  OptionField& AllowedIf(std::function<bool(const std::string& value)> allows);
  OptionField& Flag(std::string name);
  OptionField& KindOf(const Kinds& family);

  // The current value as TOML.
  std::string ValueText() const;
  // The current value in the syntax of a command line, as SetOption reads it.
  std::string CommandText() const;
  // "whole number", "list of numbers", ...
  std::string TypeName() const;
  // "at least 1", "in [0, 1]", "one of gem, mac, spoc", or "".
  std::string RuleText() const;
};

// The list of an options struct's fields. Each options struct has a function in its own header,
//   void Declare(OptionsDescription& description, XOptions& options);
// that adds its fields and nests the structs it holds. The description points into the struct, which must
// outlive it.
class OptionsDescription {
 public:
  template <typename T>
  OptionField& Add(const std::string& name, T& value, std::string help) {
    return AddField(name, OptionTarget(&value), std::move(help));
  }

  // Adds the fields of `options` under "name."; `help` is the section's heading in files.
  template <typename Options>
  void Nest(const std::string& name, Options& options, std::string help) {
    const size_t depth = OpenSection(name, std::move(help));
    Declare(*this, options);
    CloseSection(depth);
  }

  // Adds the key "kind", and the chosen kind's options in a table named after it: see Choice. `help` is the
  // help of "kind"; empty: the section's help.
  void AddChoice(AnyChoice& choice, std::string help = "");

  // Chooses a kind and sets its options from text: "triplet" or "triplet:margin=0.1,reduction=mean".
  // kind_key: "loss.kind". If the kind is already chosen, options that are not named keep their values.
  // Throws UsageError.
  void Choose(std::string_view kind_key, const std::string& text, const std::string& source);

  // The table of a family: the arguments of a call of AddChoice.
  struct ChoiceSection {
    std::string prefix;  // "loss."
    AnyChoice* choice;
  };
  const std::vector<ChoiceSection>& choices() const { return choices_; }

  const std::vector<OptionField>& fields() const { return fields_; }
  // Null if there is no such key.
  const OptionField* Find(std::string_view key) const;
  // Throws UsageError that names the nearest key.
  const OptionField& Require(std::string_view key, const std::string& source) const;
  // Help of a section; "" if it has none.
  std::string SectionHelp(std::string_view section) const;

 private:
  OptionField& AddField(const std::string& name, OptionTarget target, std::string help);
  void DeclareKind(const ChoiceSection& section);
  size_t OpenSection(const std::string& name, std::string help);
  void CloseSection(size_t depth);

  std::vector<OptionField> fields_;
  std::vector<std::pair<std::string, std::string>> sections_;  // name, help
  std::vector<ChoiceSection> choices_;
  std::string prefix_;
};

// Sets the options that a TOML document names; the others keep their values. A table's kind is read before
// its other keys. Throws UsageError naming source:line:column for an unknown key (and the nearest known one),
// an option of a kind that is not chosen, a wrong type or a value out of range.
void ReadToml(OptionsDescription& description, std::string_view text, const std::string& source);

// Sets one option from the text of a command line. Lists are comma-separated values. Throws UsageError as
// ReadToml does.
void SetOption(OptionsDescription& description, std::string_view key, const std::string& text,
               const std::string& source);

// Throws UsageError if a value breaks its rule. Checks values that a program has set.
void CheckOptions(const OptionsDescription& description);

// The same for an options struct. Each library function that accepts one calls this first, so that the rules
// of files and command lines hold for programs too.
template <typename Options>
void CheckOptions(Options options) {
  OptionsDescription description;
  Declare(description, options);
  CheckOptions(description);
}

// A TOML document of all options and their values. with_comments: adds help and rules, and the options of the
// kinds that are not chosen, as comments.
std::string ToToml(const OptionsDescription& description, bool with_comments);

}  // namespace vantage

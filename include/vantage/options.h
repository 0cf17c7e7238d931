// SPDX-License-Identifier: BSD-3-Clause
// Reads, writes and checks options structs: TOML files, command lines, rules.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace vantage {

class AnyChoice;      // choice.h
class AnyChoiceList;  // choice.h

// Where an option's value is stored.
using OptionTarget =
    std::variant<bool*, int*, int64_t*, double*, std::string*, std::vector<double>*, std::vector<int64_t>*,
                 std::vector<std::string>*, AnyChoice*, AnyChoiceList*>;

// One option: everything that TOML files, command lines, help texts and stored configurations need to know of
// it.
struct OptionField {
  std::string key;  // "optimizer.learning_rate"
  OptionTarget target;
  std::string help;
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
  bool min_excluded = false;
  std::vector<std::string> choices;  // of a string or a kind; empty: any
  std::string flag;                  // command-line name without dashes, if another than the key's

  // Numbers, also each of a list, in [low, high].
  OptionField& Range(double low, double high);
  OptionField& AtLeast(double low);
  OptionField& Above(double low);
  OptionField& OneOf(std::vector<std::string> names);
  OptionField& Flag(std::string name);

  // The current value as TOML.
  std::string ValueText() const;
  // The current value as a command line takes it: what SetOption reads.
  std::string CommandText() const;
  // "whole number", "list of numbers", ...
  std::string TypeName() const;
  // "at least 1", "in [0, 1]", "one of gem, mac, spoc", or "".
  std::string RuleText() const;
};

// The list of an options struct's fields. Each such struct has, in its own header, a function
//   void Declare(OptionsDescription& description, XOptions& options);
// that adds its fields, and nests the structs that it holds. The description points into the struct, which
// must outlive it.
class OptionsDescription {
 public:
  template <typename T>
  OptionField& Add(const std::string& name, T& value, std::string help) {
    return AddField(name, OptionTarget(&value), std::move(help));
  }

  // Adds the fields of `options` under "name."; `help` heads the section in files.
  template <typename Options>
  void Nest(const std::string& name, Options& options, std::string help) {
    const size_t depth = OpenSection(name, std::move(help));
    Declare(*this, options);
    CloseSection(depth);
  }

  // Adds "kind", and in a table of the chosen kind's name its options: see Choice. `help` is that of "kind";
  // empty: the section's.
  void AddChoice(AnyChoice& choice, std::string help = "");

  // Chooses the kind that the text begins with and sets its options: "triplet" or
  // "triplet:margin=0.1,reduction=mean". kind_key: "loss.kind". Other options keep their values if the kind
  // is chosen already. Throws UsageError.
  void Choose(std::string_view kind_key, const std::string& text, const std::string& source);

  // A family's table: what AddChoice was called with.
  struct ChoiceSection {
    std::string prefix;  // "loss."
    AnyChoice* choice;
  };
  const std::vector<ChoiceSection>& choices() const { return choices_; }

  const std::vector<OptionField>& fields() const { return fields_; }
  // Null where there is no such key.
  const OptionField* Find(std::string_view key) const;
  // Throws UsageError that names the nearest key.
  const OptionField& Require(std::string_view key, const std::string& source) const;
  // Help of a section ("" where it has none).
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
// its other keys. Throws UsageError naming source:line:column for an unknown key (with the nearest known
// one), an option of a kind that is not chosen, a wrong type or a value out of range.
void ReadToml(OptionsDescription& description, std::string_view text, const std::string& source);

// Sets one option from the text of a command line: lists as comma-separated values. Throws UsageError as
// above.
void SetOption(OptionsDescription& description, std::string_view key, const std::string& text,
               const std::string& source);

// Throws UsageError where a value breaks its rule: for values that a program has set.
void CheckOptions(const OptionsDescription& description);

// The same for an options struct: at the head of each library function that takes one, so that the rules of
// files and command lines hold for programs too.
template <typename Options>
void CheckOptions(Options options) {
  OptionsDescription description;
  Declare(description, options);
  CheckOptions(description);
}

// A TOML document of all options and their values; with comments that give help and rules, and the options of
// the kinds that are not chosen.
std::string ToToml(const OptionsDescription& description, bool with_comments);

}  // namespace vantage

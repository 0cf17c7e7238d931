// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "vantage/choice.h"
#include "vantage/options.h"

namespace vantage::tasks {

// What an argument's value is.
enum class Role { kInput, kOutput, kOption };

// An argument of a task, positional or a flag.
struct Argument {
  std::vector<std::string> names;  // "MODEL"; or "-o" and "--output"
  Role role = Role::kOption;
  bool is_required = false;
  bool repeats = false;  // each use adds a value
  OptionsDescription* options = nullptr;
  std::string key;  // in `options`

  const std::string& name() const { return names.back(); }
  bool IsPositional() const { return names[0][0] != '-'; }
  // A flag without a value.
  bool IsSwitch() const;
  const OptionField& field() const { return options->Require(key, name()); }
  // Sets the value, or adds one if the argument repeats. Throws UsageError naming the argument.
  void Set(const std::string& text) const;
};

// The arguments of a task, in the order of its help. Values are where the task keeps them.
class Arguments {
 public:
  Arguments() = default;
  Arguments(const Arguments&) = delete;
  Arguments& operator=(const Arguments&) = delete;

  // names: "MODEL" is positional and must be given, "[FILE]" may be left out; "-o,--output" or "--queries" is
  // a flag. A list of texts takes one text a use.
  // Rules such as AtLeast are given to the field that is returned.
  template <typename T>
  OptionField& Input(const std::string& names, T& value, std::string help) {
    return Add(names, Role::kInput, value, std::move(help));
  }
  template <typename T>
  OptionField& Output(const std::string& names, T& value, std::string help) {
    return Add(names, Role::kOutput, value, std::move(help));
  }
  template <typename T>
  OptionField& Option(const std::string& names, T& value, std::string help) {
    return Add(names, Role::kOption, value, std::move(help));
  }
  // A flag for each option of a struct: OptionField::flag, or else the key, with dashes for dots and
  // underscores. The description must outlive the arguments.
  void Options(OptionsDescription& description);
  // The flag must be given.
  void Require(const std::string& name);

  const std::vector<Argument>& all() const { return all_; }
  // Null if there is none.
  const Argument* Find(std::string_view name) const;

 private:
  template <typename T>
  OptionField& Add(const std::string& names, Role role, T& value, std::string help) {
    OptionsDescription& own = own_.emplace_back();
    AddArgument(names, role, std::is_same_v<T, std::vector<std::string>>, own);
    return own.Add(all_.back().key, value, std::move(help));
  }
  void AddArgument(const std::string& names, Role role, bool repeats, OptionsDescription& own);

  std::vector<Argument> all_;
  std::deque<OptionsDescription> own_;  // of one field each, so that no field moves
};

// What a value looks like: "N", "X", "TEXT", "N,...", a choice; "" of a switch.
std::string ValueName(const Argument& argument);

// "-o, --output TEXT", "PHOTOS...".
std::string Signature(const Argument& argument);

// The kinds that the argument chooses among; null if it chooses none.
const Kinds* KindsOf(const Argument& argument);
// "neighbors=10, alpha=3.0": a kind's options with their defaults.
std::string OptionsOf(const Kind& kind);

// Help, rule, and the default where there is one.
std::string Explanation(const Argument& argument);

}  // namespace vantage::tasks

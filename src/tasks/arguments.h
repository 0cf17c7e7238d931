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

// The role of an argument's value.
enum class Role { kInput, kOutput, kOption };

// An argument of a task: positional, or a flag.
struct Argument {
  std::vector<std::string> names;  // "MODEL"; or "-o" and "--output"
  Role role = Role::kOption;
  bool is_required = false;
  bool repeats = false;  // each use adds a value
  OptionsDescription* options = nullptr;
  std::string key;  // in `options`

  const std::string& name() const { return names.back(); }
  bool IsPositional() const { return names[0][0] != '-'; }
  // Whether it is a flag without a value.
  bool IsSwitch() const;
  const OptionField& field() const { return options->Require(key, name()); }
  // Sets the value, or adds one if the argument repeats. Throws UsageError naming the argument.
  void Set(const std::string& text) const;
};

// The arguments of a task, in the order of its help. Values are stored in the task.
class Arguments {
 public:
  Arguments() = default;
  Arguments(const Arguments&) = delete;
  Arguments& operator=(const Arguments&) = delete;

  // names: "MODEL" is positional and required, "[FILE]" positional and optional; "-o,--output" and
  // "--queries" are flags. A list of texts gets one text per use. Rules such as AtLeast are added to the
  // returned field.
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
  // Adds a flag for each option of a struct. The flag is OptionField::flag, or else the key with dashes for
  // dots and underscores. The description must outlive the arguments.
  void Options(OptionsDescription& description);
  // Makes a flag required.
  void Require(const std::string& name);

  const std::vector<Argument>& all() const { return all_; }
  // Returns null if there is none of that name.
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
  std::deque<OptionsDescription> own_;  // one field each, so that fields keep their addresses
};

// Placeholder for the value in help: "N", "X", "TEXT", "N,...", or the choices; "" for a switch.
std::string ValueName(const Argument& argument);

// The argument as written in help: "-o, --output TEXT", "PHOTOS...".
std::string Signature(const Argument& argument);

// The kinds that the argument's value is chosen from; null for other arguments.
const Kinds* KindsOf(const Argument& argument);
// A kind's options with their defaults: "neighbors=10, alpha=3.0".
std::string OptionsOf(const Kind& kind);

// The argument's help, its rule, and its default if it has one.
std::string Explanation(const Argument& argument);

}  // namespace vantage::tasks

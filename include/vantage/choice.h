// SPDX-License-Identifier: BSD-3-Clause
// Choice of one kind from a family (losses, optimisers, kinds of index, ...), together with the options of
// that kind.
#pragma once

#include <any>
#include <concepts>
#include <deque>
#include <functional>
#include <initializer_list>
#include <mutex>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "vantage/error.h"
#include "vantage/options.h"

namespace vantage {

// One kind of a family.
struct Kind {
  std::string name;     // value of `kind` in a TOML file, and name of the table with the kind's options
  std::string summary;  // one line, for help and reference pages
  std::any defaults;    // the options struct with its default values
  std::function<void(OptionsDescription& description, std::any& options)> declare;
};

// Options struct of one kind. It holds the kind's name as `static constexpr const char* kKind` and, unless it
// is empty, has a function Declare.
template <typename Options>
concept KindOptions = requires {
  { Options::kKind } -> std::convertible_to<std::string_view>;
};

template <KindOptions Options>
Kind MakeKind(std::string summary) {
  return {Options::kKind, std::move(summary), Options{},
          []([[maybe_unused]] OptionsDescription& description, [[maybe_unused]] std::any& options) {
            if constexpr (!std::is_empty_v<Options>) Declare(description, std::any_cast<Options&>(options));
          }};
}

// The kinds of a family.
class Kinds {
 public:
  virtual ~Kinds() = default;
  // Null if no kind has that name.
  virtual const Kind* Find(std::string_view name) const = 0;
  // All kinds, in the order of the table.
  virtual std::vector<const Kind*> All() const = 0;

  const std::string& family() const { return family_; }
  std::vector<std::string> Names() const;
  // Throws UsageError that lists the known kinds and suggests a similar name, if there is one.
  const Kind& Require(std::string_view name) const;

 protected:
  explicit Kinds(std::string family) : family_(std::move(family)) {}

 private:
  std::string family_;  // "loss"
};

// A family's table. Row: a struct with a member `Kind kind` and whatever else the family needs for each kind,
// such as a factory function. Rows never move, so references to them stay valid. May be used from any thread.
template <typename Row>
class Catalogue : public Kinds {
 public:
  Catalogue(std::string family, std::vector<Row> rows)
      : Kinds(std::move(family)),
        rows_(std::make_move_iterator(rows.begin()), std::make_move_iterator(rows.end())) {}

  const Kind* Find(std::string_view name) const override {
    const Row* row = FindRow(name);
    return row == nullptr ? nullptr : &row->kind;
  }

  std::vector<const Kind*> All() const override {
    const std::scoped_lock lock(mutex_);
    std::vector<const Kind*> kinds;
    for (const Row& row : rows_) kinds.push_back(&row.kind);
    return kinds;
  }

  // Throws UsageError as Require does.
  const Row& At(std::string_view name) const {
    const Row* row = FindRow(name);
    if (row == nullptr) Require(name);
    return *row;
  }

  // Adds a kind that a program defines. Throws UsageError if its name is empty or taken.
  void Add(Row row) {
    if (row.kind.name.empty()) throw UsageError("a " + family() + " needs a name");
    if (Find(row.kind.name) != nullptr)
      throw UsageError("there is a " + family() + " '" + row.kind.name + "' already");
    const std::scoped_lock lock(mutex_);
    rows_.push_back(std::move(row));
  }

 private:
  const Row* FindRow(std::string_view name) const {
    const std::scoped_lock lock(mutex_);
    for (const Row& row : rows_) {
      if (row.kind.name == name) return &row;
    }
    return nullptr;
  }

  mutable std::mutex mutex_;
  std::deque<Row> rows_;
};

// Choice whose family is known only at run time, as files and command lines need.
class AnyChoice {
 public:
  // Throws UsageError as Kinds::Require does. "": no kind is chosen.
  explicit AnyChoice(const Kinds& kinds, std::string_view kind = "") : kinds_(&kinds) {
    if (!kind.empty()) Choose(kind);
  }

  const Kinds& kinds() const { return *kinds_; }
  // Empty if no kind is chosen, as in a family whose default is none.
  const std::string& kind() const { return kind_; }
  explicit operator bool() const { return !kind_.empty(); }
  // Chooses a kind with its default options. If the kind is already chosen, keeps its options. Throws
  // UsageError as Kinds::Require does.
  void Choose(std::string_view kind);
  // Adds the fields of the chosen kind's options.
  void DeclareOptions(OptionsDescription& description);
  // The kind and those of its options that differ from their defaults: "triplet:margin=0.1,reduction=mean".
  // OptionsDescription::Choose reads this text. Empty if no kind is chosen.
  std::string Text() const;

  // An option's key and its value in the syntax of a command line.
  struct Setting {
    std::string key;
    std::string value;
    std::string Text() const { return key + "=" + value; }
  };
  // The options whose values differ from those of another choice of the same kind.
  std::vector<Setting> Unlike(const AnyChoice& other) const;
  // Whether the kinds and the values of all options are the same.
  bool operator==(const AnyChoice& other) const;

 protected:
  AnyChoice(const Kinds& kinds, std::string_view kind, std::any options);
  const std::any& options() const { return options_; }
  std::any& options() { return options_; }

 private:
  const Kinds* kinds_;
  std::string kind_;
  std::any options_;
};

// Family: a struct with
//   static constexpr const char* kDefault;  // kind chosen by default; "": none
//   static const Kinds& Table();
//
//   LossOptions loss = TripletLossOptions{.margin = 0.1};   // LossOptions is Choice<LossFamily>
//   loss.As<TripletLossOptions>().margin = 0.2;
template <typename Family>
class Choice : public AnyChoice {
 public:
  Choice() : AnyChoice(Family::Table(), Family::kDefault) {}
  // The kind of that name, with its default options. Throws UsageError as Kinds::Require does.
  explicit Choice(std::string_view kind) : AnyChoice(Family::Table(), kind) {}
  // Throws UsageError if the options belong to no kind of this family.
  template <KindOptions Options>
  Choice(Options options)  // NOLINT(google-explicit-constructor): options of a kind are a choice of it
      : AnyChoice(Family::Table(), Options::kKind, std::any(std::move(options))) {}

  // Null if another kind is chosen.
  template <typename Options>
  const Options* If() const {
    return std::any_cast<Options>(&options());
  }
  template <typename Options>
  Options* If() {
    return std::any_cast<Options>(&options());
  }
  // Throws UsageError if another kind is chosen.
  template <KindOptions Options>
  const Options& As() const {
    if (const Options* chosen = If<Options>()) return *chosen;
    throw UsageError(kinds().family() + " is '" + kind() + "', not '" + Options::kKind + "'");
  }
  template <KindOptions Options>
  Options& As() {
    return const_cast<Options&>(std::as_const(*this).template As<Options>());
  }
};

// Sets a choice from a text such as "triplet" or "triplet:margin=0.1"; see OptionsDescription::Choose. Throws
// UsageError naming the source.
void SetChoice(AnyChoice& choice, const std::string& text, const std::string& source);

// Throws UsageError if SetChoice would.
void CheckChoiceText(const Kinds& kinds, const std::string& text, const std::string& source);

// Throws UsageError if an option of the chosen kind has a value that is not allowed.
void CheckChoice(AnyChoice choice, const std::string& source);

// Ordered choices from one family, which is known only at run time. A file holds them as a list of texts
// ("superglobal:top=400"), a command line as a repeated flag.
class AnyChoiceList {
 public:
  virtual ~AnyChoiceList() = default;
  virtual const Kinds& kinds() const = 0;
  virtual void Clear() = 0;
  // Appends a choice; see SetChoice.
  virtual void Append(const std::string& text, const std::string& source) = 0;
  virtual std::vector<std::string> Texts() const = 0;
  // Throws UsageError as CheckChoice does.
  virtual void Check(const std::string& source) const = 0;
};

template <typename Family>
class ChoiceList : public AnyChoiceList {
 public:
  ChoiceList() = default;
  ChoiceList(std::initializer_list<Choice<Family>> choices) : choices_(choices) {}

  const Kinds& kinds() const override { return Family::Table(); }
  void Clear() override { choices_.clear(); }
  void Append(const std::string& text, const std::string& source) override {
    Choice<Family> choice;
    SetChoice(choice, text, source);
    choices_.push_back(std::move(choice));
  }
  std::vector<std::string> Texts() const override {
    std::vector<std::string> texts;
    for (const Choice<Family>& choice : choices_) texts.push_back(choice.Text());
    return texts;
  }
  void Check(const std::string& source) const override {
    for (const Choice<Family>& choice : choices_) CheckChoice(choice, source);
  }

  bool empty() const { return choices_.empty(); }
  size_t size() const { return choices_.size(); }
  auto begin() const { return choices_.begin(); }
  auto end() const { return choices_.end(); }
  const Choice<Family>& operator[](size_t i) const { return choices_[i]; }
  void push_back(Choice<Family> choice) { choices_.push_back(std::move(choice)); }

 private:
  std::vector<Choice<Family>> choices_;
};

// Adds "kind" and, in a table named after the chosen kind, its options.
template <typename Family>
void Declare(OptionsDescription& description, Choice<Family>& choice) {
  description.AddChoice(choice);
}

}  // namespace vantage

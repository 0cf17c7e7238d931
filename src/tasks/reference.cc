// SPDX-License-Identifier: BSD-3-Clause
#include "tasks/reference.h"

#include <algorithm>
#include <array>
#include <functional>
#include <nlohmann/json.hpp>

#include "config/kind_defaults.h"
#include "util/string.h"
#include "vantage/run_context.h"

namespace vantage::tasks {
namespace {

using nlohmann::json;

constexpr size_t kHelpWidth = 100;
constexpr size_t kHelpColumn = 28;

constexpr char kPurpose[] =
    "image-retrieval descriptors trained by structure-from-motion, with no human labels";

// A task's arguments, with the call that owns their values.
struct Declared {
  explicit Declared(const Task& task) : call(task.make()) { call->Declare(arguments); }
  std::unique_ptr<TaskCall> call;
  Arguments arguments;
};

struct Group {
  const char* title;
  std::function<bool(const Argument&)> holds;
};

const std::array<Group, 3> kGroups = {{
    {"Arguments", [](const Argument& a) { return a.IsPositional(); }},
    {"Inputs and outputs", [](const Argument& a) { return !a.IsPositional() && a.role != Role::kOption; }},
    {"Options", [](const Argument& a) { return !a.IsPositional() && a.role == Role::kOption; }},
}};

// `text` in lines of at most kHelpWidth. Lines after the first are indented by `indent`. `column`: the column
// where the first line begins.
std::string Wrapped(const std::string& text, size_t column, size_t indent) {
  std::string wrapped;
  for (const std::string& word : SplitText(text, ' ')) {
    if (column > indent && column + 1 + word.size() > kHelpWidth) {
      wrapped += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (!wrapped.empty()) {
      wrapped += ' ';
      ++column;
    }
    wrapped += word;
    column += word.size();
  }
  return wrapped;
}

std::string HelpLine(const std::string& term, const std::string& text) {
  std::string line = "  " + term;
  if (line.size() + 2 > kHelpColumn) {
    line += "\n" + std::string(kHelpColumn, ' ');
  } else {
    line.resize(kHelpColumn, ' ');
  }
  return line + Wrapped(text, kHelpColumn, kHelpColumn) + "\n";
}

std::string Explained(const Argument& argument) {
  const bool marked = argument.is_required && !argument.IsPositional();
  return Explanation(argument) + (marked ? "; required" : "");
}

template <typename Write>
void ForEachGroup(const Arguments& arguments, const Write& write) {
  for (const Group& group : kGroups) {
    std::vector<Argument> held;
    std::copy_if(arguments.all().begin(), arguments.all().end(), std::back_inserter(held), group.holds);
    if (!held.empty()) write(std::string(group.title), held);
  }
}

std::string Usage(const Task& task, const Arguments& arguments) {
  std::string usage = "vantage " + task.name;
  for (const Argument& argument : arguments.all()) {
    if (!argument.IsPositional() && !argument.is_required) continue;
    const std::string text =
        argument.IsPositional() ? Signature(argument) : argument.names[0] + " " + ValueName(argument);
    usage += argument.is_required ? " " + text : StrCat(" [", text, "]");
  }
  return usage + " [options]";
}

// Calls write(argument, kinds) for each argument that chooses among kinds.
template <typename Write>
void ForEachFamily(const Arguments& arguments, const Write& write) {
  for (const Argument& argument : arguments.all()) {
    if (const Kinds* kinds = KindsOf(argument)) write(argument, *kinds);
  }
}

std::string Examples(const Task& task) {
  std::string text;
  for (const std::string& example : task.examples) text += "  " + example + "\n";
  return text;
}

template <typename Write>
void ForEachSection(const Write& write) {
  const std::vector<Task>& tasks = Tasks();
  for (size_t first = 0; first < tasks.size();) {
    size_t last = first;
    while (last < tasks.size() && tasks[last].section == tasks[first].section) ++last;
    write(SectionName(tasks[first].section), std::vector<Task>(tasks.begin() + first, tasks.begin() + last));
    first = last;
  }
}

// Escapes the characters that Markdown interprets.
std::string Escaped(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (std::string_view("|*_<>[]`").find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string RowsOf(const std::vector<Argument>& arguments, const std::string& head) {
  std::string rows = StrCat("| ", head, " | |\n|---|---|\n");
  for (const Argument& argument : arguments) {
    rows += StrCat("| `", Signature(argument), "` | ", Escaped(Explained(argument)), " |\n");
  }
  return rows;
}

}  // namespace

std::string HelpOfProgram() {
  std::string help = StrCat("vantage ", Version(), ": ", kPurpose,
                            "\n\nUsage: vantage TASK [options]\n       vantage TASK --help\n");
  ForEachSection([&](const std::string& section, const std::vector<Task>& tasks) {
    help += StrCat("\n", section, ":\n");
    for (const Task& task : tasks) help += HelpLine(task.name, task.summary);
  });
  return help + "\nOptions:\n" + HelpLine("-h, --help", "Print this, or a task's help") +
         HelpLine("--version", "Print the version") +
         "\nExample:\n  vantage extract model.pth photos/ -o descriptors\n";
}

std::string HelpOf(const Task& task) {
  const Declared declared(task);
  std::string help =
      StrCat(task.summary, "\n\nUsage: ", Wrapped(Usage(task, declared.arguments), 7, 9), "\n");
  const auto write = [&](const std::string& title, const std::vector<Argument>& held) {
    help += StrCat("\n", title, ":\n");
    for (const Argument& argument : held) help += HelpLine(Signature(argument), Explained(argument));
  };
  ForEachGroup(declared.arguments, write);
  ForEachFamily(declared.arguments, [&](const Argument& argument, const Kinds& kinds) {
    help += StrCat("\nKinds of ", argument.name(), ", with their options:\n");
    for (const Kind* kind : kinds.All()) {
      const std::string options = OptionsOf(*kind);
      help += HelpLine(kind->name, kind->summary + (options.empty() ? "" : StrCat(" (", options, ")")));
    }
  });
  Arguments common;
  CommonOptions values;
  Declare(common, values);
  write("Common options", common.all());
  return help + "\nExample:\n" + Examples(task);
}

std::string IndexPage() {
  std::string page =
      "# Tasks\n\nWritten by `vantage reference`: the output of `vantage TASK --help`, one page a task.\n";
  ForEachSection([&](const std::string& section, const std::vector<Task>& tasks) {
    page += StrCat("\n## ", section, "\n\n| task | |\n|---|---|\n");
    for (const Task& task : tasks) {
      page += StrCat("| [", task.name, "](", task.name, ".md) | ", Escaped(task.summary), " |\n");
    }
  });
  Arguments common;
  CommonOptions values;
  Declare(common, values);
  return page + "\n## Options of all tasks\n\n" + RowsOf(common.all(), "option");
}

std::string PageOf(const Task& task) {
  const Declared declared(task);
  std::string page = StrCat("# vantage ", task.name, "\n\n", Escaped(task.summary), ".\n\n```\n",
                            Usage(task, declared.arguments), "\n```\n\nFor example:\n\n```\n",
                            Join(task.examples, "\n"), "\n```\n");
  ForEachGroup(declared.arguments, [&](const std::string& title, const std::vector<Argument>& held) {
    page += StrCat("\n## ", title, "\n\n", RowsOf(held, held[0].IsPositional() ? "argument" : "option"));
  });
  ForEachFamily(declared.arguments, [&](const Argument& argument, const Kinds& kinds) {
    page += StrCat("\n## Kinds of ", argument.name(), "\n");
    for (const Kind* kind : kinds.All()) {
      page += StrCat("\n`", kind->name, "`: ", Escaped(kind->summary), ".\n");
      const config::KindDefaults defaults(*kind);
      if (defaults.fields().empty()) continue;
      page += "\n| option | |\n|---|---|\n";
      for (const OptionField& field : defaults.fields()) {
        const std::string rule = field.RuleText();
        page += StrCat("| `", field.key, "` | ", Escaped(field.help),
                       rule.empty() ? "" : StrCat(" (", Escaped(rule), ")"), "; default ",
                       field.CommandText(), " |\n");
      }
    }
  });
  if (const OptionsDescription* configuration = declared.call->Configuration()) {
    page += StrCat("\n## Configuration\n\nAll keys with their defaults:\n\n```toml\n",
                   ToToml(*configuration, /*with_comments=*/true), "```\n");
  }
  return page + "\nThe [options of all tasks](README.md#options-of-all-tasks) apply too.\n";
}

json FactsOf(const Task& task) {
  const Declared declared(task);
  json arguments = json::array();
  for (const Argument& argument : declared.arguments.all()) {
    const char* const roles[] = {"input", "output", "option"};
    arguments.push_back({{"names", argument.names},
                         {"role", roles[static_cast<int>(argument.role)]},
                         {"positional", argument.IsPositional()},
                         {"required", argument.is_required},
                         {"repeats", argument.repeats},
                         {"value", ValueName(argument)},
                         {"help", argument.field().help},
                         {"rule", argument.field().RuleText()},
                         {"default", argument.field().CommandText()}});
  }
  return {{"name", task.name},
          {"section", SectionName(task.section)},
          {"summary", task.summary},
          {"examples", task.examples},
          {"arguments", arguments}};
}

}  // namespace vantage::tasks

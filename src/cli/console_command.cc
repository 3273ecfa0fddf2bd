// SPDX-License-Identifier: Apache-2.0
// `console`: expressions in the scope of a spec, as its last apply left it. No request. Without a
// spec here it knows functions only.
#include <unistd.h>

#include <cstdio>

#include "base/replace_file.h"
#include "base/strings.h"
#include "base/zones.h"
#include "cli/command_tools.h"
#include "cli/line_editor.h"
#include "cli/yaml_text.h"
#include "graph/ask.h"
#include "graph/typecheck.h"
#include "lang/functions.h"
#include "lang/jsonl.h"
#include "plan/plan.h"
#include "plan/render.h"
#include "spec/load.h"

namespace lf {

namespace {

constexpr const char* kHelp =
    "An expression shows its value:  vars.instance_type   network.vpc.id   1 + 2\n"
    "  :type EXPRESSION   the type that it has before anything is evaluated\n"
    "  :help FUNCTION     what it gives, and its forms\n"
    "  :help, :quit       (or Ctrl-D)\n"
    "Tab completes names and fields.\n";

// Reads lines of standard input as they come, without a terminal's editing.
class PlainLines {
 public:
  std::optional<std::string> next() {
    while (true) {
      if (const size_t end = held_.find('\n', at_); end != std::string::npos) {
        std::string line = held_.substr(at_, end - at_);
        at_ = end + 1;
        return line;
      }
      held_.erase(0, at_);
      at_ = 0;
      char buffer[65536];
      const ssize_t n = ::read(STDIN_FILENO, buffer, sizeof buffer);
      if (n > 0) {
        held_.append(buffer, static_cast<size_t>(n));
        continue;
      }
      if (held_.empty()) return std::nullopt;
      return std::exchange(held_, {});
    }
  }

 private:
  std::string held_;
  size_t at_ = 0;
};

struct NoNames : cel::Activation {
  std::optional<Value> lookup(std::string_view) const override { return std::nullopt; }
};
struct NoTypes : cel::TypeScope {
  std::optional<Type> type_of(std::string_view) const override { return std::nullopt; }
  std::vector<std::string> names() const override { return {}; }
};

class Console {
 public:
  // `session`: null, no spec is here.
  Console(CommandContext& context, Session* session, const AttributeSource* source)
      : context_(context), session_(session), source_(source) {}

  int run() {
    if (!context_.terminal.interactive) return piped();
    print_error(session_ == nullptr
                    ? std::string("no spec here: functions only. :help\n")
                    : "stack " + printable(session_->spec().spec.stack) + ", environment " +
                          printable(context_.options.environment) + ". :help\n");
    LineEditor editor(history_file(), [this](const std::string& word) { return complete(word); });
    while (auto line = editor.read("> ")) {
      const std::string_view text = trim(*line);
      if (text == ":quit" || text == ":q" || text == "exit") return kDone;
      if (text == ":help" || text == ":h") {
        print(kHelp);
      } else if (!text.empty()) {
        answer(text);
      }
      flush_output();
    }
    print("\n");
    return kDone;
  }

 private:
  int piped() {
    PlainLines lines;
    bool good = true;
    while (auto line = lines.next()) {
      if (!trim(*line).empty()) good = answer(trim(*line)) && good;
    }
    return good ? kDone : kFailed;
  }

  static std::string help_of(std::string_view name) {
    std::string out = function_page(name);
    if (!out.empty()) return out;
    const std::string near = nearest(std::string(name), cel::function_names());
    return "no function is called `" + printable(name) + "`" +
           (near.empty() ? "" : "; did you mean `" + near + "`?") + "\n";
  }

  // False: an error, which was shown.
  bool answer(std::string_view line) {
    if (line.starts_with(":help ")) {
      print(help_of(trim(line.substr(6))));
      return true;
    }
    const bool type_only = line.starts_with(":type ");
    if (type_only) line = trim(line.substr(6));
    Sources sources;
    const SourceId source = sources.add("<console>", std::string(line));
    const std::string_view text = sources.get(source).text();
    Diagnostics diagnostics;
    const auto expression = cel::Expression::parse(text, TextMap(source, 0), diagnostics);
    Type type;
    if (expression) type = check(*expression, diagnostics);
    if (diagnostics.has_errors()) {
      show_diagnostics(diagnostics, sources, context_.options.json, context_.terminal);
      return false;
    }
    if (type_only) {
      print(printable(type.to_string()) + "\n");
      return true;
    }
    const Value value = evaluate(*expression);
    if (value.is_error()) {
      diagnostics.add(Code::LF0401, expression->span(),
                      "this expression fails: " + value.error_message());
      show_diagnostics(diagnostics, sources, context_.options.json, context_.terminal);
      return false;
    }
    show(value);
    return true;
  }

  void show(const Value& value) const {
    const bool lines = (value.is_map() && !value.as_map().empty()) ||
                       (value.is_list() && !value.as_list().empty());
    print(lines && !context_.options.json ? to_yaml(value) : show_value(value, SIZE_MAX) + "\n");
  }

  Type check(const cel::Expression& expression, Diagnostics& diagnostics) {
    if (session_ == nullptr) return cel::check(expression, NoTypes(), diagnostics);
    StoreLibrary library(session_->modules());
    return check_asked(session_->spec().spec, library, session_->packages(), expression,
                       diagnostics);
  }
  Value evaluate(const cel::Expression& expression) const {
    if (session_ == nullptr) return cel::evaluate(expression, NoNames());
    return ask(session_->offline_graph(), expression, *source_);
  }

  // Names at the beginning of a word, fields behind its last dot.
  std::vector<std::string> complete(const std::string& word) const {
    std::vector<std::string> all, out;
    const size_t dot = word.rfind('.');
    const std::string before = dot == std::string::npos ? "" : word.substr(0, dot);
    if (before.empty()) {
      if (session_ != nullptr) all = askable_names(session_->offline_graph());
      for (const std::string& name : cel::function_names()) all.push_back(name + "(");
    } else {
      Diagnostics ignored;
      const auto expression = cel::Expression::parse(before, TextMap(), ignored);
      if (expression) all = fields_of(evaluate(*expression));
    }
    for (const std::string& name : all) {
      std::string whole = before.empty() ? name : before + "." + name;
      if (whole.starts_with(word)) out.push_back(std::move(whole));
    }
    return out;
  }
  static std::vector<std::string> fields_of(const Value& value) {
    std::vector<std::string> out;
    if (!value.is_map()) return out;
    for (const auto& [key, held] : value.as_map()) {
      if (key.is_string()) out.push_back(key.as_string());
    }
    return out;
  }

  std::string history_file() const {
    const auto& environment = context_.world.environment;
    std::string folder;
    if (const auto state = environment.find("XDG_STATE_HOME"); state != environment.end()) {
      folder = state->second + "/llmforge";
    } else if (const auto home = environment.find("HOME"); home != environment.end()) {
      folder = home->second + "/.local/state/llmforge";
    }
    if (folder.empty() || !ensure_folder(context_.world.files, folder)) return "";
    return folder + "/console_history";
  }

  CommandContext& context_;
  Session* session_;
  const AttributeSource* source_;
};

// The spec with what state knows: what does not exist yet has unknowns.
Task<int> with_state(CommandContext* context, Session* session) {
  const std::vector<Ready> steps{Ready::state, Ready::checked};
  Task<int> preparing = get_ready(context, session, steps);
  const int ready = co_await std::move(preparing);
  if (ready >= 0) co_return ready;
  const RecordSource source(session->offline_graph(), session->state());
  co_return Console(*context, session, &source).run();
}

int answer_requests(FileSystem& files) {
  cel::JsonlOptions options;
  options.read_zone = zone_reader(files);
  PlainLines lines;
  while (auto line = lines.next()) {
    print(cel::answer_jsonl(*line, options) + "\n");
    if (!flush_output()) return kFailed;
  }
  return kDone;
}

}  // namespace

int run_console(CommandContext& context) {
  if (context.options.jsonl) return answer_requests(context.world.files);
  const auto spec = find_spec(context.world.files, context.options.spec);
  if (!spec && spec.error().code == ErrorCode::not_found) {
    return Console(context, nullptr, nullptr).run();
  }
  return with_spec(context, context.options, with_state);
}

}  // namespace lf

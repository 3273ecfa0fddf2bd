// SPDX-License-Identifier: Apache-2.0
#include "cli/completion.h"

#include <algorithm>

namespace lf {

namespace {

const OptionInfo* find_option(const CommandInfo& command, std::string_view name) {
  for (const OptionInfo& option : command.options) {
    if (std::find(option.names.begin(), option.names.end(), name) != option.names.end())
      return &option;
  }
  return nullptr;
}

bool is_called(const OptionInfo& option, std::string_view name) {
  return std::find(option.names.begin(), option.names.end(), name) != option.names.end();
}

class Reader {
 public:
  Reader(const CommandInfo& commands, Said* said) : at_(&commands), said_(said) {}

  Wanted read(const std::vector<std::string>& words) {
    for (size_t i = 0; i + 1 < words.size(); ++i) take(words[i]);
    return want(words.empty() ? "" : words.back());
  }

 private:
  // A word before the cursor.
  void take(const std::string& word) {
    if (pending_ != nullptr) {
      set(*pending_, word);
      pending_ = nullptr;
      return;
    }
    if (!only_arguments_ && word == "--") {
      only_arguments_ = true;
      return;
    }
    if (!only_arguments_ && word.size() > 1 && word[0] == '-') {
      const size_t equals = word.find('=');
      const OptionInfo* option = find_option(*at_, word.substr(0, equals));
      if (option == nullptr || option->value.empty()) return;
      used_.push_back(option);
      if (equals != std::string::npos)
        set(*option, word.substr(equals + 1));
      else if (option->optional_value)
        set(*option, "");
      else
        pending_ = option;
      return;
    }
    for (const CommandInfo& sub : at_->commands) {
      if (sub.name != word) continue;
      said_->command += (said_->command.empty() ? "" : " ") + word;
      at_ = &sub;
      return;
    }
    if (argument_name(said_->arguments.size()) == "SPEC") said_->spec = word;
    said_->arguments.push_back(word);
  }

  void set(const OptionInfo& option, const std::string& value) {
    if (is_called(option, "--env")) said_->environment = value;
    if (is_called(option, "--spec")) said_->spec = value;
    if (is_called(option, "--sandbox")) said_->sandbox = value;
    if (is_called(option, "--state")) said_->state = value;
    if (is_called(option, "--var-file")) said_->variable_files.push_back(value);
    if (is_called(option, "--provider-dir")) said_->provider_dirs.push_back(value);
    const size_t equals = value.find('=');
    if (is_called(option, "--var") && equals != std::string::npos)
      said_->variables.emplace_back(value.substr(0, equals), value.substr(equals + 1));
  }

  std::string argument_name(size_t index) const {
    if (index < at_->arguments.size()) return at_->arguments[index];
    return at_->more_arguments && !at_->arguments.empty() ? at_->arguments.back() : "";
  }

  Wanted want(const std::string& word) const {
    if (pending_ != nullptr) return value_of(*pending_, "", word);
    if (!only_arguments_ && !word.empty() && word[0] == '-') {
      const size_t equals = word.find('=');
      if (equals == std::string::npos) return options(word);
      const OptionInfo* option = find_option(*at_, word.substr(0, equals));
      if (option == nullptr || option->value.empty()) return {};
      return value_of(*option, word.substr(0, equals + 1), word.substr(equals + 1));
    }
    Wanted out;
    out.typed = word;
    for (const CommandInfo& sub : at_->commands) out.choices.emplace_back(sub.name, sub.doc);
    if (at_->commands.empty()) out.value = argument_name(said_->arguments.size());
    return out;
  }

  static Wanted value_of(const OptionInfo& option, std::string prefix, std::string typed) {
    Wanted out;
    out.prefix = std::move(prefix);
    out.typed = std::move(typed);
    out.value = option.choices.empty() ? option.value : "";
    for (const auto& choice : option.choices) out.choices.emplace_back(choice, "");
    return out;
  }

  Wanted options(const std::string& word) const {
    Wanted out;
    out.typed = word;
    for (const OptionInfo& option : at_->options) {
      const bool spent = std::find(used_.begin(), used_.end(), &option) != used_.end();
      if (spent && !option.repeatable) continue;
      for (const auto& name : option.names) {
        // The long one is offered; the short one where only a dash stands there too.
        if (name.starts_with("--") || option.names.size() == 1 || word == name)
          out.choices.emplace_back(name, option.doc);
      }
    }
    return out;
  }

  const CommandInfo* at_;
  Said* said_;
  const OptionInfo* pending_ = nullptr;
  std::vector<const OptionInfo*> used_;
  bool only_arguments_ = false;
};

}  // namespace

Wanted what_is_wanted(const CommandInfo& commands, const std::vector<std::string>& words,
                      Said* said) {
  return Reader(commands, said).read(words);
}

ShellLine split_shell_line(std::string_view line) {
  ShellLine out;
  std::string word, raw;
  bool begun = false;
  char quote = '\0';
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote == '\0' && (c == ' ' || c == '\t' || c == '\n')) {
      if (begun) out.words.push_back(std::move(word));
      word.clear();
      raw.clear();
      begun = false;
      continue;
    }
    begun = true;
    raw += c;
    if (quote != '\0' && c == quote) {
      quote = '\0';
    } else if (quote == '\0' && (c == '\'' || c == '"')) {
      quote = c;
    } else if (c == '\\' && quote != '\'' && i + 1 < line.size()) {
      const char next = line[++i];
      raw += next;
      // In double quotes the backslash stays before what it need not guard.
      if (quote == '"' && std::string_view("\"\\$`").find(next) == std::string_view::npos)
        word += '\\';
      word += next;
    } else {
      word += c;
    }
  }
  out.words.push_back(std::move(word));
  out.open_quote = quote;
  out.raw = std::move(raw);
  return out;
}

std::string quoted_for_shell(const std::string& word, char open_quote) {
  std::string out;
  for (const char c : word) {
    if (open_quote == '\'') {
      out += c == '\'' ? std::string("'\\''") : std::string(1, c);
      continue;
    }
    static constexpr std::string_view kPlain = "_-./=:,+@%^";
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                       static_cast<unsigned char>(c) >= 0x80 ||
                       kPlain.find(c) != std::string_view::npos;
    const bool guarded =
        open_quote == '"' ? std::string_view("\"\\$`").find(c) != std::string_view::npos : !plain;
    if (guarded) out += '\\';
    out += c;
  }
  return out;
}

}  // namespace lf

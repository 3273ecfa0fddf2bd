// SPDX-License-Identifier: Apache-2.0
// `fmt`: lays specs and modules out. Reads everything first, so a file that cannot be read keeps
// all files as they are.
#include <fmt/format.h>
#include <unistd.h>

#include "base/json.h"
#include "base/replace_file.h"
#include "base/strings.h"
#include "cli/command_tools.h"
#include "plan/text_diff.h"
#include "spec/files.h"
#include "yaml/format.h"

namespace lf {

namespace {

constexpr int kTreeDepthMax = 32;  // folders in folders; a loop of links ends here

struct Document {
  std::string path;  // "-": standard input
  SourceId source = kNoSource;
  std::string text;  // laid out
};

class Fmt {
 public:
  explicit Fmt(CommandContext& context) : context_(context), files_(context.world.files) {}

  int run() {
    std::vector<std::string> arguments = context_.options.arguments;
    if (arguments.empty()) arguments.emplace_back(".");
    for (const std::string& argument : arguments) {
      if (const auto found = collect(argument, 0); !found) return tell(context_, found.error());
    }
    for (Document& document : documents_) {
      if (!read(document)) continue;
      auto text = format_yaml(sources_, document.source, diagnostics_);
      if (text) {
        document.text = std::move(*text);
      } else if (text.error().code != ErrorCode::invalid) {
        return tell(context_, text.error());
      }
    }
    show_diagnostics(diagnostics_, sources_, context_.options.json, context_.terminal);
    return diagnostics_.has_errors() ? kUsage : write();
  }

 private:
  Result<void> collect(const std::string& path, int depth) {
    if (path == "-") {
      documents_.push_back({path, kNoSource, ""});
      return {};
    }
    const auto info = files_.stat(path);
    if (!info) return fail(info.error());
    if (!info->is_directory) {
      documents_.push_back({path, kNoSource, ""});  // one that is not there is LF0109
      return {};
    }
    const auto names = files_.list(path);
    if (!names) return fail(names.error());
    for (const std::string& name : *names) {
      if (name.starts_with(".")) continue;
      const std::string below = path == "." ? name : path + "/" + name;
      const auto kind = files_.stat(below);
      if (!kind) return fail(kind.error());
      const bool yaml = name.ends_with(".yaml") || name.ends_with(".yml");
      if (kind->is_directory ? context_.options.recursive && depth < kTreeDepthMax : yaml) {
        if (const auto found = collect(below, depth + 1); !found) return found;
      }
    }
    return {};
  }

  bool read(Document& document) {
    if (document.path != "-") {
      const auto source = read_source(files_, document.path, sources_, diagnostics_);
      document.source = source.value_or(kNoSource);
      return source.has_value();
    }
    std::string text;
    char buffer[65536];
    for (ssize_t n = 0; (n = ::read(STDIN_FILENO, buffer, sizeof buffer)) > 0;) {
      text.append(buffer, static_cast<size_t>(n));
    }
    document.source = sources_.add("<stdin>", std::move(text));
    return true;
  }

  int write() {
    List changed;
    for (const Document& document : documents_) {
      const bool differs = document.text != sources_.get(document.source).text();
      if (document.path == "-" && !context_.options.check) print(document.text);
      if (!differs) continue;
      changed.emplace_back(document.path);
      if (context_.options.diff) show_difference(document);
      if (document.path == "-" || context_.options.check) continue;
      const auto info = files_.stat(document.path);
      const uint32_t mode = info ? info->mode : 0644;
      if (const auto written = replace_file(files_, document.path, document.text, mode); !written) {
        return tell(context_, written.error());
      }
    }
    const bool any = !changed.empty();
    if (context_.options.json) {
      print(to_json(Value(Map{{"changed", Value(std::move(changed))}})) + "\n");
    } else if (documents_.size() != 1 || documents_.front().path != "-") {
      for (const Value& path : changed) print(printable(path.as_string()) + "\n");
    }
    return context_.options.check && any ? kFailed : kDone;
  }

  void show_difference(const Document& document) const {
    const std::string before(sources_.get(document.source).text());
    std::string out = fmt::format("--- {0}\n+++ {0}\n", printable(document.path));
    for (const DiffLine& line : line_diff(split(before, '\n'), split(document.text, '\n'), 2)) {
      out += fmt::format("{}{}\n", line.mark, printable(line.text));
    }
    print(out);
  }

  CommandContext& context_;
  FileSystem& files_;
  Sources sources_;
  Diagnostics diagnostics_;
  std::vector<Document> documents_;
};

}  // namespace

int run_fmt(CommandContext& context) {
  return Fmt(context).run();
}

}  // namespace lf

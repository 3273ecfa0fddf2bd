// SPDX-License-Identifier: Apache-2.0
#include "cli/fix.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/replace_file.h"
#include "base/strings.h"
#include "cli/command_tools.h"
#include "plan/text_diff.h"
#include "yaml/reader.h"

namespace lf {

namespace {

constexpr int kRoundsMax = 20;  // each fixes at least one thing

size_t reading_errors(const std::string& text) {
  Sources sources;
  const SourceId source = sources.add("fixed", text);
  SyntaxTree tree(sources);
  Diagnostics diagnostics;
  read_yaml(tree, source, diagnostics);
  return diagnostics.error_count();
}

// In file order, without those that overlap.
std::vector<const Fix*> safe_fixes(const std::vector<Diagnostic>& sorted, SourceId source) {
  std::vector<const Fix*> out;
  for (const Diagnostic& each : sorted) {
    const auto safe = std::find_if(each.fixes.begin(), each.fixes.end(), [&](const Fix& fix) {
      return fix.safe && fix.span.source == source;
    });
    if (safe != each.fixes.end()) out.push_back(&*safe);
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const Fix* a, const Fix* b) { return a->span.begin < b->span.begin; });
  uint32_t behind = 0;
  bool first = true;
  std::erase_if(out, [&](const Fix* fix) {
    if (!first && fix->span.begin < behind) return true;
    first = false;
    behind = std::max(fix->span.end, fix->span.begin + 1);
    return false;
  });
  return out;
}

// Only files of the user's own: no package's, and nothing that llmforge keeps for itself.
bool is_users(FileSystem& files, const Source& source) {
  const std::string& path = source.path();
  if (path.starts_with("providers/") || path.find(".llmforge/") != std::string::npos) return false;
  const auto text = files.read(path);
  return text && *text == source.text();
}

class Fixer {
 public:
  explicit Fixer(CommandContext& context) : context_(context) {}

  int run() {
    for (int round = 0; round < kRoundsMax; ++round) {
      Session session(context_.world, context_.options, nullptr);
      const Result<bool> loaded = session.load_spec();
      if (!loaded) break;  // the check that follows says why
      if (*loaded) session.check_offline();
      bool any = false;
      for (const FixedText& fixed : apply_safe_fixes(session.diagnostics(), session.sources())) {
        const Source& source = session.sources().get(fixed.source);
        if (!is_users(context_.world.files, source)) continue;
        if (const int failed = write(source, fixed); failed >= 0) return failed;
        any = true;
      }
      if (!any || context_.options.dry_run) break;
    }
    if (context_.options.json)
      print(to_json(Value(Map{{"fixed", Value(std::move(told_))}})) + "\n");
    return -1;
  }

 private:
  int write(const Source& source, const FixedText& fixed) {
    if (!context_.options.dry_run) {
      const auto info = context_.world.files.stat(source.path());
      const uint32_t mode = info ? info->mode : 0644;
      const auto written = replace_file(context_.world.files, source.path(), fixed.text, mode);
      if (!written) return tell(context_, written.error());
    }
    for (const AppliedFix& each : fixed.applied) {
      Map entry;
      entry.set("file", Value(source.path()));
      entry.set("line", Value(static_cast<int64_t>(each.line)));
      entry.set("title", Value(each.title));
      told_.push_back(Value(std::move(entry)));
      if (context_.options.json) continue;
      print_error(fmt::format("{} {}:{}: {}\n", context_.options.dry_run ? "would fix" : "fixed",
                              printable(source.path()), each.line, printable(each.title)));
    }
    if (!context_.options.json) show_difference(source, fixed.text);
    return -1;
  }

  static void show_difference(const Source& source, const std::string& text) {
    std::string out;
    const auto before = split(source.text(), '\n');
    for (const DiffLine& line : line_diff(before, split(text, '\n'), 0)) {
      if (line.mark == '-' || line.mark == '+') {
        out += fmt::format("  {} {}\n", line.mark, printable(line.text));
      }
    }
    print_error(out);
  }

  CommandContext& context_;
  List told_;
};

}  // namespace

std::vector<FixedText> apply_safe_fixes(const Diagnostics& diagnostics, const Sources& sources) {
  std::vector<FixedText> out;
  const std::vector<Diagnostic> sorted = diagnostics.sorted();
  for (SourceId source = 0; source < sources.size(); ++source) {
    const std::vector<const Fix*> fixes = safe_fixes(sorted, source);
    if (fixes.empty()) continue;
    const std::string_view before = sources.get(source).text();
    FixedText fixed{source, "", {}};
    size_t at = 0;
    for (const Fix* fix : fixes) {
      fixed.text += before.substr(at, fix->span.begin - at);
      fixed.text += fix->replacement;
      at = fix->span.end;
      fixed.applied.push_back({sources.get(source).position(fix->span.begin).line, fix->title});
    }
    fixed.text += before.substr(at);
    if (reading_errors(fixed.text) > reading_errors(std::string(before))) continue;
    out.push_back(std::move(fixed));
  }
  return out;
}

int fix_spec(CommandContext& context) {
  return Fixer(context).run();
}

}  // namespace lf

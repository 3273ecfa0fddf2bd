// SPDX-License-Identifier: Apache-2.0
#include "cli/test_files.h"

#include <algorithm>

#include "base/json.h"
#include "base/strings.h"
#include "base/units.h"
#include "plan/plan.h"
#include "spec/files.h"
#include "spec/load.h"
#include "spec/policy.h"
#include "spec/read_node.h"
#include "yaml/reader.h"

namespace lf {

namespace {

class TestReader {
 public:
  TestReader(FileSystem& files, Sources& sources, Diagnostics& diagnostics)
      : files_(files), sources_(sources), diagnostics_(diagnostics), tree_(sources) {}

  TestFile run(const std::string& path) {
    TestFile out;
    out.path = path;
    const size_t before = diagnostics_.error_count();
    const auto source = read_source(files_, path, sources_, diagnostics_);
    if (!source) return out;
    const Node root = read_yaml(tree_, *source, diagnostics_);
    if (!root || diagnostics_.error_count() != before) return out;
    if (!root.is_map() || !root.find("runs")) {
      auto& d = diagnostics_.add(Code::LF0202, Span{*source, 0, 0}, "a test file needs `runs`");
      d.help.push_back("runs: [{name: …, command: plan, expect: {…}}]");
      return out;
    }
    only_keys(root, {"doc", "spec", "env", "variables", "environment", "now", "cloud", "runs"},
              "a test file", diagnostics_);
    head(root, out);
    const Node runs = root.find("runs");
    if (!runs.is_list()) {
      wrong(runs, "`runs` is a list: they are made in order, in one cloud");
    } else {
      for (size_t i = 0; i < runs.size(); ++i) one_run(runs.item(i), i, out);
    }
    out.sound = diagnostics_.error_count() == before;
    return out;
  }

 private:
  void wrong(const Node& node, const std::string& message) {
    diagnostics_.add(Code::LF0203, node.span(), message);
  }

  void head(const Node& root, TestFile& out) {
    if (const Node spec = root.find("spec")) {
      const std::string given = read_text(spec, "spec", diagnostics_);
      const size_t slash = out.path.rfind('/');
      const std::string folder = slash == std::string::npos ? "" : out.path.substr(0, slash + 1);
      out.spec = given.starts_with('/') ? given : folder + given;
      // `a/tests/../x` is `a/x`: messages show the path as people would write it.
      for (size_t up; (up = out.spec.find("/../")) != std::string::npos;) {
        const size_t begin = up == 0 ? std::string::npos : out.spec.rfind('/', up - 1);
        const size_t from = begin == std::string::npos ? 0 : begin + 1;
        if (out.spec.compare(from, up - from, "..") == 0) break;
        out.spec.erase(from, up + 4 - from);
      }
    } else {
      out.spec = spec_of_test(files_, out.path);
      if (out.spec.empty()) {
        auto& d = diagnostics_.add(Code::LF0202, Span{root.span().source, 0, 0},
                                   "it is not clear which spec this test is about");
        d.help.push_back("say it: `spec: ../llmforge.yaml`, from this file's folder");
      }
    }
    if (const Node env = root.find("env")) out.environment = read_text(env, "env", diagnostics_);
    out.variables = variables(root.find("variables"));
    for (const auto& [name, value] : variables(root.find("environment")))
      out.surroundings[name] = value;
    if (const Node now = root.find("now")) {
      std::string text = read_text(now, "now", diagnostics_);
      if (text.size() == 10) text += "T12:00:00Z";
      out.now = parse_timestamp(text);
      if (!out.now) wrong(now, "`now` is a day such as `2026-11-23`, or a time in RFC 3339");
    }
    const Node cloud = root.find("cloud");
    if (!cloud) return;
    if (!cloud.is_map()) {
      wrong(cloud, "`cloud` is a map of `seed` and `faults`");
      return;
    }
    only_keys(cloud, {"seed", "faults"}, "`cloud`", diagnostics_);
    if (const auto seed = cloud.find("seed").as_int()) out.seed = static_cast<uint64_t>(*seed);
    if (const auto faulty = faults(cloud.find("faults"))) out.faults = *faulty;
  }

  // Values as --var takes them: text as it is, the rest as YAML that reads the same.
  std::vector<std::pair<std::string, std::string>> variables(const Node& node) {
    std::vector<std::pair<std::string, std::string>> out;
    if (!node || node.is_null()) return out;
    if (!node.is_map()) {
      wrong(node, "this is a map of names to values");
      return out;
    }
    for (size_t i = 0; i < node.size(); ++i) {
      const Node::Entry entry = node.entry(i);
      out.emplace_back(std::string(entry.key.text()), entry.value.is_scalar()
                                                          ? std::string(entry.value.text())
                                                          : to_json(entry.value.to_value()));
    }
    return out;
  }

  std::optional<sandbox::Faults> faults(const Node& node) {
    if (!node) return std::nullopt;
    if (node.is_null()) return sandbox::Faults();
    if (!node.is_map()) {
      wrong(node, "`faults` is a map, for instance `{throttle: 0.1}`");
      return std::nullopt;
    }
    only_keys(
        node,
        {"throttle", "rate", "unavailable", "lost_answer", "invisible_ms", "no_capacity", "at"},
        "`faults`", diagnostics_);
    for (const char* share : {"throttle", "unavailable", "lost_answer"}) {
      const Node one = node.find(share);
      const auto value = one.as_double();
      if (one && (!value || *value < 0 || *value > 1))
        wrong(one, "`" + std::string(share) + "` is a share of requests, from 0 to 1");
    }
    const Node rate = node.find("rate");
    if (const auto value = rate.as_double(); rate && (!value || *value < 1))
      wrong(rate, "`rate` is a number of requests a second, 1 or more");
    if (const Node scarce = node.find("no_capacity"); scarce && !scarce.is_list())
      wrong(scarce, "`no_capacity` is a list of maps of properties: `[{type: g5.xlarge}]`");
    const Node at = node.find("at");
    if (at && !at.is_list()) wrong(at, "`at` is a list: `[{action: CreateQueue, answer: lost}]`");
    for (size_t i = 0; at.is_list() && i < at.size(); ++i) {
      const Node one = at.item(i);
      only_keys(one, {"action", "answer", "code", "message", "status", "times"}, "a fault",
                diagnostics_);
      if (!one.find("action")) diagnostics_.add(Code::LF0202, one.span(), "a fault needs `action`");
      if (const Node answer = one.find("answer"))
        one_of(answer, {"throttled", "unavailable", "lost"}, "answer", diagnostics_);
      else if (!one.find("code"))
        diagnostics_.add(Code::LF0202, one.span(), "a fault needs `answer` or `code`");
    }
    return sandbox::faults_from(node.to_value());
  }

  void one_run(const Node& node, size_t number, TestFile& out) {
    if (!node.is_map()) {
      wrong(node, "a run is a map: `{name: …, command: plan, expect: {…}}`");
      return;
    }
    only_keys(node,
              {"name", "doc", "command", "env", "variables", "target", "exclude", "replace",
               "faults", "after", "expect", "expect_failures"},
              "a run", diagnostics_);
    TestRun run;
    run.span = node.span();
    const Node name = node.find("name");
    run.name = name ? read_text(name, "name", diagnostics_) : "run " + std::to_string(number + 1);
    if (name) run.span = name.span();
    if (const Node command = node.find("command"))
      run.command =
          one_of(command, {"plan", "apply", "destroy", "validate"}, "command", diagnostics_);
    if (const Node env = node.find("env")) run.environment = read_text(env, "env", diagnostics_);
    run.variables = variables(node.find("variables"));
    for (const auto& [key, to] : {std::pair{"target", &run.targets},
                                  {"exclude", &run.excludes},
                                  {"replace", &run.replace}}) {
      for (const auto& one : read_texts(node.find(key), key, diagnostics_)) to->push_back(one.text);
    }
    run.faults = faults(node.find("faults"));
    if (const Node after = node.find("after")) {
      const auto duration = parse_duration(read_text(after, "after", diagnostics_));
      if (duration)
        run.wait_s = duration->seconds;
      else
        wrong(after, "`after` is a duration such as `2h`: how much time passes before this run");
    }
    codes(node.find("expect_failures"), "expect_failures", run.failures);
    expectations(node.find("expect"), run);
    out.runs.push_back(std::move(run));
  }

  void expectations(const Node& node, TestRun& run) {
    if (!node || node.is_null()) return;
    if (!node.is_map()) {
      wrong(node, "`expect` is a map of what is expected");
      return;
    }
    only_keys(node,
              {"exit", "plan", "counts", "properties", "values", "unknown", "outputs", "assert",
               "failed", "diagnostics"},
              "`expect`", diagnostics_);
    if (const Node exit = node.find("exit")) {
      run.exit = exit.as_int();
      run.exit_span = exit.span();
      if (!run.exit) wrong(exit, "`exit` is an exit code, a number");
    }
    pairs(node.find("plan"), "plan", run.plan, false);
    for (const auto& one : run.plan) action(one, true);
    pairs(node.find("counts"), "counts", run.counts, false);
    for (const auto& one : run.counts) {
      Expected word = one;
      word.value = Value(one.of);
      word.span = one.of_span;
      action(word, false);
      if (!one.value.is_int())
        diagnostics_.add(Code::LF0203, one.span, "how many? a number is expected here");
    }
    pairs(node.find("properties"), "properties", run.properties, false);
    pairs(node.find("values"), "values", run.values, true);
    pairs(node.find("outputs"), "outputs", run.outputs, false);
    pairs(node.find("failed"), "failed", run.failed, false);
    expressions(node.find("unknown"), "unknown", run.unknown);
    expressions(node.find("assert"), "assert", run.asserts);
    codes(node.find("diagnostics"), "diagnostics", run.diagnostics);
  }

  void action(const Expected& one, bool absent) {
    std::vector<std::string> known = policy_actions();
    if (absent) known.emplace_back("absent");
    if (one.value.is_string() &&
        std::find(known.begin(), known.end(), one.value.as_string()) != known.end())
      return;
    const std::string given = to_text(one.value);
    auto& d = diagnostics_.add(Code::LF0203, one.span, "`" + given + "` is no action of a plan");
    const std::string near = nearest(given, known);
    if (!near.empty())
      d.fixes.push_back({"did you mean `" + near + "`?", one.span, near, false});
    else
      d.help.push_back("there are: " + join(known, ", "));
  }

  void pairs(const Node& node, const char* what, std::vector<Expected>& out, bool expressions) {
    if (!node || node.is_null()) return;
    if (!node.is_map()) {
      wrong(node, "`" + std::string(what) + "` is a map");
      return;
    }
    for (size_t i = 0; i < node.size(); ++i) {
      const Node::Entry entry = node.entry(i);
      Expected one;
      one.of = std::string(entry.key.text());
      one.of_span = entry.key.span();
      one.value = entry.value.to_value();
      one.span = entry.value.span().valid() && !entry.value.is_null() ? entry.value.span()
                                                                      : entry.key.span();
      for (size_t j = 0; j < entry.value.size() && entry.value.is_map(); ++j) {
        const Node::Entry part = entry.value.entry(j);
        one.parts.emplace_back(std::string(part.key.text()),
                               part.value.is_null() ? part.key.span() : part.value.span());
      }
      if (expressions) {
        auto parsed = read_condition(entry.key, what, diagnostics_);
        if (!parsed) continue;
        one.expression = parsed->text;
      }
      out.push_back(std::move(one));
    }
  }

  void expressions(const Node& node, const char* what, std::vector<Expected>& out) {
    if (!node || node.is_null()) return;
    const size_t count = node.is_list() ? node.size() : 1;
    for (size_t i = 0; i < count; ++i) {
      const Node item = node.is_list() ? node.item(i) : node;
      auto parsed = read_condition(item, what, diagnostics_);
      if (!parsed) continue;
      Expected one;
      one.of = std::string(item.text());
      one.of_span = one.span = item.span();
      one.expression = parsed->text;
      out.push_back(std::move(one));
    }
  }

  void codes(const Node& node, const char* what, std::vector<Expected>& out) {
    if (!node || node.is_null()) return;
    for (const auto& text : read_texts(node, what, diagnostics_)) {
      if (find_code(text.text) == nullptr) {
        std::vector<std::string> names;
        for (const auto& one : all_codes()) names.emplace_back(one.name);
        auto& d = diagnostics_.add(Code::LF0203, text.span, "there is no code `" + text.text + "`");
        const std::string near = nearest(text.text, names);
        if (!near.empty()) d.help.push_back("did you mean `" + near + "`?");
        continue;
      }
      Expected one;
      one.of = upper(text.text);
      one.of_span = one.span = text.span;
      out.push_back(std::move(one));
    }
  }

  FileSystem& files_;
  Sources& sources_;
  Diagnostics& diagnostics_;
  SyntaxTree tree_;
};

bool is_test_file(const std::string& name) {
  return name.ends_with(".test.yaml") || name.ends_with(".test.yml");
}

void tests_in(FileSystem& files, const std::string& folder, std::vector<std::string>& out) {
  auto names = files.list(folder);
  if (!names) return;
  const std::string base = folder == "." ? "" : folder + "/";
  for (const auto& name : *names) {
    if (!name.starts_with('.') && is_test_file(name)) out.push_back(base + name);
  }
}

}  // namespace

TestFile read_test_file(FileSystem& files, const std::string& path, Sources& sources,
                        Diagnostics& diagnostics) {
  return TestReader(files, sources, diagnostics).run(path);
}

Result<std::vector<std::string>> find_test_files(FileSystem& files,
                                                 const std::vector<std::string>& given) {
  std::vector<std::string> out;
  const std::vector<std::string> wanted = given.empty() ? std::vector<std::string>{"."} : given;
  for (std::string path : wanted) {
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    const auto info = files.stat(path);
    if (!info || !info->exists) return fail(ErrorCode::not_found, "`" + path + "` does not exist");
    if (!info->is_directory && is_test_file(path)) {
      out.push_back(path);
      continue;
    }
    std::string folder = path;
    if (!info->is_directory) {  // a spec: the tests beside it
      const size_t slash = path.rfind('/');
      folder = slash == std::string::npos ? "." : path.substr(0, slash);
    }
    const size_t before = out.size();
    tests_in(files, folder, out);
    tests_in(files, folder == "." ? "tests" : folder + "/tests", out);
    if (out.size() != before) continue;
    Error error(
        ErrorCode::not_found,
        "there are no tests " + (folder == "." ? std::string("here") : "in `" + folder + "`"));
    error.help.push_back("tests stand in `*.test.yaml`, usually in `tests/` beside the spec");
    return fail(std::move(error));
  }
  return out;
}

std::string spec_of_test(FileSystem& files, const std::string& test_path) {
  const size_t slash = test_path.rfind('/');
  const std::string own = slash == std::string::npos ? "." : test_path.substr(0, slash);
  std::vector<std::string> folders;
  if (own == "tests")
    folders.emplace_back(".");
  else if (own.ends_with("/tests"))
    folders.push_back(own.substr(0, own.size() - 6));
  else if (own == ".")
    folders = {".", ".."};
  folders.push_back(own);
  for (const auto& folder : folders) {
    const std::string base = folder == "." ? "" : folder + "/";
    const auto preferred = files.stat(base + "llmforge.yaml");
    if (preferred && preferred->exists) return base + "llmforge.yaml";
    auto names = files.list(folder);
    std::vector<std::string> found;
    for (const auto& name : names ? *names : std::vector<std::string>()) {
      if (!(name.ends_with(".yaml") || name.ends_with(".yml")) || is_test_file(name)) continue;
      auto text = files.read(base + name);
      if (text && is_spec_text(*text)) found.push_back(base + name);
    }
    if (found.size() == 1) return found.front();
  }
  return "";
}

}  // namespace lf

// SPDX-License-Identifier: Apache-2.0
#include "plan/policy.h"

#include <catch2/catch.hpp>

#include "plan/policy_view.h"
#include "spec/load.h"
#include "spec/policy_types.h"
#include "support/fake_files.h"
#include "yaml/reader.h"

namespace lf {
namespace {

Exemption only_exemption(const std::string& text, Timestamp now) {
  Sources sources;
  sources.add("spec.yaml", text);
  const auto all = find_exemptions(sources, now);
  REQUIRE(all.size() == 1);
  return all[0];
}

constexpr Timestamp kNow{1'795'000'000, 0};  // 2026-11-18

TEST_CASE("exemptions are comments of one form", "[policy]") {
  const auto one = only_exemption(
      "a:\n  # allow open-ssh: until we move: soon until 2026-12-31\n\n"
      "  # another comment\n  b: 1\n",
      kNow);
  CHECK(one.rule == "open-ssh");
  CHECK(one.reason == "until we move: soon");
  CHECK(one.until == "2026-12-31");
  CHECK(one.line == 5);  // what comes next
  CHECK(one.complete);
  CHECK_FALSE(one.over);
  CHECK(only_exemption("a: 1  # allow x: y until 2027-01-01\nb: 2\n", kNow).line == 1);
}

TEST_CASE("an exemption's day counts to its end", "[policy]") {
  CHECK_FALSE(only_exemption("# allow x: y until 2026-11-18\na: 1\n", kNow).over);
  CHECK(only_exemption("# allow x: y until 2026-11-17\na: 1\n", kNow).over);
}

TEST_CASE("what is no exemption, or none in force", "[policy]") {
  Sources sources;
  sources.add(
      "spec.yaml",
      "# allow people to log in\n# allow these: is two words before\na: '# allow x: y until "
      "2027-01-01'\n# allowing x: y\n");
  const auto all = find_exemptions(sources, kNow);
  REQUIRE(all.size() == 1);  // "these": it has the form, but no end
  CHECK_FALSE(all[0].complete);
  CHECK_FALSE(only_exemption("# allow x: until 2027-01-01\na: 1\n", kNow).complete);
  CHECK_FALSE(only_exemption("# allow x: y until 2027-02-30\na: 1\n", kNow).complete);
  CHECK_FALSE(only_exemption("# allow x: y until tomorrow\na: 1\n", kNow).complete);
}

// Rules, loaded as a spec has them.
struct Loaded {
  Sources sources;
  Diagnostics diagnostics;
  Packages packages{sources, diagnostics};
  FakeFiles files;
  std::unique_ptr<ModuleStore> modules;
  LoadedSpec spec;

  explicit Loaded(const std::string& text) {
    files.place("spec.yaml", "stack: lab\nprovider: aws\nregion: us-west-2\n" + text);
    files.place("rules/a.yaml", "policies:\n  one: {deny: \"${resource.type == 'x'}\"}\n");
    files.place("rules/b.yaml", "policies:\n  two: {warn: plan.counts.create > 3}\n");
    files.place("rules/notes.txt", "no rules\n");
    files.place("typo.yaml", "polices: {}\n");
    modules = std::make_unique<ModuleStore>(files, sources, packages, diagnostics);
    LoadOptions options;
    options.path = "spec.yaml";
    spec = load_spec(files, sources, packages, *modules, options, diagnostics);
    if (diagnostics.has_errors()) return;
    for (const auto& rule : spec.demands.policies) {
      if (!rule.built_in) check_policy_types(rule, spec.spec, packages, diagnostics);
    }
  }
  bool reports(Code code) const {
    return std::any_of(diagnostics.all().begin(), diagnostics.all().end(),
                       [&](const Diagnostic& d) { return d.code == code; });
  }
};

TEST_CASE("rules come from the spec, from files, folders and packs", "[policy]") {
  const Loaded loaded(
      "policies:\n  use: rules\n  packs: [no-open-ssh]\n  own:\n    deny: ${resource.protect}\n");
  CHECK(loaded.diagnostics.empty());
  const auto& rules = loaded.spec.demands.policies;
  REQUIRE(rules.size() == 4);
  CHECK(rules[0].name == "one");
  CHECK(rules[0].origin == "rules");
  CHECK(rules[0].per_resource);
  CHECK_FALSE(rules[1].per_resource);  // a bare expression over the plan
  CHECK_FALSE(rules[1].deny);
  CHECK(rules[2].built_in);
  CHECK(rules[3].origin.empty());
  // A saved plan holds their digests.
  size_t digests = 0;
  for (const auto& [path, digest] : loaded.spec.spec.files_read)
    digests += path.starts_with("rules/") ? 1 : 0;
  CHECK(digests == 2);
}

TEST_CASE("what is wrong with a rule is told where it stands", "[policy]") {
  CHECK(Loaded("policies: {use: nowhere.yaml}\n").reports(Code::LF0109));
  CHECK(Loaded("policies: {use: typo.yaml}\n").reports(Code::LF0201));
  CHECK(Loaded("policies: {x: {message: m}}\n").reports(Code::LF0202));
  CHECK(Loaded("policies: {x: {deny: 'true', warn: 'true'}}\n").reports(Code::LF0203));
  CHECK(Loaded("policies: {x: {deny: 'true', where: {types: [aws.s3.*]}}}\n")
            .reports(Code::LF0203));  // it never looks at `resource`
  CHECK(Loaded("policies: {x: {deny: 'resource.protect', where: {types: [aws.s4.*]}}}\n")
            .reports(Code::LF0205));
  CHECK(Loaded("policies: {x: {deny: 'resource.protect', where: {environments: [prod]}}}\n")
            .reports(Code::LF0211));
  CHECK(Loaded("policies: {'a b': {deny: 'true'}}\n").reports(Code::LF0212));
  CHECK(Loaded("policies: {x: {deny: 'resource.nothing'}}\n").reports(Code::LF0303));
  CHECK(Loaded("policies: {x: {deny: 'network'}}\n").reports(Code::LF0302));
  CHECK(Loaded("policies: {x: {deny: '1'}}\n").reports(Code::LF0405));
  CHECK(Loaded("checks: {x: {assert: 'true', when: later}}\n").reports(Code::LF0203));
  CHECK(Loaded("checks: {x: {message: m}}\n").reports(Code::LF0202));
}

// Packs are data: their rules are checked here, not at each run.
TEST_CASE("every rule of every pack is sound", "[policy]") {
  Loaded any("");
  size_t rules = 0;
  for (const auto& name : any.packages.names()) {
    Package* package = any.packages.find(name);
    const auto text = package->file("policies.yaml");
    if (!text) continue;
    SyntaxTree tree(any.sources);
    const SourceId source = any.sources.add("policies.yaml", std::string(*text));
    const Node packs = read_yaml(tree, source, any.diagnostics).find("packs");
    for (size_t i = 0; i < packs.size(); ++i) {
      const std::string pack(packs.entry(i).key.text());
      INFO(pack);
      CHECK_FALSE(packs.entry(i).value.find("doc").text().empty());
      Loaded loaded("policies: {packs: " + pack + "}\n");
      CHECK(loaded.diagnostics.empty());
      for (const auto& rule : loaded.spec.demands.policies) {
        INFO(rule.name);
        ++rules;
        check_policy_types(rule, loaded.spec.spec, loaded.packages, loaded.diagnostics);
        CHECK(loaded.diagnostics.empty());
        if (!rule.per_resource && rule.types.empty()) continue;  // looks at the plan alone
        REQUIRE_FALSE(rule.types.empty());
        for (const auto& each : rule.types) {
          const ResourceType* type = loaded.packages.resource(each);
          REQUIRE(type != nullptr);
          for_each_expression(rule.condition, [&](const cel::Expression& expression) {
            for (const auto& reference : expression.references()) {
              if (reference.path.size() < 2 || reference.path[0] != "findings") continue;
              CHECK(std::any_of(type->security.begin(), type->security.end(),
                                [&](const SecurityCheck& c) { return c.id == reference.path[1]; }));
            }
          });
        }
      }
    }
  }
  CHECK(rules >= 12);
}

}  // namespace
}  // namespace lf

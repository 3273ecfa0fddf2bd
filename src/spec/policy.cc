// SPDX-License-Identifier: Apache-2.0
#include "spec/policy.h"

#include <algorithm>
#include <set>

#include "base/digest.h"
#include "base/strings.h"
#include "spec/load.h"
#include "spec/policy_types.h"
#include "spec/read_node.h"
#include "spec/words.h"
#include "yaml/reader.h"

namespace lf {

const std::vector<std::string>& policy_actions() {
  static const std::vector<std::string> kActions = {"create", "update", "replace", "delete",
                                                    "adopt",  "move",   "forget",  "no-op"};
  return kActions;
}

namespace {

bool is_rule_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
  });
}

bool is_glob(std::string_view text) {
  return text.find_first_of("*?") != std::string_view::npos;
}

class DemandParser {
 public:
  DemandParser(Spec& spec, FileSystem& files, Sources& sources, SyntaxTree& tree,
               Packages& packages, Diagnostics& diagnostics)
      : spec_(spec),
        files_(files),
        sources_(sources),
        tree_(tree),
        packages_(packages),
        diagnostics_(diagnostics) {}

  Demands run(const Node& root) {
    const Node policies = root.find("policies");
    if (map_of(policies, "policies")) {
      for (size_t i = 0; i < policies.size(); ++i) {
        const Node::Entry entry = policies.entry(i);
        if (entry.key.text() == "packs")
          packs(entry.value);
        else if (entry.key.text() == "use")
          use(entry.value);
        else
          rule(entry, "", entry.key.span(), false);
      }
    }
    standing();
    const Node checks = root.find("checks");
    if (map_of(checks, "checks")) {
      for (size_t i = 0; i < checks.size(); ++i) check(checks.entry(i));
    }
    return std::move(out_);
  }

 private:
  bool map_of(const Node& node, const std::string& what) {
    if (!node || node.is_null() || node.is_poisoned()) return false;
    if (node.is_map()) return true;
    diagnostics_.add(Code::LF0203, node.span(), "`" + what + "` must be a map of names");
    return false;
  }

  // ---- where rules come from

  std::vector<Package*> providers() {
    std::vector<Package*> out;
    std::set<std::string> seen;
    for (const auto& provider : spec_.providers) {
      if (!seen.insert(provider.kind).second) continue;
      if (Package* package = packages_.find(provider.kind)) out.push_back(package);
    }
    return out;
  }

  void packs(const Node& node) {
    for (const auto& wanted : read_texts(node, "packs", diagnostics_)) {
      bool found = false;
      std::vector<std::string> known;
      for (Package* package : providers()) {
        const Node all = packs_of(package);
        for (size_t i = 0; i < all.size(); ++i) known.emplace_back(all.entry(i).key.text());
        const Node pack = all.find(wanted.text);
        if (!pack) continue;
        found = true;
        const Node rules = pack.find("policies");
        for (size_t i = 0; i < rules.size(); ++i)
          rule(rules.entry(i), "pack " + wanted.text, wanted.span, true);
      }
      if (found || spec_.providers.empty()) continue;
      auto& d = diagnostics_.add(Code::LF0519, wanted.span,
                                 "there is no pack of policies named `" + wanted.text + "`");
      const std::string near = nearest(wanted.text, known);
      if (!near.empty())
        d.fixes.push_back({"did you mean `" + near + "`?", wanted.span, near, false});
      else
        d.help.push_back("there are: " + join(known, ", "));
    }
  }

  // What a package says of every stack, unless the stack has a policy of that name.
  void standing() {
    for (Package* package : providers()) {
      const auto text = package->file("standing.yaml");
      if (!text) continue;
      const std::string& name = package->info().name;
      const SourceId source =
          sources_.add("providers/" + name + "/standing.yaml", std::string(*text));
      const Node rules = read_yaml(tree_, source, diagnostics_).find("policies");
      std::vector<PolicyRule> own = std::move(out_.policies);
      out_.policies.clear();
      for (size_t i = 0; i < rules.size(); ++i)
        rule(rules.entry(i), "the standing policies of " + name, Span(), true);
      for (PolicyRule& one : out_.policies) {
        const bool taken = std::any_of(own.begin(), own.end(),
                                       [&](const PolicyRule& has) { return has.name == one.name; });
        one.standing = true;
        if (!taken) out_.standing.push_back(std::move(one));
      }
      out_.policies = std::move(own);
    }
  }

  // The packs of a provider package, as its `policies.yaml` has them.
  Node packs_of(Package* package) {
    const std::string name = package->info().name;
    if (const auto known = packs_.find(name); known != packs_.end()) return known->second;
    Node& out = packs_[name];
    const auto text = package->file("policies.yaml");
    if (!text) return out;
    const SourceId source =
        sources_.add("providers/" + name + "/policies.yaml", std::string(*text));
    out = read_yaml(tree_, source, diagnostics_).find("packs");
    return out;
  }

  void use(const Node& node) {
    for (const auto& wanted : read_texts(node, "use", diagnostics_)) {
      std::string path = wanted.text;
      if (!path.starts_with('/') && !spec_.folder.empty()) path = spec_.folder + "/" + path;
      const auto info = files_.stat(path);
      if (!info || !info->is_directory) {
        policy_file(path, wanted);
        continue;
      }
      auto names = files_.list(path);
      bool any = false;
      for (const auto& name : names ? *names : std::vector<std::string>()) {
        if (name.starts_with('.') || !(name.ends_with(".yaml") || name.ends_with(".yml"))) continue;
        any = true;
        policy_file(path + "/" + name, wanted);
      }
      if (!any) {
        diagnostics_.add(Code::LF0109, wanted.span,
                         "`" + wanted.text + "` holds no policies: no *.yaml is in that folder");
      }
    }
  }

  void policy_file(const std::string& path, const PlacedText& wanted) {
    const auto source = read_source(files_, path, sources_, diagnostics_, wanted.span);
    if (!source) return;
    spec_.files_read.emplace_back(path, hex(sha256(sources_.get(*source).text())));
    const Node root = read_yaml(tree_, *source, diagnostics_);
    if (!root) return;
    if (!root.is_map()) {
      diagnostics_.add(Code::LF0203, root.span(), "a file of policies is a map with `policies:`");
      return;
    }
    only_keys(root, {"doc", "policies"}, "a file of policies", diagnostics_);
    const Node rules = root.find("policies");
    if (!rules) {
      diagnostics_.add(Code::LF0202, Span{*source, 0, 0}, "`" + path + "` has no `policies`");
      return;
    }
    if (!map_of(rules, "policies")) return;
    for (size_t i = 0; i < rules.size(); ++i) rule(rules.entry(i), wanted.text, wanted.span, false);
  }

  // ---- one rule

  void rule(const Node::Entry& entry, const std::string& origin, Span use_span, bool built_in) {
    PolicyRule out;
    out.name = std::string(entry.key.text());
    out.span = entry.key.span();
    out.use_span = use_span;
    out.origin = origin;
    out.built_in = built_in;
    const Node& body = entry.value;
    if (body.is_poisoned()) return;
    const size_t before = diagnostics_.error_count();
    if (!is_rule_name(out.name)) {
      diagnostics_.add(Code::LF0212, out.span,
                       "a policy's name has letters, digits, `-`, `_` and `.` only");
    }
    refuse_double(out);
    if (!body.is_map()) {
      diagnostics_.add(Code::LF0203, body.span().valid() ? body.span() : out.span,
                       "policy `" + out.name + "` is a map with `deny:` or `warn:`");
      return;
    }
    only_keys(body, word_names(SpecPart::policy), "a policy", diagnostics_);
    if (!condition(body, out)) return;
    if (const Node doc = body.find("doc")) out.doc = read_text(doc, "doc", diagnostics_);
    if (const Node message = body.find("message")) {
      read_text(message, "message", diagnostics_);
      out.message = parse_tree(message, diagnostics_);
    }
    if (const Node at = body.find("at")) out.at = read_text(at, "at", diagnostics_);
    if (const Node set = body.find("set"); map_of(set, "set")) {
      out.set = parse_tree(set, diagnostics_).entries;
    }
    const auto looks = [&](const Tree& text) {
      for_each_expression(text, [&](const cel::Expression& expression) {
        for (const auto& reference : expression.references())
          out.per_resource = out.per_resource || reference.root == "resource";
      });
    };
    looks(out.condition);
    if (out.message) looks(*out.message);
    if (const Node where = body.find("where"); map_of(where, "where")) {
      only_keys(where, word_names(SpecPart::policy_place), "`where`", diagnostics_);
      places(where, out);
    }
    if (diagnostics_.error_count() != before) return;
    if (diagnostics_.error_count() == before) out_.policies.push_back(std::move(out));
  }

  void refuse_double(const PolicyRule& rule) {
    for (const auto& other : out_.policies) {
      if (other.name != rule.name || (other.built_in && other.origin == rule.origin)) continue;
      auto& d = diagnostics_.add(Code::LF0215, rule.built_in ? rule.use_span : rule.span,
                                 "there are two policies named `" + rule.name + "`",
                                 rule.built_in ? "one of " + rule.origin : "");
      d.others.push_back({other.built_in ? other.use_span : other.span,
                          other.built_in ? "the other is of " + other.origin : "the other"});
      d.help.emplace_back("give your own another name; exemptions go by it");
    }
  }

  bool condition(const Node& body, PolicyRule& out) {
    const Node deny = body.find("deny"), warn = body.find("warn");
    if (!deny == !warn) {
      auto& d = diagnostics_.add(
          deny ? Code::LF0203 : Code::LF0202, out.span,
          "policy `" + out.name + "` needs `deny` or `warn`" + (deny ? ", not both" : ""));
      d.help.push_back("deny: ${…} refuses the plan where it is true; warn: ${…} only tells");
      return false;
    }
    out.deny = static_cast<bool>(deny);
    auto parsed = read_condition(deny ? deny : warn, deny ? "deny" : "warn", diagnostics_);
    if (!parsed) return false;
    out.condition = std::move(*parsed);
    return true;
  }

  void places(const Node& where, PolicyRule& out) {
    for (const auto& type : read_texts(where.find("types"), "types", diagnostics_)) {
      out.types.push_back(type.text);
      if (!out.built_in) known_type(type);
    }
    const Node actions = where.find("actions");
    if (actions) {
      const auto& known = policy_actions();
      for (const auto& action : read_texts(actions, "actions", diagnostics_)) {
        out.actions.push_back(action.text);
        if (std::find(known.begin(), known.end(), action.text) != known.end()) continue;
        auto& d = diagnostics_.add(Code::LF0203, action.span,
                                   "`" + action.text + "` is no action of a plan");
        const std::string near = nearest(action.text, known);
        if (!near.empty())
          d.fixes.push_back({"did you mean `" + near + "`?", action.span, near, false});
        else
          d.help.push_back("there are: " + join(known, ", "));
      }
    }
    for (const auto& one : read_texts(where.find("addresses"), "addresses", diagnostics_))
      out.addresses.push_back(one.text);
    for (const auto& one : read_texts(where.find("environments"), "environments", diagnostics_)) {
      out.environments.push_back(one.text);
      std::vector<std::string> all = spec_.environments;
      all.emplace_back("default");
      const bool any = std::any_of(all.begin(), all.end(), [&](const std::string& name) {
        return glob_match(one.text, name);
      });
      // A file is shared by stacks that have different ones.
      if (any || !out.origin.empty()) continue;
      auto& d = diagnostics_.add(Code::LF0211, one.span,
                                 "`" + one.text + "` is no environment of this spec");
      d.help.push_back("it has: " + join(all, ", "));
    }
    const bool narrows = !out.types.empty() || !out.actions.empty() || !out.addresses.empty();
    if (!narrows || out.per_resource) return;
    auto& d = diagnostics_.add(
        Code::LF0203, where.span(),
        "policy `" + out.name + "` never looks at `resource`, so `where` chooses nothing");
    d.help.push_back("look at `resource` in its condition, or filter `plan.resources` in it");
  }

  void known_type(const PlacedText& type) {
    std::vector<std::string> names;
    for (const auto& name : packages_.names()) {
      for (auto& one : packages_.find(name)->resource_names()) names.push_back(std::move(one));
    }
    const bool any = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
      return glob_match(type.text, name);
    });
    if (any) return;
    auto& d = diagnostics_.add(Code::LF0205, type.span,
                               is_glob(type.text) ? "`" + type.text + "` matches no resource type"
                                                  : "`" + type.text + "` is no resource type");
    const std::string near = nearest(type.text, names);
    if (!near.empty()) d.fixes.push_back({"did you mean `" + near + "`?", type.span, near, false});
  }

  // ---- checks

  void check(const Node::Entry& entry) {
    CheckDecl out;
    out.name = std::string(entry.key.text());
    out.span = entry.key.span();
    const Node& body = entry.value;
    if (body.is_poisoned()) return;
    const size_t before = diagnostics_.error_count();
    if (body.is_map()) only_keys(body, word_names(SpecPart::check), "a check", diagnostics_);
    if (!body.is_map() || !body.find("assert")) {
      // A key that is misspelt is said already.
      if (diagnostics_.error_count() > before) return;
      diagnostics_.add(Code::LF0202, out.span, "check `" + out.name + "` has no `assert`")
          .help.emplace_back("add what must hold: `assert: ${…}`");
      return;
    }
    auto condition = read_condition(body.find("assert"), "assert", diagnostics_);
    if (const Node doc = body.find("doc")) out.doc = read_text(doc, "doc", diagnostics_);
    if (const Node message = body.find("message")) {
      read_text(message, "message", diagnostics_);
      out.message = parse_tree(message, diagnostics_);
    }
    if (const Node when = body.find("when")) {
      out.before = out.after = false;
      if (when.is_list()) {
        for (size_t i = 0; i < when.size(); ++i) moment(when.item(i), out);
      } else {
        moment(when, out);
      }
    }
    if (!condition) return;
    out.condition = std::move(*condition);
    out_.checks.push_back(std::move(out));
  }

  void moment(const Node& node, CheckDecl& out) {
    const std::string word = one_of(node, {"before", "after"}, "when", diagnostics_);
    out.before = out.before || word == "before";
    out.after = out.after || word == "after";
  }

  Spec& spec_;
  FileSystem& files_;
  Sources& sources_;
  SyntaxTree& tree_;
  Packages& packages_;
  Diagnostics& diagnostics_;
  std::map<std::string, Node> packs_;
  Demands out_;
};

}  // namespace

Demands parse_demands(const Node& root, Spec& spec, FileSystem& files, Sources& sources,
                      SyntaxTree& tree, Packages& packages, Diagnostics& diagnostics) {
  return DemandParser(spec, files, sources, tree, packages, diagnostics).run(root);
}

}  // namespace lf

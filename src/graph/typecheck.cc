// SPDX-License-Identifier: Apache-2.0
#include "graph/typecheck.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "graph/type_scope.h"
#include "lang/convert.h"
#include "provider/scope.h"

namespace lf {

namespace {

using Kind = Type::Kind;

// Where nothing nearer can be said, convert() shows how such a value looks.
bool is_example(const std::string& suggestion) {
  static constexpr std::string_view kExamples[] = {
      "1h30m",          "200GiB", "200 USD", "10.0.0.0/16", "10.0.0.1", "2026-01-31T12:00:00Z",
      "who@example.org"};
  return std::find(std::begin(kExamples), std::end(kExamples), suggestion) != std::end(kExamples);
}

class TypeCheck {
 public:
  TypeCheck(const Spec& spec, ModuleLibrary& modules, Packages& packages, Diagnostics& diagnostics)
      : spec_(spec), world_{spec, modules, packages, diagnostics, {}}, diagnostics_(diagnostics) {}

  void run() {
    ModuleScope& root = world_.scope(spec_.root, spec_.provider, nullptr);
    if (spec_.tags) check_tree(*spec_.tags, root, Type::map(Type()), "tags");
    check_module(root);
    // Modules that the root uses, and those that they use in turn.
    for (size_t i = 0; i < world_.scopes.size(); ++i) {
      ModuleScope& scope = *world_.scopes[i];
      if (&scope != &root && scope.used) check_module(scope);
    }
  }

 private:
  void check_module(ModuleScope& scope) {
    const Module& module = scope.module();
    scope.type_of("locals");  // infers, and reports, all of them
    for (const auto& one : module.requirements) condition(one.condition, scope, "assert");
    for (const auto& decl : module.data) check_data(decl, scope);
    for (const auto& decl : module.resources) check_resource(decl, scope);
    for (const auto& call : module.calls) check_call(call, scope);
    for (const auto& file : module.files) {
      if (file.when) condition(*file.when, scope, "when");
      check_tree(file.path, scope, Type(Kind::string), "path");
      check_tree(file.content, scope, Type(Kind::string), "content");
    }
    if (module.kind == ModuleKind::root) {
      for (const auto& output : module.outputs) scope.infer(output.value);
      return;
    }
    scope.outputs();
    for (const auto& input : module.inputs) {
      if (input.default_value) check_tree(*input.default_value, scope, input.type, input.name);
    }
  }

  void check_data(const DataDecl& decl, const ModuleScope& scope) {
    if (decl.when) condition(*decl.when, scope, "when");
    const DataType* type = world_.packages.data(decl.type);
    if (type == nullptr) return;
    for (const auto& entry : decl.inputs) {
      for (const auto& property : type->inputs) {
        if (property.name == entry.key) check_tree(entry.value, scope, property.type, entry.key);
      }
    }
  }

  void check_resource(const ResourceDecl& decl, const ModuleScope& module) {
    std::optional<EachScope> repeated;
    const cel::TypeScope& scope = begin_declaration(decl.lifecycle, module, repeated);
    const ResourceType* type = world_.packages.resource(decl.type);
    if (type == nullptr) return;
    if (decl.lifecycle.shared) shareable(*type, decl);
    for (const auto& entry : decl.properties) {
      const Property* property = type->property(entry.key);
      if (property != nullptr) check_tree(entry.value, scope, property->type, entry.key);
    }
  }

  // What is used where it exists must be found by its name, and whole.
  void shareable(const ResourceType& type, const ResourceDecl& decl) {
    const bool named = type.unique_name() != nullptr || (type.id_derive && !type.id_joins);
    const bool late = std::any_of(type.facets.begin(), type.facets.end(),
                                  [](const Facet& facet) { return facet.late; });
    if (named && !late) return;
    diagnostics_.add(Code::LF0201, decl.type_span,
                     "`shared` is no key of " + type.name + ": " +
                         (named ? "its parts are made by themselves"
                                : "it has no unique name by which one could be found"));
  }

  // Checks the life-cycle words of a resource or a call; gives the scope of the rest of it, with
  // `each` in it (kept in `repeated`) where it is repeated.
  const cel::TypeScope& begin_declaration(const Lifecycle& words, const ModuleScope& module,
                                          std::optional<EachScope>& repeated) {
    if (words.for_each) repeated.emplace(module, repetition(*words.for_each, module));
    const cel::TypeScope& scope = repeated ? static_cast<const cel::TypeScope&>(*repeated) : module;
    if (words.when) condition(*words.when, module, "when");
    lifecycle(words, scope, module);
    return scope;
  }

  void lifecycle(const Lifecycle& words, const cel::TypeScope& scope, const ModuleScope& module) {
    if (words.protect) condition(*words.protect, scope, "protect");
    if (words.retain) condition(*words.retain, scope, "retain");
    if (words.ignore_changes && words.ignore_changes->kind != Tree::Kind::constant)
      check_tree(*words.ignore_changes, scope, Type::list(Type(Kind::string)), "ignore_changes");
    for (const auto& [tree, name] :
         {std::pair{&words.run, "run"}, std::pair{&words.adopt, "adopt"}}) {
      if (*tree) check_tree(**tree, scope, Type(), name);
    }
    if (words.run_result) check_tree(*words.run_result, scope, Type(Kind::string), "run_result");
    if (words.alternatives) {
      check_tree(*words.alternatives, scope, Type::list(Type::map(Type())), "alternatives");
    }
    if (words.replace_on) check_tree(*words.replace_on, scope, Type(), "replace_on");
    for (size_t i = 0; i < words.depends_on.size(); ++i) {
      depends_on(words.depends_on[i], words.depends_on_spans[i], module);
    }
  }

  // A reference without an expression around it: its names are looked up one by one.
  void depends_on(const cel::Reference& reference, Span span, const ModuleScope& module) {
    std::optional<Type> type = module.type_of(reference.root);
    std::string so_far = reference.root;
    if (!type) {
      auto& d = diagnostics_.add(Code::LF0302, span, "nothing is named `" + so_far + "` here");
      if (const std::string near = nearest(so_far, module.names()); !near.empty()) {
        d.help.push_back("did you mean `" + near + "`?");
      }
      return;
    }
    for (const auto& step : reference.path) {
      if (type->kind() != Kind::object || type->fields().empty()) return;
      const Type::Field* field = type->field(step);
      if (field == nullptr) {
        auto& d = diagnostics_.add(Code::LF0303, span, "`" + so_far + "` has no `" + step + "`");
        std::vector<std::string> names;
        for (const auto& one : type->fields()) names.push_back(one.name);
        if (const std::string near = nearest(step, names); !near.empty()) {
          d.help.push_back("did you mean `" + near + "`?");
        }
        return;
      }
      so_far += "." + step;
      const Type next = field->type;
      type = next;
    }
  }

  void check_call(const ModuleCall& call, ModuleScope& module) {
    const Module* called = world_.module_of(call, module);
    std::optional<EachScope> repeated;
    const cel::TypeScope& scope = begin_declaration(call.lifecycle, module, repeated);
    if (called == nullptr) return;
    ModuleScope& inside = world_.scope(*called, world_.kind_of(call, module), &module.root());
    inside.used = true;
    for (const auto& input : called->inputs) {
      const Tree::Entry* given = nullptr;
      for (const auto& entry : call.inputs) {
        if (entry.key == input.name) given = &entry;
      }
      if (given != nullptr) {
        check_tree(given->value, scope, input.type, input.name);
        check_input(given->value, input);
      }
      if (given == nullptr || given->value.is_null()) check_default(call, *called, input, inside);
    }
  }

  // The input's own check, where the value is written out.
  void check_input(const Tree& tree, const InputDecl& input) {
    if (!input.check || !tree.is_static() || tree.is_null()) return;
    std::vector<TreeError> errors;
    const auto value = convert(evaluate(tree, MapActivation(), errors), input.type, true);
    if (!value) return;  // reported
    MapActivation names;
    names.set("this", *value);
    const Value holds = cel::evaluate(*input.check, names);
    if (!holds.is_bool() || holds.as_bool()) return;
    const std::string given = contains_secret(*value) ? "" : " is `" + to_text(*value) + "`, which";
    auto& d = diagnostics_.add(
        Code::LF0213, tree.span,
        "`" + input.name + "`" + given +
            " is refused: " + (input.message.empty() ? "its check does not hold" : input.message));
    if (!input.doc.empty()) d.help.push_back(input.name + ": " + input.doc);
  }

  // An input that is left out takes another block's output: that block has to be there.
  void check_default(const ModuleCall& call, const Module& called, const InputDecl& input,
                     const ModuleScope& inside) {
    if (!input.default_value || called.kind != ModuleKind::block) return;
    std::string missing;
    for_each_expression(*input.default_value, [&](const cel::Expression& expression) {
      for (const auto& reference : expression.references()) {
        if (inside.is_absent_block(reference.root)) missing = reference.root;
      }
    });
    if (missing.empty()) return;
    const std::string name = call.key.empty() ? call.block : call.key;
    auto& d = diagnostics_.add(
        Code::LF0202, call.key_span,
        "`" + name + "` needs `" + input.name + "`, for the spec has no `" + missing + "`",
        "`" + input.name + "` is missing");
    d.help.push_back("give `" + input.name + ":` here, or add `" + missing +
                     ":` to the spec, which it is then taken from");
  }

  // ---- values against types

  void condition(const Tree& tree, const cel::TypeScope& scope, const char* what) {
    if (tree.kind == Tree::Kind::constant) {
      if (tree.constant.is_bool() || tree.constant.is_error()) return;
      auto& d =
          diagnostics_.add(Code::LF0405, tree.span,
                           std::string("`") + what + "` must be true or false, not " +
                               with_article(infer_type(tree, scope, diagnostics_).to_string()));
      if (tree.constant.is_string() && tree.plain) {
        d.help.push_back("YAML 1.2 reads `" + tree.constant.as_string() +
                         "` as text; write `true` or `false`");
      }
      return;
    }
    const Type type = infer_type(tree, scope, diagnostics_);
    if (assignable(type, Type(Kind::boolean)) && type.kind() != Kind::null) return;
    auto& d = diagnostics_.add(
        Code::LF0405, place_of(tree),
        std::string("`") + what + "` must be true or false, not " + with_article(type.to_string()));
    if (type.kind() == Kind::string) d.help.push_back("a condition compares: `${x == 'a'}`");
    if (type.kind() == Kind::integer) d.help.push_back("a condition compares: `${x > 0}`");
  }

  Type repetition(const Tree& tree, const ModuleScope& scope) {
    const Type type = infer_type(tree, scope, diagnostics_);
    const Kind kind = type.kind();
    const bool fits =
        kind == Kind::any || kind == Kind::list || kind == Kind::map || kind == Kind::object;
    if (!fits && tree.kind != Tree::Kind::constant) {
      auto& d = diagnostics_.add(
          Code::LF0405, place_of(tree),
          "`for_each` must be a list or a map, not " + with_article(type.to_string()));
      if (kind == Kind::integer) d.help.push_back("for so many: `${lists.range(n)}`");
    }
    return type;
  }

  // Goes down as far as both the value and the type are written out.
  void check_tree(const Tree& tree, const cel::TypeScope& scope, const Type& wanted,
                  const std::string& name) {
    const Type& type = wanted.kind() == Kind::secret || wanted.kind() == Kind::optional
                           ? wanted.element()
                           : wanted;
    switch (tree.kind) {
      case Tree::Kind::constant: constant(tree, type, name); return;
      case Tree::Kind::scalar: {
        const Type given = infer_type(tree, scope, diagnostics_);
        if (!may_stand(given, type)) mismatch(tree, given, type, name);
        return;
      }
      case Tree::Kind::list:
        if (type.kind() != Kind::list && type.kind() != Kind::any) {
          mismatch(tree, Type::list(Type()), type, name);
          return;
        }
        for (const auto& item : tree.items) check_tree(item, scope, type.element(), name);
        return;
      case Tree::Kind::map: check_map(tree, scope, type, name); return;
    }
  }

  void check_map(const Tree& tree, const cel::TypeScope& scope, const Type& type,
                 const std::string& name) {
    const bool fits =
        type.kind() == Kind::map || type.kind() == Kind::object || type.kind() == Kind::any;
    if (!fits) {
      mismatch(tree, Type::map(Type()), type, name);
      return;
    }
    const bool fields = type.kind() == Kind::object && !type.fields().empty();
    for (const auto& entry : tree.entries) {
      const Type::Field* field = fields ? type.field(entry.key) : nullptr;
      if (fields && field == nullptr) unknown_key(entry, type, name);
      const Type inner = field != nullptr           ? field->type
                         : type.kind() == Kind::map ? type.element()
                                                    : Type();
      check_tree(entry.value, scope, inner, entry.key);
    }
    if (!fields) return;
    for (const auto& field : type.fields()) {
      if (!field.required || tree.find(field.name) != nullptr) continue;
      diagnostics_.add(Code::LF0202, tree.span, "`" + name + "` needs `" + field.name + "`");
    }
  }

  void unknown_key(const Tree::Entry& entry, const Type& type, const std::string& name) {
    std::vector<std::string> names;
    for (const auto& field : type.fields()) names.push_back(field.name);
    auto& d = diagnostics_.add(Code::LF0201, entry.key_span,
                               "`" + entry.key + "` is no key of `" + name + "`");
    const std::string near = nearest(entry.key, names);
    if (!near.empty()) {
      d.fixes.push_back({"did you mean `" + near + "`?", entry.key_span, near, false});
      return;
    }
    std::string all;
    for (const auto& one : names) all += (all.empty() ? "" : ", ") + one;
    d.help.push_back("its keys: " + all);
  }

  void constant(const Tree& tree, const Type& type, const std::string& name) {
    if (tree.constant.is_error() || tree.constant.is_unset()) return;
    const auto converted = convert(tree.constant, type, true);
    if (converted) return;
    const ConvertError& error = converted.error();
    auto& d = diagnostics_.add(Code::LF0204, tree.span, "`" + name + "`: " + error.message,
                               "wants " + with_article(type.to_string()));
    if (error.suggestion.empty()) return;
    const bool bare = type.kind() == Kind::size && tree.constant.is_int();
    if (is_example(error.suggestion) && !bare) {
      d.help.push_back("it is written like `" + error.suggestion + "`");
      return;
    }
    if (type.kind() == Kind::size && tree.constant.is_int()) {
      const std::string n = to_text(tree.constant);
      d.help.push_back(fmt::format("give its unit: `{0}GiB`, `{0}MiB` or `{0}GB`", n));
      return;
    }
    if (type.kind() == Kind::duration && tree.constant.is_int()) {
      const std::string n = to_text(tree.constant);
      d.help.push_back(fmt::format("give its unit: `{0}s`, `{0}m` (minutes), `{0}h` or `{0}d`", n));
      return;
    }
    // `yes`, "true": what is meant is not in doubt.
    const bool safe = type.kind() == Kind::boolean;
    d.fixes.push_back({"write `" + error.suggestion + "`", tree.span, error.suggestion, safe});
  }

  void mismatch(const Tree& tree, const Type& given, const Type& wanted, const std::string& name) {
    auto& d = diagnostics_.add(Code::LF0305, place_of(tree),
                               "`" + name + "` wants " + with_article(wanted.to_string()) +
                                   ", not " + with_article(given.to_string()));
    const bool number = given.kind() == Kind::integer || given.kind() == Kind::floating;
    if (wanted.kind() == Kind::string && number)
      d.help.push_back("a number becomes text with `string(…)`");
    if (wanted.kind() == Kind::integer && given.kind() == Kind::string) {
      d.help.push_back("a text becomes a number with `int(…)`");
    }
    if (wanted.kind() == Kind::duration && given.kind() == Kind::integer) {
      d.help.push_back("a number becomes a duration with `days(…)` or `duration('90s')`");
    }
    if (wanted.kind() == Kind::boolean)
      d.help.push_back("a condition compares: `${x == 'a'}`, `${size(x) > 0}`");
    if (wanted.kind() == Kind::ref)
      d.help.push_back("give a resource of that type, `${resources.NAME}`, or its id as text");
    if (wanted.kind() == Kind::list && given.kind() == Kind::list) {
      d.help.push_back(wanted.element().kind() == Kind::string
                           ? "each becomes text with `.map(x, string(x))`"
                           : "each becomes another value with `.map(x, …)`");
    } else if (wanted.kind() == Kind::list) {
      d.help.push_back("a list of one is `[…]`");
    }
  }

  const Spec& spec_;
  TypeWorld world_;
  Diagnostics& diagnostics_;
};

}  // namespace

void check_types(const Spec& spec, ModuleLibrary& modules, Packages& packages,
                 Diagnostics& diagnostics) {
  TypeCheck(spec, modules, packages, diagnostics).run();
}

Type check_asked(const Spec& spec, ModuleLibrary& modules, Packages& packages,
                 const cel::Expression& expression, Diagnostics& diagnostics) {
  Diagnostics known;  // the spec itself was checked before
  TypeWorld world{spec, modules, packages, known, {}};
  return cel::check(expression, world.scope(spec.root, spec.provider, nullptr), diagnostics);
}

}  // namespace lf

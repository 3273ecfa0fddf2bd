// SPDX-License-Identifier: Apache-2.0
#include "spec/policy_types.h"

#include <algorithm>

#include "base/strings.h"

namespace lf {

using Kind = Type::Kind;

namespace {

Type text_type() {
  return Type(Kind::string);
}

// The type that `where: {types: …}` leaves: nullptr where there may be several.
const ResourceType* only_type(const PolicyRule& rule, Packages& packages) {
  if (rule.types.size() != 1 || rule.types[0].find_first_of("*?") != std::string::npos)
    return nullptr;
  return packages.resource(rule.types[0]);
}

// What a resource wants: its type without what only the cloud says.
Type wanted_type(const ResourceType& type) {
  std::vector<Type::Field> fields;
  const Type whole = type.object_type();
  for (const auto& field : whole.fields()) {
    const Property* property = type.property(field.name);
    if (property == nullptr || property->computed) continue;
    fields.push_back({field.name, field.type, true});  // so that a typo in has() is found
  }
  return Type::object(type.name, std::move(fields));
}

Type resource_type(const ResourceType* type) {
  return Type::object("resource",
                      {{"type", text_type(), true},
                       {"address", text_type(), true},
                       {"action", text_type(), true},
                       {"properties", type == nullptr ? Type() : wanted_type(*type), true},
                       {"prior", type == nullptr ? Type() : type->object_type(), true},
                       {"block", text_type(), true},
                       {"key", text_type(), true},
                       {"provider", text_type(), true},
                       {"changes", Type::list(text_type()), true},
                       {"because", Type::list(text_type()), true},
                       {"protect", Type(Kind::boolean), true},
                       {"run", text_type(), true},
                       {"findings", Type::map(Type(Kind::boolean)), true}});
}

Type plan_type() {
  std::vector<Type::Field> counts;
  for (const auto* word :
       {"create", "update", "replace", "delete", "adopt", "move", "forget", "unchanged"})
    counts.push_back({word, Type(Kind::integer), true});
  std::vector<Type::Field> cost;
  for (const auto* word : {"hourly", "monthly", "dearest_hour"})
    cost.push_back({word, Type(Kind::floating), true});
  cost.push_back({"unknown", Type(Kind::integer), true});
  return Type::object("plan", {{"resources", Type::list(resource_type(nullptr)), true},
                               {"cost", Type::object("cost", std::move(cost)), true},
                               {"counts", Type::object("counts", std::move(counts)), true},
                               {"destroy", Type(Kind::boolean), true}});
}

class PolicyTypes : public cel::TypeScope {
 public:
  PolicyTypes(const PolicyRule& rule, const Spec& spec, Packages& packages)
      : spec_(spec), resource_(resource_type(only_type(rule, packages))) {}

  std::optional<Type> type_of(std::string_view name) const override {
    if (name == "resource") return resource_;
    if (name == "plan") return plan_type();
    if (name == "stack" || name == "env" || name == "region") return text_type();
    if (name != "vars") return std::nullopt;
    std::vector<Type::Field> fields;
    for (const auto& input : spec_.root.inputs) fields.push_back({input.name, input.type, true});
    return Type::object("vars", std::move(fields));
  }
  std::vector<std::string> names() const override {
    return {"resource", "plan", "stack", "env", "region", "vars"};
  }

 private:
  const Spec& spec_;
  Type resource_;
};

std::string with_article(const std::string& type) {
  return (std::string_view("aeiou").find(type.front()) != std::string_view::npos ? "an " : "a ") +
         type;
}

// `at` and the keys of `set`, where the type is known.
void check_property(const std::string& name, Span span, const ResourceType& type,
                    Diagnostics& diagnostics) {
  const Property* property = type.property(name);
  if (property != nullptr && !property->computed) return;
  std::vector<std::string> names;
  for (const auto& one : type.properties) {
    if (!one.computed) names.push_back(one.name);
  }
  auto& d =
      diagnostics.add(Code::LF0201, span, "`" + name + "` is no property of `" + type.name + "`");
  const std::string near = nearest(name, names);
  if (!near.empty()) d.help.push_back("did you mean `" + near + "`?");
}

}  // namespace

void check_demand(const Tree& condition, const Tree* message, const std::string& what,
                  const cel::TypeScope& scope, Diagnostics& diagnostics) {
  const cel::Expression& expression = *condition.text->parts()[0].expression;
  const Type type = cel::check(expression, scope, diagnostics);
  const Type& inner = type.kind() == Kind::optional ? type.element() : type;
  if (inner.kind() == Kind::secret) {
    diagnostics.add(Code::LF0406, expression.span(), "a secret may not decide " + what)
        .help.emplace_back("decide it by something that may be shown");
  } else if (inner.kind() == Kind::null || !assignable(inner, Type(Kind::boolean))) {
    diagnostics
        .add(Code::LF0405, expression.span(),
             what + " must be true or false, not " + with_article(inner.to_string()))
        .help.emplace_back(inner.kind() == Kind::integer ? "a condition compares: `${x > 0}`"
                                                         : "a condition compares: `${x == 'a'}`");
  }
  if (message == nullptr || !message->text) return;
  for (const auto& part : message->text->parts()) {
    if (!part.expression) continue;
    const Type shown = cel::check(*part.expression, scope, diagnostics);
    if (shown.kind() == Kind::secret) {
      diagnostics.add(Code::LF0406, part.expression->span(), "a message may not show a secret")
          .help.emplace_back("say which secret it is, not what it holds");
    }
  }
}

void refuse_secret_variables(const Tree& message, const Spec& spec, Diagnostics& diagnostics) {
  for_each_expression(message, [&](const cel::Expression& expression) {
    for (const auto& reference : expression.references()) {
      if (reference.root != "vars" || reference.path.empty()) continue;
      const InputDecl* input = spec.root.input(reference.path[0]);
      if (input == nullptr || !input->secret || input->type.kind() == Kind::secret) continue;
      diagnostics
          .add(Code::LF0406, expression.span(reference.begin, reference.end),
               "a message may not show a secret")
          .help.emplace_back("say which secret it is, not what it holds");
    }
  });
}

void check_policy_types(const PolicyRule& rule, const Spec& spec, Packages& packages,
                        Diagnostics& diagnostics) {
  const PolicyTypes scope(rule, spec, packages);
  if (rule.message) refuse_secret_variables(*rule.message, spec, diagnostics);
  check_demand(rule.condition, rule.message ? &*rule.message : nullptr,
               rule.deny ? "`deny`" : "`warn`", scope, diagnostics);
  const ResourceType* type = only_type(rule, packages);
  if (type == nullptr) return;
  if (!rule.at.empty()) check_property(rule.at, rule.span, *type, diagnostics);
  for (const auto& entry : rule.set) check_property(entry.key, entry.key_span, *type, diagnostics);
}

}  // namespace lf

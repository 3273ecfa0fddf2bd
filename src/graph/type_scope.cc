// SPDX-License-Identifier: Apache-2.0
#include "graph/type_scope.h"

#include <algorithm>

namespace lf {

using Kind = Type::Kind;

namespace {

Type type_of_value(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::null: return Type(Kind::null);
    case Value::Kind::boolean: return Type(Kind::boolean);
    case Value::Kind::integer: return Type(Kind::integer);
    case Value::Kind::uinteger: return Type(Kind::uinteger);
    case Value::Kind::floating: return Type(Kind::floating);
    case Value::Kind::string: return Type(Kind::string);
    default: return Type();
  }
}

// What can stand inside a longer text.
bool has_text_form(const Type& type) {
  switch (type.kind()) {
    case Kind::list:
    case Kind::map: return false;
    case Kind::object: return !type.name().empty();
    case Kind::optional: return has_text_form(type.element());
    default: return true;
  }
}

}  // namespace

std::string with_article(const std::string& type) {
  if (type.empty()) return type;
  return (std::string_view("aeiou").find(type.front()) != std::string_view::npos ? "an " : "a ") +
         type;
}

Span place_of(const Tree& tree) {
  return tree.text && tree.text->is_single() ? tree.text->parts()[0].expression->span() : tree.span;
}

bool may_stand(const Type& given, const Type& wanted) {
  if (assignable(given, wanted)) return true;
  switch (given.kind()) {
    case Kind::secret:
    case Kind::optional: return may_stand(given.element(), wanted);
    case Kind::object: {
      const Type::Field* id = given.field("id");
      const bool block = id != nullptr && given.name().find('.') == std::string::npos;
      return block && wanted.kind() != Kind::object && may_stand(id->type, wanted);
    }
    case Kind::list:
      return wanted.kind() == Kind::list && may_stand(given.element(), wanted.element());
    default: return false;
  }
}

Type infer_type(const Tree& tree, const cel::TypeScope& scope, Diagnostics& diagnostics) {
  switch (tree.kind) {
    case Tree::Kind::constant: return type_of_value(tree.constant);
    case Tree::Kind::scalar: {
      const bool single = tree.text->is_single();
      for (const auto& part : tree.text->parts()) {
        if (!part.expression) continue;
        const Type type = cel::check(*part.expression, scope, diagnostics);
        if (single) return type;
        if (has_text_form(type)) continue;
        diagnostics
            .add(Code::LF0305, part.expression->span(),
                 with_article(type.to_string()) + " has no form inside a text")
            .help.push_back("join it with `.join(', ')`, or write it as a document with `json(…)`");
      }
      return Type(Kind::string);
    }
    case Tree::Kind::list: {
      std::optional<Type> element;
      for (const auto& item : tree.items) {
        const Type type = infer_type(item, scope, diagnostics);
        if (!element)
          element = type;
        else if (!(*element == type))
          element = Type();
      }
      return Type::list(element.value_or(Type()));
    }
    case Tree::Kind::map: {
      std::vector<Type::Field> fields;
      for (const auto& entry : tree.entries) {
        fields.push_back({entry.key, infer_type(entry.value, scope, diagnostics), false});
      }
      return Type::object("", std::move(fields));
    }
  }
  return Type();
}

// ---- what scopes share

ModuleScope& TypeWorld::scope(const Module& module, const std::string& kind, ModuleScope* root) {
  for (const auto& known : scopes) {
    if (&known->module() == &module && known->kind() == kind) return *known;
  }
  scopes.push_back(std::make_unique<ModuleScope>(*this, module, kind, root));
  return *scopes.back();
}

std::string TypeWorld::kind_of(const ModuleCall& call, const ModuleScope& caller) const {
  for (const auto& provider : spec.providers) {
    if (provider.name == call.lifecycle.provider) return provider.kind;
  }
  return caller.kind();
}

const Module* TypeWorld::module_of(const ModuleCall& call, const ModuleScope& caller) {
  return call.source.empty() ? library.block(kind_of(call, caller), call.block)
                             : library.user(call.source);
}

// ---- one module

Type ModuleScope::infer(const Tree& tree) const {
  return infer_type(tree, *this, world_.diagnostics);
}

std::optional<Type> ModuleScope::builtin(std::string_view name) const {
  static constexpr std::string_view kTexts[] = {"stack",  "env",    "region",  "backend",
                                                "prefix", "unique", "account", "partition"};
  if (std::find(std::begin(kTexts), std::end(kTexts), name) != std::end(kTexts))
    return Type(Kind::string);
  if (name == "secret") {
    return Type::object("secret", {{"env", Type::map(Type::secret(Type(Kind::string))), true}});
  }
  return std::nullopt;
}

std::optional<Type> ModuleScope::type_of(std::string_view name) const {
  const bool is_root = module_.kind == ModuleKind::root;
  if (is_root && name == "vars") {
    if (!inputs_) {
      std::vector<Type::Field> fields;
      for (const auto& input : module_.inputs) fields.push_back({input.name, input.type, true});
      inputs_ = Type::object("vars", std::move(fields));
      if (module_.inputs.empty()) inputs_ = Type::object("vars", {});
    }
    return inputs_;
  }
  if (!is_root) {
    if (const InputDecl* input = module_.input(name)) return input->type;
    if (name == "name") return Type(Kind::string);
    if (name == "each") return Type();  // of the module's caller
  }
  if (name == "locals") return locals();
  if (name == "resources") return resources();
  if (name == "data") return data();
  if (auto type = builtin(name)) return type;
  if (const ImportDecl* import = module_.import(name)) {
    std::vector<Type::Field> fields;
    for (const auto& output : import->outputs) fields.push_back({output, Type(), true});
    return Type::object("stack " + import->stack, std::move(fields));
  }
  if (auto type = block(name)) return type;
  if (module_.kind != ModuleKind::block || root_ == nullptr) return std::nullopt;
  if (auto type = root_->block(name)) return type;
  // A block's default may name a block that this spec does not use; check_default judges that.
  if (!is_absent_block(name)) return std::nullopt;
  const Module* other = world_.library.block(kind_, name);
  return other == nullptr || other->keyed ? Type() : world_.scope(*other, kind_, root_).outputs();
}

bool ModuleScope::is_absent_block(std::string_view name) const {
  if (module_.kind != ModuleKind::block || root_ == nullptr) return false;
  if (module_.input(name) != nullptr || name == "name" || builtin(name)) return false;
  for (const auto* own : {"locals", "resources", "data", "each", "modules"}) {
    if (name == own) return false;
  }
  for (const auto& call : root_->module_.calls) {
    if (call.block == name) return false;
  }
  const size_t before = world_.diagnostics.error_count();
  return world_.library.block(kind_, name) != nullptr && world_.diagnostics.error_count() == before;
}

std::vector<std::string> ModuleScope::names() const {
  std::vector<std::string> out{"locals",  "resources", "data",   "stack",   "env",       "region",
                               "backend", "prefix",    "unique", "account", "partition", "secret"};
  if (module_.kind == ModuleKind::root)
    out.emplace_back("vars");
  else
    for (const auto& input : module_.inputs) out.push_back(input.name);
  for (const auto& import : module_.imports) out.push_back(import.name);
  for (const auto& call : module_.calls) out.push_back(call.block);
  return out;
}

// Each local is inferred after those that it names, so that the object of all is complete for it.
Type ModuleScope::locals() const {
  if (locals_) return *locals_;
  if (inferring_.empty()) {
    for (const auto& local : module_.locals) infer_local(local);
  }
  std::vector<Type::Field> fields;
  for (const auto& local : module_.locals) {
    const auto known = local_types_.find(local.key);
    fields.push_back({local.key, known == local_types_.end() ? Type() : known->second, true});
  }
  Type all = module_.locals.empty() ? Type::object("locals", {})
                                    : Type::object("locals", std::move(fields));
  if (inferring_.empty()) locals_ = all;
  return all;
}

void ModuleScope::infer_local(const Tree::Entry& local) const {
  if (local_types_.contains(local.key)) return;
  const auto running = std::find(inferring_.begin(), inferring_.end(), local.key);
  if (running != inferring_.end()) {
    std::string path;
    for (auto at = running; at != inferring_.end(); ++at) path += "`locals." + *at + "` needs ";
    path += "`locals." + local.key + "`";
    const bool alone = running + 1 == inferring_.end();
    auto& d = world_.diagnostics.add(Code::LF0402, local.key_span,
                                     alone ? "`locals." + local.key + "` needs itself"
                                           : "these need each other in a circle: " + path);
    d.help.push_back("break the circle by taking one of these references out");
    return;
  }
  inferring_.push_back(local.key);
  for_each_expression(local.value, [&](const cel::Expression& expression) {
    for (const auto& reference : expression.references()) {
      if (reference.root != "locals" || reference.path.empty()) continue;
      for (const auto& other : module_.locals) {
        if (other.key == reference.path[0]) infer_local(other);
      }
    }
  });
  // One that was found in a circle is inferred by nobody but the circle's first.
  if (!local_types_.contains(local.key)) local_types_.emplace(local.key, infer(local.value));
  inferring_.pop_back();
}

Type ModuleScope::resources() const {
  if (resources_) return *resources_;
  std::vector<Type::Field> fields;
  for (const auto& decl : module_.resources) {
    const ResourceType* type = world_.packages.resource(decl.type);
    Type one = type == nullptr ? Type() : type->object_type();
    if (decl.lifecycle.for_each) one = Type::map(Type(), std::move(one));
    fields.push_back({decl.key, std::move(one), false});
  }
  resources_ = Type::object("resources", std::move(fields));
  return *resources_;
}

Type ModuleScope::data() const {
  if (data_) return *data_;
  std::vector<Type::Field> all;
  for (const auto& decl : module_.data) {
    const DataType* type = world_.packages.data(decl.type);
    Type one;
    if (type != nullptr) {
      std::vector<Type::Field> fields;
      for (const auto& output : type->outputs) fields.push_back({output.name, output.type, true});
      one = Type::object("", std::move(fields));
      if (type->pick == DataType::Pick::all) one = Type::list(std::move(one));
    }
    all.push_back({decl.key, std::move(one), true});
  }
  data_ = all.empty() ? Type::object("data", {}) : Type::object("data", std::move(all));
  return *data_;
}

Type ModuleScope::outputs() const {
  if (outputs_) return *outputs_;
  if (outputs_running_) return Type();  // blocks that look at each other: the graph's cycle check
  outputs_running_ = true;
  std::vector<Type::Field> fields;
  for (const auto& output : module_.outputs) {
    Type type = infer(output.value);
    if (output.secret) type = Type::secret(std::move(type));
    fields.push_back({output.name, std::move(type), true});
  }
  outputs_running_ = false;
  // A module's name may be its path: only a block's says something.
  const std::string name = module_.kind == ModuleKind::block ? module_.name : "";
  outputs_ = fields.empty() ? Type::object(name, {}) : Type::object(name, std::move(fields));
  return *outputs_;
}

Type ModuleScope::instance_type(const ModuleCall& call) const {
  const Module* module = world_.module_of(call, *this);
  if (module == nullptr) return Type();
  ModuleScope* root = root_ == nullptr ? const_cast<ModuleScope*>(this) : root_;
  Type one = world_.scope(*module, world_.kind_of(call, *this), root).outputs();
  return call.lifecycle.for_each ? Type::map(Type(), std::move(one)) : one;
}

std::optional<Type> ModuleScope::block(std::string_view name) const {
  if (const auto known = blocks_.find(name); known != blocks_.end()) return known->second;
  bool found = false;
  std::vector<Type::Field> instances;
  std::optional<Type> out;
  for (const auto& call : module_.calls) {
    if (call.block != name) continue;
    found = true;
    if (call.key.empty()) {
      out = instance_type(call);
      break;
    }
    instances.push_back({call.key, instance_type(call), false});
  }
  if (found && !out) out = Type::object(std::string(name), std::move(instances));
  blocks_.emplace(std::string(name), out);
  return out;
}

EachScope::EachScope(const ModuleScope& outer, const Type& over) : outer_(outer) {
  Type key, value;
  if (over.kind() == Kind::list) {
    value = over.element();
    const bool texts = value.kind() == Kind::string;
    if (texts)
      key = Type(Kind::string);
    else if (value.kind() != Kind::any)
      key = Type(Kind::integer);
  } else if (over.kind() == Kind::map) {
    key = over.key();
    value = over.element();
  } else if (over.kind() == Kind::object) {
    key = Type(Kind::string);
    if (!over.fields().empty()) {
      value = over.fields().front().type;
      for (const auto& field : over.fields()) {
        if (!(field.type == value)) value = Type();
      }
    }
  }
  each_ = Type::object("", {{"key", key, true}, {"value", value, true}});
}

std::vector<std::string> EachScope::names() const {
  auto out = outer_.names();
  out.emplace_back("each");
  return out;
}

}  // namespace lf

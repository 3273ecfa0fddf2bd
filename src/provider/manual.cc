// SPDX-License-Identifier: Apache-2.0
#include "provider/manual.h"

#include <fmt/format.h>

#include <set>

#include "base/strings.h"
#include "base/units.h"

namespace lf {

namespace {

std::string source_of(const cel::Interpolation& text) {
  std::string out;
  for (const cel::Interpolation::Part& part : text.parts()) {
    out += part.expression ? "${" + part.expression->text() + "}" : part.text;
  }
  return out;
}

std::string sentence(std::string text) {
  if (!text.empty() && text.back() != '.') text += '.';
  return text;
}

const Type& leaf_of(const Type& type) {
  const Type* at = &type;
  while (at->kind() == Type::Kind::list || at->kind() == Type::Kind::map ||
         at->kind() == Type::Kind::secret) {
    at = &at->element();
  }
  return *at;
}

std::string limit_text(const Property& property, double limit) {
  const Type::Kind kind = leaf_of(property.type).kind();
  if (kind == Type::Kind::size) return format_size(static_cast<int64_t>(limit));
  if (kind == Type::Kind::duration) return format_duration({static_cast<int64_t>(limit), 0});
  return fmt::format("{:g}", limit);
}

}  // namespace

std::string type_text(const Property& property) {
  const Type& leaf = leaf_of(property.type);
  std::string text = property.type.to_string();
  if (leaf.kind() == Type::Kind::object) text = replace_all(text, leaf.to_string(), "object");
  if (leaf.kind() != Type::Kind::enumeration) return text;
  return replace_all(text, leaf.to_string(), "enum") + " (" + join(leaf.values(), ", ") + ")";
}

std::vector<std::string> traits_of(const Property& property) {
  std::vector<std::string> out;
  if (property.required) out.emplace_back("required");
  if (property.immutable) out.emplace_back("a change replaces");
  if (property.secret) out.emplace_back("secret");
  if (property.write_only) out.emplace_back("never read back");
  if (property.unique_name)
    out.emplace_back(property.unique_in_world ? "name unique in the world" : "unique name");
  if (property.local) out.emplace_back("for llmforge only");
  if (!property.key.empty()) {
    out.push_back(property.key.front() == "value" ? "order does not count"
                                                  : "told apart by " + join(property.key, ", "));
  }
  if (property.absent == Absent::with_default) {
    out.push_back("default " + to_text(property.default_value));
  } else if (!property.required && !property.computed && !property.local) {
    out.emplace_back(property.absent == Absent::unset       ? "none unless set"
                     : property.absent == Absent::unmanaged ? "left alone until set"
                                                            : "left to the cloud");
  }
  if (property.min) out.push_back("from " + limit_text(property, *property.min));
  if (property.max) out.push_back("up to " + limit_text(property, *property.max));
  if (property.length) {
    out.push_back(
        fmt::format("{} to {} characters", property.length->first, property.length->second));
  }
  if (!property.pattern.empty()) out.push_back("matches `" + property.pattern + "`");
  if (!property.drifts) out.emplace_back("drift is not shown");
  if (property.derive) out.push_back("`" + source_of(*property.derive) + "`");
  return out;
}

namespace {

void list_properties(const std::vector<Property>& properties, bool computed, int depth,
                     std::string& out) {
  // Fields nest as deep as a descriptor nests them; what is printed has a bound of its own.
  constexpr int kDepthMax = 8;
  if (depth > kDepthMax) return;
  for (const Property& property : properties) {
    if (property.computed != computed && depth == 0) continue;
    const std::vector<std::string> traits = traits_of(property);
    out += std::string(static_cast<size_t>(depth) * 2, ' ') +
           fmt::format("- `{}`: {}", property.name, type_text(property));
    if (!traits.empty()) out += "; " + join(traits, "; ");
    out += ". " + sentence(property.doc);
    if (property.check) out += " " + sentence(property.check_message);
    while (out.back() == ' ') out.pop_back();
    out += "\n";
    list_properties(property.fields, computed, depth + 1, out);
  }
}

std::string example_value(const Property& property) {
  const Type& type = property.type;
  switch (type.kind()) {
    case Type::Kind::boolean: return "true";
    case Type::Kind::integer: return property.min ? limit_text(property, *property.min) : "1";
    case Type::Kind::cidr: return "10.0.0.0/16";
    case Type::Kind::duration: return property.min ? limit_text(property, *property.min) : "1h";
    case Type::Kind::size: return property.min ? limit_text(property, *property.min) : "10GiB";
    case Type::Kind::enumeration: return type.values().empty() ? "value" : type.values().front();
    case Type::Kind::ref: return "\"${resources.other}\"";
    case Type::Kind::list: return "[]";
    case Type::Kind::map:
    case Type::Kind::object: return "{}";
    default: return "my-" + replace_all(property.name, "_", "-");
  }
}

void example(const ResourceType& type, std::string& out) {
  out += fmt::format("\n## Example\n\n    resources:\n      my-{}:\n        type: {}\n",
                     replace_all(type.name.substr(type.name.rfind('.') + 1), "_", "-"), type.name);
  for (const Property& property : type.properties) {
    if (property.required) {
      out += fmt::format("        {}: {}\n", property.name, example_value(property));
    }
  }
}

const char* recovery_text(Recovery::Kind kind) {
  switch (kind) {
    case Recovery::Kind::id: return "its id, known before";
    case Recovery::Kind::mark: return "the mark of its create";
    case Recovery::Kind::token: return "the create's token";
    case Recovery::Kind::natural_key: return "what makes it unique";
    case Recovery::Kind::name: return "its name";
    case Recovery::Kind::fingerprint: return "its properties";
  }
  return "";
}

void life(const ResourceType& type, std::string& out) {
  out += "\n## Life\n\n";
  std::vector<std::string> found;
  for (const Recovery& each : type.recovery) {
    std::string text = recovery_text(each.kind);
    if (!each.properties.empty()) text += " (" + join(each.properties, ", ") + ")";
    found.push_back(std::move(text));
  }
  out += "- A create whose answer was lost is found again by " + join(found, ", then ") + ".\n";
  if (type.create.kind == CreateKind::adopt) {
    out += "- It comes into being with something else: what is there is taken over.\n";
  } else if (type.create.kind != CreateKind::fresh || type.unique_name() != nullptr) {
    out += "- One that exists already is not taken over: `adopt` does that.\n";
  }
  if (type.carrier == MarkCarrier::none) {
    out += "- It carries no marks: " + sentence(type.mark_reason) + "\n";
  }
  const auto wait = [&](const char* what, const Wait& each) {
    if (!each.declared) return;
    out += fmt::format("- {} usually takes {}, at most {}.\n", what, format_duration(each.usual),
                       format_duration(each.limit));
  };
  wait("Creating", type.wait_create);
  wait("Changing", type.wait_update);
  wait("Deleting", type.wait_delete);
  if (type.del.kind == DeleteKind::schedule) out += "- Deletion is scheduled, not immediate.\n";
  if (type.del.kind == DeleteKind::reset) out += "- It cannot be deleted: it is set back.\n";
  if (type.del.contents)
    out += "- While it holds data, deletion is refused unless told to empty it.\n";
  if (type.ends) out += "- It ends by itself.\n";
  for (const Blocker& each : type.blockers) {
    if (!each.doc.empty()) out += "- Deletion waits for " + each.doc + ".\n";
  }
}

void add_verb(const ResourceType& type, const Verb& verb, std::set<std::string>& out) {
  for (const Step& step : verb) {
    if (!step.call.valid()) continue;
    const std::string own = type.service == nullptr ? "" : type.service->name;
    out.insert((step.call.service.empty() ? own : step.call.service) + ":" + step.call.action);
  }
}

void add_call(const ResourceType& type, const Call& call, std::set<std::string>& out) {
  Step step;
  step.call = call;
  add_verb(type, {step}, out);
}

}  // namespace

std::vector<std::string> operations_of(const ResourceType& type) {
  std::set<std::string> out;
  add_verb(type, type.create.steps, out);
  add_verb(type, type.update, out);
  add_verb(type, type.del.steps, out);
  add_verb(type, type.del.restore, out);
  add_call(type, type.del.look, out);
  if (type.del.contents) {
    add_call(type, type.del.contents->read, out);
    add_verb(type, type.del.contents->purge, out);
  }
  if (type.refresh.list) {
    add_call(type, type.refresh.list->call, out);
    add_call(type, type.refresh.list->name_call, out);
  }
  add_call(type, type.refresh.read, out);
  for (const Facet& facet : type.facets) {
    for (const Verb* verb :
         {&facet.apply, &facet.reset, &facet.add, &facet.change, &facet.remove}) {
      add_verb(type, *verb, out);
    }
    add_call(type, facet.read.call, out);
    add_call(type, facet.read.detail, out);
  }
  for (const Blocker& blocker : type.blockers) add_call(type, blocker.call, out);
  return {out.begin(), out.end()};
}

std::string manual_page(const ResourceType& type) {
  std::string out = fmt::format("# {}\n\n{}\n", type.name, sentence(type.doc));
  if (!type.id_prefix.empty()) out += fmt::format("\nIts id begins with `{}`.\n", type.id_prefix);
  out += "\n## Properties\n\n";
  list_properties(type.properties, false, 0, out);
  std::string computed = "- `id`: string. Its identity; what `${…}` of the whole resource means.\n";
  list_properties(type.properties, true, 0, computed);
  out += "\n## Set by the cloud\n\n" + computed;
  example(type, out);
  life(type, out);
  if (!type.security.empty()) {
    out += "\n## Security checks\n\n";
    for (const SecurityCheck& check : type.security) {
      out += fmt::format("- `{}`: {}\n", check.id, sentence(source_of(check.message)));
    }
  }
  const std::vector<std::string> operations = operations_of(type);
  out += "\n## Operations\n\n" + join(operations, ", ") + "\n";
  return out;
}

std::string manual_page(const DataType& data) {
  std::string out = fmt::format("# {}\n\n{}\n", data.name, sentence(data.doc));
  if (data.pin) out += "\nIts result is kept in the lock file until `--update-lock`.\n";
  if (!data.inputs.empty()) {
    out += "\n## Inputs\n\n";
    list_properties(data.inputs, false, 0, out);
  }
  out += "\n## Outputs\n\n";
  list_properties(data.outputs, false, 0, out);
  list_properties(data.outputs, true, 0, out);
  return out;
}

}  // namespace lf

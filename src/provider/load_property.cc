// SPDX-License-Identifier: Apache-2.0
// `properties:` (and a look-up's inputs and outputs): one line each.
#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "lang/convert.h"
#include "provider/loader.h"
#include "provider/loader_words.h"

namespace lf {

namespace {

Type with_leaf(const Type& type, const Type& leaf, Type::Kind instead_of) {
  switch (type.kind()) {
    case Type::Kind::list: return Type::list(with_leaf(type.element(), leaf, instead_of));
    case Type::Kind::map: return Type::map(with_leaf(type.element(), leaf, instead_of));
    case Type::Kind::secret: return Type::secret(with_leaf(type.element(), leaf, instead_of));
    default: return type.kind() == instead_of ? leaf : type;
  }
}

bool has_leaf(const Type& type, Type::Kind kind) {
  switch (type.kind()) {
    case Type::Kind::list:
    case Type::Kind::map:
    case Type::Kind::secret:
    case Type::Kind::optional: return has_leaf(type.element(), kind);
    default: return type.kind() == kind;
  }
}

const Type& leaf_of(const Type& type) {
  switch (type.kind()) {
    case Type::Kind::list:
    case Type::Kind::map:
    case Type::Kind::secret:
    case Type::Kind::optional: return leaf_of(type.element());
    default: return type;
  }
}

// "VpcId" -> "vpcId": how EC2's answers spell what its requests send.
std::string lower_first(std::string text) {
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') {
    text[0] = static_cast<char>(text[0] - 'A' + 'a');
  }
  return text;
}

}  // namespace

bool Loader::properties(const LoadNode& map, std::vector<Property>& out, bool nested) {
  if (!want(map, LoadNode::Kind::map, nested ? "fields" : "properties")) return false;
  // In a field, `self` is the object around it.
  std::vector<std::string> around;
  if (nested && self_ != &out) {
    for (const LoadNode::Entry& entry : map.entries) around.push_back(entry.key);
  }
  std::swap(around, siblings_);
  for (const LoadNode::Entry& entry : map.entries) {
    const size_t before = diagnostics_.error_count();
    Property one;
    if (property(entry, nested, one)) out.push_back(std::move(one));
    if (!nested && diagnostics_.error_count() != before) poisoned_.insert(entry.key);
  }
  std::swap(around, siblings_);
  return true;
}

bool Loader::property(const LoadNode::Entry& entry, bool nested, Property& out) {
  const LoadNode& node = entry.value;
  out.name = entry.key;
  out.span = entry.key_span;
  if (!keys(
          node, entry.key,
          {"type",       "values",   "fields",  "key",    "wire",      "read",     "read_transform",
           "format",     "pairs",    "item",    "unit",   "where",     "required", "secret",
           "write_only", "computed", "derive",  "absent", "compare",   "check",    "message",
           "pattern",    "min",      "max",     "length", "gzip_over", "doc",      "immutable",
           "drifts",     "wire_or",  "read_or", "amount"},
          nested ? Words{} : Words{"changes_on", "facet", "unique_name", "local", "clear"})) {
    return false;
  }
  text(node, "doc", out.doc);
  property_type(node, out);
  property_flags(node, out);
  property_wire(node, out);
  property_absent(node, out);
  property_checks(node, out);
  return true;
}

void Loader::property_type(const LoadNode& node, Property& out) {
  const LoadNode* type = required(node, "type", out.name);
  std::string notation;
  text(node, "type", notation);
  std::vector<std::string> values;
  texts(node, "values", values);
  if (const LoadNode* fields = node.find("fields")) properties(*fields, out.fields, true);
  if (type == nullptr || !type->is_scalar()) return;
  const bool listed = node.find("values") != nullptr;
  // A bare `enum` has its values beside it.
  std::string parseable = notation;
  if (listed) parseable = replace_all(parseable, "enum", "string");
  std::string why;
  auto parsed = Type::parse(parseable, &why);
  if (parsed && (notation.find("enum") != std::string::npos) != listed) {
    error(Code::LF0917, type->span, "`type: enum` and `values` go together");
    return;
  }
  if (!parsed) {
    const bool bare = notation.find("enum") != std::string::npos;
    error(Code::LF0917, type->span,
          bare ? "`type: enum` and `values` go together" : fmt::format("`{}` is no type", notation),
          bare ? "" : why);
    return;
  }
  if (listed) parsed = with_leaf(*parsed, Type::enumeration(values), Type::Kind::string);
  if (!out.fields.empty()) {
    if (!has_leaf(*parsed, Type::Kind::object)) {
      error(Code::LF0917, type->span, fmt::format("`{}` has no fields", notation));
    }
    std::vector<Type::Field> fields;
    for (const Property& field : out.fields) {
      fields.push_back({field.name, field.type, field.required});
    }
    parsed = with_leaf(*parsed, Type::object("", std::move(fields)), Type::Kind::object);
  }
  out.type = std::move(*parsed);
  const Type& leaf = leaf_of(out.type);
  if (leaf.kind() == Type::Kind::ref && leaf.name().find('.') != std::string::npos) {
    type_references.emplace_back(leaf.name(), type->span);
  }
}

void Loader::property_flags(const LoadNode& node, Property& out) {
  flag(node, "required", out.required);
  flag(node, "immutable", out.immutable);
  flag(node, "secret", out.secret);
  flag(node, "write_only", out.write_only);
  flag(node, "computed", out.computed);
  const LoadNode* unique = node.find("unique_name");
  if (unique != nullptr && unique->text == "world")
    out.unique_name = out.unique_in_world = true;
  else
    flag(node, "unique_name", out.unique_name);
  flag(node, "local", out.local);
  text(node, "facet", out.facet);
  texts(node, "key", out.key);
  if (out.type.kind() == Type::Kind::secret) out.secret = true;
  std::vector<std::string> changes;
  texts(node, "changes_on", changes);
  for (const std::string& verb : changes) {
    if (verb == "update")
      out.changes_on_update = true;
    else
      unknown_word(*node.find("changes_on"), "changes_on", {"update"});
  }
  if (const LoadNode* drifts = node.find("drifts")) {
    if (drifts->is_map()) {
      keys(*drifts, "drifts", {"after"});
      text(*drifts, "after", out.drifts_after);
    } else if (drifts->text == "never") {
      out.drifts = false;
    } else {
      unknown_word(*drifts, "drifts", {"never", "{after: PROPERTY}"});
    }
  }
  const bool list =
      has_leaf(out.type, leaf_of(out.type).kind()) && out.type.kind() == Type::Kind::list;
  if (!out.key.empty() && !list) {
    error(Code::LF0927, node.entry("key")->key_span, "only a list can be a set with a `key`");
  }
  for (const std::string& key : out.key) {
    if (list && !out.fields.empty() ? out.field(key) == nullptr : key != "value") {
      error(Code::LF0905, node.find("key")->span,
            fmt::format("an element of `{}` has no `{}`", out.name, key));
    }
  }
  if (out.computed && (out.required || out.immutable)) {
    error(Code::LF0927, out.span,
          fmt::format("`{}` is computed: it is neither required nor immutable", out.name));
  }
}

void Loader::property_wire(const LoadNode& node, Property& out) {
  path(node, "wire", out.wire);
  path(node, "read", out.read);
  const auto others = [&](std::string_view key, std::string_view main,
                          std::vector<WirePath>& paths) {
    const LoadNode* given = node.find(key);
    if (given == nullptr) return;
    if (want(*given, LoadNode::Kind::list, key)) {
      for (const LoadNode& item : given->items) {
        if (want(item, LoadNode::Kind::scalar, key)) paths.push_back(split_path(item.text));
      }
    }
    if (node.find(main) == nullptr) required(node, main, out.name);
  };
  others("wire_or", "wire", out.wire_or);
  others("read_or", "read", out.read_or);
  if (const LoadNode* clear = node.find("clear")) out.clear = clear->to_value();
  word<ReadTransform>(node, "read_transform", out.read_transform,
                      {{"url_json", ReadTransform::url_json},
                       {"json", ReadTransform::json},
                       {"base64", ReadTransform::base64},
                       {"last_path", ReadTransform::last_path},
                       {"last_colon", ReadTransform::last_colon},
                       {"lower", ReadTransform::lower},
                       {"https", ReadTransform::https}});
  word<WireFormat>(node, "format", out.format,
                   {{"json", WireFormat::json},
                    {"base64", WireFormat::base64},
                    {"string", WireFormat::string},
                    {"present", WireFormat::present},
                    {"comma", WireFormat::comma}});
  if (out.format == WireFormat::comma && out.type.kind() != Type::Kind::list) {
    error(Code::LF0927, node.entry("format")->key_span, "commas stand between a list's elements");
  }
  if (node.find("read_transform") == nullptr) {
    if (out.format == WireFormat::json) out.read_transform = ReadTransform::json;
    if (out.format == WireFormat::base64) out.read_transform = ReadTransform::base64;
  }
  const bool lowered = service_ != nullptr && service_->protocol == Protocol::ec2query;
  if (node.find("read") == nullptr && !out.write_only && !out.local) {
    for (const std::string& step : out.wire) out.read.push_back(lowered ? lower_first(step) : step);
  }
  if (out.read == WirePath{"@id"} && out.type.kind() != Type::Kind::string) {
    error(Code::LF0927, node.entry("read")->key_span, "an id is a text: only a string reads `@id`");
  }
  std::vector<std::string> pair;
  texts(node, "pairs", pair);
  if (pair.size() == 2) {
    out.pair_key = pair[0];
    out.pair_value = pair[1];
    out.read_pair_key = lowered ? lower_first(pair[0]) : pair[0];
    out.read_pair_value = lowered ? lower_first(pair[1]) : pair[1];
  } else if (node.find("pairs") != nullptr) {
    error(Code::LF0903, node.find("pairs")->span, "`pairs` takes two names: [Key, Value]");
  }
  text(node, "item", out.item);
  if (!out.item.empty()) out.read_item = lowered ? lower_first(out.item) : out.item;
  if (!out.pair_key.empty() && out.type.kind() != Type::Kind::map) {
    error(Code::LF0927, node.entry("pairs")->key_span, "only a map is written as pairs");
  }
  if (!out.item.empty() && out.type.kind() != Type::Kind::list) {
    error(Code::LF0927, node.entry("item")->key_span, "only a list has items");
  }
  NameScope scope;
  scope.roots = {"element"};
  expression(node, "where", scope, out.where);
  const Type::Kind leaf = leaf_of(out.type).kind();
  std::vector<std::string> members;
  texts(node, "amount", members);
  if (members.size() == 2) {
    out.amount = members[0];
    out.currency = members[1];
  } else if (node.find("amount") != nullptr) {
    error(Code::LF0903, node.find("amount")->span, "`amount` takes two names: [Amount, Unit]");
  }
  if (!out.amount.empty() && leaf != Type::Kind::money) {
    error(Code::LF0927, node.entry("amount")->key_span, "only money has an amount");
  }
  if (const LoadNode* unit = node.find("unit")) {
    text(node, "unit", out.unit);
    const std::vector<std::string> units = leaf == Type::Kind::duration
                                               ? std::vector<std::string>{"s", "min", "h", "d"}
                                               : std::vector<std::string>{"B", "KiB", "MiB", "GiB"};
    if (leaf != Type::Kind::duration && leaf != Type::Kind::size) {
      error(Code::LF0927, unit->span, "only a duration and a size have units");
    } else if (std::find(units.begin(), units.end(), out.unit) == units.end()) {
      unknown_word(*unit, "unit", units);
    }
  } else if (leaf == Type::Kind::duration) {
    out.unit = "s";
  } else if (leaf == Type::Kind::size) {
    out.unit = "B";
  }
}

Value Loader::literal(const LoadNode& node, const Type& type, std::string_view what) {
  auto converted = convert(node.to_value(), type, true);
  if (converted) return std::move(*converted);
  Diagnostic& wrong =
      error(Code::LF0918, node.span, fmt::format("{}: {}", what, converted.error().message));
  if (!converted.error().suggestion.empty())
    wrong.help.push_back("write `" + converted.error().suggestion + "`");
  return {};
}

void Loader::property_absent(const LoadNode& node, Property& out) {
  word<Compare>(node, "compare", out.compare,
                {{"exact", Compare::exact},
                 {"json", Compare::json},
                 {"iam_policy", Compare::iam_policy},
                 {"case_insensitive", Compare::case_insensitive},
                 {"cidr", Compare::cidr},
                 {"version_prefix", Compare::version_prefix},
                 {"trim_dot", Compare::trim_dot},
                 {"digest", Compare::digest}});
  const LoadNode* absent = node.find("absent");
  if (absent == nullptr) return;
  if (!absent->is_map()) {
    word<Absent>(
        node, "absent", out.absent,
        {{"server", Absent::server}, {"unset", Absent::unset}, {"unmanaged", Absent::unmanaged}});
    return;
  }
  keys(*absent, "absent", {"default"});
  const LoadNode* value = required(*absent, "default", "absent");
  if (value == nullptr) return;
  out.absent = Absent::with_default;
  out.default_value = literal(*value, out.type, fmt::format("the default of `{}`", out.name));
  if (out.required) {
    error(Code::LF0927, absent->span,
          fmt::format("`{}` is required: it needs no default", out.name));
  }
}

void Loader::property_checks(const LoadNode& node, Property& out) {
  NameScope scope;
  scope.roots = {"this", "self", "account", "region", "partition"};
  scope.siblings = siblings_;
  expression(node, "check", scope, out.check);
  text(node, "message", out.check_message);
  if (out.check && out.check_message.empty()) required(node, "message", out.name);
  regex(node, "pattern", out.pattern);
  real(node, "min", out.min);
  real(node, "max", out.max);
  if (const LoadNode* length = node.find("length")) {
    const bool pair = length->is_list() && length->items.size() == 2 &&
                      length->items[0].value.is_int() && length->items[1].value.is_int();
    if (pair) {
      out.length = {length->items[0].value.as_int(), length->items[1].value.as_int()};
    } else {
      error(Code::LF0903, length->span, "`length` takes two whole numbers: [1, 63]");
    }
  }
  if (const LoadNode* over = node.find("gzip_over")) {
    if (!over->value.is_int() || over->value.as_int() < 1 || out.format != WireFormat::base64) {
      error(Code::LF0903, over->span, "`gzip_over` takes a number of bytes, with `format: base64`");
    } else {
      out.gzip_over = static_cast<size_t>(over->value.as_int());
    }
  }
  NameScope derived;
  derived.roots = {"self", "id", "account", "region", "partition", "dns_suffix"};
  derived.siblings = siblings_;
  if (const LoadNode* derive = node.find("derive")) {
    if (!out.computed) {
      error(Code::LF0927, derive->span, "only a computed property is derived");
    }
    out.derive = interpolation(*derive, derived);
  }
}

}  // namespace lf

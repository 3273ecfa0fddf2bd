// SPDX-License-Identifier: Apache-2.0
#include "render/schema_form.h"

#include <algorithm>
#include <map>

#include "base/strings.h"
#include "base/units.h"
#include "provider/manual.h"

namespace lf {

namespace {

using Kind = Type::Kind;

// An expression: `${` that is not written `$${`.
constexpr const char* kExpression = "(^|[^$])(\\$\\$)*\\$\\{";
constexpr const char* kNumber = "[0-9]{1,19}(\\.[0-9]+)?";

struct TextForm {
  Kind kind;
  const char* name;
  std::string pattern;
  const char* doc;
  Value example;
};

const std::vector<TextForm>& text_forms() {
  static const std::vector<TextForm> kForms = [] {
    const std::string n = kNumber;
    std::string time = "^[+-]?(?=[0-9])";
    for (const char* unit : {"d", "h", "m", "s", "ms", "us", "ns"}) time += "(" + n + unit + ")?";
    time += "$";
    return std::vector<TextForm>{
        {Kind::duration, "duration", time, "such as 90d, 12h, 1h30m", Value("12h")},
        {Kind::size, "size", "^" + n + " ?([kMGTP]?B|[KMGTP]iB)$", "such as 200GiB",
         Value("200GiB")},
        {Kind::money, "money", "^-?" + n + " [A-Z]{3}$", "such as 200 USD", Value("200 USD")},
        {Kind::cidr, "cidr",
         "^([0-9]{1,3}(\\.[0-9]{1,3}){3}|[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*)/[0-9]{1,3}$",
         "such as 10.0.0.0/16", Value("10.0.0.0/16")},
        {Kind::ip, "ip", "^([0-9]{1,3}(\\.[0-9]{1,3}){3}|[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*)$",
         "such as 10.0.0.1", Value("10.0.0.1")},
        {Kind::email, "email", "^[^@\\s,;<>\"]+@[^@\\s,;<>\".][^@\\s,;<>\"]*\\.[^@\\s,;<>\".]+$",
         "such as who@example.org", Value("who@example.org")},
        {Kind::timestamp, "timestamp",
         "^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?"
         "([Zz]|[+-][0-9]{2}:[0-9]{2})$",
         "such as 2026-01-31T12:00:00Z", Value("2026-01-31T12:00:00Z")},
    };
  }();
  return kForms;
}

Value of_type(const char* name) {
  return Value(Map{{"type", Value(name)}});
}

Value any_of(List choices) {
  return Value(Map{{"anyOf", Value(std::move(choices))}});
}

// `form` or what else may stand in its place.
Value placed(Value form, Place place) {
  if (place == Place::constant) return form;
  return any_of({std::move(form), reference_to(place == Place::value ? "open" : "expression")});
}

// Texts need no word about expressions, which are texts.
Value placed_text(Value form, Place place) {
  if (place != Place::value) return form;
  return any_of({std::move(form), reference_to("unset")});
}

// What stands under a key may be unset, in constants too.
Value under_key(const Type& type, Place place, bool whole) {
  if (place != Place::constant) return form_of(type, Place::value, whole);
  return any_of({form_of(type, place, whole), reference_to("unset")});
}

Value names_form(const std::vector<std::string>& names) {
  List values;
  for (const auto& name : names) values.emplace_back(name);
  return Value(Map{{"enum", Value(std::move(values))}});
}

// A number without a unit is a duration or size only where it is 0.
Value text_form(Kind kind, Place place) {
  for (const TextForm& form : text_forms()) {
    if (form.kind != kind) continue;
    const bool zero = kind == Kind::duration || kind == Kind::size;
    if (!zero) return placed(reference_to(form.name), place);
    List choices{reference_to(form.name),
                 Value(Map{{"title", Value("")}, {"const", Value(int64_t{0})}})};
    if (place != Place::constant)
      choices.push_back(reference_to(place == Place::value ? "open" : "expression"));
    return any_of(std::move(choices));
  }
  return Value(true);
}

// RE2's patterns that mean the same in ECMAScript with the `u` flag; "" for others.
std::string portable(const std::string& pattern) {
  bool in_class = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    const char next = i + 1 < pattern.size() ? pattern[i + 1] : '\0';
    if (static_cast<unsigned char>(c) >= 0x80) return "";
    if (c == '\\') {
      if (std::string_view("dwsDWS.+*?()[]{}|^$/\\tnr").find(next) == std::string_view::npos &&
          !(in_class && next == '-'))
        return "";
      ++i;
    } else if (in_class) {
      if (c == '[') return "";  // [[:alpha:]], or a bracket that ECMAScript reads otherwise
      if (c == ']') in_class = false;
    } else if (c == '[') {
      in_class = true;
      if (next == '^') ++i;
      if (i + 1 < pattern.size() && pattern[i + 1] == ']') return "";
    } else if (c == '(' && next == '?' && pattern.substr(i, 3) != "(?:") {
      return "";
    }
  }
  return "^(?:" + pattern + ")$";
}

Value limited_text(const Property& property) {
  Map out{{"type", Value("string")}};
  if (!property.pattern.empty()) {
    if (std::string pattern = portable(property.pattern); !pattern.empty())
      out.set("pattern", Value(std::move(pattern)));
  }
  // Bytes are counted where JSON Schema counts characters: only the upper bound is safe.
  if (property.length) out.set("maxLength", Value(property.length->second));
  return Value(std::move(out));
}

Value number_form(const Property& property, const char* type) {
  Map out{{"type", Value(type)}};
  auto limit = [](double number) {
    return number == static_cast<double>(static_cast<int64_t>(number))
               ? Value(static_cast<int64_t>(number))
               : Value(number);
  };
  if (property.min) out.set("minimum", limit(*property.min));
  if (property.max) out.set("maximum", limit(*property.max));
  return Value(std::move(out));
}

Value property_form(const Property& property, const Catalog* catalog, Place place, bool whole);

Value object_form(const Property& property, bool whole) {
  ObjectForm object;
  for (const Property& field : property.fields) {
    if (field.computed) continue;
    object.properties.set(field.name, property_form(field, nullptr, Place::value, whole));
    if (field.required && whole) object.required.push_back(field.name);
  }
  return object.finish();
}

// The innermost value of the property: an element of its list or map, or the whole.
Value leaf_form(const Property& property, const Type& type, const Catalog* catalog, Place place,
                bool whole) {
  if (catalog != nullptr && type.kind() == Kind::string)
    return form_of_names(*catalog, type, place);
  if (type.kind() == Kind::object && !property.fields.empty())
    return placed(object_form(property, whole), place);
  const bool limits = !property.pattern.empty() || property.length;
  if (type.kind() == Kind::string && limits) return placed(limited_text(property), place);
  if (type.kind() == Kind::integer && (property.min || property.max))
    return placed(number_form(property, "integer"), place);
  if (type.kind() == Kind::floating && (property.min || property.max))
    return placed(number_form(property, "number"), place);
  return form_of(type, place, whole);
}

// `whole`: in a list, whose elements no overlay can complete.
Value nested_form(const Property& property, const Type& type, const Catalog* catalog, Place place,
                  bool whole) {
  switch (type.kind()) {
    case Kind::secret:
    case Kind::optional: return nested_form(property, type.element(), catalog, place, whole);
    case Kind::list:
      return placed(Value(Map{{"type", Value("array")},
                              {"items", nested_form(property, type.element(), catalog,
                                                    Place::element, true)}}),
                    place);
    case Kind::map:
      return placed(Value(Map{{"type", Value("object")},
                              {"additionalProperties", nested_form(property, type.element(),
                                                                   catalog, Place::value, whole)}}),
                    place);
    default: return leaf_form(property, type, catalog, place, whole);
  }
}

Value property_form(const Property& property, const Catalog* catalog, Place place, bool whole) {
  Value form = nested_form(property, property.type, catalog, place, whole);
  Map out = form.is_map() ? form.as_map() : Map();
  std::string facts = "`" + type_text(property) + "`";
  for (const auto& trait : traits_of(property)) facts += ", " + trait;
  describe(out, property.doc, facts);
  if (property.absent == Absent::with_default)
    out.set("default", as_written(property.default_value, property.type));
  return Value(std::move(out));
}

// What is missing in `name: {…}` of the fields that it needs; true: nothing can be.
Value needs_of(const Type& type, const std::vector<Property>& fields);

Value needs_of_object(const std::vector<std::pair<std::string, Value>>& needs,
                      const std::vector<std::string>& required) {
  if (needs.empty() && required.empty()) return Value(true);
  ObjectForm object;
  object.others = Value(true);
  object.required = required;
  for (const auto& name : required) object.properties.set(name, Value(true));
  for (const auto& [name, schema] : needs) object.properties.set(name, schema);
  Map out = placed(object.finish(), Place::value).as_map();
  out.set("doNotSuggest", Value(true));  // the form beside it is
  return Value(std::move(out));
}

Value needs_of(const Type& type, const std::vector<Property>& fields) {
  switch (type.kind()) {
    case Kind::secret:
    case Kind::optional: return needs_of(type.element(), fields);
    case Kind::map: {
      const Value inner = needs_of(type.element(), fields);
      if (inner.is_bool()) return inner;
      return placed(Value(Map{{"type", Value("object")}, {"additionalProperties", inner}}),
                    Place::value);
    }
    case Kind::object: break;
    default: return Value(true);
  }
  std::vector<std::pair<std::string, Value>> needs;
  std::vector<std::string> required;
  for (const Property& field : fields) {
    if (field.required) required.push_back(field.name);
    Value inner = needs_of(field.type, field.fields);
    if (!inner.is_bool()) needs.emplace_back(field.name, std::move(inner));
  }
  if (fields.empty()) {
    for (const Type::Field& field : type.fields()) {
      if (field.required) required.push_back(field.name);
      Value inner = needs_of(field.type, {});
      if (!inner.is_bool()) needs.emplace_back(field.name, std::move(inner));
    }
  }
  return needs_of_object(needs, required);
}

}  // namespace

Value needs_of(const Property& property) {
  return needs_of(property.type, property.fields);
}
Value needs_of(const Type& type) {
  return needs_of(type, {});
}

Value reference_to(std::string_view definition) {
  return Value(Map{{"$ref", Value("#/definitions/" + std::string(definition))}});
}

void describe(Map& schema, std::string_view doc, std::string_view facts) {
  std::string plain(doc);
  if (!facts.empty()) plain += (plain.empty() ? "" : " ") + ("(" + std::string(facts) + ")");
  schema.set("description", Value(plain));
  if (facts.empty()) return;
  std::string markdown(doc);
  markdown += (markdown.empty() ? "" : "\n\n") + std::string(facts);
  schema.set("markdownDescription", Value(std::move(markdown)));
}

Value ObjectForm::finish() const {
  Map out{{"type", Value("object")}, {"properties", Value(properties)}};
  List names;
  for (const auto& name : required) names.emplace_back(name);
  if (!names.empty()) out.set("required", Value(std::move(names)));
  out.set("additionalProperties", others);
  return Value(std::move(out));
}

Value form_of(const Type& type, Place place, bool whole) {
  switch (type.kind()) {
    case Kind::boolean: return placed(of_type("boolean"), place);
    case Kind::integer: return placed(of_type("integer"), place);
    case Kind::uinteger:
      return placed(Value(Map{{"type", Value("integer")}, {"minimum", Value(int64_t{0})}}), place);
    case Kind::floating: return placed(of_type("number"), place);
    case Kind::string:
    case Kind::bytes:
    case Kind::ref: return placed_text(of_type("string"), place);
    case Kind::null: return reference_to("unset");
    case Kind::enumeration: return placed(names_form(type.values()), place);
    case Kind::secret:
    case Kind::optional: return form_of(type.element(), place, whole);
    case Kind::list:
      return placed(
          Value(Map{{"type", Value("array")},
                    {"items", form_of(type.element(),
                                      place == Place::constant ? place : Place::element, true)}}),
          place);
    case Kind::map:
      return placed(Value(Map{{"type", Value("object")},
                              {"additionalProperties", under_key(type.element(), place, whole)}}),
                    place);
    case Kind::object: {
      if (type.fields().empty()) return placed(of_type("object"), place);
      ObjectForm object;
      for (const Type::Field& field : type.fields()) {
        object.properties.set(field.name, under_key(field.type, place, whole));
        if (field.required && whole) object.required.push_back(field.name);
      }
      return placed(object.finish(), place);
    }
    case Kind::duration:
    case Kind::size:
    case Kind::money:
    case Kind::cidr:
    case Kind::ip:
    case Kind::email:
    case Kind::timestamp: return text_form(type.kind(), place);
    default: return Value(true);
  }
}

Value form_of(const Property& property, const Catalog* catalog) {
  return property_form(property, catalog, Place::value, false);
}

Value form_of_names(const Catalog& catalog, const Type& type, Place place) {
  if (type.kind() == Kind::list) {
    return placed(Value(Map{{"type", Value("array")},
                            {"items", form_of_names(catalog, type.element(), Place::element)}}),
                  place);
  }
  // By family, so that an editor shows with a name its relatives and not all there are.
  std::map<std::string, std::vector<std::string>> families;
  for (const auto& name : catalog.names) families[name.substr(0, name.find('.'))].push_back(name);
  List choices;
  for (const auto& [family, names] : families) {
    Map one = names_form(names).as_map();
    List facts;
    bool any = false;
    for (const auto& name : names) {
      const auto found = catalog.facts.find(name);
      any = any || found != catalog.facts.end();
      facts.emplace_back(found == catalog.facts.end() ? std::string() : found->second);
    }
    if (any) one.set("enumDescriptions", Value(std::move(facts)));
    choices.emplace_back(std::move(one));
  }
  return placed(any_of(std::move(choices)), place);
}

Value as_written(const Value& value, const Type& type) {
  if (type.kind() == Kind::secret || type.kind() == Kind::optional)
    return as_written(value, type.element());
  if (value.is_int() && type.kind() == Kind::size) return Value(format_size(value.as_int()));
  if (value.is_duration()) return Value(format_duration(value.as_duration()));
  if (value.is_list()) {
    List out;
    for (const Value& item : value.as_list()) out.push_back(as_written(item, type.element()));
    return Value(std::move(out));
  }
  return value;
}

void add_form_definitions(Map& definitions) {
  // The empty titles keep the YAML language server from showing every branch of an `anyOf` when one
  // matches: it takes branches without a title for the same.
  definitions.set(
      "expression",
      Value(Map{{"title", Value("")}, {"type", Value("string")}, {"pattern", Value(kExpression)}}));
  definitions.set("unset", Value(Map{{"title", Value("")}, {"type", Value("null")}}));
  Map open = any_of({reference_to("expression"), reference_to("unset")}).as_map();
  open.set("title", Value(""));
  definitions.set("open", Value(std::move(open)));
  for (const TextForm& form : text_forms()) {
    definitions.set(form.name,
                    Value(Map{{"type", Value("string")},
                              {"pattern", Value(form.pattern)},
                              {"patternErrorMessage",
                               Value(std::string("wants a ") + form.name + ", " + form.doc)}}));
  }
}

}  // namespace lf

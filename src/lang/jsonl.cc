// SPDX-License-Identifier: Apache-2.0
#include "lang/jsonl.h"

#include <map>

#include "base/json.h"
#include "lang/expression.h"

namespace lf::cel {
namespace {

class Bindings : public Activation {
 public:
  explicit Bindings(const JsonlOptions& options) : options_(options) {}
  std::map<std::string, Value, std::less<>> values;
  std::string container_name;

  std::optional<Value> lookup(std::string_view name) const override {
    const auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional<Value>(found->second);
  }
  std::optional<std::string> read_zone(const std::string& name) const override {
    return options_.read_zone ? options_.read_zone(name) : std::nullopt;
  }
  bool has_dotted_names() const override { return true; }
  std::string container() const override { return container_name; }

 private:
  const JsonlOptions& options_;
};

class Declarations : public TypeScope {
 public:
  std::map<std::string, Type, std::less<>> types;
  std::string container_name;

  std::optional<Type> type_of(std::string_view name) const override {
    const auto found = types.find(name);
    return found == types.end() ? std::nullopt : std::optional<Type>(found->second);
  }
  std::vector<std::string> names() const override {
    std::vector<std::string> out;
    for (const auto& entry : types) out.push_back(entry.first);
    return out;
  }
  bool has_dotted_names() const override { return true; }
  std::string container() const override { return container_name; }
};

// A type of cel.expr in protocol buffers' JSON.
Type proto_type(const Value& v, int depth = 0) {
  static const std::map<std::string, Type::Kind, std::less<>> kPrimitives = {
      {"BOOL", Type::Kind::boolean},    {"INT64", Type::Kind::integer},
      {"UINT64", Type::Kind::uinteger}, {"DOUBLE", Type::Kind::floating},
      {"STRING", Type::Kind::string},   {"BYTES", Type::Kind::bytes}};
  if (depth > 20) return Type();
  auto field = [&](const char* camel, const char* snake) -> const Value& {
    return v[camel].is_null() ? v[snake] : v[camel];
  };
  if (const auto found = kPrimitives.find(v["primitive"].string_or()); found != kPrimitives.end()) {
    return Type(found->second);
  }
  const Value& list = field("listType", "list_type");
  if (list.is_map()) {
    const Value& element = list["elemType"].is_null() ? list["elem_type"] : list["elemType"];
    return Type::list(proto_type(element, depth + 1));
  }
  const Value& map = field("mapType", "map_type");
  if (map.is_map()) {
    const Value& key = map["keyType"].is_null() ? map["key_type"] : map["keyType"];
    const Value& value = map["valueType"].is_null() ? map["value_type"] : map["valueType"];
    return Type::map(proto_type(key, depth + 1), proto_type(value, depth + 1));
  }
  const std::string well_known = field("wellKnown", "well_known").string_or();
  const std::string message = field("messageType", "message_type").string_or();
  if (well_known == "DURATION" || message == "google.protobuf.Duration") {
    return Type(Type::Kind::duration);
  }
  if (well_known == "TIMESTAMP" || message == "google.protobuf.Timestamp") {
    return Type(Type::Kind::timestamp);
  }
  if (v.is_map() && v.as_map().find("null") != nullptr) return Type(Type::Kind::null);
  return Type();
}

void declare(const Value& d, Declarations& scope) {
  if (d.is_string()) {
    scope.types.try_emplace(d.as_string(), Type());
    return;
  }
  const std::string name = d["name"].string_or();
  if (name.empty()) return;
  const Value& type = d["ident"].is_map() ? d["ident"]["type"] : d["type"];
  if (type.is_string()) {
    scope.types.insert_or_assign(name, parse_cel_notation(type.as_string()).value_or(Type()));
  } else {
    scope.types.insert_or_assign(name, proto_type(type));
  }
}

std::string error_line(const std::string& message) {
  return to_json(Map{{"error", message}});
}

std::string first_error(const Diagnostics& diagnostics) {
  const Diagnostic& d = diagnostics.all().front();
  return std::string(info(d.code).name) + ": " + d.message;
}

// nullopt: the answer, an error, is in `out`.
bool read_request(const Value& request, Bindings& bindings, Declarations& scope, std::string& out) {
  bindings.container_name = request["container"].string_or();
  scope.container_name = bindings.container_name;
  if (request["declares"].is_list()) {
    for (const auto& d : request["declares"].as_list()) declare(d, scope);
  }
  if (!request["bindings"].is_map()) return true;
  for (const auto& [name, tagged] : request["bindings"].as_map()) {
    auto value = from_tagged(tagged);
    if (!value) {
      out = error_line("the binding `" + to_text(name) + "` is no {\"type\": …, \"value\": …}");
      return false;
    }
    // What is bound but not declared is there all the same, of any type.
    scope.types.try_emplace(name.as_string(), Type());
    bindings.values.insert_or_assign(name.as_string(), *std::move(value));
  }
  return true;
}

}  // namespace

std::string answer_jsonl(std::string_view line, const JsonlOptions& options) {
  const auto request = parse_json(line);
  if (!request) return error_line("no JSON: " + request.error().message);
  if (!(*request)["expr"].is_string()) return error_line("`expr` is missing");
  Bindings bindings(options);
  Declarations scope;
  std::string out;
  if (!read_request(*request, bindings, scope, out)) return out;

  Diagnostics diagnostics;
  const auto expression = Expression::parse((*request)["expr"].as_string(), TextMap(), diagnostics);
  if (!expression) return error_line(first_error(diagnostics));
  Map answer;
  const Value& check_wanted = (*request)["check"];
  if (!check_wanted.is_bool() || check_wanted.as_bool()) {
    const Type type = check(*expression, scope, diagnostics);
    if (diagnostics.has_errors()) return error_line(first_error(diagnostics));
    if ((*request)["type"] == Value(true)) answer.set("type", cel_notation(type));
  }
  if ((*request)["check_only"] == Value(true)) return to_json(answer);
  const Value value = evaluate(*expression, bindings);
  if (value.is_error()) return error_line(value.error_message());
  answer.set("value", to_tagged(value));
  return to_json(answer);
}

}  // namespace lf::cel

// SPDX-License-Identifier: Apache-2.0
#include "lang/functions.h"

#include <algorithm>
#include <deque>
#include <mutex>
#include <unordered_map>

#include "base/assert.h"

namespace lf::cel {
namespace {

// Reads one overload of a signature text: "list<A>.(int) A".
class SignatureReader {
 public:
  explicit SignatureReader(std::string_view text) : text_(text) {}

  Overload read() {
    Overload out;
    if (peek() != '(') {
      out.parameters.push_back(type());
      take('.');
      out.method = true;
    }
    take('(');
    while (peek() != ')') {
      if (text_.substr(at_, 3) == "...") {
        at_ += 3;
        out.variadic = true;
        break;
      }
      out.parameters.push_back(type());
      if (peek() == ',') take(',');
    }
    take(')');
    out.result = type();
    LF_ASSERT(at_ == text_.size());
    return out;
  }

 private:
  char peek() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  void take(char c) {
    LF_ASSERT(peek() == c);
    ++at_;
  }
  Type type() {
    peek();
    const size_t begin = at_;
    while (at_ < text_.size() && (std::isalpha(static_cast<unsigned char>(text_[at_])) != 0)) ++at_;
    const std::string_view name = text_.substr(begin, at_ - begin);
    if (name.size() == 1) return Type::param(std::string(name));
    if (name == "list" || name == "optional" || name == "type") {
      Type element;
      if (peek() == '<') {
        take('<');
        element = type();
        take('>');
      }
      if (name == "list") return Type::list(element);
      return name == "type" ? Type::type_of(element) : Type::optional(element);
    }
    if (name == "map") {
      take('<');
      const Type key = type();
      take(',');
      const Type value = type();
      take('>');
      return Type::map(key, value);
    }
    const auto plain = Type::parse(name);
    LF_ASSERT(plain.has_value());
    return *plain;
  }

  std::string_view text_;
  size_t at_ = 0;
};

std::vector<std::string_view> split_overloads(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const size_t end = text.find(';');
    out.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  }
  return out;
}

// How many arguments an overload takes, without reading its types.
void add_arity(Function& function, std::string_view overload) {
  const size_t open = overload.find('(');
  const size_t close = overload.find(')', open);
  const std::string_view inside = overload.substr(open + 1, close - open - 1);
  const bool method = open > 0;
  size_t count = method ? 1 : 0;
  int nesting = 0;
  bool any = false;
  for (const char c : inside) {
    nesting += c == '<' ? 1 : c == '>' ? -1 : 0;
    if (c == ',' && nesting == 0) ++count;
    any |= c != ' ';
  }
  count += any ? 1 : 0;
  uint32_t& arities = method ? function.method_arities : function.call_arities;
  arities |= inside.find("...") != std::string_view::npos ? uint32_t{1} << 31 : 1u << count;
}

struct Registry {
  std::deque<Function> functions;
  std::unordered_map<std::string_view, const Function*> by_name;
  std::vector<std::string> names;

  Registry() {
    const std::span<const FunctionEntry> tables[] = {
        arithmetic_functions(), comparison_functions(), conversion_functions(),
        string_functions(),     format_functions(),     regex_functions(),
        time_functions(),       list_functions(),       map_functions(),
        optional_functions(),   math_functions(),       encoder_functions(),
        network_functions(),    unit_functions(),       document_functions(),
        archive_functions()};
    for (const auto& table : tables) {
      for (const FunctionEntry& entry : table) add(entry);
    }
    std::sort(names.begin(), names.end());
  }

  void add(const FunctionEntry& entry) {
    Function& f = functions.emplace_back();
    f.name = entry.name;
    f.run = entry.run;
    f.traits = entry.traits;
    f.signatures = entry.signatures;
    f.doc = entry.doc;
    for (const auto& overload : split_overloads(entry.signatures)) add_arity(f, overload);
    LF_ASSERT(by_name.emplace(f.name, &f).second);
    const char c = f.name.front();
    if (c != '_' && c != '@' && c != '!' && c != '-') names.push_back(f.name);
  }
};

const Registry& registry() {
  static const Registry instance;
  return instance;
}

}  // namespace

const Function* find_function(std::string_view name) {
  const auto found = registry().by_name.find(name);
  return found == registry().by_name.end() ? nullptr : found->second;
}

const std::vector<std::string>& function_names() {
  return registry().names;
}

const std::vector<Overload>& overloads(const Function& function) {
  static std::unordered_map<const Function*, std::vector<Overload>> cache;
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  auto [it, fresh] = cache.try_emplace(&function);
  if (fresh) {
    for (const auto& text : split_overloads(function.signatures)) {
      it->second.push_back(SignatureReader(text).read());
    }
  }
  return it->second;
}

std::string result_type_name(const Function& function) {
  const auto& all = overloads(function);
  for (const auto& overload : all) {
    if (!(overload.result == all.front().result)) return "dyn";
  }
  switch (all.front().result.kind()) {
    case Type::Kind::param:
    case Type::Kind::any:
    case Type::Kind::list:
    case Type::Kind::map:
    case Type::Kind::optional: return "dyn";
    default: return all.front().result.to_string();
  }
}

Value no_overload(const Call& call) {
  std::string text = "no such overload: ";
  const bool is_operator =
      call.function.name.find('_') != std::string::npos && call.function.name != "exists_one";
  std::string types;
  for (size_t i = call.method ? 1 : 0; i < call.size(); ++i) {
    types += (types.empty() ? "" : ", ") + type_name(call[i]);
  }
  if (is_operator && call.size() == 2) {
    std::string symbol = call.function.name;
    symbol.erase(std::remove(symbol.begin(), symbol.end(), '_'), symbol.end());
    return Value::error(text + type_name(call[0]) + " " + symbol + " " + type_name(call[1]));
  }
  if (call.method) text += type_name(call[0]) + ".";
  return Value::error(text + call.function.name + "(" + types + ")");
}

namespace {

// Values inside lists, maps and optionals, and 64 bytes of text each; beyond `most` it stops.
uint64_t deep_cost(const Value& value, uint64_t most) {
  uint64_t cost = 1;
  const auto add = [&](const Value& v) {
    if (cost <= most) cost += deep_cost(v, most - cost);
  };
  switch (value.kind()) {
    case Value::Kind::string: return 1 + value.as_string().size() / 64;
    case Value::Kind::bytes: return 1 + value.as_bytes().size() / 64;
    case Value::Kind::list:
      for (const auto& v : value.as_list()) {
        if (cost > most) break;
        add(v);
      }
      break;
    case Value::Kind::map:
      for (const auto& [k, v] : value.as_map()) {
        if (cost > most) break;
        ++cost;
        add(v);
      }
      break;
    case Value::Kind::optional:
      if (value.optional_value() != nullptr) add(*value.optional_value());
      break;
    case Value::Kind::secret: add(value.secret_value()); break;
    default: break;
  }
  return cost;
}

}  // namespace

bool Budget::spend_deep(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::list:
    case Value::Kind::map:
    case Value::Kind::optional:
    case Value::Kind::secret: return spend(deep_cost(value, left_));
    default: return true;
  }
}

Value too_costly() {
  return Value::error("the expression costs too much to evaluate");
}

std::string type_name(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::null: return "null_type";
    case Value::Kind::duration: return "google.protobuf.Duration";
    case Value::Kind::timestamp: return "google.protobuf.Timestamp";
    case Value::Kind::optional: return "optional_type";
    case Value::Kind::ip: return "net.IP";
    case Value::Kind::cidr: return "net.CIDR";
    case Value::Kind::object: return value.as_object()->type_name();
    default: return to_string(value.kind());
  }
}

}  // namespace lf::cel

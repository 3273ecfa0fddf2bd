// SPDX-License-Identifier: Apache-2.0
// file(), template(), json() and yaml(): texts from outside, and values as documents.
#include <cmath>

#include "base/json.h"
#include "lang/evaluator.h"
#include "lang/number_text.h"
#include "lang/text_template.h"
#include "lang/time_math.h"

namespace lf::cel {
namespace {

Value read_file(const Call& call) {
  if (!call[0].is_string()) return no_overload(call);
  Value text = call.activation.read_file(call[0].as_string());
  if (text.is_string() && !call.budget.spend(text.as_string().size() / 8)) return too_costly();
  return text;
}

Value render_template(const Call& call) {
  if (!call[0].is_string() || !call[1].is_map()) return no_overload(call);
  const std::string& path = call[0].as_string();
  const Value text = call.activation.read_file(path);
  if (!text.is_string()) return text;
  if (!call.budget.spend(text.as_string().size() / 8)) return too_costly();
  const auto parsed = TextTemplate::parse(text.as_string(), path);
  if (const auto* error = std::get_if<std::string>(&parsed)) return Value::error(*error);
  return std::get<TextTemplate>(parsed).render(call[1].as_map(), call.activation, call.budget);
}

// Objects as maps, optionals as what they hold: what a document can say. Budget counts the nodes.
std::optional<Value> plain(const Value& v, int depth, Budget& budget) {
  if (depth > 100 || !budget.spend(1)) return std::nullopt;
  if (v.is_object()) {
    if (auto identity = v.as_object()->identity()) return identity;
    Map out;
    for (const auto& key : v.as_object()->keys()) {
      const auto field = v.as_object()->get(key);
      auto inner = field ? plain(*field, depth + 1, budget) : std::nullopt;
      if (!inner) return std::nullopt;
      out.set(key, *std::move(inner));
    }
    return out;
  }
  if (v.is_list()) {
    List out;
    for (const auto& element : v.as_list()) {
      auto inner = plain(element, depth + 1, budget);
      if (!inner) return std::nullopt;
      out.push_back(*std::move(inner));
    }
    return out;
  }
  if (v.is_map()) {
    Map out;
    for (const auto& [key, value] : v.as_map()) {
      auto inner = plain(value, depth + 1, budget);
      if (!inner) return std::nullopt;
      out.set(key.is_string() ? key : Value(to_text(key)), *std::move(inner));
    }
    return out;
  }
  return v;
}

Value json(const Call& call) {
  const auto value = plain(call[0], 0, call.budget);
  if (!value) return too_costly();
  return to_json(*value);
}

// ---- YAML in block style. Texts that YAML could read as something else are quoted.

bool plain_scalar(const std::string& text) {
  if (text.empty() || text.size() > 200) return false;
  for (const char c : text) {
    const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '/';
    const bool inner = (c >= '0' && c <= '9') || c == '-' || c == '.';
    if (!word && !inner) return false;
  }
  const char first = text.front();
  if (!((first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') || first == '/')) {
    return false;
  }
  // YAML 1.1 readers, which are still many, take these for booleans and null.
  static constexpr const char* kWords[] = {"y",   "n",    "yes",   "no",  "on",
                                           "off", "true", "false", "null"};
  for (const char* word : kWords) {
    if (text.size() != std::char_traits<char>::length(word)) continue;
    bool same = true;
    for (size_t i = 0; i < text.size(); ++i) same &= (text[i] | 0x20) == word[i];
    if (same) return false;
  }
  return true;
}

std::string scalar(const Value& v) {
  if (v.is_string()) return plain_scalar(v.as_string()) ? v.as_string() : json_quote(v.as_string());
  if (v.is_double() && std::isnan(v.as_double())) return ".nan";
  if (v.is_double() && std::isinf(v.as_double())) return v.as_double() < 0 ? "-.inf" : ".inf";
  return to_json(v);
}

void emit(const Value& v, size_t indent, std::string& out);

// After "key:" or "-": on the same line if it is one, else indented below.
void emit_after(const Value& v, size_t indent, bool in_list, std::string& out) {
  const bool map = v.is_map() && !v.as_map().empty();
  const bool list = v.is_list() && !v.as_list().empty();
  if (!map && !list) {
    out += " " + (v.is_map() ? "{}" : v.is_list() ? "[]" : scalar(v)) + "\n";
    return;
  }
  if (in_list) {  // the first entry stands beside the dash
    std::string inner;
    emit(v, indent + 2, inner);
    out += " " + inner.substr(indent + 2);
    return;
  }
  out += "\n";
  emit(v, indent + 2, out);
}

void emit(const Value& v, size_t indent, std::string& out) {
  const std::string margin(indent, ' ');
  if (v.is_map()) {
    for (const auto& [key, value] : v.as_map()) {
      out += margin + scalar(key) + ":";
      emit_after(value, indent, false, out);
    }
  } else {
    for (const auto& value : v.as_list()) {
      out += margin + "-";
      emit_after(value, indent, true, out);
    }
  }
}

Value yaml(const Call& call) {
  const auto value = plain(call[0], 0, call.budget);
  if (!value) return too_costly();
  std::string out;
  if ((value->is_map() && !value->as_map().empty()) ||
      (value->is_list() && !value->as_list().empty())) {
    emit(*value, 0, out);
    return out;
  }
  return (value->is_map() ? "{}" : value->is_list() ? "[]" : scalar(*value)) + "\n";
}

constexpr FunctionEntry kTable[] = {
    {"file", read_file, 0, "(string) string",
     "The text of a file, its path from the folder of the spec or module that says it."},
    {"template", render_template, trait::kLeaves | trait::kObjects,
     "(string, map<string, A>) string",
     "The text of a file with the words of `<% … %>` filled in by the names of a map."},
    {"json", json, trait::kObjects, "(A) string", "The value as a JSON document in one line."},
    {"yaml", yaml, trait::kObjects, "(A) string", "The value as a YAML document."},
};

}  // namespace

std::span<const FunctionEntry> document_functions() {
  return kTable;
}

}  // namespace lf::cel

// SPDX-License-Identifier: Apache-2.0
#include "provider/iam_policy.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/strings.h"

namespace lf {

namespace {

std::string sort_text(const Value& value) {
  return to_json(value, {.indent = -1, .sort_keys = true});
}

// A list as a set: sorted, without doubles. A single value is a list of one.
template <class Each>
Value as_set(const Value& value, Each each) {
  List items;
  if (value.is_list()) {
    for (const Value& item : value.as_list()) items.push_back(each(item));
  } else {
    items.push_back(each(value));
  }
  std::sort(items.begin(), items.end(),
            [](const Value& a, const Value& b) { return sort_text(a) < sort_text(b); });
  items.erase(std::unique(items.begin(), items.end()), items.end());
  return Value(std::move(items));
}

Value lowered(const Value& value) {
  return value.is_string() ? Value(lower(value.as_string())) : value;
}

// "arn:aws:iam::123456789012:root" -> "123456789012".
Value principal_value(const Value& value) {
  if (!value.is_string()) return value;
  const std::vector<std::string> parts = split(value.as_string(), ':');
  const bool root = parts.size() == 6 && parts[0] == "arn" && parts[2] == "iam" &&
                    parts[3].empty() && parts[5] == "root" && !parts[4].empty() &&
                    parts[4].find_first_not_of("0123456789") == std::string::npos;
  return root ? Value(parts[4]) : value;
}

Value canonical_principal(const Value& principal) {
  if (!principal.is_map()) return principal;
  Map out;
  for (const auto& [kind, who] : principal.as_map()) out.set(kind, as_set(who, principal_value));
  return Value(std::move(out));
}

Value condition_text(const Value& value) {
  return value.is_bool() || value.is_number() ? Value(to_text(value)) : value;
}

// {"StringEquals": {"aws:SourceArn": [..]}}
Value canonical_condition(const Value& condition) {
  if (!condition.is_map()) return condition;
  Map out;
  for (const auto& [test, keys] : condition.as_map()) {
    if (!keys.is_map()) {
      out.set(test, keys);
      continue;
    }
    Map tested;
    for (const auto& [key, values] : keys.as_map()) {
      tested.set(lowered(key), as_set(values, condition_text));
    }
    out.set(test, Value(std::move(tested)));
  }
  return Value(std::move(out));
}

Value canonical_statement(const Value& statement) {
  if (!statement.is_map()) return statement;
  Map out;
  for (const auto& [key, value] : statement.as_map()) {
    const std::string name = key.string_or();
    if (name == "Sid" && value.string_or("x").empty()) continue;
    if (name == "Action" || name == "NotAction") {
      out.set(key, as_set(value, lowered));
    } else if (name == "Resource" || name == "NotResource") {
      out.set(key, as_set(value, [](const Value& item) { return item; }));
    } else if (name == "Principal" || name == "NotPrincipal") {
      out.set(key, canonical_principal(value));
    } else if (name == "Condition") {
      if (!value.is_map() || !value.as_map().empty()) out.set(key, canonical_condition(value));
    } else {
      out.set(key, value);
    }
  }
  return Value(std::move(out));
}

}  // namespace

Value canonical_iam_policy(const Value& document) {
  if (!document.is_map()) return document;
  Map out;
  for (const auto& [key, value] : document.as_map()) {
    const std::string name = key.string_or();
    if (name == "Id" && value.string_or("x").empty()) continue;
    if (name == "Statement") {
      out.set(key, as_set(value, canonical_statement));
    } else {
      out.set(key, value);
    }
  }
  // The language's default where none is written.
  constexpr std::string_view kVersion = "Version";
  if (out.find(kVersion) == nullptr) out.set(kVersion, Value("2008-10-17"));
  return Value(std::move(out));
}

}  // namespace lf

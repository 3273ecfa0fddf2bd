// SPDX-License-Identifier: Apache-2.0
// Where the state lies is asked before anything is expanded: only names that hang on nothing else.
#include <algorithm>
#include <set>

#include "lang/convert.h"
#include "provider/regex.h"
#include "provider/state_store.h"
#include "spec/load.h"

namespace lf {

namespace {

class Beginning : public cel::Activation {
 public:
  explicit Beginning(const LoadedSpec& spec) : spec_(spec) {}

  std::optional<Value> lookup(std::string_view name) const override {
    if (name == "stack") return Value(spec_.spec.stack);
    if (name == "env") return Value(spec_.spec.environment);
    if (name == "region") return Value(spec_.spec.region);
    if (name == "vars") {
      Map out;
      for (const auto& [key, value] : spec_.variables) out.set(key, value);
      return Value(std::move(out));
    }
    if (name != "locals") return std::nullopt;
    // Those that can be told: one that looks at a resource is missing here.
    Map out;
    for (const auto& local : spec_.spec.root.locals) {
      if (!running_.insert(local.key).second) continue;
      std::vector<TreeError> errors;
      Value value = evaluate(local.value, *this, errors);
      if (errors.empty() && !value.is_error()) out.set(local.key, std::move(value));
      running_.erase(local.key);
    }
    return Value(std::move(out));
  }

 private:
  const LoadedSpec& spec_;
  mutable std::set<std::string> running_;
};

// nullopt: it is wrong, and was reported.
std::optional<Value> early_value(const Tree& tree, const LoadedSpec& spec,
                                 Diagnostics& diagnostics) {
  std::vector<TreeError> errors;
  Value value = evaluate(tree, Beginning(spec), errors);
  for (const auto& error : errors) {
    diagnostics.add(Code::LF0401, error.span, "this expression fails: " + error.message)
        .help.push_back(
            "the state is found before anything else: `vars`, `locals`, `stack`, `env` and "
            "`region` are what it can look at");
  }
  if (!errors.empty()) return std::nullopt;
  if (contains_secret(value)) {
    diagnostics.add(Code::LF0406, tree.span, "a secret may not decide where the state lies");
    return std::nullopt;
  }
  return value;
}

// What is wrong with a setting's value; "": nothing.
std::string objection(const Property& setting, const Value& value) {
  const std::string text = value.string_or();
  if (setting.length) {
    const auto size = static_cast<int64_t>(text.size());
    if (size < setting.length->first || size > setting.length->second)
      return "has " + std::to_string(size) + " characters, where " +
             std::to_string(setting.length->first) + " to " +
             std::to_string(setting.length->second) + " are taken";
  }
  if (!setting.pattern.empty() && !regex_full_match(setting.pattern, text))
    return "does not fit the pattern " + setting.pattern;
  if (!setting.check) return "";
  struct This : cel::Activation {
    Value value;
    std::optional<Value> lookup(std::string_view name) const override {
      return name == "this" ? std::optional<Value>(value) : std::nullopt;
    }
  } scope;
  scope.value = value;
  const Value holds = cel::evaluate(*setting.check, scope);
  return holds.is_bool() && holds.as_bool() ? "" : "is refused: " + setting.check_message;
}

}  // namespace

Map backend_settings(const LoadedSpec& spec, const StateStore& type, Diagnostics& diagnostics) {
  Map out;
  for (const auto& [name, tree] : spec.spec.backend_settings) {
    const Property* setting = type.setting(name);
    if (setting == nullptr) continue;  // reported
    const auto value = early_value(tree, spec, diagnostics);
    if (!value || value->is_unset()) continue;
    const auto converted = convert(*value, setting->type, true);
    const std::string wrong =
        converted ? objection(*setting, *converted) : "does not fit: " + converted.error().message;
    if (!wrong.empty()) {
      diagnostics.add(Code::LF0203, tree.span, "`" + name + "` " + wrong)
          .help.push_back(name + ": " + setting->doc);
      continue;
    }
    out.set(name, *converted);
  }
  if (out.find("key") == nullptr) {
    const std::string& environment = spec.spec.environment;
    out.set("key", Value(spec.spec.stack + (environment == "default" ? "" : "." + environment)));
  }
  return out;
}

std::string state_path(const LoadedSpec& spec, Diagnostics& diagnostics) {
  const Tree& tree = *spec.spec.state_path;
  const auto found = early_value(tree, spec, diagnostics);
  if (!found) return "";
  const Value& value = *found;
  if (!value.is_string() || value.as_string().empty()) {
    diagnostics.add(Code::LF0203, tree.span, "`path` must be the path of a file");
    return "";
  }
  const std::string& path = value.as_string();
  const std::string& folder = spec.spec.folder;
  return path.starts_with('/') || folder.empty() ? path : folder + "/" + path;
}

}  // namespace lf

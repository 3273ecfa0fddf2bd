// SPDX-License-Identifier: Apache-2.0
// Where the state lies is asked before anything is expanded: only names that hang on nothing else.
#include <set>

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

}  // namespace

std::string state_path(const LoadedSpec& spec, Diagnostics& diagnostics) {
  const Tree& tree = *spec.spec.state_path;
  std::vector<TreeError> errors;
  const Value value = evaluate(tree, Beginning(spec), errors);
  for (const auto& error : errors) {
    diagnostics.add(Code::LF0401, error.span, "this expression fails: " + error.message)
        .help.push_back(
            "the state is found before anything else: `vars`, `locals`, `stack`, `env` and "
            "`region` are what it can look at");
  }
  if (!errors.empty()) return "";
  if (contains_secret(value)) {
    diagnostics.add(Code::LF0406, tree.span, "a secret may not decide where the state lies");
    return "";
  }
  if (!value.is_string() || value.as_string().empty()) {
    diagnostics.add(Code::LF0203, tree.span, "`path` must be the path of a file");
    return "";
  }
  const std::string& path = value.as_string();
  const std::string& folder = spec.spec.folder;
  return path.starts_with('/') || folder.empty() ? path : folder + "/" + path;
}

}  // namespace lf

// SPDX-License-Identifier: Apache-2.0
#include "spec/teach.h"

#include <algorithm>
#include <array>

#include "base/strings.h"

namespace lf {

// What expressions of a module know besides its inputs. An input of such a name would hide it.
// Blocks may hide a text of the surroundings (`env` of a job), never what they declare themselves.
// `name`, the key of the module's use, gives way to an input: everybody's modules have one.
bool hides_a_root(std::string_view name, ModuleKind kind) {
  static constexpr std::array<std::string_view, 4> kDeclared = {"locals", "resources", "data",
                                                                "modules"};
  static constexpr std::array<std::string_view, 9> kSurroundings = {
      "stack", "env", "region", "backend", "prefix", "unique", "account", "partition", "vars"};
  const auto in = [name](const auto& names) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  return in(kDeclared) || (kind == ModuleKind::user && in(kSurroundings));
}

void report_missing(Span span, const std::string& of, const std::string& name, const Type& type,
                    const std::string& doc, Diagnostics& diagnostics) {
  std::string how = type.to_string();
  if (how.size() > 80) how = how.substr(0, how.find_first_of("<{"));
  if (type.kind() == Type::Kind::ref)
    how = "`${…}` of type " + type.name() + ", or its id as text";
  else
    how = (std::string_view("aeiou").find(how[0]) == std::string_view::npos ? "a " : "an ") + how;
  diagnostics.add(Code::LF0202, span, "`" + of + "` needs `" + name + "`", doc)
      .help.push_back("add `" + name + ":`, " + how);
}

void report_unknown_type(Span span, const std::string& type, const std::vector<std::string>& names,
                         std::string_view what, Packages& packages, Diagnostics& diagnostics) {
  auto& d =
      diagnostics.add(Code::LF0205, span, "`" + type + "` is no " + std::string(what) + " type");
  const bool look_up = what == "look-up";
  if (look_up && packages.resource(type) != nullptr) {
    d.help.push_back("it is a resource type: declare it under `resources`");
    return;
  }
  if (!look_up && packages.data(type) != nullptr) {
    d.help.push_back("it is a look-up: declare it under `data`");
    return;
  }
  const std::string near = nearest(type, names);
  if (!near.empty()) {
    d.fixes.push_back({"did you mean `" + near + "`?", span, near, false});
    return;
  }
  // "aws.ec2.vpcs": what there is of the same service, else which services there are.
  const std::string service = type.substr(0, type.rfind('.') + 1);
  std::vector<std::string> same, services;
  for (const std::string& name : names) {
    if (!service.empty() && name.starts_with(service)) same.push_back(name);
    std::string one = name.substr(0, name.rfind('.'));
    if (std::find(services.begin(), services.end(), one) == services.end())
      services.push_back(std::move(one));
  }
  std::sort(same.begin(), same.end());
  std::sort(services.begin(), services.end());
  d.help.push_back(same.empty() ? "there are types of " + join(services, ", ")
                                : "there are: " + join(same, ", "));
}

}  // namespace lf

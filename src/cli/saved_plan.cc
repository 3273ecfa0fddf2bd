// SPDX-License-Identifier: Apache-2.0
// A plan in a file: what was approved, and digests of all that it was made from. Apply makes the
// plan again from the same files and refuses to go beyond what was approved.
#include <algorithm>

#include "base/digest.h"
#include "base/json.h"
#include "base/list_of.h"
#include "base/replace_file.h"
#include "base/strings.h"
#include "cli/planning.h"
#include "cli/version.h"
#include "state/codec.h"

namespace lf {

namespace {

constexpr int kFormat = 1;

std::vector<std::string> texts(const Value& list) {
  std::vector<std::string> out;
  if (!list.is_list()) return out;
  for (const auto& item : list.as_list()) out.push_back(item.string_or());
  return out;
}

// What will be done, one entry per resource: the contract of an approval.
Value actions_of(const Plan& plan) {
  Map out;
  for (const auto& item : plan.items) {
    if (item.action == Action::none) continue;
    Map one;
    one.set("action", Value(to_string(item.action)));
    if (item.generation > 0) one.set("generation", Value(static_cast<int64_t>(item.generation)));
    List because;
    for (const auto& reason : item.replace_because) because.emplace_back(reason);
    if (!because.empty()) one.set("because", Value(std::move(because)));
    // Which properties change, and to what as far as it is known: secrets by name only.
    List changes;
    for (const auto& change : item.changes) {
      const bool open =
          change.secret || contains_unknown(change.after) || contains_secret(change.after);
      changes.emplace_back(
          change.path + "=" +
          (open ? "?" : hex(sha256(to_json(change.after, {.indent = -1, .sort_keys = true})))));
    }
    one.set("changes", Value(std::move(changes)));
    out.set(item.address + (item.generation > 0 ? "@" + std::to_string(item.generation) : ""),
            Value(std::move(one)));
  }
  for (const auto& file : plan.files) {
    if (file.action == Action::none && !file.unnoted) continue;
    Map one;
    one.set("action", Value(to_string(file.action)));
    one.set("content",
            Value(file.content.is_string() ? hex(sha256(file.content.as_string())) : "?"));
    out.set(file.address + " " + file.path, Value(std::move(one)));
  }
  return Value(std::move(out));
}

Value basis_of(Session& session) {
  Map basis;
  Map files;
  for (const auto& [path, digest] : session.spec().spec.files_read) files.set(path, Value(digest));
  for (const auto& [path, digest] : session.files_used()) files.set(path, Value(digest));
  basis.set("files", Value(std::move(files)));
  Map variables;
  for (const auto& [name, value] : session.spec().variables) {
    const auto secret = session.spec().secret_variables.find(name);
    const bool hidden = secret != session.spec().secret_variables.end() && secret->second;
    variables.set(name,
                  hidden ? Value("secret " + session.digest()(value)) : Value(to_text(value)));
  }
  basis.set("variables", Value(std::move(variables)));
  Map pins;
  for (const auto& [query, value] : session.lock_file().pins()) {
    pins.set(query, Value(hex(sha256(to_json(value, {.indent = -1, .sort_keys = true})))));
  }
  basis.set("lookups", Value(std::move(pins)));
  Map imports;
  for (const auto& [name, values] : session.imports()) {
    imports.set(name,
                Value(hex(sha256(to_json(Value(values), {.indent = -1, .sort_keys = true})))));
  }
  basis.set("imports", Value(std::move(imports)));
  basis.set("version", Value(kVersion));
  basis.set("lineage", Value(session.state().identity.lineage));
  basis.set("serial", Value(static_cast<int64_t>(session.state().identity.serial)));
  std::vector<std::string> accounts;
  for (const Cloud* cloud : session.all_clouds()) {
    const ProviderInstance& where = cloud->instance();
    accounts.push_back(where.name + ": " + where.account + " " + where.region);
  }
  basis.set("accounts", list_of(accounts));
  return Value(std::move(basis));
}

Result<Value> read_saved(FileSystem& files, const std::string& path) {
  auto text = files.read(path);
  if (!text) return fail(text.error());
  auto parsed = parse_json(*text);
  if (!parsed || (*parsed)["llmforge_plan"].is_null()) {
    return fail(ErrorCode::corrupt, "`" + path + "` is no saved plan, or it is damaged");
  }
  const Value& format = (*parsed)["llmforge_plan"];
  if (!format.is_int() || format.as_int() != kFormat) {
    return fail(ErrorCode::invalid,
                "`" + path + "` was saved by another version of llmforge; plan again");
  }
  const std::string digest = (*parsed)["digest"].string_or();
  Map body = parsed->as_map();
  body.erase("digest");
  if (hex(sha256(to_json(Value(std::move(body)), {.indent = -1, .sort_keys = true}))) != digest) {
    return fail(ErrorCode::corrupt, "`" + path + "` was changed after it was saved; plan again");
  }
  return parsed;
}

}  // namespace

bool is_saved_plan(FileSystem& files, const std::string& path) {
  if (path.empty() || path.ends_with(".yaml") || path.ends_with(".yml")) return false;
  auto info = files.stat(path);
  if (!info || !info->exists || info->is_directory) return false;
  auto text = files.read(path);
  return text && text->find("\"llmforge_plan\"") != std::string::npos;
}

Result<void> save_plan(Session& session, const Plan& plan, const std::string& path) {
  const Options& o = session.options();
  Map options;
  auto spec = session.world().files.canonical(session.spec().spec.path);
  options.set("spec", Value(spec ? *spec : session.spec().spec.path));
  options.set("environment", Value(o.environment));
  options.set("state", Value(o.state));
  options.set("targets", list_of(o.targets));
  options.set("excludes", list_of(o.excludes));
  options.set("replace", list_of(o.replace));
  options.set("refresh", Value(o.refresh));
  options.set("variable_files", list_of(o.variable_files));
  Map variables;
  std::vector<std::string> secrets;
  for (const auto& [name, value] : o.variables) {
    const auto secret = session.spec().secret_variables.find(name);
    if (secret != session.spec().secret_variables.end() && secret->second)
      secrets.push_back(name);
    else
      variables.set(name, Value(value));
  }
  options.set("variables", Value(std::move(variables)));
  options.set("secret_variables", list_of(secrets));
  Map root;
  root.set("llmforge_plan", Value(kFormat));
  root.set("options", Value(std::move(options)));
  root.set("basis", basis_of(session));
  root.set("actions", actions_of(plan));
  Map body = root;
  root.set("digest",
           Value(hex(sha256(to_json(Value(std::move(body)), {.indent = -1, .sort_keys = true})))));
  return replace_file(session.world().files, path,
                      to_json(Value(std::move(root)), {.indent = 1, .sort_keys = true}) + "\n",
                      0600);
}

Result<Options> saved_options(FileSystem& files, const std::string& path, const Options& now) {
  auto saved = read_saved(files, path);
  if (!saved) return fail(saved.error());
  const Value& options = (*saved)["options"];
  Options out = now;
  out.spec = options["spec"].string_or();
  out.environment = options["environment"].string_or("default");
  out.state = options["state"].string_or();
  out.targets = texts(options["targets"]);
  out.excludes = texts(options["excludes"]);
  out.replace = texts(options["replace"]);
  out.refresh = options["refresh"].string_or("true");
  out.variable_files = texts(options["variable_files"]);
  std::vector<std::pair<std::string, std::string>> variables;
  if (options["variables"].is_map()) {
    for (const auto& [name, value] : options["variables"].as_map())
      variables.emplace_back(name.as_string(), value.string_or());
  }
  // Secrets are never saved: they come again with the apply.
  for (const auto& name : texts(options["secret_variables"])) {
    for (const auto& [given, value] : now.variables) {
      if (given == name) variables.emplace_back(name, value);
    }
  }
  out.variables = std::move(variables);
  return out;
}

Result<void> check_saved_plan(Session& session, const Plan& plan, const std::string& path) {
  auto saved = read_saved(session.world().files, path);
  if (!saved) return fail(saved.error());
  std::vector<std::string> reasons;
  const Value now = basis_of(session);
  const Value& then = (*saved)["basis"];
  for (const char* part : {"files", "variables", "lookups", "imports"}) {
    const Value& a = then[part];
    const Value& b = now[part];
    if (!a.is_map() || !b.is_map()) continue;
    const char* word = std::string_view(part) == "files"       ? "file"
                       : std::string_view(part) == "variables" ? "variable"
                       : std::string_view(part) == "imports"   ? "import"
                                                               : "look-up";
    for (const auto& [key, value] : a.as_map()) {
      if (!(b[key.as_string()] == value))
        reasons.push_back(std::string(word) + " `" + key.as_string() + "` has changed");
    }
  }
  if (!(then["version"] == now["version"]))
    reasons.push_back("it was made by llmforge " + then["version"].string_or());
  if (!(then["accounts"] == now["accounts"]))
    reasons.push_back("the account or region is another one");
  const std::string lineage = then["lineage"].string_or();
  if (!lineage.empty() && lineage != now["lineage"].string_or())
    reasons.push_back("the state is another one");
  else if (!(then["serial"] == now["serial"]))
    reasons.push_back("the state has moved on since (serial " + to_text(then["serial"]) +
                      " then, " + to_text(now["serial"]) + " now)");
  if (reasons.empty()) {
    const Value actions = actions_of(plan);
    const Value& approved = (*saved)["actions"];
    for (const auto& [address, action] : actions.as_map()) {
      const Value& was = approved[address.as_string()];
      if (was == action) continue;
      reasons.push_back(was.is_null()
                            ? "`" + address.as_string() +
                                  "` was not to be touched, now: " + action["action"].string_or()
                            : "`" + address.as_string() + "` would now be done differently");
    }
  }
  if (reasons.empty()) return {};
  Error error(ErrorCode::stale, "the saved plan no longer holds; nothing was changed");
  for (size_t i = 0; i < reasons.size() && i < 8; ++i) error.help.push_back(reasons[i]);
  error.help.push_back("plan again and look at it");
  return fail(std::move(error));
}

PlanView plan_view(Session& session, const CommandContext& context) {
  PlanView view;
  const Spec& spec = session.spec().spec;
  view.stack = spec.stack;
  view.environment = context.options.environment;
  view.region = spec.region;
  view.provider = spec.provider;
  if (!spec.providers.empty()) {
    const Cloud* cloud = session.cloud(spec.providers.front().name);
    if (cloud != nullptr) view.account = cloud->instance().account;
  }
  view.format = context.options.format;
  view.color = context.terminal.color_out;
  view.verbose = context.options.verbose;
  view.width = context.terminal.width - 2;
  view.bytes_max = context.options.max_bytes;
  view.refreshed = context.options.refresh != "false" && !context.options.offline;
  view.destroy = context.options.command == "destroy";
  view.sandbox = context.options.sandbox.has_value();
  view.requests = session.engine().request_count;
  return view;
}

}  // namespace lf

// SPDX-License-Identifier: Apache-2.0
#include "cli/tfstate.h"

#include "base/json.h"
#include "base/strings.h"

namespace lf {

namespace {

Error refuse(const std::string& path, const std::string& why, std::string help) {
  Error error(ErrorCode::invalid, "`" + path + "` " + why);
  error.help.push_back(std::move(help));
  return error;
}

constexpr const char* kPull =
    "write one with: terraform state pull > terraform.tfstate (or: tofu state pull)";

// What else people have at hand.
std::optional<Error> wrong_file(const Value& root, const std::string& path) {
  if (!root.is_map()) return refuse(path, "is no Terraform state: not a JSON object", kPull);
  if (!root["encrypted_data"].is_null())
    return refuse(path, "is encrypted",
                  "decrypt it where its key is: tofu state pull > plain.tfstate");
  if (!root["format_version"].is_null())
    return refuse(path, "is the output of `show -json`, which is not the state itself", kPull);
  const Value& version = root["version"];
  if (!version.is_number())
    return refuse(path, "is no Terraform state: it has no `version`", kPull);
  if (version == Value(4)) return std::nullopt;
  const bool stub = !root["backend"].is_null();
  return refuse(path,
                stub ? "only says where the state is kept (version " + to_text(version) + ")"
                     : "has version " + to_text(version) + " of the format; version 4 is read",
                stub ? kPull
                     : "Terraform from 0.12 and OpenTofu write version 4; any of their `apply` "
                       "or `refresh` converts an older one");
}

// `module.x.provider["registry.opentofu.org/hashicorp/aws"].west` -> "hashicorp/aws";
// `provider.aws`, from 0.12 -> "hashicorp/aws".
std::string provider_source(const std::string& text) {
  const size_t open = text.find("provider[\"");
  if (open == std::string::npos) {
    const size_t at = text.rfind("provider.");
    if (at == std::string::npos) return "";
    const std::string name = text.substr(at + 9);
    return "hashicorp/" + name.substr(0, name.find('.'));
  }
  const size_t from = open + 10, end = text.find("\"]", from);
  const std::string full = text.substr(from, end == std::string::npos ? end : end - from);
  const size_t slash = full.find('/');
  const bool hosted = slash != std::string::npos && full.find('/', slash + 1) != std::string::npos;
  return hosted ? full.substr(slash + 1) : full;
}

// `module.net["a"].module.sub[0]` -> net, a, sub, 0.
void add_module_names(const std::string& module, std::vector<std::string>& out) {
  size_t at = 0;
  while (at < module.size()) {
    if (module.compare(at, 7, "module.") == 0) at += 7;
    const size_t end = std::min(module.find_first_of(".[", at), module.size());
    out.push_back(module.substr(at, end - at));
    at = end;
    if (at < module.size() && module[at] == '[') {
      const bool quoted = at + 1 < module.size() && module[at + 1] == '"';
      const size_t close = std::min(module.find(quoted ? "\"]" : "]", at + 1), module.size());
      const size_t from = at + (quoted ? 2 : 1);
      out.push_back(module.substr(from, close - from));
      at = close + (quoted ? 2 : 1);
    }
    if (at < module.size() && module[at] == '.') ++at;
  }
}

void add_texts(const Value& value, std::vector<std::string>& out) {
  if (value.is_string() && !value.as_string().empty()) out.push_back(value.as_string());
  if (value.is_list()) {
    for (const auto& one : value.as_list()) add_texts(one, out);
  }
  if (value.is_map()) {
    for (const auto& [key, one] : value.as_map()) add_texts(one, out);
  }
}

// `path`: [{"type": "get_attr", "value": "password"}, {"type": "index", "value": {"value": 0, …}}].
void add_secrets(const Value& attributes, const Value& path, std::vector<std::string>& out) {
  if (!path.is_list()) return;
  Value at = attributes;
  for (const auto& step : path.as_list()) {
    const Value& index = step["value"].is_map() ? step["value"]["value"] : step["value"];
    Value next;
    if (at.is_map() && index.is_string()) {
      next = at[index.as_string()];
    } else if (at.is_list() && index.is_int() && index.as_int() >= 0 &&
               static_cast<size_t>(index.as_int()) < at.as_list().size()) {
      next = at.as_list()[static_cast<size_t>(index.as_int())];
    }
    at = next;
  }
  add_texts(at, out);
}

TfInstance instance_of(const Value& resource, const Value& instance) {
  TfInstance out;
  const std::string module = resource["module"].string_or(), name = resource["name"].string_or();
  out.type = resource["type"].string_or();
  out.data = resource["mode"].string_or() == "data";
  out.provider = provider_source(resource["provider"].string_or());
  out.address =
      (module.empty() ? "" : module + ".") + (out.data ? "data." : "") + out.type + "." + name;
  add_module_names(module, out.names);
  out.names.push_back(name);
  const Value& key = instance["index_key"];
  if (key.is_string()) {
    out.address += "[" + json_quote(key.as_string()) + "]";
    out.names.push_back(key.as_string());
  } else if (key.is_int()) {
    out.address += "[" + to_text(key) + "]";
    out.names.push_back(to_text(key));
  }
  out.attributes = instance["attributes"].is_map() ? instance["attributes"] : Value(Map());
  out.deposed = !instance["deposed"].string_or().empty();
  out.tainted = instance["status"].string_or() == "tainted";
  const Value& sensitive = instance["sensitive_attributes"];
  if (sensitive.is_list()) {
    for (const auto& path : sensitive.as_list()) add_secrets(out.attributes, path, out.secrets);
  }
  return out;
}

}  // namespace

Result<std::vector<TfInstance>> read_tfstate(std::string_view text, const std::string& path) {
  const Result<Value> root = parse_json(text);
  if (!root) {
    return fail(refuse(path, "is no Terraform state: " + root.error().message, kPull));
  }
  if (const auto error = wrong_file(*root, path)) return fail(*error);
  std::vector<TfInstance> out;
  const Value& resources = (*root)["resources"];
  if (!resources.is_list()) return out;
  for (const auto& resource : resources.as_list()) {
    const Value& instances = resource["instances"];
    if (!instances.is_list()) continue;
    for (const auto& instance : instances.as_list()) out.push_back(instance_of(resource, instance));
  }
  return out;
}

}  // namespace lf

// SPDX-License-Identifier: Apache-2.0
#include "provider/endpoints.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/diagnostic.h"
#include "base/strings.h"

namespace lf {
namespace {

std::unexpected<Error> bad(std::string message) {
  return fail(ErrorCode::invalid, "endpoints.yaml: " + std::move(message));
}

// "CloudWatch Logs" -> "CLOUDWATCH_LOGS"
std::string variable_part(std::string_view id) {
  std::string out = upper(id);
  for (char& c : out) {
    bool keep = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!keep) c = '_';
  }
  return out;
}

// `<prefix>-<word>-<number>` and nothing else: "us-gov-west-1" is not of prefix "us".
bool fits_prefix(std::string_view region, const std::string& prefix) {
  if (!region.starts_with(prefix + "-")) return false;
  std::string_view rest = region.substr(prefix.size() + 1);
  size_t dash = rest.find('-');
  if (dash == 0 || dash == std::string_view::npos) return false;
  std::string_view word = rest.substr(0, dash), number = rest.substr(dash + 1);
  auto is_word = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return std::all_of(word.begin(), word.end(), is_word) && !number.empty() &&
         std::all_of(number.begin(), number.end(), is_digit);
}

Result<std::vector<std::string>> texts(const Value& list, const std::string& where) {
  std::vector<std::string> out;
  if (!list.is_list()) return bad(fmt::format("`{}` is no list", where));
  for (const Value& item : list.as_list()) {
    if (!item.is_string()) return bad(fmt::format("`{}` holds something else than text", where));
    out.push_back(item.as_string());
  }
  return out;
}

Result<void> check_url(const std::string& url, const std::string& where) {
  bool scheme = url.starts_with("https://") || url.starts_with("http://");
  size_t begin = url.find("://");
  bool host = scheme && url.size() > begin + 3 && url[begin + 3] != '/';
  bool plain = url.find_first_of("?# \t\n@") == std::string::npos;
  if (host && plain) return {};
  if (url.find('@') != std::string::npos) {  // may hold a password
    return fail(ErrorCode::invalid, fmt::format("the endpoint from {} holds an `@`", where));
  }
  return fail(ErrorCode::invalid,
              fmt::format("`{}` from {} is no endpoint: http://HOST[:PORT] or https:// is wanted",
                          printable(url), where));
}

bool is_true(std::string_view text) {
  return iequals(trim(text), "true");
}

}  // namespace

Result<void> EndpointRules::load_partitions(const Value& file) {
  const Value& partitions = file["partitions"];
  if (!partitions.is_map()) return bad("`partitions` is no map");
  for (const auto& [key, value] : partitions.as_map()) {
    if (!key.is_string() || !value.is_map()) return bad("a partition is no map");
    std::string where = "partitions." + key.as_string();
    Partition partition;
    partition.suffix = value["suffix"].string_or();
    partition.default_region = value["default_region"].string_or();
    auto prefixes = texts(value["prefixes"], where + ".prefixes");
    if (!prefixes) return std::unexpected(prefixes.error());
    auto regions = texts(value["regions"], where + ".regions");
    if (!regions) return std::unexpected(regions.error());
    if (partition.suffix.empty()) return bad(fmt::format("`{}.suffix` is missing", where));
    partition.prefixes = *std::move(prefixes);
    partition.regions = *std::move(regions);
    partitions_[key.as_string()] = std::move(partition);
  }
  return {};
}

Result<void> EndpointRules::load_services(const Value& file) {
  const Value& services = file["services"];
  if (!services.is_map()) return bad("`services` is no map");
  for (const auto& [key, value] : services.as_map()) {
    if (!key.is_string() || !value.is_map()) return bad("a service is no map");
    Service service;
    service.id = value["id"].string_or();
    service.signing = value["signing"].string_or();
    const Value& path_style = value["path_style_at_custom_endpoint"];
    service.path_style_at_custom_endpoint = path_style.is_bool() && path_style.as_bool();
    if (service.id.empty()) return bad(fmt::format("`services.{}.id` is missing", key.as_string()));
    if (const Value& global = value["global"]; global.is_map()) {
      for (const auto& [partition, rule] : global.as_map()) {
        Global one{rule["host"].string_or(), rule["region"].string_or()};
        if (!partitions_.contains(partition.string_or()) || one.host.empty() ||
            one.region.empty()) {
          return bad(fmt::format("`services.{}.global.{}` wants a known partition, host and region",
                                 key.as_string(), partition.string_or("?")));
        }
        service.global[partition.as_string()] = std::move(one);
      }
    }
    services_[key.as_string()] = std::move(service);
  }
  return {};
}

Result<EndpointRules> EndpointRules::load(const Value& file) {
  EndpointRules rules;
  if (!file.is_map()) return bad("no map");
  rules.host_ = file["host"].string_or();
  if (rules.host_.empty()) return bad("`host` is missing");
  rules.url_variable_ = file["variables"]["url"].string_or();
  rules.ignore_variable_ = file["variables"]["ignore"].string_or();
  auto done = rules.load_partitions(file);
  if (!done) return std::unexpected(done.error());
  done = rules.load_services(file);
  if (!done) return std::unexpected(done.error());
  return rules;
}

Result<EndpointOverrides> EndpointRules::overrides(const Environment& environment,
                                                   const SharedConfig& config,
                                                   const ConfigSection* profile) const {
  EndpointOverrides result;
  auto variable = [&](const std::string& name) -> std::string {
    auto at = environment.find(name);
    return at == environment.end() ? "" : at->second;
  };
  if (is_true(variable(ignore_variable_)) ||
      (variable(ignore_variable_).empty() &&
       is_true(config_value(profile, "ignore_configured_endpoint_urls")))) {
    return result;
  }
  const ConfigSection* section = nullptr;
  auto named = config.services.find(config_value(profile, "services"));
  if (named != config.services.end()) section = &named->second;

  std::string everywhere = variable(url_variable_);
  std::string where = url_variable_;
  if (everywhere.empty()) {
    everywhere = config_value(profile, "endpoint_url");
    where = "`endpoint_url` of the profile";
  }
  if (!everywhere.empty()) {
    auto good = check_url(everywhere, where);
    if (!good) return std::unexpected(good.error());
    result.url = everywhere;
  }
  for (const auto& [key, service] : services_) {
    std::string part = variable_part(service.id);
    std::string name = url_variable_ + "_" + part;
    std::string url = variable(name);
    if (url.empty()) {
      // The variable for all services stands above the profile's section for one.
      if (!variable(url_variable_).empty()) continue;
      url = config_value(section, lower(part) + ".endpoint_url");
      name = "the profile's `services` section";
    }
    if (url.empty()) continue;
    auto good = check_url(url, name);
    if (!good) return std::unexpected(good.error());
    result.by_service[part] = url;
  }
  return result;
}

std::string EndpointRules::partition_of(std::string_view region) const {
  for (const auto& [name, partition] : partitions_) {
    const auto& listed = partition.regions;
    if (std::find(listed.begin(), listed.end(), region) != listed.end()) return name;
  }
  for (const auto& [name, partition] : partitions_) {
    for (const std::string& prefix : partition.prefixes) {
      if (fits_prefix(region, prefix)) return name;
    }
  }
  return "";
}

std::string EndpointRules::suffix_of(const std::string& partition) const {
  auto at = partitions_.find(partition);
  return at == partitions_.end() ? "" : at->second.suffix;
}

std::vector<std::string> EndpointRules::regions() const {
  std::vector<std::string> all;
  for (const auto& [name, partition] : partitions_) {
    all.insert(all.end(), partition.regions.begin(), partition.regions.end());
  }
  std::sort(all.begin(), all.end());
  return all;
}

Result<Endpoint> EndpointRules::resolve(const std::string& service, const std::string& region,
                                        const std::string& signing_name,
                                        const EndpointOverrides& overrides) const {
  auto known = services_.find(service);
  Service fallback;
  const Service& rule = known == services_.end() ? fallback : known->second;
  Endpoint endpoint;
  endpoint.partition = partition_of(region);
  endpoint.signing_region = region;
  endpoint.signing_name = !signing_name.empty()   ? signing_name
                          : !rule.signing.empty() ? rule.signing
                                                  : service;
  std::string custom = overrides.url;
  auto own = overrides.by_service.find(variable_part(rule.id));
  if (own != overrides.by_service.end()) custom = own->second;

  auto global = rule.global.find(endpoint.partition);
  if (global != rule.global.end()) endpoint.signing_region = global->second.region;
  if (!custom.empty()) {
    endpoint.url = custom;
    endpoint.custom = true;
    endpoint.path_style = rule.path_style_at_custom_endpoint;
    return endpoint;
  }
  if (endpoint.partition.empty()) {
    Error error(ErrorCode::invalid, fmt::format("`{}` is no region", printable(region)));
    std::string near = nearest(region, regions());
    if (!near.empty()) error.help.push_back(fmt::format("did you mean `{}`?", near));
    return fail(std::move(error));
  }
  std::string host = host_;
  if (global != rule.global.end()) {
    host = global->second.host;
  } else {
    host = replace_all(host, "{service}", service);
    host = replace_all(host, "{region}", region);
    host = replace_all(host, "{suffix}", suffix_of(endpoint.partition));
  }
  endpoint.url = "https://" + host;
  return endpoint;
}

}  // namespace lf

// SPDX-License-Identifier: Apache-2.0
// Source: AWS SDKs and Tools Reference Guide, "Assume role credential provider", "IAM Identity
// Center credential provider", "Process credential provider".
#include "provider/credentials_profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/diagnostic.h"
#include "base/strings.h"

namespace lf {
namespace {

constexpr size_t kRolesMax = 10;

std::unexpected<Error> bad(const std::string& profile, std::string_view what) {
  return fail(ErrorCode::invalid, fmt::format("profile `{}`: {}", profile, what));
}

std::optional<StaticKeys> static_keys(const ConfigSection& section, const std::string& profile) {
  StaticKeys found;
  found.keys.access_key = config_value(&section, "aws_access_key_id");
  found.keys.secret_key = config_value(&section, "aws_secret_access_key");
  found.keys.session_token = config_value(&section, "aws_session_token");
  found.keys.account = config_value(&section, "aws_account_id");
  found.keys.source = fmt::format("profile `{}`", profile);
  if (found.keys.access_key.empty() && found.keys.secret_key.empty()) return std::nullopt;
  return found;
}

Result<SsoLogin> sso_login(const SharedConfig& config, const ConfigSection& section,
                           const std::string& profile) {
  SsoLogin login;
  login.account = config_value(&section, "sso_account_id");
  login.role = config_value(&section, "sso_role_name");
  std::string session = config_value(&section, "sso_session");
  if (!session.empty()) {
    auto at = config.sso_sessions.find(session);
    if (at == config.sso_sessions.end()) {
      return bad(profile, fmt::format("there is no section `[sso-session {}]`", session));
    }
    login.cache_key = session;
    login.region = config_value(&at->second, "sso_region");
  } else {
    login.cache_key = config_value(&section, "sso_start_url");
    login.region = config_value(&section, "sso_region");
  }
  for (const auto& [key, value] :
       {std::pair("sso_start_url or sso_session", &login.cache_key),
        std::pair("sso_region", &login.region), std::pair("sso_account_id", &login.account),
        std::pair("sso_role_name", &login.role)}) {
    if (value->empty()) return bad(profile, fmt::format("`{}` is missing", key));
  }
  return login;
}

// What the profile itself brings, without roles to assume.
Result<void> set_base(const SharedConfig& config, const ConfigSection& section, ProfilePlan& plan) {
  const std::string& profile = plan.base_profile;
  auto value = [&](const char* key) { return config_value(&section, key); };
  if (!value("role_arn").empty() && !value("web_identity_token_file").empty()) {
    plan.base = WebIdentity{value("role_arn"), value("role_session_name"),
                            value("web_identity_token_file")};
  } else if (!value("sso_session").empty() || !value("sso_account_id").empty() ||
             !value("sso_start_url").empty()) {
    // A session alone may serve other tools; with keys beside it, the keys count.
    auto keys = static_keys(section, profile);
    bool login_only = value("sso_account_id").empty() && value("sso_role_name").empty();
    if (keys && login_only) {
      plan.base = *keys;
      return {};
    }
    auto login = sso_login(config, section, profile);
    if (!login) return std::unexpected(login.error());
    plan.base = *std::move(login);
  } else if (auto keys = static_keys(section, profile)) {
    if (keys->keys.access_key.empty()) return bad(profile, "`aws_access_key_id` is missing");
    if (keys->keys.secret_key.empty()) return bad(profile, "`aws_secret_access_key` is missing");
    plan.base = *std::move(keys);
  } else if (!value("credential_process").empty()) {
    auto argv = split_command(value("credential_process"));
    if (!argv) return bad(profile, "`credential_process`: " + argv.error().message);
    plan.base = ProcessCommand{*std::move(argv)};
  }
  return {};
}

Result<NamedSource> named_source(const std::string& name, const std::string& profile) {
  if (name == "Environment") return NamedSource::environment;
  if (name == "EcsContainer") return NamedSource::container;
  if (name == "Ec2InstanceMetadata") return NamedSource::instance;
  return bad(profile, fmt::format("`credential_source = {}` is none of Environment, EcsContainer, "
                                  "Ec2InstanceMetadata",
                                  printable(name)));
}

Result<RoleStep> role_step(const ConfigSection& section, const std::string& profile) {
  RoleStep step;
  step.profile = profile;
  step.role_arn = config_value(&section, "role_arn");
  step.session_name = config_value(&section, "role_session_name");
  step.external_id = config_value(&section, "external_id");
  std::string duration = config_value(&section, "duration_seconds");
  if (!duration.empty()) {
    const char* end = duration.data() + duration.size();
    auto [stop, error] = std::from_chars(duration.data(), end, step.duration_s);
    if (error != std::errc() || stop != end || step.duration_s < 900 || step.duration_s > 43'200) {
      return bad(profile, "`duration_seconds` is not between 900 and 43200");
    }
  }
  if (!config_value(&section, "mfa_serial").empty()) {
    Error error(ErrorCode::invalid,
                fmt::format("profile `{}` wants a code of an MFA device, which a tool without a "
                            "terminal cannot ask for",
                            profile));
    error.help = {"get session keys first (`aws sts get-session-token`) and export them",
                  "or sign in with `aws sso login`"};
    return fail(std::move(error));
  }
  return step;
}

}  // namespace

Result<ProfilePlan> plan_profile(const SharedConfig& config, const std::string& profile) {
  ProfilePlan plan;
  std::vector<std::string> visited;
  std::string name = profile;
  while (true) {
    const ConfigSection* section = config.profile(name);
    if (section == nullptr) {
      if (visited.empty()) return plan;
      return bad(visited.back(), fmt::format("`source_profile = {}` names no profile", name));
    }
    plan.base_profile = name;
    std::string source = config_value(section, "source_profile");
    std::string credential_source = config_value(section, "credential_source");
    bool web_identity = !config_value(section, "web_identity_token_file").empty();
    bool assumes = !config_value(section, "role_arn").empty() && !web_identity;
    // A source with keys of its own ends the chain; so may the first profile name itself.
    bool keys_end_it = !visited.empty() && static_keys(*section, name).has_value();
    if (!assumes || keys_end_it) {
      auto done = set_base(config, *section, plan);
      if (!done) return std::unexpected(done.error());
      if (!visited.empty() && std::holds_alternative<std::monostate>(plan.base)) {
        return bad(name, "it is a `source_profile` and holds no credentials");
      }
      break;
    }
    bool circular = std::find(visited.begin(), visited.end(), name) != visited.end();
    if (circular || visited.size() >= kRolesMax) {
      visited.push_back(name);
      return bad(profile,
                 fmt::format("`source_profile` goes in a circle: {}", join(visited, " -> ")));
    }
    visited.push_back(name);
    auto step = role_step(*section, name);
    if (!step) return std::unexpected(step.error());
    plan.roles.push_back(*std::move(step));
    if (source.empty() == credential_source.empty()) {
      return bad(name, "`role_arn` wants either `source_profile` or `credential_source`");
    }
    if (!credential_source.empty()) {
      auto named = named_source(credential_source, name);
      if (!named) return std::unexpected(named.error());
      plan.base = *named;
      break;
    }
    name = source;
  }
  std::reverse(plan.roles.begin(), plan.roles.end());
  return plan;
}

Result<std::vector<std::string>> split_command(std::string_view command) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (size_t i = 0; i < command.size(); ++i) {
    char c = command[i];
    if (quote != 0 && c == quote) {
      quote = 0;
    } else if (c == '\\' && quote != '\'' && i + 1 < command.size()) {
      word += command[++i];
      in_word = true;
    } else if (quote != 0) {
      word += c;
    } else if (c == '"' || c == '\'') {
      quote = c;
      in_word = true;
    } else if (c == ' ' || c == '\t' || c == '\n') {
      if (in_word) words.push_back(std::exchange(word, ""));
      in_word = false;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (quote != 0) return fail(ErrorCode::invalid, "a quote is not closed");
  if (in_word) words.push_back(word);
  if (words.empty()) return fail(ErrorCode::invalid, "there is no command");
  return words;
}

}  // namespace lf

// SPDX-License-Identifier: Apache-2.0
// What a profile says about credentials, as data: one base and the roles to assume from it on.
// Pure.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "provider/credentials.h"

namespace lf {

struct StaticKeys {
  Credentials keys;
};
struct ProcessCommand {
  std::vector<std::string> argv;
};
struct SsoLogin {
  std::string cache_key;  // the session's name, or the start URL: its SHA-1 names the cache file
  std::string region;
  std::string account;
  std::string role;
};
struct WebIdentity {
  std::string role_arn;
  std::string session_name;
  std::string token_file;
};
enum class NamedSource { environment, container, instance };

struct RoleStep {
  std::string profile;  // that says so, for messages
  std::string role_arn;
  std::string session_name;
  std::string external_id;
  int64_t duration_s = 3600;
};

struct ProfilePlan {
  std::string base_profile;
  std::variant<std::monostate, StaticKeys, ProcessCommand, SsoLogin, WebIdentity, NamedSource> base;
  std::vector<RoleStep> roles;  // assumed in this order
};

// A plan whose base is monostate: the profile says nothing about credentials. invalid: something is
// missing, circular or unknown; the message names the profile and the key.
Result<ProfilePlan> plan_profile(const SharedConfig& config, const std::string& profile);

// Words as a POSIX shell splits them, without expansion. invalid: a quote that is not closed.
Result<std::vector<std::string>> split_command(std::string_view command);

}  // namespace lf

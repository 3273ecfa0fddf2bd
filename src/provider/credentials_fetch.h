// SPDX-License-Identifier: Apache-2.0
// The sources of credentials that need a request or a program; for credentials.cc. Each is a task
// over the world that is passed in, which outlives it.
#pragma once

#include <string>

#include "provider/credentials_profile.h"

namespace lf::credentials_detail {

struct Context {
  World* world = nullptr;
  const EndpointRules* rules = nullptr;
  EndpointOverrides overrides;
  std::string region;
  std::string home;
};

std::string variable(const World& world, const std::string& name);  // "" if not set
std::string session_name(const Context& context, const std::string& wanted);

Task<Result<Credentials>> assume_role(Context context, Credentials base, RoleStep step);
Task<Result<Credentials>> assume_with_web_identity(Context context, WebIdentity identity);
Task<Result<Credentials>> sso_credentials(Context context, SsoLogin login, std::string profile);
Task<Result<Credentials>> process_credentials(Context context, ProcessCommand command,
                                              std::string profile);
// not_found: no container's variable is set.
Task<Result<Credentials>> container_credentials(Context context);
// not_found: switched off, or no metadata service answers (no instance, or one without a role).
Task<Result<Credentials>> instance_credentials(Context context);

// Whether a container's credentials may be asked of `url` (http only on the machine itself and the
// agents' fixed addresses).
bool allowed_container_url(std::string_view url);

}  // namespace lf::credentials_detail

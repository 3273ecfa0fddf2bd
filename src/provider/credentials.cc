// SPDX-License-Identifier: Apache-2.0
#include "provider/credentials.h"

#include <fmt/format.h>

#include "base/diagnostic.h"
#include "base/strings.h"
#include "base/units.h"
#include "provider/credentials_fetch.h"

namespace lf {

using namespace credentials_detail;

namespace {

// Renewed this long before their expiry, so that a request signed now is still good on arrival.
constexpr int64_t kRenewBefore_s = 300;

std::string home_of(const World& world) {
  std::string home = variable(world, "HOME");
  return home.empty() ? variable(world, "USERPROFILE") : home;
}

std::string expanded(const std::string& path, const std::string& home) {
  return path.starts_with("~/") ? home + path.substr(1) : path;
}

Result<void> read_into(World& world, const std::string& path, ConfigKind kind,
                       SharedConfig& config) {
  auto text = world.files.read(path);
  if (!text && text.error().code == ErrorCode::not_found) return {};
  if (!text) return std::unexpected(text.error());
  return parse_shared_config(*text, kind, path, config);
}

}  // namespace

std::string profile_of(const std::map<std::string, std::string>& words) {
  const auto at = words.find("profile");
  return at == words.end() ? "" : at->second;
}

Result<SharedSettings> load_shared_settings(World& world, const std::string& profile) {
  SharedSettings settings;
  settings.home = home_of(world);
  std::string config = variable(world, "AWS_CONFIG_FILE");
  std::string credentials = variable(world, "AWS_SHARED_CREDENTIALS_FILE");
  if (config.empty()) config = "~/.aws/config";
  if (credentials.empty()) credentials = "~/.aws/credentials";
  auto done =
      read_into(world, expanded(config, settings.home), ConfigKind::config, settings.config);
  if (!done) return std::unexpected(done.error());
  done = read_into(world, expanded(credentials, settings.home), ConfigKind::credentials,
                   settings.config);
  if (!done) return std::unexpected(done.error());

  settings.profile = profile;
  for (const char* name : {"AWS_PROFILE", "AWS_DEFAULT_PROFILE"}) {
    if (settings.profile.empty()) settings.profile = variable(world, name);
  }
  settings.profile_named = !settings.profile.empty();
  if (settings.profile.empty()) settings.profile = "default";
  if (settings.profile_named && settings.section() == nullptr) {
    Error error(ErrorCode::invalid, fmt::format("profile `{}` is neither in {} nor in {}",
                                                printable(settings.profile), config, credentials));
    std::vector<std::string> names;
    for (const auto& [name, section] : settings.config.profiles) names.push_back(name);
    std::string near = nearest(settings.profile, names);
    if (!near.empty()) error.help.push_back(fmt::format("did you mean `{}`?", near));
    return fail(std::move(error));
  }
  for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    if (settings.region.empty()) settings.region = variable(world, name);
  }
  if (settings.region.empty()) settings.region = config_value(settings.section(), "region");
  return settings;
}

namespace {

struct Attempt {
  std::string source;
  std::string why_not;
};

Error nothing_found(const std::vector<Attempt>& attempts) {
  Error error(ErrorCode::auth, "no credentials were found");
  for (const Attempt& attempt : attempts) {
    error.help.push_back(fmt::format("tried {}: {}", attempt.source, attempt.why_not));
  }
  error.help.push_back(
      "export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or set AWS_PROFILE to a profile that "
      "`aws configure` or `aws configure sso` has made");
  return error;
}

// nullopt: not set. A half of it is an error: falling through might reach another account.
Result<std::optional<Credentials>> from_environment(const World& world) {
  Credentials keys;
  keys.access_key = variable(world, "AWS_ACCESS_KEY_ID");
  keys.secret_key = variable(world, "AWS_SECRET_ACCESS_KEY");
  keys.session_token = variable(world, "AWS_SESSION_TOKEN");
  keys.account = variable(world, "AWS_ACCOUNT_ID");
  keys.source = "the environment";
  if (keys.access_key.empty() && keys.secret_key.empty()) return std::nullopt;
  if (keys.access_key.empty() || keys.secret_key.empty()) {
    const char* set = keys.access_key.empty() ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID";
    const char* unset = keys.access_key.empty() ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY";
    Error error(ErrorCode::invalid, fmt::format("{} is set, but {} is not", set, unset));
    error.help = {"export both or none"};
    return fail(std::move(error));
  }
  keys.expires = parse_timestamp(variable(world, "AWS_CREDENTIAL_EXPIRATION"));
  return keys;
}

// The base of a profile's plan.
Task<Result<Credentials>> base_credentials(Context context, ProfilePlan plan) {
  if (auto* keys = std::get_if<StaticKeys>(&plan.base)) co_return keys->keys;
  if (auto* command = std::get_if<ProcessCommand>(&plan.base)) {
    auto running = process_credentials(context, *command, plan.base_profile);
    co_return co_await std::move(running);
  }
  if (auto* login = std::get_if<SsoLogin>(&plan.base)) {
    auto asking = sso_credentials(context, *login, plan.base_profile);
    co_return co_await std::move(asking);
  }
  if (auto* identity = std::get_if<WebIdentity>(&plan.base)) {
    auto asking = assume_with_web_identity(context, *identity);
    co_return co_await std::move(asking);
  }
  NamedSource source = std::get<NamedSource>(plan.base);
  if (source == NamedSource::container) {
    auto asking = container_credentials(context);
    co_return co_await std::move(asking);
  }
  if (source == NamedSource::instance) {
    auto asking = instance_credentials(context);
    co_return co_await std::move(asking);
  }
  auto keys = from_environment(*context.world);
  if (!keys) co_return std::unexpected(keys.error());
  if (!*keys) {
    co_return fail(ErrorCode::auth,
                   fmt::format("profile `{}`: `credential_source = Environment`, but "
                               "AWS_ACCESS_KEY_ID is not set",
                               plan.base_profile));
  }
  co_return **keys;
}

Task<Result<Credentials>> profile_credentials(Context context, ProfilePlan plan) {
  auto starting = base_credentials(context, plan);
  auto keys = co_await std::move(starting);
  for (const RoleStep& step : plan.roles) {
    if (!keys) co_return keys;
    auto assuming = assume_role(context, *keys, step);
    keys = co_await std::move(assuming);
  }
  co_return keys;
}

class Chain final : public CredentialSource {
 public:
  Chain(World& world, CredentialOptions options) : world_(world), options_(std::move(options)) {
    if (options_.profile.empty()) options_.profile = profile_of(options_.words);
  }

  Task<Result<Credentials>> get() override {
    if (std::shared_ptr<Search> running = search_) {
      auto over = running->done.wait();
      co_await over;
      co_return *running->result;
    }
    if (cached_ && good_for_s() > kRenewBefore_s) co_return *cached_;
    auto searching = search();
    co_return co_await std::move(searching);
  }

  Task<Result<Credentials>> renew(std::string failed_access_key) override {
    if (std::shared_ptr<Search> running = search_) {
      auto over = running->done.wait();
      co_await over;
      if (!*running->result) co_return *running->result;
    }
    if (cached_ && cached_->access_key != failed_access_key) co_return *cached_;
    cached_.reset();
    auto searching = search();
    auto found = co_await std::move(searching);
    // A role's new session has a new key; the same key again is the same dead session.
    if (found && found->access_key == failed_access_key) {
      Error error(ErrorCode::expired,
                  fmt::format("the credentials from {} have expired", found->source));
      error.help = {"renew them where they come from, then run the command again"};
      cached_.reset();
      co_return fail(std::move(error));
    }
    co_return found;
  }

 private:
  struct Search {
    Event done;
    std::optional<Result<Credentials>> result;
  };

  int64_t good_for_s() const {
    if (!cached_->expires) return INT64_MAX;
    return cached_->expires->seconds - world_.clock.now().seconds;
  }

  // One search at a time; whoever comes meanwhile gets its result, failures included.
  Task<Result<Credentials>> search() {
    auto running = std::make_shared<Search>();
    search_ = running;
    auto finding = find();
    auto found = co_await std::move(finding);
    // `not_found` is a statement about resources; nothing may take a missing key file for one.
    if (!found && found.error().code == ErrorCode::not_found) {
      Error error = found.error();
      error.code = ErrorCode::auth;
      found = fail(std::move(error));
    }
    if (found) {
      cached_ = *found;
    } else if (cached_ && good_for_s() > 0) {
      found = *cached_;  // renewal failed, but there is time left
    }
    running->result = found;
    search_.reset();
    running->done.set();
    co_return found;
  }

  Result<Context> context_for(const SharedSettings& settings) const {
    Context context{&world_, options_.rules, {}, options_.region, settings.home};
    if (context.region.empty()) context.region = settings.region;
    auto overrides =
        options_.rules->overrides(world_.environment, settings.config, settings.section());
    if (!overrides) return std::unexpected(overrides.error());
    context.overrides = *std::move(overrides);
    return context;
  }

  // What the chain finds, and the role that the spec wants assumed with it.
  Task<Result<Credentials>> find() {
    if (options_.given) co_return *options_.given;
    auto finding = find_base();
    auto found = co_await std::move(finding);
    RoleStep role;
    role.role_arn = word("assume_role");
    role.external_id = word("external_id");
    role.session_name = word("session_name");
    if (!found || role.role_arn.empty()) co_return found;
    auto settings = load_shared_settings(world_, options_.profile);
    if (!settings) co_return std::unexpected(settings.error());
    auto context = context_for(*settings);
    if (!context) co_return std::unexpected(context.error());
    auto assuming = assume_role(*context, *found, role);
    co_return co_await std::move(assuming);
  }

  std::string word(const std::string& name) const {
    const auto at = options_.words.find(name);
    return at == options_.words.end() ? "" : at->second;
  }

  Task<Result<Credentials>> find_base() {
    std::vector<Attempt> attempts;
    bool by_option = !options_.profile.empty();
    if (by_option) {
      attempts.push_back({"the environment", "passed over, a profile is named"});
    } else {
      auto keys = from_environment(world_);
      if (!keys) co_return std::unexpected(keys.error());
      if (*keys) co_return check(**keys);
      attempts.push_back({"the environment", "AWS_ACCESS_KEY_ID is not set"});
    }
    auto settings = load_shared_settings(world_, options_.profile);
    if (!settings) co_return std::unexpected(settings.error());
    auto context = context_for(*settings);
    if (!context) co_return std::unexpected(context.error());

    WebIdentity identity{variable(world_, "AWS_ROLE_ARN"),
                         variable(world_, "AWS_ROLE_SESSION_NAME"),
                         variable(world_, "AWS_WEB_IDENTITY_TOKEN_FILE")};
    if (!by_option && !identity.token_file.empty() && !identity.role_arn.empty()) {
      auto asking = assume_with_web_identity(*context, identity);
      co_return co_await std::move(asking);
    }
    if (!by_option) {
      attempts.push_back(
          {"web identity", "AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN are not set"});
    }

    auto plan = plan_profile(settings->config, settings->profile);
    if (!plan) co_return std::unexpected(plan.error());
    bool planned = !std::holds_alternative<std::monostate>(plan->base) || !plan->roles.empty();
    if (planned) {
      auto asking = profile_credentials(*context, *plan);
      auto found = co_await std::move(asking);
      if (!found) co_return found;
      co_return check(*found);
    }
    attempts.push_back(
        {fmt::format("profile `{}`", settings->profile),
         settings->section() == nullptr ? "there is no such profile" : "it holds no credentials"});
    if (settings->profile_named) co_return fail(nothing_found(attempts));

    auto asking_container = container_credentials(*context);
    auto container = co_await std::move(asking_container);
    if (container || container.error().code != ErrorCode::not_found) co_return container;
    attempts.push_back({"the container's role", container.error().message});

    auto asking_instance = instance_credentials(*context);
    auto instance = co_await std::move(asking_instance);
    if (instance || instance.error().code != ErrorCode::not_found) co_return instance;
    attempts.push_back({"the instance's role", instance.error().message});
    co_return fail(nothing_found(attempts));
  }

  // Keys whose written expiry has passed are no use, and the service's words would be less clear.
  Result<Credentials> check(Credentials keys) const {
    if (keys.expires && keys.expires->seconds <= world_.clock.now().seconds) {
      Error error(ErrorCode::expired, fmt::format("the credentials from {} expired at {}",
                                                  keys.source, format_timestamp(*keys.expires)));
      error.help = {"renew them where they come from, then run the command again"};
      return fail(std::move(error));
    }
    return keys;
  }

  World& world_;
  CredentialOptions options_;
  std::optional<Credentials> cached_;
  std::shared_ptr<Search> search_;
};

}  // namespace

Result<std::unique_ptr<CredentialSource>> make_credential_source(const std::string& chain,
                                                                 World& world,
                                                                 CredentialOptions options) {
  if (chain != "aws") {
    return fail(ErrorCode::invalid, fmt::format("`{}` is no chain of credentials", chain));
  }
  if (options.rules == nullptr) {
    return fail(ErrorCode::internal, "a chain of credentials wants the endpoint rules");
  }
  return std::make_unique<Chain>(world, std::move(options));
}

}  // namespace lf

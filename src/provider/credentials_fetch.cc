// SPDX-License-Identifier: Apache-2.0
// Sources: AWS SDKs and Tools Reference Guide ("Container credential provider", "IMDS credential
// provider", "Process credential provider", "IAM Identity Center"), STS API Reference.
#include "provider/credentials_fetch.h"

#include <fmt/format.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/strings.h"
#include "base/units.h"
#include "provider/protocol.h"

namespace lf::credentials_detail {
namespace {

constexpr int kAttemptsMax = 3;
constexpr int64_t kFirstDelayNs = 200'000'000;

Task<Result<HttpResponse>> send_once(World* world, HttpRequest request) {
  Callback<Result<HttpResponse>> answer(
      [world, request](auto done) { world->transport.send(request, std::move(done)); });
  auto response = co_await answer;
  co_return response;
}

Task<bool> pause(World* world, int64_t delay_ns) {
  Callback<bool> over(
      [world, delay_ns](auto done) { world->clock.after(delay_ns, [done] { done(true); }); });
  auto fired = co_await over;
  co_return fired;
}

// These calls only read or hand out keys, so that repeating them is safe.
Task<Result<HttpResponse>> send(World* world, HttpRequest request, int attempts) {
  int64_t delay_ns = kFirstDelayNs;
  for (int attempt = 1;; ++attempt) {
    auto sending = send_once(world, request);
    auto response = co_await std::move(sending);
    bool again = !response || response->status >= 500 || response->status == 429;
    if (!again || attempt >= attempts) co_return response;
    auto waiting = pause(world, delay_ns);
    (void)co_await std::move(waiting);
    delay_ns *= 2;
  }
}

std::unexpected<Error> failed(const std::string& what, const Error& cause) {
  Error error = cause;
  error.message = fmt::format("{}: {}", what, cause.message);
  return std::unexpected(std::move(error));
}

// The JSON that containers, instances and programs answer; names differ in the token's key only.
Result<Credentials> parse_keys(const std::string& text, const char* token_key,
                               const std::string& source) {
  auto document = parse_json(text);
  if (!document || !document->is_map()) {
    return fail(ErrorCode::corrupt, fmt::format("{} gave no JSON object", source));
  }
  const Value& v = *document;
  Credentials keys;
  keys.access_key = v["AccessKeyId"].string_or();
  keys.secret_key = v["SecretAccessKey"].string_or();
  keys.session_token = v[token_key].string_or();
  keys.account = v["AccountId"].string_or();
  keys.source = source;
  if (keys.access_key.empty() || keys.secret_key.empty()) {
    std::string said = v["Message"].string_or(v["message"].string_or(v["Code"].string_or()));
    return fail(ErrorCode::auth, fmt::format("{} gave no AccessKeyId and SecretAccessKey{}", source,
                                             said.empty() ? "" : ": " + printable(said)));
  }
  if (std::string expiration = v["Expiration"].string_or(); !expiration.empty()) {
    keys.expires = parse_timestamp(expiration);
    if (!keys.expires) {
      return fail(ErrorCode::corrupt, fmt::format("{} gave an Expiration that is no time", source));
    }
  }
  return keys;
}

Result<WireCall> sts_call(const Context& context, const char* action, Endpoint& endpoint) {
  if (context.region.empty()) {
    Error error(ErrorCode::invalid, "no region is known for the call that exchanges credentials");
    error.help = {"set `region:` in the spec, AWS_REGION, or `region` in the profile"};
    return fail(std::move(error));
  }
  auto resolved = context.rules->resolve("sts", context.region, "", context.overrides);
  if (!resolved) return std::unexpected(resolved.error());
  endpoint = *resolved;
  WireCall call;
  call.service = "sts";
  call.action = action;
  call.endpoint = endpoint.url;
  call.api_version = "2011-06-15";
  return call;
}

Result<Credentials> sts_keys(const WireCall& call, const HttpResponse& response,
                             const std::string& source) {
  auto answer = decode(Protocol::query, call, response);
  if (!answer) return std::unexpected(to_error(answer.error(), call));
  const Value& v = answer->body["Credentials"];
  Credentials keys;
  keys.access_key = v["AccessKeyId"].string_or();
  keys.secret_key = v["SecretAccessKey"].string_or();
  keys.session_token = v["SessionToken"].string_or();
  keys.expires = parse_timestamp(v["Expiration"].string_or());
  keys.source = source;
  if (keys.access_key.empty() || keys.secret_key.empty() || keys.session_token.empty()) {
    return fail(ErrorCode::corrupt, fmt::format("{} answered no credentials", call.action));
  }
  return keys;
}

}  // namespace

std::string variable(const World& world, const std::string& name) {
  auto at = world.environment.find(name);
  return at == world.environment.end() ? "" : at->second;
}

std::string session_name(const Context& context, const std::string& wanted) {
  if (!wanted.empty()) return wanted;
  return fmt::format("llmforge-{}", context.world->clock.now().seconds);
}

Task<Result<Credentials>> assume_role(Context context, Credentials base, RoleStep step) {
  const std::string of = step.profile.empty() ? "" : fmt::format("profile `{}`: ", step.profile);
  std::string what = fmt::format("{}role `{}`", of, printable(step.role_arn));
  Endpoint endpoint;
  auto call = sts_call(context, "AssumeRole", endpoint);
  if (!call) co_return failed(what, call.error());
  Map input{{"RoleArn", step.role_arn},
            {"RoleSessionName", session_name(context, step.session_name)},
            {"DurationSeconds", step.duration_s}};
  if (!step.external_id.empty()) input.set("ExternalId", Value(step.external_id));
  call->input = Value(std::move(input));
  auto request = encode(Protocol::query, *call);
  if (!request) co_return failed(what, request.error());
  SigningScope scope{endpoint.signing_region, endpoint.signing_name, SigningForm::standard, false};
  sign(*request, base, scope, context.world->clock.now());
  auto sending = send(context.world, *request, kAttemptsMax);
  auto response = co_await std::move(sending);
  if (!response) co_return failed(what, response.error());
  auto keys = sts_keys(*call, *response, what);
  if (!keys) co_return failed(what, keys.error());
  co_return keys;
}

Task<Result<Credentials>> assume_with_web_identity(Context context, WebIdentity identity) {
  std::string what = fmt::format("web identity for role `{}`", identity.role_arn);
  auto token = context.world->files.read(identity.token_file);
  if (!token) co_return failed(what, token.error());
  Endpoint endpoint;
  auto call = sts_call(context, "AssumeRoleWithWebIdentity", endpoint);
  if (!call) co_return failed(what, call.error());
  call->input = Value(Map{{"RoleArn", identity.role_arn},
                          {"RoleSessionName", session_name(context, identity.session_name)},
                          {"WebIdentityToken", trim(*token)}});
  auto request = encode(Protocol::query, *call);
  if (!request) co_return failed(what, request.error());
  auto sending = send(context.world, *request, kAttemptsMax);
  auto response = co_await std::move(sending);
  if (!response) co_return failed(what, response.error());
  auto keys = sts_keys(*call, *response, what);
  if (!keys) co_return failed(what, keys.error());
  co_return keys;
}

namespace {

// The token that `aws sso login` left. Its file is named by the SHA-1 of session or start URL.
Result<std::string> sso_token(const Context& context, const SsoLogin& login,
                              const std::string& profile) {
  auto sign_in = [&](std::string why) {
    Error error(ErrorCode::expired, fmt::format("profile `{}`: {}", profile, why));
    error.help = {fmt::format("run `aws sso login --profile {}`", profile)};
    return std::unexpected(std::move(error));
  };
  std::string path =
      fmt::format("{}/.aws/sso/cache/{}.json", context.home, sha1_hex(login.cache_key));
  auto text = context.world->files.read(path);
  if (!text && text.error().code == ErrorCode::not_found) {
    return sign_in("nobody has signed in yet");
  }
  if (!text) return std::unexpected(text.error());
  auto cache = parse_json(*text);
  std::string token = cache ? (*cache)["accessToken"].string_or() : "";
  auto expires = parse_timestamp(cache ? (*cache)["expiresAt"].string_or() : "");
  if (token.empty() || !expires) return sign_in("the saved sign-in cannot be read");
  if (expires->seconds <= context.world->clock.now().seconds) {
    return sign_in("the sign-in has expired");
  }
  return token;
}

}  // namespace

Task<Result<Credentials>> sso_credentials(Context context, SsoLogin login, std::string profile) {
  std::string what = fmt::format("profile `{}`: single sign-on", profile);
  auto token = sso_token(context, login, profile);
  if (!token) co_return std::unexpected(token.error());
  auto endpoint = context.rules->resolve("portal.sso", login.region, "", context.overrides);
  if (!endpoint) co_return failed(what, endpoint.error());
  WireCall call;
  call.service = "sso";
  call.action = "GetRoleCredentials";
  call.endpoint = endpoint->url;
  call.http_method = "GET";
  call.http_path = "/federation/credentials";
  call.http_query =
      "role_name=" + percent_encode(login.role) + "&account_id=" + percent_encode(login.account);
  call.headers = {{"x-amz-sso_bearer_token", *token}};
  auto request = encode(Protocol::rest_json, call);
  if (!request) co_return failed(what, request.error());
  auto sending = send(context.world, *request, kAttemptsMax);
  auto response = co_await std::move(sending);
  if (!response) co_return failed(what, response.error());
  auto answer = decode(Protocol::rest_json, call, *response);
  if (!answer) {
    Error error = to_error(answer.error(), call);
    if (answer.error().http_status == 401) {
      error.help = {fmt::format("run `aws sso login --profile {}`", profile)};
    }
    co_return failed(what, error);
  }
  const Value& v = answer->body["roleCredentials"];
  Credentials keys{v["accessKeyId"].string_or(),
                   v["secretAccessKey"].string_or(),
                   v["sessionToken"].string_or(),
                   {},
                   login.account,
                   what};
  if (v["expiration"].is_int()) keys.expires = Timestamp{v["expiration"].as_int() / 1000, 0};
  if (keys.access_key.empty() || keys.secret_key.empty()) {
    co_return fail(ErrorCode::corrupt, what + ": the answer holds no credentials");
  }
  co_return keys;
}

Task<Result<Credentials>> process_credentials(Context context, ProcessCommand command,
                                              std::string profile) {
  std::string what = fmt::format("profile `{}`: credential_process", profile);
  ProcessRequest request;
  request.argv = command.argv;
  World* world = context.world;
  Callback<Result<ProcessResult>> over(
      [world, request](auto done) { world->process.run(request, std::move(done)); });
  auto result = co_await over;
  if (!result) co_return failed(what, result.error());
  if (result->exit_code != 0) {
    // What it wrote to stdout may hold keys; its last word on stderr is meant for people.
    std::vector<std::string> lines = split(trim(result->err), '\n');
    std::string said = printable(trim(lines.back())).substr(0, 200);
    co_return fail(ErrorCode::auth,
                   fmt::format("{} ended with status {}{}", what, result->exit_code,
                               said.empty() ? "" : ": " + said));
  }
  auto document = parse_json(result->out);
  if (!document || !(*document)["Version"].is_int() || (*document)["Version"].as_int() != 1) {
    co_return fail(ErrorCode::corrupt, what + ": the output is no JSON object with `Version: 1`");
  }
  co_return parse_keys(result->out, "SessionToken", what);
}

bool allowed_container_url(std::string_view url) {
  if (url.starts_with("https://")) return true;
  if (!url.starts_with("http://")) return false;
  std::string_view host = url.substr(7);
  host = host.substr(0, host.find_first_of("/?#"));
  if (host.find('@') != std::string_view::npos) return false;
  if (host.starts_with('[')) {
    host = host.substr(1, host.find(']') - 1);
  } else {
    host = host.substr(0, host.find(':'));
  }
  if (iequals(host, "localhost")) return true;
  auto ip = parse_ip(host);
  if (!ip) return false;
  if (!ip->v6 && ip->bytes[0] == 127) return true;
  // The agents of ECS and EKS.
  std::string text = format_ip(*ip);
  return text == "::1" || text == "169.254.170.2" || text == "169.254.170.23" ||
         text == "fd00:ec2::23";
}

namespace {

HttpRequest get_request(std::string_view url, const char* action) {
  HttpRequest request;
  request.method = "GET";
  size_t host = url.find("://") + 3;
  size_t path = url.find('/', host);
  request.scheme = url.substr(0, host - 3);
  request.host = url.substr(host, path == std::string_view::npos ? path : path - host);
  std::string_view rest = path == std::string_view::npos ? "/" : url.substr(path);
  size_t question = rest.find('?');
  request.path = rest.substr(0, question);
  if (question != std::string_view::npos) request.query = rest.substr(question + 1);
  request.service = "credentials";
  request.action = action;
  return request;
}

// The value for Authorization. A file is read anew each time: the token in it is rotated.
Result<std::string> container_token(const World& world) {
  std::string token = variable(world, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
  std::string path = variable(world, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  if (!path.empty()) {
    auto text = world.files.read(path);
    if (!text) return std::unexpected(text.error());
    token = trim(*text);
  }
  if (token.find_first_of("\r\n") != std::string::npos) {
    return fail(ErrorCode::invalid, "the authorization token holds a line break");
  }
  return token;
}

}  // namespace

Task<Result<Credentials>> container_credentials(Context context) {
  const World& world = *context.world;
  std::string what = "the container's role";
  std::string relative = variable(world, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  std::string full = variable(world, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (relative.empty() && full.empty()) {
    co_return fail(ErrorCode::not_found, "AWS_CONTAINER_CREDENTIALS_*_URI is not set");
  }
  if (!relative.empty()) full = "http://169.254.170.2" + relative;
  if (!allowed_container_url(full)) {
    co_return fail(
        ErrorCode::invalid,
        fmt::format("{}: AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https nor on this "
                    "machine",
                    what));
  }
  HttpRequest request = get_request(full, "container");
  request.timeout_ms = 5'000;
  auto token = container_token(world);
  if (!token) co_return failed(what, token.error());
  if (!token->empty()) request.headers.emplace_back("Authorization", *token);
  auto sending = send(context.world, request, kAttemptsMax);
  auto response = co_await std::move(sending);
  if (!response) co_return failed(what, response.error());
  if (response->status != 200) {
    co_return fail(ErrorCode::auth, fmt::format("{}: HTTP {}", what, response->status));
  }
  co_return parse_keys(response->body, "Token", what);
}

namespace {

std::string metadata_base(const World& world) {
  std::string base = variable(world, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
  bool v6 = iequals(variable(world, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"), "IPv6");
  if (base.empty()) base = v6 ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
  while (base.ends_with('/')) base.pop_back();
  return base;
}

Task<Result<std::string>> metadata(World* world, std::string url, std::string token) {
  HttpRequest request = get_request(url, "metadata");
  request.timeout_ms = 1'000;
  request.headers = {{"X-aws-ec2-metadata-token", token}};
  auto sending = send(world, request, kAttemptsMax);
  auto response = co_await std::move(sending);
  if (!response) co_return std::unexpected(response.error());
  if (response->status == 404) co_return fail(ErrorCode::not_found, "the instance has no role");
  if (response->status != 200) {
    co_return fail(ErrorCode::auth, fmt::format("HTTP {}", response->status));
  }
  co_return response->body;
}

}  // namespace

Task<Result<Credentials>> instance_credentials(Context context) {
  World* world = context.world;
  std::string what = "the instance's role";
  if (iequals(variable(*world, "AWS_EC2_METADATA_DISABLED"), "true")) {
    co_return fail(ErrorCode::not_found, "AWS_EC2_METADATA_DISABLED is true");
  }
  std::string base = metadata_base(*world);
  // Version 2 only: a token first. One short attempt, for most machines are no instances.
  HttpRequest request = get_request(base + "/latest/api/token", "metadata token");
  request.method = "PUT";
  request.timeout_ms = 1'000;
  request.headers = {{"X-aws-ec2-metadata-token-ttl-seconds", "21600"}};
  auto sending = send(world, request, 1);
  auto answered = co_await std::move(sending);
  if (!answered || answered->status != 200) {
    co_return fail(ErrorCode::not_found, "no instance metadata service answers here");
  }
  std::string token(trim(answered->body));
  std::string folder = base + "/latest/meta-data/iam/security-credentials/";
  auto asking = metadata(world, folder, token);
  auto roles = co_await std::move(asking);
  if (!roles && roles.error().code == ErrorCode::not_found) {
    co_return std::unexpected(roles.error());
  }
  if (!roles) co_return failed(what, roles.error());
  std::string role(trim(split(*roles, '\n').front()));
  if (role.empty()) co_return fail(ErrorCode::not_found, "the instance has no role");
  std::string url = folder + percent_encode(role);
  auto reading = metadata(world, url, token);
  auto text = co_await std::move(reading);
  if (!text) co_return failed(what, text.error());
  co_return parse_keys(*text, "Token", fmt::format("the instance's role `{}`", printable(role)));
}

}  // namespace lf::credentials_detail

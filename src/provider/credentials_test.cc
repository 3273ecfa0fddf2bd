// SPDX-License-Identifier: Apache-2.0
#include "provider/credentials.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "base/digest.h"
#include "base/json.h"
#include "base/units.h"
#include "provider/credentials_fetch.h"
#include "provider/credentials_profile.h"
#include "support/fake_time.h"

namespace lf {
namespace {

class ScriptedTransport final : public Transport {
 public:
  explicit ScriptedTransport(FakeClock& clock) : clock_(clock) {}
  std::function<Result<HttpResponse>(const HttpRequest&)> answer;
  std::vector<HttpRequest> requests;
  void send(HttpRequest request, std::function<void(Result<HttpResponse>)> done) override {
    requests.push_back(request);
    clock_.after(1'000'000, [this, request, done] {
      done(answer ? answer(request) : fail(ErrorCode::unavailable, "no route"));
    });
  }

 private:
  FakeClock& clock_;
};

class ScriptedProcess final : public Process {
 public:
  explicit ScriptedProcess(FakeClock& clock) : clock_(clock) {}
  ProcessResult result;
  std::vector<std::vector<std::string>> commands;
  void run(ProcessRequest request, std::function<void(Result<ProcessResult>)> done) override {
    commands.push_back(request.argv);
    clock_.after(1'000'000, [this, done] { done(result); });
  }

 private:
  FakeClock& clock_;
};

const char* kRules = R"({
  "variables": {"url": "AWS_ENDPOINT_URL", "ignore": "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"},
  "host": "{service}.{region}.{suffix}",
  "partitions": {"p": {"suffix": "example.com", "prefixes": ["us", "eu"],
                       "regions": ["us-west-2"]}},
  "services": {"sts": {"id": "STS"}, "portal.sso": {"id": "SSO"}}})";

struct Bench {
  FakeFiles files;
  FakeClock clock;
  FakeRandom random;
  ScriptedTransport transport{clock};
  ScriptedProcess process{clock};
  World world{transport, clock, random, files, process, {{"HOME", "/h"}}};
  EndpointRules rules = *EndpointRules::load(*parse_json(kRules));

  std::unique_ptr<CredentialSource> source(std::string profile = "") {
    auto made = make_credential_source("aws", world, {profile, "us-west-2", &rules});
    REQUIRE(made.has_value());
    return *std::move(made);
  }
  Result<Credentials> get(std::string profile = "") {
    auto chain = source(std::move(profile));
    return run(chain->get());
  }
  Result<Credentials> run(Task<Result<Credentials>> task) {
    auto result = run_task(files, clock, std::move(task));
    REQUIRE(result.has_value());
    return *result;
  }
  std::string in_s(int64_t seconds) { return format_timestamp({clock.now().seconds + seconds, 0}); }
  HttpResponse sts(const std::string& action, const std::string& key, int64_t for_s = 3600) {
    return {200,
            {},
            fmt::format("<{0}Response><{0}Result><Credentials><AccessKeyId>{1}</AccessKeyId>"
                        "<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"
                        "<Expiration>{2}</Expiration></Credentials></{0}Result></{0}Response>",
                        action, key, in_s(for_s))};
  }
};

bool holds(const Error& error, const std::string& text) {
  std::string all = error.message;
  for (const std::string& line : error.help) all += "\n" + line;
  return all.find(text) != std::string::npos;
}

TEST_CASE("keys of the environment come first, but not before a named profile", "[credentials]") {
  Bench b;
  b.world.environment["AWS_ACCESS_KEY_ID"] = "ENV";
  b.world.environment["AWS_SECRET_ACCESS_KEY"] = "s";
  b.world.environment["AWS_SESSION_TOKEN"] = "t";
  b.files.place("/h/.aws/credentials", "[dev]\naws_access_key_id=DEV\naws_secret_access_key=s\n");
  auto keys = b.get();
  REQUIRE(keys.has_value());
  CHECK(keys->access_key == "ENV");
  CHECK(keys->session_token == "t");
  CHECK(b.get("dev")->access_key == "DEV");
  b.world.environment.erase("AWS_SECRET_ACCESS_KEY");
  CHECK(b.get().error().code == ErrorCode::invalid);
}

TEST_CASE("profiles come from both files and by their variable", "[credentials]") {
  Bench b;
  b.files.place("/h/.aws/config",
                "[default]\nregion=eu-central-1\n[profile dev]\nregion=us-west-2\n");
  b.files.place("/h/.aws/credentials",
                "[default]\naws_access_key_id=D\naws_secret_access_key=s\n"
                "[dev]\naws_access_key_id=DEV\naws_secret_access_key=s\n");
  CHECK(b.get()->access_key == "D");
  CHECK(load_shared_settings(b.world, "")->region == "eu-central-1");
  b.world.environment["AWS_PROFILE"] = "dev";
  CHECK(b.get()->access_key == "DEV");
  CHECK(load_shared_settings(b.world, "")->region == "us-west-2");
  b.world.environment["AWS_REGION"] = "us-east-1";
  CHECK(load_shared_settings(b.world, "")->region == "us-east-1");
  b.world.environment["AWS_PROFILE"] = "dve";
  auto none = b.get();
  REQUIRE_FALSE(none.has_value());
  CHECK(none.error().code == ErrorCode::invalid);
  CHECK(holds(none.error(), "did you mean `dev`?"));
  b.world.environment["AWS_PROFILE"] = "";
  b.files.place("/h/.aws/config", "[default\n");
  CHECK(b.get().error().code == ErrorCode::corrupt);
}

TEST_CASE("roles are assumed from the base on", "[credentials]") {
  Bench b;
  b.files.place("/h/.aws/config",
                "[profile a]\nrole_arn=arn:a\nsource_profile=b\nexternal_id=x\n"
                "[profile b]\nrole_arn=arn:b\nsource_profile=c\n"
                "[profile c]\naws_access_key_id=BASE\naws_secret_access_key=s\n");
  b.transport.answer = [&](const HttpRequest& request) -> Result<HttpResponse> {
    bool first = request.body.find("arn%3Ab") != std::string::npos;
    return b.sts("AssumeRole", first ? "ROLEB" : "ROLEA");
  };
  auto keys = b.get("a");
  REQUIRE(keys.has_value());
  CHECK(keys->access_key == "ROLEA");
  REQUIRE(b.transport.requests.size() == 2);
  CHECK(b.transport.requests[0].host == "sts.us-west-2.example.com");
  CHECK(b.transport.requests[0].header("authorization")->find("BASE/") != std::string::npos);
  CHECK(b.transport.requests[1].header("authorization")->find("ROLEB/") != std::string::npos);
  CHECK(b.transport.requests[1].body.find("ExternalId=x") != std::string::npos);
  b.transport.answer = [&](const HttpRequest&) -> Result<HttpResponse> {
    return HttpResponse{403,
                        {},
                        "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no"
                        "</Message></Error></ErrorResponse>"};
  };
  auto refused = b.get("a");
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::auth);
  CHECK(refused.error().service_code == "AccessDenied");
  CHECK(holds(refused.error(), "arn:b"));
}

TEST_CASE("a spec's words choose a profile, and a role on top of what is found", "[credentials]") {
  Bench b;
  b.world.environment["AWS_ACCESS_KEY_ID"] = "ENV";
  b.world.environment["AWS_SECRET_ACCESS_KEY"] = "s";
  b.files.place("/h/.aws/credentials", "[dev]\naws_access_key_id=DEV\naws_secret_access_key=s\n");
  b.transport.answer = [&](const HttpRequest&) -> Result<HttpResponse> {
    return b.sts("AssumeRole", "ROLE");
  };
  const auto with = [&](std::map<std::string, std::string> words) {
    CredentialOptions options;
    options.region = "us-west-2";
    options.rules = &b.rules;
    options.words = std::move(words);
    auto source = make_credential_source("aws", b.world, std::move(options));
    REQUIRE(source.has_value());
    return b.run((*source)->get());
  };
  CHECK(with({})->access_key == "ENV");
  CHECK(with({{"profile", "dev"}})->access_key == "DEV");
  CHECK(b.transport.requests.empty());
  CHECK(
      with({{"assume_role", "arn:r"}, {"external_id", "x"}, {"session_name", "me"}})->access_key ==
      "ROLE");
  REQUIRE(b.transport.requests.size() == 1);
  CHECK(b.transport.requests[0].header("authorization")->find("ENV/") != std::string::npos);
  for (const char* part : {"RoleArn=arn%3Ar", "ExternalId=x", "RoleSessionName=me"})
    CHECK(b.transport.requests[0].body.find(part) != std::string::npos);
  CHECK(with({{"profile", "dev"}, {"assume_role", "arn:r"}})->access_key == "ROLE");
  CHECK(b.transport.requests[1].header("authorization")->find("DEV/") != std::string::npos);
  const auto nobody = with({{"profile", "nobody"}, {"assume_role", "arn:r"}});
  REQUIRE_FALSE(nobody.has_value());
  CHECK(holds(nobody.error(), "profile `nobody`"));
}

TEST_CASE("circles and gaps in profiles are named", "[credentials]") {
  auto error = [](const char* text, const char* profile = "a") {
    SharedConfig config;
    REQUIRE(parse_shared_config(text, ConfigKind::config, "c", config).has_value());
    auto plan = plan_profile(config, profile);
    REQUIRE_FALSE(plan.has_value());
    CHECK(plan.error().code == ErrorCode::invalid);
    return plan.error().message;
  };
  CHECK(
      error(
          "[profile a]\nrole_arn=x\nsource_profile=b\n[profile b]\nrole_arn=y\nsource_profile=a\n")
          .find("a -> b -> a") != std::string::npos);
  CHECK(error("[profile a]\nrole_arn=x\nsource_profile=a\n").find("a -> a") != std::string::npos);
  CHECK(error("[profile a]\nrole_arn=x\n").find("source_profile") != std::string::npos);
  CHECK(error("[profile a]\nrole_arn=x\nsource_profile=b\n").find("`source_profile = b`") !=
        std::string::npos);
  CHECK(error("[profile a]\nrole_arn=x\nsource_profile=b\n[profile b]\nregion=x\n").find("`b`") !=
        std::string::npos);
  CHECK(error("[profile a]\naws_access_key_id=x\n").find("aws_secret_access_key") !=
        std::string::npos);
  CHECK(error("[profile a]\nrole_arn=x\ncredential_source=Moon\n").find("Moon") !=
        std::string::npos);
  CHECK(error("[profile a]\nsso_session=s\n").find("[sso-session s]") != std::string::npos);
  CHECK(error("[profile a]\ncredential_process=\"x\n").find("quote") != std::string::npos);
  CHECK(error("[profile a]\nrole_arn=x\nmfa_serial=m\nsource_profile=b\n").find("MFA") !=
        std::string::npos);
  SharedConfig config;
  REQUIRE(parse_shared_config("[profile a]\nrole_arn=x\nsource_profile=a\naws_access_key_id=K\n"
                              "aws_secret_access_key=s\n",
                              ConfigKind::config, "c", config)
              .has_value());
  auto own = plan_profile(config, "a");
  REQUIRE(own.has_value());
  CHECK(std::holds_alternative<StaticKeys>(own->base));
  CHECK(own->roles.size() == 1);
}

TEST_CASE("a program gives credentials", "[credentials]") {
  Bench b;
  b.files.place("/h/.aws/config", "[profile p]\ncredential_process = /bin/x 'a b' \"c\\\"d\"\n");
  b.process.result = {0, R"({"Version":1,"AccessKeyId":"P","SecretAccessKey":"SECRET"})", ""};
  CHECK(b.get("p")->access_key == "P");
  CHECK(b.process.commands[0] == std::vector<std::string>{"/bin/x", "a b", "c\"d"});
  for (const char* out :
       {"", "{", "[]", R"({"Version":2})", R"({"Version":1,"AccessKeyId":"SECRET"})",
        R"({"Version":1,"AccessKeyId":"SECRET","SecretAccessKey":"SECRET",
                              "Expiration":"soon"})"}) {
    b.process.result = {0, out, ""};
    auto keys = b.get("p");
    INFO(out);
    REQUIRE_FALSE(keys.has_value());
    CHECK_FALSE(holds(keys.error(), "SECRET"));
  }
  b.process.result = {3, "SECRET", "first\nno such vault\n"};
  auto keys = b.get("p");
  CHECK(holds(keys.error(), "status 3: no such vault"));
  CHECK_FALSE(holds(keys.error(), "SECRET"));
}

TEST_CASE("single sign-on uses the saved token or says how to sign in", "[credentials]") {
  Bench b;
  b.files.place("/h/.aws/config",
                "[profile s]\nsso_session=corp\nsso_account_id=1\nsso_role_name=R\n"
                "[sso-session corp]\nsso_region=eu-central-1\nsso_start_url=https://x/\n");
  CHECK(holds(b.get("s").error(), "aws sso login --profile s"));
  std::string path = "/h/.aws/sso/cache/" + sha1_hex("corp") + ".json";
  b.files.place(path, R"({"accessToken":"TOKEN","expiresAt":"2020-01-01T00:00:00Z"})");
  auto expired = b.get("s");
  CHECK(expired.error().code == ErrorCode::expired);
  CHECK(holds(expired.error(), "aws sso login --profile s"));
  b.files.place(path, fmt::format(R"({{"accessToken":"TOKEN","expiresAt":"{}"}})", b.in_s(600)));
  b.transport.answer = [&](const HttpRequest& request) -> Result<HttpResponse> {
    CHECK(request.host == "portal.sso.eu-central-1.example.com");
    CHECK(*request.header("x-amz-sso_bearer_token") == "TOKEN");
    return HttpResponse{200, {}, R"({"roleCredentials":{"accessKeyId":"SSO","secretAccessKey":"s",
                                     "sessionToken":"t","expiration":1895000000000}})"};
  };
  auto keys = b.get("s");
  REQUIRE(keys.has_value());
  CHECK(keys->access_key == "SSO");
  CHECK(keys->expires->seconds == 1'895'000'000);
  b.transport.answer = [](const HttpRequest&) -> Result<HttpResponse> {
    return HttpResponse{401, {}, R"({"__type":"UnauthorizedException","message":"no"})"};
  };
  CHECK(holds(b.get("s").error(), "aws sso login --profile s"));
  CHECK_FALSE(holds(b.get("s").error(), "TOKEN"));
}

TEST_CASE("web identity exchanges the token file unsigned", "[credentials]") {
  Bench b;
  b.world.environment["AWS_WEB_IDENTITY_TOKEN_FILE"] = "/var/token";
  b.world.environment["AWS_ROLE_ARN"] = "arn:r";
  b.files.place("/var/token", "JWT\n");
  b.transport.answer = [&](const HttpRequest& request) -> Result<HttpResponse> {
    CHECK(request.header("authorization") == nullptr);
    CHECK(request.body.find("WebIdentityToken=JWT") != std::string::npos);
    return b.sts("AssumeRoleWithWebIdentity", "WEB");
  };
  CHECK(b.get()->access_key == "WEB");
  REQUIRE(b.files.remove("/var/token").has_value());
  auto missing = b.get();
  REQUIRE_FALSE(missing.has_value());
  CHECK(missing.error().code == ErrorCode::auth);
}

TEST_CASE("a container's role is asked only of allowed hosts", "[credentials]") {
  using credentials_detail::allowed_container_url;
  for (const char* url :
       {"http://169.254.170.2/x", "http://169.254.170.23/v1", "http://127.0.0.1:80/",
        "http://localhost/", "http://[::1]:80/", "http://[fd00:ec2::23]/", "https://anything/"}) {
    INFO(url);
    CHECK(allowed_container_url(url));
  }
  for (const char* url :
       {"http://example.com/", "http://169.254.169.254/", "http://localhost@evil/",
        "http://127.0.0.1.evil.com/", "ftp://127.0.0.1/", "", "http://[fd00::1]/", "http://"}) {
    INFO(url);
    CHECK_FALSE(allowed_container_url(url));
  }
  Bench b;
  b.world.environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://169.254.170.23/v1/c?x=1";
  b.world.environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = "/var/t";
  b.files.place("/var/t", "JWT\n");
  b.transport.answer = [&](const HttpRequest& request) -> Result<HttpResponse> {
    CHECK(request.url() == "http://169.254.170.23/v1/c?x=1");
    CHECK(*request.header("authorization") == "JWT");
    return HttpResponse{200, {}, R"({"AccessKeyId":"C","SecretAccessKey":"s","Token":"t"})"};
  };
  CHECK(b.get()->access_key == "C");
  b.world.environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://evil/";
  size_t before = b.transport.requests.size();
  CHECK(b.get().error().code == ErrorCode::invalid);
  CHECK(b.transport.requests.size() == before);
}

TEST_CASE("an instance's role needs version 2 of the metadata service", "[credentials]") {
  Bench b;
  b.transport.answer = [&](const HttpRequest& request) -> Result<HttpResponse> {
    CHECK(request.host == "169.254.169.254");
    CHECK(request.timeout_ms == 1'000);
    if (request.method == "PUT") return HttpResponse{200, {}, "TOKEN"};
    CHECK(*request.header("x-aws-ec2-metadata-token") == "TOKEN");
    if (request.path.ends_with("/security-credentials/")) return HttpResponse{200, {}, "role\n"};
    return HttpResponse{200, {}, R"({"Code":"Success","AccessKeyId":"I","SecretAccessKey":"s",
                                     "Token":"t","Expiration":"2026-12-31T00:00:00Z"})"};
  };
  CHECK(b.get()->access_key == "I");
  b.world.environment["AWS_EC2_METADATA_DISABLED"] = "true";
  size_t before = b.transport.requests.size();
  CHECK(holds(b.get().error(), "AWS_EC2_METADATA_DISABLED"));
  CHECK(b.transport.requests.size() == before);
}

TEST_CASE("where nothing is found the error says what was tried", "[credentials]") {
  Bench b;
  auto none = b.get();
  REQUIRE_FALSE(none.has_value());
  CHECK(none.error().code == ErrorCode::auth);
  for (const char* text : {"AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "profile `default`",
                           "container", "metadata service", "aws configure"}) {
    INFO(text);
    CHECK(holds(none.error(), text));
  }
  CHECK(b.transport.requests.size() == 1);
}

TEST_CASE("credentials are renewed before their expiry, once for all", "[credentials]") {
  Bench b;
  b.world.environment["AWS_WEB_IDENTITY_TOKEN_FILE"] = "/t";
  b.world.environment["AWS_ROLE_ARN"] = "arn:r";
  b.files.place("/t", "JWT");
  int calls = 0;
  int64_t for_s = 3600;
  b.transport.answer = [&](const HttpRequest&) -> Result<HttpResponse> {
    return b.sts("AssumeRoleWithWebIdentity", fmt::format("K{}", ++calls), for_s);
  };
  auto chain = b.source();
  CHECK(b.run(chain->get())->access_key == "K1");
  CHECK(b.run(chain->get())->access_key == "K1");
  // Two find it expired at once: one call, both get the new key.
  auto first = std::make_shared<std::optional<Result<Credentials>>>();
  auto keeper = keep_result(chain->renew("K1"), first);
  std::move(keeper).detach();
  CHECK(b.run(chain->renew("K1"))->access_key == "K2");
  CHECK((*first)->value().access_key == "K2");
  CHECK(b.run(chain->renew("K1"))->access_key == "K2");
  CHECK(calls == 2);
  for_s = 200;  // less than the margin: each get renews
  CHECK(b.run(chain->renew("K2"))->access_key == "K3");
  CHECK(b.run(chain->get())->access_key == "K4");
  // A renewal that fails leaves what is still good.
  b.transport.answer = nullptr;
  CHECK(b.run(chain->get())->access_key == "K4");
}

TEST_CASE("expired keys without a way to renew say so", "[credentials]") {
  Bench b;
  b.world.environment["AWS_ACCESS_KEY_ID"] = "ENV";
  b.world.environment["AWS_SECRET_ACCESS_KEY"] = "s";
  auto chain = b.source();
  CHECK(b.run(chain->get()).has_value());
  auto again = b.run(chain->renew("ENV"));
  REQUIRE_FALSE(again.has_value());
  CHECK(again.error().code == ErrorCode::expired);
  CHECK(holds(again.error(), "the environment"));
  b.world.environment["AWS_CREDENTIAL_EXPIRATION"] = "2020-01-01T00:00:00Z";
  CHECK(b.get().error().code == ErrorCode::expired);
}

TEST_CASE("a chain that nobody knows is refused", "[credentials]") {
  Bench b;
  CHECK_FALSE(make_credential_source("moon", b.world, {"", "", &b.rules}).has_value());
}

}  // namespace
}  // namespace lf

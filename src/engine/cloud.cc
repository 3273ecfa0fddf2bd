// SPDX-License-Identifier: Apache-2.0
#include "engine/cloud.h"

#include <algorithm>

#include "base/digest.h"
#include "base/json.h"
#include "base/strings.h"
#include "engine/observe.h"
#include "engine/retry.h"
#include "engine/throttle.h"
#include "provider/credentials.h"
#include "provider/request.h"
#include "provider/wire.h"
#include "yaml/reader.h"

namespace lf {

std::string request_digest(const Call& call, const Value& input) {
  const Value raw =
      map_secrets(input, [](const Value& v) { return Value(hex(sha256(to_text(v)))); });
  return hex(sha256(call.action + "\n" + to_json(raw, {.indent = -1, .sort_keys = true})));
}

namespace {

class CloudClient : public Cloud {
 public:
  CloudClient(EngineContext& context, Package& package, ProviderInstance instance, Sources& sources,
              CredentialChoice choice)
      : context_(context),
        package_(package),
        instance_(std::move(instance)),
        sources_(sources),
        choice_(std::move(choice)) {}

  const ProviderInstance& instance() const override { return instance_; }
  Package& package() override { return package_; }

  Map names() const override {
    Map names;
    names.set("account", Value(instance_.account));
    names.set("region", Value(instance_.region));
    names.set("partition", Value(instance_.partition));
    names.set("dns_suffix", Value(rules_ ? rules_->suffix_of(instance_.partition) : ""));
    return names;
  }

  Task<Result<ProviderInstance>> identify() override {
    if (identified_) co_return instance_;
    Result<void> ready = prepare();
    if (!ready) co_return fail(ready.error());
    const PackageInfo& info = package_.info();
    const Service* service = package_.service(info.identity_service);
    if (service == nullptr)
      co_return fail(ErrorCode::internal, "the package names no identity service");
    Call call;
    call.action = info.identity_action;
    call.throttle = "read";
    CallOptions options;
    options.idempotent = true;
    identity_call_ = call;
    Task<Result<Answer>> asking = this->call(service, &identity_call_, Map(), names(), options);
    Result<Answer> answer = co_await std::move(asking);
    if (!answer) co_return fail(answer.error());
    instance_.account = to_text(at_path(answer->body, info.identity_account));
    identified_ = true;
    co_return instance_;
  }

  Task<Result<Answer>> call(const Service* service, const Call* call, Map input, Map names,
                            CallOptions options) override {
    Result<void> ready = prepare();
    if (!ready) co_return fail(ready.error());
    Result<WireCall> wire =
        make_call(*service, *call, options.type, nullptr, std::move(input), names);
    if (!wire) co_return fail(wire.error());
    Task<Result<Answer>> sending = send_call(service, call, std::move(*wire), options);
    Result<Answer> answer = co_await std::move(sending);
    co_return answer;
  }

  Task<Result<List>> list(const Service* service, const Call* call, WirePath items, Page page,
                          Map input, Map names, CallOptions options) override {
    Result<void> ready = prepare();
    if (!ready) co_return fail(ready.error());
    List out;
    std::string token;
    const bool in_query = !call->http_method.empty();
    for (int turn = 0; turn < 100'000; ++turn) {
      Map page_input = input;
      Result<WireCall> wire =
          make_call(*service, *call, options.type, nullptr, std::move(page_input), names);
      if (!wire) co_return fail(wire.error());
      if (!page.none) add_page(page, token, in_query, *wire);
      Task<Result<Answer>> sending = send_call(service, call, std::move(*wire), options);
      Result<Answer> answer = co_await std::move(sending);
      if (!answer) co_return fail(answer.error());
      const Value found = at_path(answer->body, items);
      if (found.is_list()) {
        for (const auto& item : found.as_list()) out.push_back(item);
      } else if (!found.is_null() && !(found.is_string() && found.as_string().empty())) {
        out.push_back(found);
      }
      if (page.none) break;
      const std::string next = at_path(answer->body, page.receive).string_or();
      if (next.empty() || next == token) break;
      token = next;
    }
    co_return out;
  }

  Task<Result<Value>> look_up(const DataType* type, Map inputs) override {
    Result<void> ready = prepare();
    if (!ready) co_return fail(ready.error());
    Map input;
    for (const auto& property : type->inputs) {
      const Value* value = inputs.find(property.name);
      if (value != nullptr && !value->is_unset())
        put_on_wire(property, *value, input);
      else if (!property.default_value.is_null())
        inputs.set(property.name, property.default_value);
    }
    Map names = this->names();
    names.set("self", Value(inputs));
    names.set("now", Value(context_.world->clock.now()));
    CallOptions options;
    options.mutation = type->effect;
    options.idempotent = !type->effect || type->call.idempotent;
    List items;
    std::string token;
    for (int turn = 0; turn < 10'000; ++turn) {
      Map page_input = input;
      Result<WireCall> wire = make_call(*type->service, type->call, nullptr, &type->inputs,
                                        std::move(page_input), names);
      if (!wire) co_return fail(wire.error());
      if (!type->page.none) add_page(type->page, token, !type->call.http_method.empty(), *wire);
      Task<Result<Answer>> sending =
          send_call(type->service, &type->call, std::move(*wire), options);
      Result<Answer> answer = co_await std::move(sending);
      if (!answer && answer.error().code == ErrorCode::not_found) break;
      if (!answer) co_return fail(answer.error());
      const Value found =
          type->items.empty() ? tree_of(*answer) : at_path(answer->body, type->items);
      if (found.is_list()) {
        for (const auto& item : found.as_list()) items.push_back(item);
      } else if (!found.is_null() && !(found.is_string() && found.as_string().empty())) {
        items.push_back(found);
      }
      const std::string next =
          type->page.none ? "" : at_path(answer->body, type->page.receive).string_or();
      if (next.empty() || next == token) break;
      token = next;
    }
    co_return choose(*type, std::move(items), names);
  }

 private:
  struct SharedSource {
    std::shared_ptr<EndpointRules> rules;  // which the source refers to
    std::unique_ptr<CredentialSource> source;
  };

  // The source of credentials, which instances that choose alike share.
  Result<void> find_source(World& world) {
    std::string key = instance_.kind + "\n" + instance_.partition + "\n";
    for (const auto& [word, value] : choice_.words) key += word + "=" + value + "\n";
    if (choice_.given) key += "given " + choice_.given->access_key;
    std::shared_ptr<CredentialSource>& shared = context_.credentials[key];
    if (!shared) {
      CredentialOptions options;
      options.region = instance_.region;
      options.rules = rules_.get();
      options.words = choice_.words;
      options.given = choice_.given;
      auto made = make_credential_source(package_.info().credentials, world, std::move(options));
      if (!made) return fail(made.error());
      auto both = std::make_shared<SharedSource>(SharedSource{rules_, std::move(*made)});
      shared = std::shared_ptr<CredentialSource>(both, both->source.get());
    }
    credentials_ = shared;
    return {};
  }

  // Endpoint rules, settings and the credential chain, once.
  Result<void> prepare() {
    if (prepared_) return {};
    World& world = *context_.world;
    const auto text = package_.file("endpoints.yaml");
    if (!text) return fail(ErrorCode::internal, "the package has no endpoints.yaml");
    Diagnostics problems;
    SyntaxTree tree(sources_);
    const SourceId source = sources_.add(instance_.kind + "/endpoints.yaml", std::string(*text));
    const Node root = read_yaml(tree, source, problems);
    if (problems.has_errors())
      return fail(ErrorCode::internal, "endpoints.yaml: " + problems.all().front().message);
    auto rules = EndpointRules::load(root.to_value());
    if (!rules) return fail(rules.error());
    rules_ = std::make_shared<EndpointRules>(std::move(*rules));
    const std::string profile = choice_.given ? "" : profile_of(choice_.words);
    auto settings = load_shared_settings(world, profile);
    if (!settings) return fail(settings.error());
    auto overrides = rules_->overrides(world.environment, settings->config, settings->section());
    if (!overrides) return fail(overrides.error());
    overrides_ = std::move(*overrides);
    if (instance_.region.empty()) instance_.region = settings->region;
    if (instance_.region.empty()) {
      Error error(ErrorCode::invalid, "no region is given for provider `" + instance_.name + "`");
      error.help.push_back("add `region:` to the spec");
      return fail(std::move(error));
    }
    instance_.partition = rules_->partition_of(instance_.region);
    if (auto found = find_source(world); !found) return found;
    throttle_ = std::make_unique<Throttle>(world.clock, ThrottleOptions{});
    prepared_ = true;
    return {};
  }

  static void add_page(const Page& page, const std::string& token, bool in_query, WireCall& wire) {
    auto add = [&](const std::string& name, const Value& value) {
      if (in_query) {
        wire.http_query += (wire.http_query.empty() ? "" : "&") + percent_encode(name) + "=" +
                           percent_encode(to_text(value));
      } else {
        Map map = wire.input.is_map() ? wire.input.as_map() : Map();
        if (map.find(name) == nullptr) map.set(name, value);
        wire.input = Value(std::move(map));
      }
    };
    if (page.size.is_map()) {
      for (const auto& [name, value] : page.size.as_map()) add(name.as_string(), value);
    }
    if (!token.empty()) add(page.send, Value(token));
  }

  const std::vector<ErrorPattern>& patterns(const Service* service,
                                            const CallOptions& options) const {
    return options.type != nullptr && options.type->service == service ? options.type->errors
                                                                       : service->errors;
  }

  // One call with its repetitions.
  Task<Result<Answer>> send_call(const Service* service, const Call* call, WireCall wire,
                                 CallOptions options) {
    Clock& clock = context_.world->clock;
    auto endpoint = rules_->resolve(service->endpoint.empty() ? service->name : service->endpoint,
                                    instance_.region, service->signing_name, overrides_);
    if (!endpoint) co_return fail(endpoint.error());
    wire.endpoint = endpoint->url;
    wire.path_style = endpoint->path_style;
    wire.mutation = options.mutation;
    const bool idempotent = !options.mutation || options.idempotent;
    RetryPolicy policy = answered_ ? RetryPolicy() : RetryPolicy::first_contact();
    policy.not_visible_yet.attempts_max = options.visible_within_ms > 0 ? 100 : 1;
    Backoff backoff(clock, context_.world->random, policy, idempotent);
    const MonotonicNs started = clock.monotonic();
    bool renewed = false;
    // Whatever the last attempt of a mutation says: an earlier one may have been done.
    bool maybe_done = false;
    const auto end = [&](Error error) -> Result<Answer> {
      if (maybe_done) error.code = ErrorCode::outcome_unknown;
      return fail(std::move(error));
    };
    while (true) {
      Task<Result<Answer>> trying =
          attempt(service, call, wire, *endpoint, options, backoff.attempts() + 1);
      Result<Answer> answer = co_await std::move(trying);
      if (answer) co_return answer;
      Error error = answer.error();
      if (error.code == ErrorCode::not_found && error.help.size() == 1 &&
          error.help[0] == "absent") {
        error.help.clear();
        co_return fail(std::move(error));
      }
      const bool overload =
          error.code == ErrorCode::unavailable || error.code == ErrorCode::outcome_unknown;
      const bool answered_so = error.code == ErrorCode::unavailable && error.http_status < 500;
      maybe_done = maybe_done || (options.mutation && overload && !answered_so);
      if (error.code == ErrorCode::expired && !renewed) {
        renewed = true;
        Task<Result<Credentials>> renewing = credentials_->renew(last_access_key_);
        Result<Credentials> fresh = co_await std::move(renewing);
        if (fresh) continue;
        co_return end(fresh.error());
      }
      const int64_t elapsed_ms = (clock.monotonic() - started) / 1'000'000;
      if (error.code == ErrorCode::not_visible_yet && elapsed_ms >= options.visible_within_ms) {
        co_return end(std::move(error));
      }
      // A dependency in the way of a deletion, and lack of capacity, are for the caller.
      if (error.code == ErrorCode::dependency) co_return end(std::move(error));
      std::optional<int64_t> delay = backoff.next_delay_ns(error);
      if (!delay) co_return end(std::move(error));
      if (overload && !throttle_->spend_retry(key_of(service, call)))
        co_return end(std::move(error));
      if (context_.stopping && context_.stopping()) co_return end(std::move(error));
      if (context_.events != nullptr) {
        context_.events->emit(Retrying{options.address, service->name, call->action,
                                       backoff.attempts(), *delay / 1'000'000, error});
      }
      Task<void> pause = sleep_ns(&clock, *delay);
      co_await std::move(pause);
    }
  }

  ThrottleKey key_of(const Service* service, const Call* call) const {
    return ThrottleKey{instance_.name, instance_.account, instance_.region, service->name,
                       call->throttle.empty() ? "write" : call->throttle};
  }

  Task<Result<Answer>> attempt(const Service* service, const Call* call, WireCall wire,
                               Endpoint endpoint, CallOptions options, int number) {
    Task<Result<Credentials>> getting = credentials_->get();
    Result<Credentials> credentials = co_await std::move(getting);
    if (!credentials) co_return fail(credentials.error());
    if (last_access_key_ != credentials->access_key) {
      // A service that does not take a signature may quote what it was made of.
      context_.secrets.add_text(credentials->secret_key);
      context_.secrets.add_text(credentials->session_token);
      last_access_key_ = credentials->access_key;
    }
    ThrottleKey key = key_of(service, call);
    if (!options.mutation) key.call_class = "read";
    Throttle::Awaiter awaiter = throttle_->acquire(key, 0);
    Throttle::Permit permit = co_await awaiter;
    context_.waited_ns[service->name] += permit.waited_ns;
    Result<HttpRequest> request = encode(service->protocol, wire);
    if (!request) {
      throttle_->done(permit, Throttle::Answer::good);
      co_return fail(request.error());
    }
    request->service = service->name;
    request->action = call->action;
    request->address = options.address;
    request->mutation = options.mutation;
    request->timeout_ms =
        std::min(options.timeout_ms, package_.info().request_limit.seconds * 1000);
    SigningScope scope;
    scope.region = endpoint.signing_region;
    scope.service = endpoint.signing_name;
    scope.form = service->in_host.empty() ? SigningForm::standard : SigningForm::raw;
    sign(*request, *credentials, scope, context_.world->clock.now());
    if (options.mutation && options.before_send) {
      // Its window is counted from the intent, which a slow disk may take seconds to keep.
      const MonotonicNs asked = context_.world->clock.monotonic();
      Task<Result<void>> asking = options.before_send();
      Result<void> allowed = co_await std::move(asking);
      const int64_t waited_ms = (context_.world->clock.monotonic() - asked) / 1'000'000;
      request->timeout_ms = std::max<int64_t>(1, request->timeout_ms - waited_ms);
      if (!allowed) {
        throttle_->done(permit, Throttle::Answer::good);
        co_return fail(allowed.error());
      }
    }
    uint64_t id = 0;
    const MonotonicNs sent = context_.world->clock.monotonic();
    ++context_.request_count;
    if (context_.events != nullptr) {
      id = context_.events->next_call();
      context_.events->emit(CallSent{id, options.address, service->name, call->action,
                                     request->host, number, options.mutation, permit.waited_ns});
    }
    Task<Result<HttpResponse>> sending =
        send_request(&context_.world->transport, std::move(*request));
    Result<HttpResponse> response = co_await std::move(sending);
    CallDone done;
    done.call = id;
    done.duration_ns = context_.world->clock.monotonic() - sent;
    if (!response) {
      throttle_->done(permit, Throttle::Answer::overloaded);
      done.failed = true;
      done.error = response.error().code;
      if (context_.events != nullptr) context_.events->emit(std::move(done));
      co_return fail(response.error());
    }
    answered_ = true;
    done.http_status = response->status;
    auto answer = decode(service->protocol, wire, *response);
    if (answer) answer = refused_inside(*call, *response, std::move(*answer));
    if (answer) {
      throttle_->done(permit, Throttle::Answer::good);
      done.request_id = answer->request_id;
      if (context_.events != nullptr) context_.events->emit(std::move(done));
      co_return std::move(*answer);
    }
    Error error = classify_error(service, call, wire, options, answer.error());
    done.failed = true;
    done.error = error.code;
    done.request_id = error.request_id;
    if (context_.events != nullptr) context_.events->emit(std::move(done));
    const auto verdict = error.code == ErrorCode::throttled ? Throttle::Answer::throttled
                         : response->status >= 500          ? Throttle::Answer::overloaded
                                                            : Throttle::Answer::good;
    int64_t retry_after_ms = 0;
    if (const std::string* header = response->header("retry-after")) {
      retry_after_ms = parse_retry_after(*header, context_.world->clock.now()).value_or(0);
    }
    throttle_->done(permit, verdict, retry_after_ms);
    co_return fail(std::move(error));
  }

  // An answer of success that says in itself that the call, or a part of it, failed.
  static std::expected<Answer, ServiceError> refused_inside(const Call& call,
                                                            const HttpResponse& response,
                                                            Answer answer) {
    if (call.fails_when.empty()) return answer;
    const Value says = at_path(answer.body, call.fails_when);
    const std::string text = to_text(says);
    const bool failed = says.is_list()                    ? !says.as_list().empty()
                        : says.is_unset() || text.empty() ? false
                                                          : text != "0" && text != "false";
    if (!failed) return answer;
    ServiceError error;
    error.code = at_path(answer.body, call.fails_code).string_or();
    error.message = at_path(answer.body, call.fails_message).string_or();
    error.request_id = answer.request_id;
    error.http_status = response.status;
    error.headers = answer.headers;
    error.reaction = ErrorCode::invalid;
    return std::unexpected(std::move(error));
  }

  Error classify_error(const Service* service, const Call* call, const WireCall& wire,
                       const CallOptions& options, const ServiceError& answer) {
    Error error = to_error(answer, wire);
    context_.secrets.add(wire.input);
    error.message = context_.secrets.scrub(std::move(error.message));
    auto listed = [&](const std::vector<std::string>& codes) {
      return std::find(codes.begin(), codes.end(), answer.code) != codes.end();
    };
    if (!answer.understood) return error;
    if (listed(call->absent_on)) {
      error.code = ErrorCode::not_found;
      error.help = {"absent"};
      return error;
    }
    if (listed(call->retry_on)) {
      error.code = ErrorCode::not_visible_yet;
      return error;
    }
    const ErrorCode by_pattern =
        classify(patterns(service, options), answer.code, answer.message, answer.http_status);
    if (by_pattern != ErrorCode::internal) error.code = by_pattern;
    return error;
  }

  Result<Value> choose(const DataType& type, List items, const Map& names) {
    if (type.where) {
      List kept;
      for (auto& item : items) {
        Map with_element = names;
        with_element.set("element", item);
        const MapActivation activation(std::move(with_element));
        const Value counts = evaluate(*type.where, activation);
        if (counts.is_bool() && counts.as_bool()) kept.push_back(std::move(item));
      }
      items = std::move(kept);
    }
    if (type.sort) {
      std::vector<std::pair<std::string, Value>> keyed;
      for (auto& item : items) {
        Map with_element = names;
        with_element.set("element", item);
        const MapActivation activation(std::move(with_element));
        keyed.emplace_back(to_text(evaluate(*type.sort, activation)), std::move(item));
      }
      std::stable_sort(keyed.begin(), keyed.end(),
                       [](const auto& a, const auto& b) { return a.first < b.first; });
      items.clear();
      for (auto& [key, item] : keyed) items.push_back(std::move(item));
    }
    if (items.empty() && type.optional) {
      Map nothing;
      for (const auto& property : type.outputs) nothing.set(property.name, Value());
      return Value(std::move(nothing));
    }
    auto outputs = [&](const Value& item) -> Result<Value> {
      Map out;
      for (const auto& property : type.outputs) {
        auto value = from_wire(property, item, type.service->protocol);
        if (!value) return fail(value.error());
        out.set(property.name, std::move(*value));
      }
      return Value(std::move(out));
    };
    if (type.pick == DataType::Pick::all) {
      List all_outputs;
      for (const auto& item : items) {
        auto one = outputs(item);
        if (!one) return one;
        all_outputs.push_back(std::move(*one));
      }
      if (all_outputs.empty() && type.none) return nothing(type, names);
      return Value(std::move(all_outputs));
    }
    if (items.empty()) return nothing(type, names);
    if (type.pick == DataType::Pick::only && items.size() > 1) {
      return fail(ErrorCode::invalid, "look-up " + type.name + " finds " +
                                          std::to_string(items.size()) +
                                          " things where one is meant; ask for less");
    }
    return outputs(type.pick == DataType::Pick::last ? items.back() : items.front());
  }

  Result<Value> nothing(const DataType& type, const Map& names) {
    std::string message = "look-up " + type.name + " finds nothing";
    if (type.none) {
      const MapActivation activation(names);
      const Value text = evaluate(*type.none, activation);
      if (text.is_string()) message = text.as_string();
    }
    return fail(ErrorCode::not_found, message);
  }

  EngineContext& context_;
  Package& package_;
  ProviderInstance instance_;
  Sources& sources_;
  CredentialChoice choice_;
  bool prepared_ = false, identified_ = false, answered_ = false;
  std::shared_ptr<EndpointRules> rules_;
  EndpointOverrides overrides_;
  std::shared_ptr<CredentialSource> credentials_;
  std::unique_ptr<Throttle> throttle_;
  std::string last_access_key_;
  Call identity_call_;
};

}  // namespace

std::unique_ptr<Cloud> make_cloud(EngineContext& context, Package& package,
                                  ProviderInstance instance, Sources& sources,
                                  CredentialChoice choice) {
  return std::make_unique<CloudClient>(context, package, std::move(instance), sources,
                                       std::move(choice));
}

}  // namespace lf

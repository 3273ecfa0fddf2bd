// SPDX-License-Identifier: Apache-2.0
// From a request to the part that answers it; ids and digits.
#include "sandbox/model.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"
#include "base/strings.h"
#include "provider/wire.h"
#include "yaml/reader.h"

namespace lf::sandbox {

Model::Model(Package& package, Sources& sources, ModelOptions options)
    : package_(package),
      sources_(sources),
      options_(std::move(options)),
      index_(package),
      random_(options_.seed),
      chance_(options_.seed * 31 + 7) {}
Model::~Model() = default;

Result<void> Model::prepare() {
  if (prepared_) return {};
  const auto text = package_.file("endpoints.yaml");
  if (!text) return fail(ErrorCode::internal, "the package has no endpoints.yaml");
  Diagnostics problems;
  SyntaxTree tree(sources_);
  const SourceId source = sources_.add("endpoints.yaml", std::string(*text));
  const Node root = read_yaml(tree, source, problems);
  auto rules = EndpointRules::load(root.to_value());
  if (!rules) return fail(rules.error());
  rules_ = std::make_unique<EndpointRules>(std::move(*rules));
  auto loaded = seeds_.load(package_, sources_);
  if (!loaded) return loaded;
  prepared_ = true;
  return {};
}

bool Model::take_changed() {
  return std::exchange(changed_, false);
}

std::string Model::random_digits(size_t count, std::string_view alphabet) {
  std::string out;
  for (size_t i = 0; i < count; ++i) {
    // SplitMix64: the same seed gives the same ids. With the number of things made so far in it,
    // a cloud that was saved and loaded makes no id twice.
    uint64_t z = (random_ += 0x9e3779b97f4a7c15U) + things_.next_number * 0xd1342543de82ef95U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    out += alphabet[(z ^ (z >> 31)) % alphabet.size()];
  }
  return out;
}

double Model::chance() {
  chance_ = chance_ * 6364136223846793005U + 1442695040888963407U;
  return static_cast<double>(chance_ >> 11) / 9007199254740992.0;
}

// A bucket of one second's tokens for each service, as most clouds have it.
bool Model::within_rate(const std::string& service, Timestamp now) {
  if (faults_.rate <= 0) return true;
  const double seconds = static_cast<double>(now.seconds) + now.nanos / 1e9;
  const auto [at, fresh] = rates_.try_emplace(service, std::max(1.0, faults_.rate), seconds);
  auto& [tokens, last] = at->second;
  tokens = std::min(std::max(1.0, faults_.rate), tokens + (seconds - last) * faults_.rate);
  last = seconds;
  if (tokens < 1) return false;
  tokens -= 1;
  return true;
}

// Refused before any effect.
std::optional<Refusal> Model::fault(const Service& service, const std::string& action,
                                    Timestamp now) {
  lose_this_ = false;
  bool throttle = false, down = false;
  for (Faults::At& at : faults_.at) {
    if (at.action != action || at.times <= 0) continue;
    --at.times;
    if (!at.code.empty()) {
      Refusal out;
      out.code = at.code;
      out.message = at.message;
      out.status = static_cast<int>(at.status);
      return out;
    }
    throttle = at.answer == "throttled";
    down = at.answer == "unavailable";
    lose_this_ = at.answer == "lost";
    break;
  }
  throttle = throttle || !within_rate(service.name, now);
  throttle = throttle || (faults_.throttle > 0 && chance() < faults_.throttle);
  down = down || (!throttle && faults_.unavailable > 0 && chance() < faults_.unavailable);
  if (!throttle && !down) return std::nullopt;
  const ErrorCode reaction = throttle ? ErrorCode::throttled : ErrorCode::unavailable;
  Refusal out;
  out.reaction = reaction;
  out.message = throttle ? "Rate exceeded" : "The service is not available at this time.";
  for (const ErrorPattern& pattern : service.errors) {
    if (pattern.code == reaction && out.code.empty()) out.code = pattern.service_code;
  }
  return out;
}

std::string Model::request_id() {
  constexpr std::string_view kHex = "0123456789abcdef";
  return fmt::format("{}-{}-4{}-a{}-{}", random_digits(8, kHex), random_digits(4, kHex),
                     random_digits(3, kHex), random_digits(3, kHex), random_digits(12, kHex));
}

// `{hex17}`, `{base32_17}`, `{uuid}` inside a text.
std::string Model::fill_random(const std::string& text) {
  std::string out;
  size_t at = 0;
  while (at < text.size()) {
    const size_t open = text.find('{', at), close = text.find('}', open);
    if (open == std::string::npos || close == std::string::npos) break;
    out += text.substr(at, open - at);
    const std::string word = text.substr(open + 1, close - open - 1);
    const auto count = [&](size_t begin) {
      return static_cast<size_t>(std::atoi(word.c_str() + begin));
    };
    if (word == "uuid")
      out += request_id();
    else if (word.starts_with("hex"))
      out += random_digits(std::min<size_t>(count(3), 64), "0123456789abcdef");
    else if (word.starts_with("base32_"))
      out += random_digits(std::min<size_t>(count(7), 64), "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
    else
      out += text.substr(open, close - open + 1);
    at = close + 1;
  }
  return out + text.substr(std::min(at, text.size()));
}

Value Model::fill_random(const Value& value) {
  if (value.is_string()) return Value(fill_random(value.as_string()));
  if (!value.is_map()) return value;
  Map out;
  for (const auto& [key, entry] : value.as_map()) out.set(key, fill_random(entry));
  return Value(std::move(out));
}

std::optional<ModelOptions::Key> ModelOptions::find(const std::string& access_key) const {
  if (const auto at = keys.find(access_key); at != keys.end()) return at->second;
  if (account_keys.empty() || !access_key.starts_with(account_keys)) return std::nullopt;
  return Key{account_secret, access_key.substr(account_keys.size())};
}

std::string Model::account_of(const SignatureInfo& info) const {
  const auto key = options_.find(info.access_key);
  return key ? key->account : "";
}

HttpResponse Model::handle(const HttpRequest& request, Timestamp now, Timestamp wall) {
  mutation_ = false;
  const std::string id = request_id();
  const auto broken = [&](const std::string& code, const std::string& message, int status) {
    HttpResponse out;
    out.status = status;
    out.headers.emplace_back("Content-Type", "text/plain");
    out.body = code + ": " + message + "\n";
    return out;
  };
  if (auto ready = prepare(); !ready) return broken("InternalError", ready.error().message, 500);
  auto info = signature_info(request);
  if (!info) return broken(info.error().service_code, info.error().message, 403);
  Request all;
  all.now = now;
  if (things_.latest < now) things_.latest = now;
  auto read = read_request(request, *info, index_, all.in);
  if (all.in.service == nullptr)
    return broken(read.error().service_code, read.error().message, 400);
  Service service = *all.in.service;  // as the client speaks to it
  if (all.in.json_instead) {
    service.protocol = Protocol::json;
    service.json_version = "1.0";
  }
  const auto refuse = [&](const Refusal& refusal) {
    return write_refusal(service, refusal, all.in.head, id);
  };
  const KeyLookup lookup = [&](const SignatureInfo& signature) -> std::optional<KnownKey> {
    const auto key = options_.find(signature.access_key);
    if (!key) return std::nullopt;
    KnownKey out;
    out.secret_key = key->secret;
    out.form = service.in_host.empty() ? SigningForm::standard : SigningForm::raw;
    return out;
  };
  const auto verified = verify_signature(request, lookup, wall);
  if (!verified) {
    return refuse(
        {verified.error().service_code, verified.error().message, 0, ErrorCode::auth, ""});
  }
  if (!read)
    return refuse({read.error().service_code, read.error().message, read.error().http_status,
                   ErrorCode::invalid, ""});
  all.place = {account_of(*info), info->region};
  const std::string partition = rules_->partition_of(info->region);
  all.names.set("account", Value(all.place.account));
  all.names.set("region", Value(all.place.region));
  all.names.set("partition", Value(partition));
  all.names.set("dns_suffix", Value(rules_->suffix_of(partition)));
  if (const auto problem = fault(service, all.in.action, now)) return refuse(*problem);
  const Outcome outcome = dispatch(all);
  if (!outcome) return refuse(outcome.error());
  return write_answer(service, all.in.action, *outcome, id);
}

Outcome Model::dispatch(Request& request) {
  const Service& service = *request.in.service;
  const std::vector<Role>& roles = index_.roles(service, request.in.action);
  // What the cloud has by itself, unless the request names a thing that somebody made.
  const bool made = std::any_of(roles.begin(), roles.end(), [&](const Role& role) {
    const Bindings bound = bind(request, role);
    return !bound.ids.empty() && resolve(*role.type, request, bound.id(), true) != nullptr;
  });
  for (const auto& seeded :
       {seeds_.answer(service, request.in.action, request.in.input, request.names)}) {
    if (seeded && !made) return *seeded;
  }
  const auto first = [&](std::initializer_list<Role::Kind> kinds) -> const Role* {
    for (const Role& role : roles) {
      if (std::find(kinds.begin(), kinds.end(), role.kind) != kinds.end()) return &role;
    }
    return nullptr;
  };
  using Kind = Role::Kind;
  if (auto answered = versions(request)) return *answered;
  const bool changes = first({Kind::update, Kind::apply, Kind::reset, Kind::add, Kind::change,
                              Kind::remove}) != nullptr;
  // One action that makes and changes: a constant tells which (`Overwrite`), else whether it is
  // there.
  const Role* makes = first({Kind::create});
  // Of two types that one action makes, the one whose constants the request agrees with.
  for (const Role& role : roles) {
    if (role.kind != Kind::create || role.type == makes->type) continue;
    if (bind(request, role).differed < bind(request, *makes).differed) makes = &role;
  }
  if (makes != nullptr && changes && bind(request, *makes).differed > 0) makes = nullptr;
  if (makes != nullptr) {
    mutation_ = true;
    return makes->type->parts ? create_parts(request, *makes) : create(request, *makes);
  }
  if (const Role* role = first({Kind::del})) {
    mutation_ = true;
    return remove(request, *role);
  }
  if (const Role* role = first({Kind::restore})) {
    mutation_ = true;
    return restore(request, *role);
  }
  if (changes) {
    mutation_ = true;
    return change(request, roles);
  }
  if (!roles.empty()) return read(request, roles);
  Refusal refusal;
  const bool query = service.protocol == Protocol::ec2query || service.protocol == Protocol::query;
  const bool json = service.protocol == Protocol::json;
  refusal.code = query ? "InvalidAction" : json ? "UnknownOperationException" : "NotImplemented";
  refusal.message = fmt::format("The sandbox does not know the action {} of this service.",
                                request.in.action.empty() ? "asked for" : request.in.action);
  refusal.status = query || json ? 400 : 501;
  return std::unexpected(refusal);
}

}  // namespace lf::sandbox

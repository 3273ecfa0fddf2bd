// SPDX-License-Identifier: Apache-2.0
#include "sandbox/request_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/digest.h"
#include "base/json.h"
#include "base/strings.h"
#include "provider/xml.h"

namespace lf::sandbox {

namespace {

std::unexpected<Error> refuse(std::string code, std::string message, int status = 400) {
  Error error(ErrorCode::invalid, std::move(message));
  error.service_code = std::move(code);
  error.http_status = status;
  return fail(std::move(error));
}

std::vector<std::pair<std::string, std::string>> pairs_of(std::string_view form, bool plus) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const std::string& part : split(form, '&')) {
    if (part.empty()) continue;
    const size_t equals = part.find('=');
    auto name = percent_decode(part.substr(0, equals), plus);
    auto value = equals == std::string::npos ? std::optional<std::string>("")
                                             : percent_decode(part.substr(equals + 1), plus);
    if (name && value) out.emplace_back(std::move(*name), std::move(*value));
  }
  return out;
}

// The parameters of the query family as a tree, before lists are told from maps.
struct Branch {
  std::string text;
  bool leaf = false;
  std::vector<std::pair<std::string, Branch>> children;
  Branch& child(const std::string& name) {
    for (auto& [key, branch] : children) {
      if (key == name) return branch;
    }
    return children.emplace_back(name, Branch{}).second;
  }
};

std::optional<int> number_of(const std::string& text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// `K.1`, `K.member.1` are lists, `K.entry.1.key` a map, all else maps.
Value tree_of(const Branch& branch) {
  if (branch.children.empty()) return Value(branch.text);
  if (branch.children.size() == 1) {
    const auto& [name, only] = branch.children.front();
    const bool numbered = !only.children.empty() && number_of(only.children.front().first);
    if (name == "member" && numbered) return tree_of(only);
    if (name == "entry" && numbered) {
      Map out;
      for (const auto& [number, entry] : only.children) {
        const Value pair = tree_of(entry);
        out.set(pair["key"].string_or(), pair["value"]);
      }
      return Value(std::move(out));
    }
  }
  const bool list = std::all_of(branch.children.begin(), branch.children.end(),
                                [](const auto& one) { return number_of(one.first).has_value(); });
  if (list) {
    auto sorted = branch.children;
    std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
      return *number_of(a.first) < *number_of(b.first);
    });
    List out;
    for (const auto& [number, item] : sorted) out.push_back(tree_of(item));
    return Value(std::move(out));
  }
  Map out;
  for (const auto& [name, item] : branch.children) out.set(name, tree_of(item));
  return Value(std::move(out));
}

Result<void> read_form(const HttpRequest& request, Incoming& out) {
  Branch root;
  for (const std::string& form : {request.query, request.body}) {
    for (auto& [name, value] : pairs_of(form, true)) {
      if (name == "Action") {
        out.action = value;
        continue;
      }
      if (name == "Version" || name.starts_with("X-Amz-")) continue;
      Branch* at = &root;
      for (const std::string& step : split(name, '.')) at = &at->child(step);
      at->text = std::move(value);
      at->leaf = true;
    }
  }
  if (!root.children.empty()) out.input = tree_of(root);
  if (out.action.empty()) return refuse("MissingAction", "The request names no action.");
  return {};
}

Result<void> read_json(const HttpRequest& request, Incoming& out) {
  const std::string* target = request.header("x-amz-target");
  if (target == nullptr) return refuse("UnknownOperationException", "The request has no target.");
  const size_t dot = target->rfind('.');
  out.action = dot == std::string::npos ? *target : target->substr(dot + 1);
  if (trim(request.body).empty()) return {};
  auto body = parse_json(request.body);
  if (!body || !body->is_map()) {
    return refuse("SerializationException", "The body is no JSON object.");
  }
  out.input = std::move(*body);
  return {};
}

// The variable that may stand in the host: what is before ".<endpoint>." there.
std::string in_host(const Service& service, const std::string& host) {
  for (const std::string& word :
       {"." + service.endpoint + ".", "." + service.endpoint + "-", std::string(".localhost")}) {
    const size_t at = host.find(word);
    if (at != std::string::npos && at > 0) return host.substr(0, at);
  }
  return "";
}

// Fits the path to a template; `{x}` takes one segment, `{x+}` the rest.
bool fits(const std::string& pattern, const std::string& path, Map& variables) {
  const std::vector<std::string> want = split(pattern, '/'), have = split(path, '/');
  for (size_t i = 0; i < want.size(); ++i) {
    const std::string& step = want[i];
    const bool variable = step.size() > 2 && step.front() == '{' && step.back() == '}';
    if (!variable) {
      if (i >= have.size() || have[i] != step) return false;
      continue;
    }
    std::string name = step.substr(1, step.size() - 2);
    if (i >= have.size() || have[i].empty()) return false;
    std::string value = have[i];
    const bool rest = name.ends_with('+');
    if (rest) {
      name.pop_back();
      for (size_t j = i + 1; j < have.size(); ++j) value += "/" + have[j];
    }
    auto decoded = percent_decode(value);
    if (!decoded) return false;
    variables.set(name, Value(std::move(*decoded)));
    if (rest) return true;
  }
  return want.size() == have.size();
}

// A sub-resource (`?policy`) that no template names makes another action than the bare path.
bool is_flag(const std::string& name, const Value& value) {
  return value.string_or().empty() && name.find('-') == std::string::npos;
}

Result<void> read_rest(const HttpRequest& request, ActionIndex& index, Incoming& out) {
  std::string path = request.path;
  if (!out.service->in_host.empty()) {
    const std::string part = in_host(*out.service, request.host);
    if (!part.empty()) path = "/" + part + (path == "/" ? "" : path);
  }
  if (path.size() > 1 && path.ends_with('/')) path.pop_back();
  for (auto& [name, value] : pairs_of(request.query, true)) {
    const Value* before = out.query.find(name);
    List all = before == nullptr ? List{} : before->is_list() ? before->as_list() : List{*before};
    all.emplace_back(value);
    out.query.set(name, all.size() == 1 ? all.front() : Value(all));
  }
  for (const auto& [name, value] : request.headers) out.headers.set(lower(name), Value(value));
  out.body = request.body;
  int best = -1;
  for (const Route& route : index.routes(*out.service)) {
    if (route.method != request.method) continue;
    Map variables;
    if (!fits(route.path, path, variables)) continue;
    int score = 0;
    bool good = true;
    std::vector<std::string> flags;
    for (const auto& [name, value] : pairs_of(route.query, false)) {
      const Value* sent = out.query.find(name);
      good = good && sent != nullptr && (value.empty() || sent->string_or() == value);
      flags.push_back(name);
      ++score;
    }
    for (const auto& [name, value] : out.query) {
      const bool named = std::find(flags.begin(), flags.end(), name.as_string()) != flags.end();
      if (!named && is_flag(name.as_string(), value)) good = false;
    }
    if (!good || score <= best) continue;
    best = score;
    out.action = route.action;
    out.path = std::move(variables);
  }
  if (trim(request.body).empty()) return {};
  if (out.service->protocol == Protocol::rest_json) {
    auto body = parse_json(request.body);
    if (body && body->is_map()) out.input = std::move(*body);
    return {};
  }
  if (auto document = parse_xml(request.body)) {
    out.input = Value(std::move(document->content));
  } else if (trim(request.body).starts_with('<')) {
    return refuse("MalformedXML", "The XML you provided was not well-formed");
  }
  return {};
}

}  // namespace

Result<void> read_request(const HttpRequest& request, const SignatureInfo& info, ActionIndex& index,
                          Incoming& out) {
  out.region = info.region;
  out.head = request.method == "HEAD";
  out.service = index.service_by_signing_name(info.service);
  if (out.service == nullptr) {
    return refuse("UnknownService", fmt::format("no service signs as `{}` here", info.service));
  }
  switch (out.service->protocol) {
    case Protocol::ec2query:
    case Protocol::query:
      out.json_instead = request.header("x-amz-target") != nullptr;
      return out.json_instead ? read_json(request, out) : read_form(request, out);
    case Protocol::json: return read_json(request, out);
    case Protocol::rest_json:
    case Protocol::rest_xml: return read_rest(request, index, out);
  }
  return {};
}

}  // namespace lf::sandbox

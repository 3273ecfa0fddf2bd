// SPDX-License-Identifier: Apache-2.0
#include "sandbox/seeds.h"

#include "base/strings.h"
#include "provider/scope.h"
#include "yaml/reader.h"

namespace lf::sandbox {

namespace {

Result<Value> read_file(Package& package, Sources& sources, const std::string& path) {
  const auto text = package.file(path);
  if (!text) return fail(ErrorCode::not_found, "the package has no " + path);
  Diagnostics problems;
  SyntaxTree tree(sources);
  const SourceId source = sources.add(path, std::string(*text));
  const Node root = read_yaml(tree, source, problems);
  if (problems.has_errors()) {
    return fail(ErrorCode::internal, path + ": " + problems.all().front().message);
  }
  return root.to_value();
}

// "instanceState" -> "instance-state"; "tagSet" -> "tag".
std::string dashed(std::string_view step) {
  std::string out = snake_case(step);
  for (char& c : out) {
    if (c == '_' || c == '.') c = '-';
  }
  if (out.size() > 4 && out.ends_with("-set")) out.resize(out.size() - 4);
  return out;
}

// Values of all leaves of `item` whose dashed path is `wanted`.
void collect(const Value& item, const std::string& prefix, const std::string& wanted, List& out) {
  if (item.is_list()) {
    for (const Value& one : item.as_list()) collect(one, prefix, wanted, out);
    return;
  }
  if (!item.is_map()) {
    if (prefix == wanted) out.push_back(item);
    return;
  }
  for (const auto& [key, value] : item.as_map()) {
    const std::string name = dashed(key.string_or());
    collect(value, prefix.empty() ? name : prefix + "-" + name, wanted, out);
  }
}

bool fits_any(const List& have, const Value& wanted) {
  const List patterns = wanted.is_list() ? wanted.as_list() : List{wanted};
  for (const Value& pattern : patterns) {
    for (const Value& one : have) {
      if (glob_match(replace_all(to_text(pattern), "**", "*"), to_text(one))) return true;
    }
  }
  return false;
}

}  // namespace

bool meets_filters(const Value& item, const Value& filters, const Map& known) {
  const List all = filters.is_list()  ? filters.as_list()
                   : filters.is_map() ? List{filters}
                                      : List{};
  for (const Value& filter : all) {
    std::string name = filter["Name"].string_or();
    List have;
    if (const Value* special = known.find(name)) {
      have = special->is_list() ? special->as_list() : List{*special};
    } else {
      for (char& c : name) {
        if (c == '.') c = '-';
      }
      collect(item, "", name, have);
    }
    if (!fits_any(have, filter["Value"])) return false;
  }
  return true;
}

Value evaluate_tree(const Value& tree, const Map& names) {
  if (tree.is_list()) {
    List out;
    for (const Value& item : tree.as_list()) out.push_back(evaluate_tree(item, names));
    return Value(std::move(out));
  }
  if (tree.is_map()) {
    Map out;
    for (const auto& [key, item] : tree.as_map()) {
      Value value = evaluate_tree(item, names);
      if (!value.is_unset()) out.set(key, std::move(value));
    }
    return Value(std::move(out));
  }
  if (!tree.is_string() || !cel::Interpolation::has_expression(tree.as_string())) return tree;
  Diagnostics problems;
  const auto text = cel::Interpolation::parse(tree.as_string(), TextMap(), problems);
  if (!text) return tree;
  Value value = cel::evaluate(*text, MapActivation(names));
  if (value.is_optional()) {
    const Value* inner = value.optional_value();
    return inner == nullptr ? Value() : *inner;
  }
  return value;
}

Result<void> Seeds::load(Package& package, Sources& sources) {
  auto file = read_file(package, sources, "sandbox/answers.yaml");
  if (!file) return {};  // a package without seeds
  answers_ = (*file)["answers"];
  exists_ = (*file)["exists"];
  Map facts = (*file)["facts"].is_map() ? (*file)["facts"].as_map() : Map{};
  if ((*file)["files"].is_map()) {
    for (const auto& [name, path] : (*file)["files"].as_map()) {
      auto content = read_file(package, sources, path.string_or());
      if (!content) return std::unexpected(content.error());
      facts.set(name, std::move(*content));
    }
  }
  facts_ = Value(std::move(facts));
  return {};
}

std::optional<std::expected<Reply, Refusal>> Seeds::answer(const Service& service,
                                                           const std::string& action,
                                                           const Value& input,
                                                           const Map& names) const {
  const Value& seed = answers_[service.name + "." + action];
  if (!seed.is_map()) return std::nullopt;
  Map all = names;
  all.set("input", input);
  all.set("facts", facts_);
  if (seed["refuse"].is_list()) {
    for (const Value& rule : seed["refuse"].as_list()) {
      const Value met = evaluate_tree(rule["when"], all);
      if (!met.is_bool() || !met.as_bool()) continue;
      Refusal refusal;
      refusal.code = rule["code"].string_or();
      refusal.message = to_text(evaluate_tree(rule["message"], all));
      return std::unexpected(refusal);
    }
  }
  Reply reply;
  const Value body = evaluate_tree(seed["answer"], all);
  if (body.is_map()) reply.body = body.as_map();
  const std::string items = seed["items"].string_or();
  if (items.empty()) return reply;
  List kept;
  const Value found = evaluate_tree(seed["each"], all);
  if (found.is_list()) {
    for (const Value& item : found.as_list()) {
      if (meets_filters(item, input["Filter"], {})) kept.push_back(item);
    }
  } else if (found.is_error()) {
    return std::unexpected(
        Refusal{"InternalError", found.error_message(), 500, ErrorCode::internal, ""});
  }
  reply.body.set(items, Value(std::move(kept)));
  return reply;
}

bool Seeds::exists(const std::string& type, const std::string& id) const {
  if (!exists_[type].is_list()) return false;
  for (const Value& pattern : exists_[type].as_list()) {
    if (glob_match(pattern.string_or(), id)) return true;
  }
  return false;
}

}  // namespace lf::sandbox

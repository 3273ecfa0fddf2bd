// SPDX-License-Identifier: Apache-2.0
#include "editor/expression_scope.h"

#include <algorithm>

#include "lang/functions.h"

namespace lf::editor {

using cel::Token;
using cel::TokenKind;

namespace {

bool closes(TokenKind kind) {
  return kind == TokenKind::close_paren || kind == TokenKind::close_bracket ||
         kind == TokenKind::close_brace;
}
bool opens(TokenKind kind) {
  return kind == TokenKind::open_paren || kind == TokenKind::open_bracket ||
         kind == TokenKind::open_brace;
}

// The token with which the chain that ends with tokens[last] begins; SIZE_MAX: there is none.
size_t chain_begin(const std::vector<Token>& tokens, size_t last) {
  size_t at = last;
  while (true) {
    const TokenKind kind = tokens[at].kind;
    const bool bracket = closes(kind);
    if (bracket) {
      int depth = 0;
      size_t open = at;
      for (;; --open) {
        if (closes(tokens[open].kind)) ++depth;
        if (opens(tokens[open].kind) && --depth == 0) break;
        if (open == 0) return SIZE_MAX;
      }
      at = open;
      const bool after_name =
          at > 0 && (tokens[at - 1].kind == TokenKind::identifier ||
                     tokens[at - 1].kind == TokenKind::quoted || closes(tokens[at - 1].kind));
      if (after_name && kind != TokenKind::close_brace) {
        --at;
        continue;
      }
    } else if (kind != TokenKind::identifier && kind != TokenKind::quoted &&
               kind != TokenKind::literal) {
      return SIZE_MAX;
    }
    size_t before = at;
    if (before > 0 && tokens[before - 1].kind == TokenKind::question) --before;
    if (before < 2 || tokens[before - 1].kind != TokenKind::dot) return at;
    at = before - 2;
  }
}

Type element_of(const Type& type, bool key) {
  switch (type.kind()) {
    case Type::Kind::list: return key ? Type(Type::Kind::integer) : type.element();
    case Type::Kind::map: return key ? type.key() : type.element();
    case Type::Kind::object: {
      if (key) return Type(Type::Kind::string);
      if (type.fields().empty()) return Type();
      const Type& first = type.fields().front().type;
      const bool same = std::all_of(type.fields().begin(), type.fields().end(),
                                    [&](const Type::Field& f) { return f.type == first; });
      return same ? first : Type();
    }
    case Type::Kind::optional: return type.element();
    default: return Type();
  }
}

// The `for_each` of what stands at a path, if it has one.
const Tree* repetition_of(const Module& module, const std::vector<std::string>& path) {
  const size_t skip = path.size() > 2 && path[0] == "environments" ? 2 : 0;
  if (path.size() < skip + 2) return nullptr;
  const std::string& part = path[skip];
  const std::string& key = path[skip + 1];
  for (const ResourceDecl& one : module.resources) {
    if (part == "resources" && one.key == key && one.lifecycle.for_each)
      return &*one.lifecycle.for_each;
  }
  for (const ModuleCall& one : module.calls) {
    if (one.block == part && (one.key.empty() || one.key == key) && one.lifecycle.for_each)
      return &*one.lifecycle.for_each;
  }
  return nullptr;
}

}  // namespace

bool is_macro_of_values(std::string_view name) {
  const auto all = cel::macro_docs();
  return std::any_of(all.begin(), all.end(),
                     [&](const cel::MacroDoc& one) { return one.of_values && one.name == name; });
}

std::string_view chain_before(std::string_view before) {
  const cel::Lexed lexed = cel::lex(before, 0, false);
  if (lexed.failed || lexed.tokens.size() < 2) return {};
  const size_t last = lexed.tokens.size() - 2;
  const size_t begin = chain_begin(lexed.tokens, last);
  if (begin == SIZE_MAX) return {};
  const uint32_t from = lexed.tokens[begin].begin;
  return before.substr(from, lexed.tokens[last].end - from);
}

ExpressionScope::ExpressionScope(Checked& root, const Module& module, const Place& place)
    : root_(root), module_(module), outer_(root.scope(module)) {
  if (const Tree* over = repetition_of(module, place.path)) {
    Diagnostics silent;
    const EachScope each(outer_, infer_type(*over, outer_, silent));
    if (auto type = each.type_of("each")) bound_.emplace("each", *type);
  }
  const bool in_check =
      !place.path.empty() && place.path.back() == "check" && place.path.size() > 1;
  if (!in_check) return;
  const InputDecl* input = module.input(place.path[place.path.size() - 2]);
  bound_.emplace("this", input == nullptr ? Type() : input->type);
}

std::optional<Type> ExpressionScope::type_of(std::string_view name) const {
  if (const auto found = bound_.find(name); found != bound_.end()) return found->second;
  return outer_.type_of(name);
}

std::vector<std::string> ExpressionScope::names() const {
  std::vector<std::string> out;
  for (const auto& [name, type] : bound_) out.push_back(name);
  for (std::string& name : outer_.names()) out.push_back(std::move(name));
  if (module_.kind == ModuleKind::block) {
    for (const ModuleCall& call : root_.spec().root.calls) out.push_back(call.block);
  }
  if (module_.kind != ModuleKind::root) out.emplace_back("name");
  std::vector<std::string> unique;
  for (std::string& name : out) {
    if (std::find(unique.begin(), unique.end(), name) == unique.end())
      unique.push_back(std::move(name));
  }
  return unique;
}

Type ExpressionScope::type_of_text(std::string_view text) const {
  Diagnostics silent;
  const auto parsed = cel::Expression::parse(text, TextMap(), silent);
  return parsed ? cel::check(*parsed, *this, silent) : Type();
}

void ExpressionScope::bind_macros(std::string_view before) {
  const cel::Lexed lexed = cel::lex(before, 0, true);
  const std::vector<Token>& tokens = lexed.tokens;
  std::vector<size_t> open;
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (opens(tokens[i].kind)) open.push_back(i);
    if (closes(tokens[i].kind) && !open.empty()) open.pop_back();
  }
  for (const size_t at : open) {
    const bool method = at >= 3 && tokens[at].kind == TokenKind::open_paren &&
                        tokens[at - 1].kind == TokenKind::identifier &&
                        tokens[at - 2].kind == TokenKind::dot && at + 2 < tokens.size() &&
                        tokens[at + 1].kind == TokenKind::identifier &&
                        tokens[at + 2].kind == TokenKind::comma;
    const bool macro = method && is_macro_of_values(tokens[at - 1].text);
    if (!macro) continue;
    const size_t begin = chain_begin(tokens, at - 3);
    if (begin == SIZE_MAX) continue;
    const uint32_t from = tokens[begin].begin;
    const Type range = type_of_text(before.substr(from, tokens[at - 3].end - from));
    const bool two = at + 4 < tokens.size() && tokens[at + 3].kind == TokenKind::identifier &&
                     tokens[at + 4].kind == TokenKind::comma;
    const bool over_map = range.kind() == Type::Kind::map || range.kind() == Type::Kind::object;
    bound_.insert_or_assign(tokens[at + 1].text, element_of(range, two || over_map));
    if (two) bound_.insert_or_assign(tokens[at + 3].text, element_of(range, false));
  }
}

}  // namespace lf::editor

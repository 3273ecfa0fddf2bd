// SPDX-License-Identifier: Apache-2.0
#include "editor/completion.h"

#include <algorithm>

#include "base/strings.h"
#include "editor/edit_yaml.h"

namespace lf::editor {

namespace {

std::string doc_of(const KeyInfo& info) {
  std::string out = info.doc;
  if (!info.traits.empty()) out += (out.empty() ? "" : "\n\n") + join(info.traits, ", ");
  return out;
}

void complete_keys(Language& language, const Form& form, const Place& place,
                   std::vector<Completion>& out) {
  const std::vector<std::string> siblings = place.siblings();
  for (const KeyInfo& info : language.keys(form)) {
    const bool there = std::find(siblings.begin(), siblings.end(), info.name) != siblings.end();
    if (there && info.name != place.key) continue;
    Completion one;
    one.label = info.name;
    one.detail = info.type;
    one.doc = doc_of(info);
    one.kind = info.is_word ? CompletionKind::keyword : CompletionKind::property;
    const bool line = info.body == KeyInfo::Body::scalar || place.in_flow;
    one.insert = info.name + (place.has_colon ? "" : line ? ": " : ":");
    one.begin = place.begin;
    one.end = place.end;
    one.rank = info.required ? 0 : info.is_word ? 2 : 1;
    out.push_back(std::move(one));
  }
}

void complete_values(Language& language, const Form& form, const Place& place,
                     std::vector<Completion>& out) {
  for (const Choice& choice : language.choices(form, place)) {
    Completion one;
    one.label = choice.text;
    one.detail = choice.doc;
    one.kind = choice.expression ? CompletionKind::variable : CompletionKind::value;
    const std::string expression = "${" + choice.text + "}";
    one.insert = choice.expression
                     ? (place.in_flow && !place.quoted ? "\"" + expression + "\"" : expression)
                 : place.quoted ? choice.text
                                : yaml_scalar(choice.text);
    one.begin = place.begin;
    one.end = place.end;
    out.push_back(std::move(one));
  }
  // An object in a list begins with a key.
  const bool item = !place.path.empty() && place.path.back() == "[]";
  if (!item || place.quoted) return;
  Place key = place;
  key.nodes.emplace_back();
  complete_keys(language, form, key, out);
}

}  // namespace

std::vector<Completion> complete(Checked& root, const std::string& path, std::string_view text,
                                 uint32_t offset) {
  std::vector<Completion> out;
  const Place place = find_place(text, offset);
  if (place.kind == Place::Kind::nowhere) return out;
  if (place.kind == Place::Kind::expression) {
    const Module* module = root.module_at(path);
    return module == nullptr ? out : complete_expression(root, *module, place);
  }
  Language language(root, path);
  const Form form = language.form_at(place);
  if (place.kind == Place::Kind::key) {
    complete_keys(language, form, place, out);
  } else {
    complete_values(language, form, place, out);
  }
  return out;
}

}  // namespace lf::editor

// SPDX-License-Identifier: Apache-2.0
// What may stand where in a spec: the language's own words, what packages say of blocks, types and
// properties, and what the spec itself declares. Completion and hover read it; nothing here knows a
// cloud.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "editor/check.h"
#include "editor/place.h"
#include "spec/words.h"

namespace lf::editor {

struct KeyInfo {
  std::string name, type, doc;
  std::vector<std::string> traits;  // "required", "a change replaces", "default 30s"
  bool required = false;
  bool is_word = false;  // of the language, which any such map may have
  // What its value is, as far as it decides how the key is written.
  enum class Body : uint8_t { scalar, map, list } body = Body::scalar;
};

struct Choice {
  std::string text, doc;
  bool expression = false;  // `text` is CEL, to be written as `${text}`
};

// What stands at a place: a step further with each key.
struct Form {
  enum class Kind : uint8_t {
    unknown,
    words,     // keys of the language: `part`
    root,      // of a spec: words and blocks
    names,     // any key, each of which is what `part` says; of a block's instances: `module`
    resource,  // properties of `resource` and words
    look_up,
    body,      // of a block: inputs of `module` and words
    inputs,    // of `module`, alone
    property,  // a property's value
    type,      // a value of `type`
  };
  Kind kind = Kind::unknown;
  SpecPart part = SpecPart::spec;
  const ResourceType* resource = nullptr;
  const DataType* data = nullptr;
  const Property* property = nullptr;
  const Module* module = nullptr;
  Type type;
  // What kind of text a value is, where its type does not say: "resource type", "package", ….
  std::string what;
  const InputDecl* input = nullptr;
};

class Language {
 public:
  // `path` is the document's, which decides what stands at its root.
  Language(Checked& root, const std::string& path);

  // Of the map or value at `place.path`; of a key's place, the map around it.
  Form form_at(const Place& place);
  Form key_form(const Place& place);  // of the value of the key at a key's place
  std::vector<KeyInfo> keys(const Form& form);
  std::vector<Choice> choices(const Form& form, const Place& place);
  // What is known of the key itself, given the form of the map that it stands in.
  std::vector<KeyInfo> find_key(const Form& around, std::string_view key);  // none or one
  // What a catalogue says of a text: a machine type's GPUs and memory. "" if nothing.
  std::string facts(std::string_view text);

 private:
  Form step(const Form& form, std::string_view key, const Node& map);
  Form root_step(std::string_view key);
  Form named(SpecPart part, std::string_view key, const Node& value);
  Form of_type(const Type& type) const;
  Form of_word(const Word& word, SpecPart part) const;
  Form of_property(const Property& property) const;
  const Module* block(std::string_view name);
  void add_words(SpecPart part, std::vector<KeyInfo>& out);
  void add_properties(const std::vector<Property>& properties, std::vector<KeyInfo>& out);
  void add_inputs(const Module& module, std::vector<KeyInfo>& out);
  void add_references(const Type& wanted, std::vector<Choice>& out);
  std::vector<Choice> named_choices(const Form& form, const Place& place);
  const Catalog* catalog_of(const Form& form);
  const Catalog* catalog_of_input(const Module& module, std::string_view input);

  Checked& root_;
  const Module* own_;  // the file's module
  bool is_spec_;
};

}  // namespace lf::editor

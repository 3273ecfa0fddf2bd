// SPDX-License-Identifier: Apache-2.0
// The things of a spec that have names, and every place where such a name stands: what "go to
// definition", "find references" and "rename" work on.
#pragma once

#include <compare>
#include <string>
#include <vector>

#include "base/source.h"
#include "spec/module.h"

namespace lf::editor {

class Checked;

enum class SymbolKind : uint8_t {
  variable,  // of a spec
  input,     // of a module or block
  local,
  data,
  resource,
  module_call,  // `modules: {db: …}`
  block,        // `network:`
  instance,     // `buckets: {outputs: …}`
  output,
  import,         // of another stack: `imports: {net: ../network}`
  import_output,  // what it gives; `scope` is that stack's spec, `block` the import's name
  file,
  provider,
  environment,
  resource_type,
  data_type,
  property,  // of a resource or look-up type; scope is the type
};

struct Symbol {
  SymbolKind kind = SymbolKind::variable;
  // Which module it is of: the spec's path for all of its files, the file's for a module, a path
  // such as "providers/aws/blocks/network.yaml" for a package's block; a property's type.
  std::string scope;
  std::string block;  // of an instance or an import's output
  std::string name;
  auto operator<=>(const Symbol&) const = default;
};

// How a name is written at a place, which decides how another one is written there.
enum class NameForm : uint8_t {
  key,      // a YAML key, maybe quoted
  name,     // in an expression, alone: an input
  member,   // in an expression, after a dot; maybe in backticks
  literal,  // in an expression, a text as an index: ['name']
  text,     // a whole YAML scalar: a type, a provider
};

struct Occurrence {
  Symbol symbol;
  Span span;  // the name; of a key or literal with its quotes
  NameForm form = NameForm::key;
  bool definition = false;
  bool overlay = false;  // it stands below `environments:`, which define too
};

class Index {
 public:
  explicit Index(Checked& root);
  // In the order of the files, then of the text.
  const std::vector<Occurrence>& all() const { return all_; }
  // The narrowest at this place, its end included; nullptr: none.
  const Occurrence* at(SourceId source, uint32_t offset) const;
  std::vector<const Occurrence*> of(const Symbol& symbol) const;

 private:
  std::vector<Occurrence> all_;
};

// What another stack's text says of an output that is imported.
struct OtherOutput {
  Span key;  // invalid: nothing
  std::string doc, written;
  bool secret = false;
};
OtherOutput other_output(Checked& root, const Symbol& symbol);

// Where a symbol is declared, in the user's files or in a package's. Invalid: nowhere, as the name
// of the stack's own provider.
Span declaration(Checked& root, const Symbol& symbol);

}  // namespace lf::editor

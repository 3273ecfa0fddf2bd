// SPDX-License-Identifier: Apache-2.0
// A checked module: the user's spec (the root), a block of a provider package, or a module of the
// user's own. All three have the same parts; the root has variables where others have inputs, and
// some keys more.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "lang/type.h"
#include "spec/tree.h"

namespace lf {

// A variable of the root, or an input of a module.
struct InputDecl {
  std::string name, doc;
  Type type;
  std::optional<Tree> default_value;  // may hold expressions in modules; constants in the root
  bool required = false;              // no default, and null is not allowed
  bool secret = false;
  std::vector<std::string> one_of;
  std::optional<cel::Interpolation> check;
  std::string message;
  Span span;
};

// The words that any resource, block or module may carry.
struct Lifecycle {
  std::optional<Tree> when, for_each, protect, retain, run, run_result, alternatives;
  std::vector<cel::Reference> depends_on;
  std::vector<Span> depends_on_spans;
  std::vector<std::string> moved_from;
  std::optional<Tree> ignore_changes;  // names of properties
  // Of a block or module: for all that it makes, or a map of resources in it to values of theirs.
  std::optional<Tree> replace_on, adopt;
  bool create_before_delete = false;
  bool restart_on_interruption = false;
  bool shared = false;
  std::map<std::string, Duration> timeouts;  // create, update, delete
  std::string provider;                      // instance name; empty: the stack's
};

struct ResourceDecl {
  std::string key;
  std::string type;  // "aws.ec2.vpc"
  Span span, type_span;
  Lifecycle lifecycle;
  std::vector<Tree::Entry> properties;
};

struct DataDecl {
  std::string key, type;
  Span span, type_span;
  std::optional<Tree> for_each, when;
  std::vector<Tree::Entry> inputs;
};

// One use of a block or a module: `buckets: {outputs: {...}}` is a call of `buckets` with key
// "outputs".
struct ModuleCall {
  std::string block;   // "network"; "modules" for the user's own
  std::string key;     // instance key; empty for blocks of which there is one
  std::string source;  // user's own: path of the module's file
  Span span, key_span;
  Lifecycle lifecycle;
  std::vector<Tree::Entry> inputs;
};

struct OutputDecl {
  std::string name, doc;
  Tree value;
  bool secret = false;
  Span span;
};

struct FileDecl {
  std::string key;
  Tree path, content;  // content: text, often `${template(…)}`
  std::optional<Tree> when, mode;
  Span span;
};

// Another stack, whose outputs the root's expressions read by this name.
struct ImportDecl {
  std::string name;
  std::string path, folder;        // the other spec as read from here; where its state lives
  std::string stack, environment;  // the other's
  std::vector<std::string> outputs, secret_outputs;  // as it declares them
  bool has_backend = false;                          // its spec says where its state lies
  Span span;

  // The same for every import of one stack and environment.
  std::string key() const { return folder + "\n" + stack + "\n" + environment; }
};

// What must hold of a module's inputs together.
struct Requirement {
  std::string name, message;
  std::string of;  // the input to blame; "": none
  Tree condition;
  Span span;
};

enum class ModuleKind : uint8_t { root, block, user };

struct Module {
  ModuleKind kind = ModuleKind::root;
  std::string name;         // the stack's, the block's, the module's
  std::string doc, folder;  // folder: where file() looks
  bool keyed = false;       // a block of which there are many, by key
  std::vector<InputDecl> inputs;
  std::vector<Requirement> requirements;
  std::vector<Tree::Entry> locals;
  std::vector<DataDecl> data;
  std::vector<ResourceDecl> resources;
  std::vector<ModuleCall> calls;
  std::vector<FileDecl> files;
  std::vector<OutputDecl> outputs;
  std::vector<ImportDecl> imports;  // root only
  Span span;

  const ImportDecl* import(std::string_view import_name) const {
    for (const auto& one : imports) {
      if (one.name == import_name) return &one;
    }
    return nullptr;
  }
  const InputDecl* input(std::string_view input_name) const;
};

struct ProviderDecl {
  std::string name, kind, region, site;
  Span span;
  // How its credentials are found, in its package's words; empty: as the cloud's own tools do.
  std::map<std::string, std::string> credentials = {};
};

// The root's own keys.
struct Spec {
  std::string stack, environment = "default", region, provider;
  Span stack_span, region_span, provider_span;
  std::vector<ProviderDecl> providers;  // by name; the first is the stack's own
  std::string backend = "local";        // where the state lives: the kind
  std::optional<Tree> state_path;       // `backend: {path: …}`
  // `backend: {WORD: {…}}` with a word of the package of one of `providers`, `backend_provider`.
  std::string backend_provider;
  std::vector<std::pair<std::string, Tree>> backend_settings;
  Span backend_span;
  std::optional<std::string> files_root;  // where generated files go, from the spec's folder
  std::optional<Tree> tags;
  std::vector<std::string> environments;
  std::string path, folder;  // the file or folder given; where its state lives
  Module root;
  std::vector<std::pair<std::string, std::string>> files_read;  // path, sha256: for saved plans
};

}  // namespace lf

// SPDX-License-Identifier: Apache-2.0
// `imports:`: other stacks by name. Of each only its head is read: what it is called and which
// outputs it has. Their values come from its state.
#include <algorithm>
#include <cctype>
#include <set>

#include "base/strings.h"
#include "spec/load.h"
#include "spec/read_node.h"
#include "spec/words.h"

namespace lf {

namespace {

bool holds(const std::vector<std::string>& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

std::vector<std::string> keys_of(const Node& map) {
  std::vector<std::string> out;
  if (!map || !map.is_map()) return out;
  for (size_t i = 0; i < map.size(); ++i) out.emplace_back(map.entry(i).key.text());
  return out;
}

void outputs_of(const Node& root, StackHead& out) {
  const Node outputs = root && root.is_map() ? root.find("outputs") : Node();
  if (!outputs || !outputs.is_map()) return;
  for (size_t i = 0; i < outputs.size(); ++i) {
    const Node::Entry entry = outputs.entry(i);
    const std::string name(entry.key.text());
    if (!holds(out.outputs, name)) out.outputs.push_back(name);
    const Node secret = entry.value.is_map() ? entry.value.find("secret") : Node();
    if (secret && secret.as_bool().value_or(false)) out.secret_outputs.push_back(name);
  }
}

void imports_of(const Node& root, StackHead& out) {
  const Node imports = root.find("imports");
  if (!imports || !imports.is_map()) return;
  for (size_t i = 0; i < imports.size(); ++i) {
    const Node::Entry entry = imports.entry(i);
    const Node use = entry.value.is_map() ? entry.value.find("use") : entry.value;
    const Node env = entry.value.is_map() ? entry.value.find("env") : Node();
    const auto text = use ? use.as_text() : std::nullopt;
    if (!text || text->empty()) continue;
    std::string path(*text);
    if (!path.starts_with('/') && !out.folder.empty()) path = out.folder + "/" + path;
    out.imports.push_back({std::string(entry.key.text()), plain_path(path),
                           env ? std::string(env.text()) : "", entry.key.span()});
  }
}

const std::vector<std::string>& built_in_names() {
  static const std::vector<std::string> kNames = {
      "vars",   "locals", "resources", "data",      "modules", "stack", "env",  "region", "backend",
      "prefix", "unique", "account",   "partition", "secret",  "each",  "self", "name"};
  return kNames;
}

bool stands_alone(std::string_view name) {
  return !name.empty() && std::isdigit(static_cast<unsigned char>(name[0])) == 0 &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
         });
}

// Whether following imports from `head` leads back to the spec in the folder `home`.
bool leads_back(FileSystem& files, const StackHead& head, const std::string& home,
                const std::string& environment, Sources& sources, std::set<std::string>& seen) {
  if (head.folder == home) return true;
  for (const auto& import : head.imports) {
    if (!seen.insert(import.path).second) continue;
    Diagnostics ignored;
    const auto next = read_stack_head(files, import.path, environment, sources, ignored);
    if (next && leads_back(files, *next, home, environment, sources, seen)) return true;
  }
  return false;
}

// The imports of one spec, with everything said that is wrong with them.
class ImportReader {
 public:
  ImportReader(Spec& spec, const std::vector<std::string>& blocks, FileSystem& files,
               Sources& sources, Diagnostics& diagnostics)
      : spec_(spec), blocks_(blocks), files_(files), sources_(sources), diagnostics_(diagnostics) {}

  void read(const Node& imports, const StackHead& own) {
    for (size_t i = 0; i < imports.size(); ++i) {
      const Node::Entry entry = imports.entry(i);
      const std::string name(entry.key.text());
      const auto one = std::find_if(own.imports.begin(), own.imports.end(),
                                    [&](const auto& import) { return import.name == name; });
      if (one == own.imports.end()) {
        auto& d = diagnostics_.add(Code::LF0203, entry.value.span(),
                                   "import `" + name + "` names no spec");
        d.help.push_back("write the file or folder of the other stack: `" + name + ": ../" + name +
                         "`");
        continue;
      }
      if (holds(built_in_names(), name) || holds(blocks_, name)) {
        auto& d = diagnostics_.add(Code::LF0212, entry.key.span(),
                                   "`" + name + "` means something else in expressions already");
        d.help.push_back("give the import another name, such as `" + name + "_stack`");
        continue;
      }
      if (!stands_alone(name)) {
        auto& d = diagnostics_.add(
            Code::LF0212, entry.key.span(),
            "`" + name + "` cannot name an import: letters, digits and `_` only, no digit first");
        d.help.push_back("expressions read its outputs as `${NAME.output}`");
        continue;
      }
      only_known_words(entry.value);
      add(entry, *one);
    }
  }

 private:
  void only_known_words(const Node& value) {
    if (value.is_map()) only_keys(value, word_names(SpecPart::import), "an import", diagnostics_);
  }

  void add(const Node::Entry& entry, const StackHead::Import& import) {
    const std::string wanted = import.environment.empty() ? spec_.environment : import.environment;
    const auto info = files_.stat(import.path);
    const bool exists = info && info->exists;
    Diagnostics within;
    const auto head = exists ? read_stack_head(files_, import.path, wanted, sources_, within)
                             : std::optional<StackHead>();
    if (!head) {
      auto& d = diagnostics_.add(Code::LF0216, entry.value.span(),
                                 exists ? "`" + import.path + "` is no spec of a stack"
                                        : "there is nothing at `" + import.path + "`");
      if (within.has_errors()) d.help.push_back("its own errors: llmforge validate " + import.path);
      d.help.push_back("the path is taken from the folder of this spec");
      return;
    }
    std::set<std::string> seen;
    if (leads_back(files_, *head, plain_path(spec_.folder), wanted, sources_, seen)) {
      auto& d = diagnostics_.add(Code::LF0216, entry.value.span(),
                                 "`" + head->stack + "` imports this stack, directly or not");
      d.help.push_back("one of the two must do without the other");
      return;
    }
    const bool has = holds(head->environments, wanted);
    if (!has && !import.environment.empty() && wanted != "default") {
      auto& d = diagnostics_.add(Code::LF0211, entry.value.span(),
                                 "stack `" + head->stack + "` has no environment `" + wanted + "`");
      if (!head->environments.empty())
        d.help.push_back("it has: " + join(head->environments, ", "));
      return;
    }
    ImportDecl decl;
    decl.name = import.name;
    decl.path = import.path;
    decl.folder = head->folder;
    decl.has_backend = head->has_backend;
    decl.stack = head->stack;
    decl.environment = has ? wanted : "default";
    decl.outputs = head->outputs;
    decl.secret_outputs = head->secret_outputs;
    decl.span = entry.key.span();
    spec_.root.imports.push_back(std::move(decl));
  }

  Spec& spec_;
  const std::vector<std::string>& blocks_;
  FileSystem& files_;
  Sources& sources_;
  Diagnostics& diagnostics_;
};

}  // namespace

std::string plain_path(const std::string& path) {
  std::vector<std::string> parts;
  for (const auto& part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == ".." && !parts.empty() && parts.back() != "..")
      parts.pop_back();
    else
      parts.push_back(part);
  }
  const std::string joined = join(parts, "/");
  return path.starts_with('/') ? "/" + joined : joined;
}

std::string folder_of_spec(FileSystem& files, const std::string& path) {
  const auto info = files.stat(path);
  std::string folder = path;
  if (info && info->is_directory) {
    while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
    return folder;
  }
  const size_t slash = folder.rfind('/');
  return slash == std::string::npos ? "" : folder.substr(0, slash);
}

std::optional<StackHead> read_stack_head(FileSystem& files, const std::string& path,
                                         const std::string& environment, Sources& sources,
                                         Diagnostics& diagnostics) {
  SyntaxTree tree(sources);
  const SpecFiles read = read_spec_files(files, path, sources, tree, diagnostics);
  if (!read.root || !read.root.is_map()) return std::nullopt;
  const Node stack = read.root.find("stack");
  const auto name = stack ? stack.as_text() : std::nullopt;
  if (!name) return std::nullopt;
  StackHead out;
  out.path = path;
  out.folder = folder_of_spec(files, path);
  out.stack = std::string(*name);
  const Node environments = read.root.find("environments");
  out.environments = keys_of(environments);
  out.variables = keys_of(read.root.find("variables"));
  const Node overlay =
      environments && environments.is_map() ? environments.find(environment) : Node();
  const auto has_backend = [](const Node& node) {
    const Node backend = node && node.is_map() ? node.find("backend") : Node();
    return backend && !backend.is_null();
  };
  out.has_backend = has_backend(read.root) || has_backend(overlay);
  outputs_of(read.root, out);
  if (environments && environments.is_map()) outputs_of(environments.find(environment), out);
  imports_of(read.root, out);
  return out;
}

void parse_imports(const Node& root, Spec& spec, const std::vector<std::string>& blocks,
                   FileSystem& files, Sources& sources, Diagnostics& diagnostics) {
  const Node imports = root.find("imports");
  if (!imports || imports.is_null()) return;
  if (!imports.is_map()) {
    auto& d = diagnostics.add(Code::LF0203, imports.span(), "`imports` is a map of specs by name");
    d.help.push_back("write `imports: {net: ../network}` and read `${net.vpc_id}`");
    return;
  }
  StackHead own;
  own.folder = spec.folder;
  imports_of(root, own);
  ImportReader(spec, blocks, files, sources, diagnostics).read(imports, own);
}

}  // namespace lf

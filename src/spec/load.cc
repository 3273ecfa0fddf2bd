// SPDX-License-Identifier: Apache-2.0
// The root: a spec file or folder, its overlays, providers, variables and blocks.
#include "spec/load.h"

#include <algorithm>

#include "base/digest.h"
#include "base/strings.h"
#include "lang/convert.h"
#include "provider/state_store.h"
#include "spec/credential_words.h"
#include "spec/read_node.h"
#include "spec/sections.h"
#include "spec/words.h"

namespace lf {

namespace {

bool is_stack_name(std::string_view name) {
  return !name.empty() && name.size() <= 40 && std::islower(static_cast<unsigned char>(name[0])) &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return std::islower(static_cast<unsigned char>(c)) ||
                  std::isdigit(static_cast<unsigned char>(c)) || c == '-';
         });
}

// The nearest name that a stack may have: "My Lab" as "my-lab".
std::string as_stack_name(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0)
      out += static_cast<char>(std::tolower(byte));
    else if (!out.empty() && out.back() != '-')
      out += '-';
  }
  while (!out.empty() && out.back() == '-') out.pop_back();
  if (out.empty() || std::isalpha(static_cast<unsigned char>(out[0])) == 0) out = "my-" + out;
  out.resize(std::min<size_t>(out.size(), 40));
  return out == "my-" ? "my-stack" : out;
}

// Lays `over` on `under`: maps key by key, everything else replaced, null removes.
Node overlay(SyntaxTree& tree, const Node& under, const Node& over) {
  if (!under.is_map() || !over.is_map()) return over;
  std::vector<NodeId> children;
  for (size_t i = 0; i < under.size(); ++i) {
    const Node::Entry entry = under.entry(i);
    const Node replacement = over.find(entry.key.text());
    if (!replacement) {
      children.push_back(entry.key.id());
      children.push_back(entry.value.id());
    } else if (!replacement.is_null()) {
      children.push_back(over.find_key(entry.key.text()).id());
      children.push_back(overlay(tree, entry.value, replacement).id());
    }
  }
  for (size_t i = 0; i < over.size(); ++i) {
    const Node::Entry entry = over.entry(i);
    if (under.find(entry.key.text()) || entry.value.is_null()) continue;
    children.push_back(entry.key.id());
    children.push_back(entry.value.id());
  }
  return tree.node(tree.add_map(under.span(), under.style(), children));
}

class Loader {
 public:
  Loader(FileSystem& files, Sources& sources, Packages& packages, ModuleStore& modules,
         const LoadOptions& options, Diagnostics& diagnostics)
      : files_(files),
        sources_(sources),
        packages_(packages),
        modules_(modules),
        options_(options),
        diagnostics_(diagnostics),
        tree_(sources) {}

  LoadedSpec run() {
    Spec& spec = out_.spec;
    spec.path = options_.path;
    spec.environment = options_.environment;
    spec.folder = folder_of_spec(files_, options_.path);
    const size_t first_source = sources_.size();
    const SpecFiles read = read_spec_files(files_, options_.path, sources_, tree_, diagnostics_);
    for (size_t i = first_source; i < sources_.size(); ++i) {
      const Source& source = sources_.get(static_cast<SourceId>(i));
      spec.files_read.emplace_back(source.path(), hex(sha256(source.text())));
    }
    if (!read.root) return std::move(out_);
    if (!read.root.is_map()) {
      diagnostics_.add(Code::LF0203, read.root.span(),
                       "a spec is a map of keys, beginning with `stack:`");
      return std::move(out_);
    }
    no_empty_sections(read.root, modules_, diagnostics_);
    Node root = with_environment(read.root);
    header(root);
    modules_.set_eject_folder(spec.folder.empty() ? "blocks" : spec.folder + "/blocks");
    spec.root.kind = ModuleKind::root;
    spec.root.name = spec.stack;
    spec.root.folder = spec.folder;
    spec.root.span = root.span();
    const std::vector<std::string> taken = word_names(SpecPart::spec);
    parse_module_parts(root, spec.root, packages_, modules_, spec.provider, taken, diagnostics_);
    parse_imports(root, spec, modules_.block_names(), files_, sources_, diagnostics_);
    blocks(root, taken);
    out_.demands = parse_demands(root, spec, files_, sources_, tree_, packages_, diagnostics_);
    out_.demands.usage = parse_usage(root, diagnostics_);
    variables();
    if (spec.state_path && !diagnostics_.has_errors())
      out_.state_path = state_path(out_, diagnostics_);
    if (state_store_ != nullptr && !diagnostics_.has_errors())
      out_.backend_settings = backend_settings(out_, *state_store_, diagnostics_);
    return std::move(out_);
  }

 private:
  Node with_environment(const Node& root) {
    const Node environments = root.find("environments");
    if (environments && environments.is_map()) {
      for (size_t i = 0; i < environments.size(); ++i) {
        out_.spec.environments.emplace_back(environments.entry(i).key.text());
      }
    } else if (environments && !environments.is_null()) {
      diagnostics_.add(Code::LF0203, environments.span(),
                       "`environments` is a map of overlays by name");
    }
    if (options_.environment == "default") return root;
    const Node chosen = environments ? environments.find(options_.environment) : Node();
    if (!chosen) {
      auto& d = diagnostics_.add(Code::LF0211, environments ? environments.span() : root.span(),
                                 "`" + options_.environment + "` is no environment of this spec");
      const std::string near = nearest(options_.environment, out_.spec.environments);
      if (!near.empty())
        d.help.push_back("did you mean `--env " + near + "`?");
      else if (!out_.spec.environments.empty())
        d.help.push_back("it has: " + join(out_.spec.environments, ", "));
      else
        d.help.push_back("add it under `environments:`");
      return root;
    }
    if (chosen.is_null()) return root;
    if (!chosen.is_map()) {
      diagnostics_.add(Code::LF0203, chosen.span(), "an environment is a map of what it changes");
      return root;
    }
    for (const char* fixed : {"stack", "environments", "llmforge"}) {
      if (const Node key = chosen.find_key(fixed)) {
        diagnostics_.add(Code::LF0201, key.span(),
                         "`" + std::string(fixed) + "` cannot differ by environment");
      }
    }
    return overlay(tree_, root, chosen);
  }

  std::string text(const Node& node, const char* key) {
    if (auto value = node.as_text()) return std::string(*value);
    diagnostics_.add(Code::LF0203, node.span(), "`" + std::string(key) + "` must be text");
    return "";
  }

  void header(const Node& root) {
    Spec& spec = out_.spec;
    if (const Node version = root.find("llmforge")) {
      const auto number = version.as_int();
      if (!number || *number != 1) {
        auto& d = diagnostics_.add(
            Code::LF0203, version.span(),
            "language version `" + std::string(version.text()) + "` is not known here");
        d.help.push_back("this llmforge reads version 1");
      }
    }
    const Node stack = root.find("stack");
    if (!stack || stack.is_null()) {
      const Span at{root.span().source, root.span().begin, root.span().begin};
      auto& d = diagnostics_.add(Code::LF0202, at, "the spec has no `stack`");
      d.help.push_back("begin with `stack: my-name`; it names the state and marks every resource");
    } else {
      spec.stack = text(stack, "stack");
      spec.stack_span = stack.span();
      if (!is_stack_name(spec.stack)) {
        diagnostics_
            .add(Code::LF0212, stack.span(), "`" + spec.stack + "` cannot name a stack",
                 "lower-case letters, digits and `-`, a letter first, 40 at most")
            .help.push_back("for instance `stack: " + as_stack_name(spec.stack) + "`");
      }
    }
    if (const Node region = root.find("region")) {
      spec.region = text(region, "region");
      spec.region_span = region.span();
      if (cel::Interpolation::has_expression(spec.region)) {
        diagnostics_.add(Code::LF0203, region.span(),
                         "`region` is a plain name; let `environments:` change it");
      }
    }
    providers(root);
    if (const Node tags = root.find("tags"); tags && !tags.is_null()) {
      if (tags.is_map())
        spec.tags = parse_tree(tags, diagnostics_);
      else
        diagnostics_.add(Code::LF0203, tags.span(), "`tags` is a map of names to texts");
    }
    if (const Node backend = root.find("backend"); backend && !backend.is_null()) {
      backend_of(backend);
    }
    if (const Node root_folder = root.find("files_root"); root_folder && !root_folder.is_null())
      spec.files_root = text(root_folder, "files_root");
  }

  // `backend: {path: …}`: another file for the state, below the spec's folder; or `{WORD: {…}}`: a
  // store that the package of one of the providers describes.
  void backend_of(const Node& backend) {
    Spec& spec = out_.spec;
    spec.backend_span = backend.span();
    std::vector<std::string> words{"path"};
    for (const auto& provider : spec.providers) {
      Package* package = packages_.find(provider.kind);
      if (package == nullptr) continue;
      for (auto& word : package->state_store_names()) words.push_back(std::move(word));
    }
    if (!backend.is_map() || backend.size() != 1) {
      auto& d = diagnostics_.add(Code::LF0203, backend.span(),
                                 "`backend` takes exactly one of: " + join(words, ", "));
      d.help.push_back("backend: {path: \"states/${env}.llmforge.json\"}");
      return;
    }
    const Node::Entry entry = backend.entry(0);
    const std::string word(entry.key.text());
    if (word == "path") {
      spec.state_path = parse_tree(entry.value, diagnostics_);
      return;
    }
    for (const auto& provider : spec.providers) {
      Package* package = packages_.find(provider.kind);
      state_store_ = package == nullptr ? nullptr : package->state_store(word);
      if (state_store_ == nullptr) continue;
      spec.backend = word;
      spec.backend_provider = provider.name;
      settings_of(entry);
      return;
    }
    // Where the provider itself is wrong, that was said.
    if (spec.providers.empty()) return;
    auto& d = diagnostics_.add(Code::LF0201, entry.key.span(), "`" + word + "` is no backend here");
    const std::string near = nearest(word, words);
    if (!near.empty())
      d.fixes.push_back({"did you mean `" + near + "`?", entry.key.span(), near, false});
    else
      d.help.push_back("there are: " + join(words, ", "));
  }

  void settings_of(const Node::Entry& entry) {
    if (!entry.value.is_map()) {
      auto& d = diagnostics_.add(Code::LF0203, entry.value.span(),
                                 "`" + out_.spec.backend + "` is a map of its settings");
      d.help.push_back(state_store_->doc);
      return;
    }
    std::vector<std::string> known;
    for (const Property& setting : state_store_->settings) {
      known.push_back(setting.name);
      if (setting.required && !entry.value.find(setting.name))
        diagnostics_
            .add(Code::LF0202, entry.key.span(),
                 "the backend `" + out_.spec.backend + "` needs `" + setting.name + "`")
            .help.push_back(setting.name + ": " + setting.doc);
    }
    only_keys(entry.value, known, "the backend `" + out_.spec.backend + "`", diagnostics_);
    for (size_t i = 0; i < entry.value.size(); ++i) {
      const Node::Entry one = entry.value.entry(i);
      out_.spec.backend_settings.emplace_back(std::string(one.key.text()),
                                              parse_tree(one.value, diagnostics_));
    }
  }

  void providers(const Node& root) {
    Spec& spec = out_.spec;
    auto known = [&](const Node& node, const std::string& kind) {
      if (packages_.find(kind) != nullptr) return true;
      auto& d = diagnostics_.add(Code::LF0207, node.span(), "`" + kind + "` is no provider");
      const std::string near = nearest(kind, packages_.names());
      if (!near.empty())
        d.fixes.push_back({"did you mean `" + near + "`?", node.span(), near, false});
      else
        d.help.push_back("there are: " + join(packages_.names(), ", "));
      return false;
    };
    const Node provider = root.find("provider");
    if (provider && !provider.is_null()) {
      spec.provider = text(provider, "provider");
      spec.provider_span = provider.span();
    }
    const Node many = root.find("providers");
    if (!spec.provider.empty()) {
      const bool named = many && many.is_map() && many.find(spec.provider);
      if (!named && known(provider, spec.provider)) {
        spec.providers.push_back({spec.provider, spec.provider, spec.region, "", provider.span()});
      }
    }
    if (many && !many.is_map() && !many.is_null()) {
      diagnostics_.add(Code::LF0203, many.span(), "`providers` is a map of names");
    }
    if (many && many.is_map()) {
      for (size_t i = 0; i < many.size(); ++i) {
        const Node::Entry entry = many.entry(i);
        ProviderDecl decl;
        decl.name = std::string(entry.key.text());
        decl.span = entry.key.span();
        if (!entry.value.is_map()) {
          diagnostics_.add(Code::LF0203, entry.value.span(),
                           "provider `" + decl.name + "` is a map: `{kind: …, region: …}`");
          continue;
        }
        only_keys(entry.value, word_names(SpecPart::provider), "a provider", diagnostics_);
        const Node kind = entry.value.find("kind");
        if (!kind) {
          diagnostics_.add(Code::LF0202, entry.key.span(),
                           "provider `" + decl.name + "` has no `kind`");
          continue;
        }
        decl.kind = text(kind, "kind");
        if (!known(kind, decl.kind)) continue;
        decl.region = spec.region;
        if (const Node region = entry.value.find("region")) decl.region = text(region, "region");
        if (const Node site = entry.value.find("site")) decl.site = text(site, "site");
        if (const Node chosen = entry.value.find("credentials"))
          read_credentials(chosen, packages_.find(decl.kind)->info(), decl, diagnostics_);
        spec.providers.push_back(std::move(decl));
      }
    }
    if (spec.providers.empty() && spec.provider.empty() && (!many || many.is_null())) {
      const Span at{root.span().source, root.span().begin, root.span().begin};
      auto& d = diagnostics_.add(Code::LF0202, at, "the spec has no `provider`");
      d.help.push_back("add one of: provider: " + join(packages_.names(), " | "));
    }
    // `provider` may name one of `providers`: the stack's own comes first.
    const auto own = std::find_if(spec.providers.begin(), spec.providers.end(),
                                  [&](const ProviderDecl& p) { return p.name == spec.provider; });
    if (own != spec.providers.end()) std::rotate(spec.providers.begin(), own, own + 1);
    if (!spec.providers.empty()) spec.provider = spec.providers.front().kind;
  }

  void blocks(const Node& root, const std::vector<std::string>& taken) {
    Spec& spec = out_.spec;
    for (size_t i = 0; i < root.size(); ++i) {
      const Node::Entry entry = root.entry(i);
      const std::string name(entry.key.text());
      if (std::find(taken.begin(), taken.end(), name) != taken.end()) continue;
      if (entry.value.is_poisoned()) continue;
      const size_t before = diagnostics_.error_count();
      const Module* module = spec.provider.empty() ? nullptr : modules_.block(spec.provider, name);
      if (module == nullptr) {
        if (diagnostics_.error_count() == before) unknown_block(entry.key, name, taken);
        continue;
      }
      if (!module->keyed) {
        spec.root.calls.push_back(
            parse_call(entry.key, entry.value, name, *module, packages_, modules_, diagnostics_));
        continue;
      }
      if (entry.value.is_null()) continue;
      if (!entry.value.is_map()) {
        diagnostics_
            .add(Code::LF0203, entry.value.span(),
                 "`" + name + "` is a map of names, each with its keys")
            .help.push_back("write `" + name + ": {NAME: {…}}`; the keys: llmforge explain " +
                            name);
        continue;
      }
      for (size_t j = 0; j < entry.value.size(); ++j) {
        const Node::Entry one = entry.value.entry(j);
        spec.root.calls.push_back(
            parse_call(one.key, one.value, name, *module, packages_, modules_, diagnostics_));
      }
    }
  }

  void unknown_block(const Node& key, const std::string& name,
                     const std::vector<std::string>& taken) {
    const auto elsewhere = modules_.packages_with(name);
    if (!elsewhere.empty()) {
      auto& d = diagnostics_.add(Code::LF0206, key.span(),
                                 "`" + name + "` is not available on " + out_.spec.provider);
      d.help.push_back("it is on: " + join(elsewhere, ", "));
      return;
    }
    std::vector<std::string> known = taken;
    for (auto& block : modules_.block_names()) known.push_back(std::move(block));
    auto& d = diagnostics_.add(Code::LF0201, key.span(), "`" + name + "` is no key of a spec");
    const std::string near = nearest(name, known);
    if (!near.empty())
      d.fixes.push_back({"did you mean `" + near + "`?", key.span(), near, false});
    else
      d.help.push_back("blocks here: " + join(modules_.block_names(), ", "));
  }

  // One value given as text: YAML's own reading of it, so that `true`, `3` and `[a, b]` mean what
  // they mean in the spec; a string variable takes the text as it is.
  Value typed_text(const InputDecl& decl, const std::string& text_value) {
    const Type& type = decl.type.kind() == Type::Kind::secret ? decl.type.element() : decl.type;
    if (type.kind() == Type::Kind::string || type.kind() == Type::Kind::enumeration)
      return Value(text_value);
    const SourceId source = sources_.add("variable " + decl.name, text_value);
    Diagnostics problems;
    const Node node = read_yaml(tree_, source, problems);
    if (problems.has_errors() || !node) return Value(text_value);
    return node.to_value();
  }

  void set(const InputDecl& decl, Value value, const std::string& where, Span span) {
    auto converted = convert(value, decl.type, true);
    if (!converted) {
      auto& d = diagnostics_.add(
          Code::LF0209, span.valid() ? span : decl.span,
          "variable `" + decl.name + "` " + (where.empty() ? "" : "from " + where + " ") +
              "does not fit: " + (decl.secret ? "wrong type" : converted.error().message));
      if (!converted.error().suggestion.empty() && !decl.secret) {
        d.help.push_back("it is written like `" + converted.error().suggestion + "`");
      }
      out_.variables[decl.name] = Value::error("\x01poisoned");
      return;
    }
    Value final_value = std::move(*converted);
    if (decl.check && !final_value.is_unset()) check(decl, final_value, where, span);
    if (decl.secret && !final_value.is_unset()) final_value = Value::secret(std::move(final_value));
    out_.variables[decl.name] = std::move(final_value);
  }

  void check(const InputDecl& decl, const Value& value, const std::string& where, Span span) {
    struct This : cel::Activation {
      Value value;
      std::optional<Value> lookup(std::string_view name) const override {
        return name == "this" ? std::optional<Value>(value) : std::nullopt;
      }
    } scope;
    scope.value = value;
    const Value ok = cel::evaluate(*decl.check, scope);
    if (ok.is_bool() && ok.as_bool()) return;
    const bool shown = !decl.secret && !contains_secret(value);
    auto& d = diagnostics_.add(
        Code::LF0209, span.valid() ? span : decl.span,
        "variable `" + decl.name + "` " + (where.empty() ? "" : "from " + where + " ") +
            (shown ? "is `" + to_text(value) + "`, which is refused: " : "is refused: ") +
            (decl.message.empty() ? "its check does not hold" : decl.message));
    if (!decl.doc.empty()) d.help.push_back(decl.name + ": " + decl.doc);
  }

  void variables() {
    const Module& root = out_.spec.root;
    std::map<std::string, std::pair<Value, std::string>> given;  // value, where
    std::map<std::string, Span> spans;
    auto unknown = [&](const std::string& name, const std::string& where, Span span) {
      std::vector<std::string> names;
      for (const auto& decl : root.inputs) names.push_back(decl.name);
      auto& d = diagnostics_.add(Code::LF0210, span,
                                 "the spec has no variable `" + name + "` (" + where + ")");
      const std::string near = nearest(name, names);
      if (!near.empty())
        d.help.push_back("did you mean `" + near + "`?");
      else if (!names.empty())
        d.help.push_back("it has: " + join(names, ", "));
    };
    for (const auto& [key, value] : options_.environment_variables) {
      if (!key.starts_with("LLMFORGE_VAR_")) continue;
      const InputDecl* decl = root.input(key.substr(13));
      if (decl != nullptr) given[decl->name] = {typed_text(*decl, value), key};
    }
    for (const auto& path : options_.variable_files) {
      auto source = read_source(files_, path, sources_, diagnostics_);
      if (!source) continue;
      const Node node = read_yaml(tree_, *source, diagnostics_);
      if (!node.is_map()) continue;
      for (size_t i = 0; i < node.size(); ++i) {
        const Node::Entry entry = node.entry(i);
        const std::string name(entry.key.text());
        if (root.input(name) == nullptr) {
          unknown(name, path, entry.key.span());
          continue;
        }
        given[name] = {entry.value.to_value(), path};
        spans[name] = entry.value.span();
      }
    }
    for (const auto& [name, value] : options_.variables) {
      const InputDecl* decl = root.input(name);
      if (decl == nullptr) {
        unknown(name, "--var", Span{});
        continue;
      }
      given[name] = {typed_text(*decl, value), "--var"};
      spans.erase(name);
    }
    for (const auto& decl : root.inputs) {
      out_.secret_variables[decl.name] = decl.secret;
      const auto found = given.find(decl.name);
      if (found != given.end()) {
        const auto span = spans.find(decl.name);
        set(decl, found->second.first, found->second.second,
            span == spans.end() ? Span{} : span->second);
      } else if (decl.default_value) {
        set(decl,
            decl.default_value->kind == Tree::Kind::constant ? decl.default_value->constant
                                                             : plain(*decl.default_value),
            "", decl.default_value->span);
      } else if (!decl.required) {
        out_.variables[decl.name] = Value();
      } else {
        auto& d = diagnostics_.add(Code::LF0208, decl.span,
                                   "variable `" + decl.name + "` has no value", decl.doc);
        d.help.push_back("give it: --var " + decl.name + "=…, or LLMFORGE_VAR_" + decl.name +
                         "=…, or a --var-file");
        out_.variables[decl.name] = Value::error("\x01poisoned");
      }
    }
  }

  static Value plain(const Tree& tree) {
    struct Nothing : cel::Activation {
      std::optional<Value> lookup(std::string_view) const override { return std::nullopt; }
    } scope;
    std::vector<TreeError> errors;
    return evaluate(tree, scope, errors);
  }

  FileSystem& files_;
  Sources& sources_;
  Packages& packages_;
  ModuleStore& modules_;
  const LoadOptions& options_;
  Diagnostics& diagnostics_;
  SyntaxTree tree_;
  const StateStore* state_store_ = nullptr;  // of `backend`
  LoadedSpec out_;
};

}  // namespace

LoadedSpec load_spec(FileSystem& files, Sources& sources, Packages& packages, ModuleStore& modules,
                     const LoadOptions& options, Diagnostics& diagnostics) {
  return Loader(files, sources, packages, modules, options, diagnostics).run();
}

bool is_spec_text(std::string_view text) {
  return text.starts_with("stack:") || text.find("\nstack:") != std::string_view::npos;
}

Result<std::string> find_spec(FileSystem& files, const std::string& given) {
  if (!given.empty()) return given;
  const auto preferred = files.stat("llmforge.yaml");
  if (preferred && preferred->exists) return std::string("llmforge.yaml");
  auto names = files.list(".");
  if (!names) return fail(names.error());
  std::vector<std::string> found;
  for (const auto& name : *names) {
    if (!name.ends_with(".yaml") && !name.ends_with(".yml")) continue;
    auto text = files.read(name);
    if (text && is_spec_text(*text)) {
      found.push_back(name);
    }
  }
  if (found.size() == 1) return found.front();
  Error error(found.empty() ? ErrorCode::not_found : ErrorCode::invalid,
              found.empty() ? "there is no spec here: no llmforge.yaml and no *.yaml with `stack:`"
                            : "several specs are here: " + join(found, ", "));
  error.help.push_back(found.empty() ? "begin with: llmforge init" : "name the one you mean");
  return fail(std::move(error));
}

}  // namespace lf

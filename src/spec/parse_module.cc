// SPDX-License-Identifier: Apache-2.0
// The parts that every module has: inputs, locals, data, resources, outputs, files, calls.
#include <algorithm>
#include <array>

#include "base/assert.h"
#include "base/strings.h"
#include "base/units.h"
#include "lang/convert.h"
#include "spec/load.h"
#include "spec/read_node.h"
#include "spec/teach.h"
#include "spec/words.h"

namespace lf {

namespace {

// Words of CEL's grammar and reserved ones: they cannot be names in expressions.
bool reserved(std::string_view name) {
  static constexpr std::array<std::string_view, 24> kWords = {
      "true",      "false",  "null",     "in",   "as",     "break",  "const", "continue",
      "else",      "for",    "function", "if",   "import", "let",    "loop",  "package",
      "namespace", "return", "var",      "void", "while",  "secret", "self",  "each"};
  return std::find(kWords.begin(), kWords.end(), name) != kWords.end();
}

bool is_name(std::string_view text) {
  return !text.empty() && (std::isalpha(static_cast<unsigned char>(text[0])) || text[0] == '_') &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
         });
}

class ModuleParser {
 public:
  ModuleParser(Module& out, Packages& packages, ModuleStore& modules, std::string package,
               Diagnostics& diagnostics)
      : out_(out),
        packages_(packages),
        modules_(modules),
        package_(std::move(package)),
        diagnostics_(diagnostics) {}

  void run(const Node& root, const std::vector<std::string>& taken) {
    auto part = [&](const char* key, auto&& parse) {
      LF_ASSERT(std::find(taken.begin(), taken.end(), key) != taken.end());  // words.cc has it
      const Node node = root.find(key);
      if (!node || node.is_null() || node.is_poisoned()) return;
      if (!node.is_map()) {
        diagnostics_.add(Code::LF0203, node.span(),
                         "`" + std::string(key) + "` must be a map of names");
        return;
      }
      for (size_t i = 0; i < node.size(); ++i) {
        const Node::Entry entry = node.entry(i);
        if (!entry.value.is_poisoned()) parse(entry.key, entry.value);
      }
    };
    const char* inputs = out_.kind == ModuleKind::root ? "variables" : "inputs";
    part(inputs, [&](const Node& k, const Node& v) { input(k, v); });
    if (out_.kind != ModuleKind::root)
      part("requires", [&](const Node& k, const Node& v) { requirement(k, v); });
    part("locals", [&](const Node& k, const Node& v) { local(k, v); });
    part("data", [&](const Node& k, const Node& v) { data(k, v); });
    part("resources", [&](const Node& k, const Node& v) { resource(k, v); });
    part("modules", [&](const Node& k, const Node& v) { module_call(k, v); });
    part("files", [&](const Node& k, const Node& v) { file(k, v); });
    part("outputs", [&](const Node& k, const Node& v) { output(k, v); });
  }

  Lifecycle lifecycle(const Node& node, bool whole) {
    Lifecycle out;
    auto tree = [&](const char* key) -> std::optional<Tree> {
      const Node value = node.find(key);
      if (!value || value.is_null()) return std::nullopt;
      return parse_tree(value, diagnostics_);
    };
    out.when = tree("when");
    out.for_each = tree("for_each");
    out.protect = tree("protect");
    out.retain = tree("retain");
    out.replace_on = tree("replace_on");
    out.adopt = tree("adopt");
    out.create_before_delete = flag(node, "create_before_delete");
    out.ignore_changes = tree("ignore_changes");
    out.moved_from = texts(node, "moved_from");
    if (whole) {
      out.run = tree("run");
      out.run_result = tree("run_result");
      out.shared = flag(node, "shared");
      out.alternatives = tree("alternatives");
      if (const Node restart = node.find("restart")) {
        if (restart.text() == "on_interruption")
          out.restart_on_interruption = true;
        else
          diagnostics_.add(Code::LF0203, restart.span(), "`restart` can only be `on_interruption`")
              .help.emplace_back("without the word, a run that was cut off is not started again");
      }
    }
    timeouts(node, out);
    if (const Node provider = node.find("provider")) {
      out.provider = text_of(provider, "provider");
      const bool expression = cel::Interpolation::has_expression(out.provider);
      if (expression)
        diagnostics_.add(Code::LF0203, provider.span(), "`provider` names one of `providers:`");
    }
    depends_on(node, out);
    return out;
  }

 private:
  std::string text_of(const Node& node, const char* what) {
    if (auto text = node.as_text()) return std::string(*text);
    diagnostics_.add(Code::LF0203, node.span(), "`" + std::string(what) + "` must be text");
    return "";
  }

  bool flag(const Node& node, const char* key) {
    const Node value = node.find(key);
    if (!value || value.is_null()) return false;
    if (auto b = value.as_bool()) return *b;
    auto& d = diagnostics_.add(Code::LF0204, value.span(),
                               "`" + std::string(key) + "` must be true or false");
    if (value.is_scalar())
      d.help.push_back("YAML 1.2 knows `true` and `false` only; `yes`, `no`, `on`, `off` are text");
    return false;
  }

  std::vector<std::string> texts(const Node& node, const char* key) {
    std::vector<std::string> out;
    const Node value = node.find(key);
    if (!value || value.is_null()) return out;
    if (auto one = value.as_text()) return {std::string(*one)};
    if (!value.is_list()) {
      diagnostics_.add(Code::LF0203, value.span(),
                       "`" + std::string(key) + "` must be a list of names");
      return out;
    }
    for (size_t i = 0; i < value.size(); ++i) out.push_back(text_of(value.item(i), key));
    return out;
  }

  void timeouts(const Node& node, Lifecycle& out) {
    const Node value = node.find("timeouts");
    if (!value || value.is_null()) return;
    if (!value.is_map()) {
      diagnostics_.add(Code::LF0203, value.span(), "`timeouts` must be a map: `{create: 10m}`");
      return;
    }
    only_keys(value, word_names(SpecPart::timeouts), "`timeouts`", diagnostics_);
    for (size_t i = 0; i < value.size(); ++i) {
      const Node::Entry entry = value.entry(i);
      const auto text = entry.value.as_text();
      const auto duration = text ? parse_duration(*text) : std::nullopt;
      if (duration)
        out.timeouts[std::string(entry.key.text())] = *duration;
      else
        diagnostics_.add(Code::LF0204, entry.value.span(), "a timeout is a duration such as `10m`");
    }
  }

  void depends_on(const Node& node, Lifecycle& out) {
    const Node value = node.find("depends_on");
    if (!value || value.is_null()) return;
    const Tree tree = parse_tree(value, diagnostics_);
    auto add = [&](const Tree& one) {
      bool found = false;
      for_each_expression(one, [&](const cel::Expression& expression) {
        for (const auto& reference : expression.references()) {
          out.depends_on.push_back(reference);
          out.depends_on_spans.push_back(one.span);
          found = true;
        }
      });
      if (!found && one.kind == Tree::Kind::constant && one.constant.is_string()) {
        // A bare `network` or `resources.key` is taken as the reference that it looks like.
        Diagnostics none;
        auto expression = cel::Expression::parse(one.constant.as_string(),
                                                 TextMap(one.span.source, one.span.begin), none);
        if (expression && expression->references().size() == 1) {
          out.depends_on.push_back(expression->references().front());
          out.depends_on_spans.push_back(one.span);
          found = true;
        }
      }
      if (!found && !one.constant.is_error()) {
        diagnostics_.add(Code::LF0203, one.span,
                         "`depends_on` lists references such as `${network}`");
      }
    };
    if (tree.kind == Tree::Kind::list) {
      for (const auto& item : tree.items) add(item);
    } else {
      add(tree);
    }
  }

  void name_check(const Node& key, const char* what) {
    const std::string name(key.text());
    if (is_name(name) && !reserved(name)) return;
    const bool word = reserved(name);
    auto& d = diagnostics_.add(
        Code::LF0212, key.span(),
        word ? "`" + name + "` is a word of the expression language and cannot name " + what
             : "`" + name + "` cannot name " + what +
                   ": letters, digits and `_` only, no digit first");
    std::string better = name;
    for (char& c : better) {
      if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
    }
    if (word || better.empty() || std::isdigit(static_cast<unsigned char>(better[0])) != 0)
      better = word ? better + "_" : "_" + better;
    d.help.push_back("for instance `" + better + "`");
  }

  void input(const Node& key, const Node& value) {
    name_check(key, out_.kind == ModuleKind::root ? "a variable" : "an input");
    InputDecl decl;
    decl.name = std::string(key.text());
    decl.span = key.span();
    if (out_.kind != ModuleKind::root && hides_a_root(decl.name, out_.kind)) {
      auto& d = diagnostics_.add(
          Code::LF0212, key.span(),
          "`" + decl.name + "` means something else in a module's expressions already");
      d.help.push_back("give the input another name, such as `" + decl.name +
                       (decl.name.ends_with('s') ? "_given`" : "_name`"));
    }
    if (!value.is_map()) {
      diagnostics_.add(Code::LF0203, value.span(),
                       "`" + decl.name + "` is declared by a map: `{type: string, default: …}`");
      out_.inputs.push_back(std::move(decl));
      return;
    }
    const bool variable = out_.kind == ModuleKind::root;
    only_keys(value, word_names(variable ? SpecPart::variable : SpecPart::input),
              variable ? "a variable" : "an input", diagnostics_);
    const Node type = value.find("type");
    if (!type) {
      diagnostics_.add(Code::LF0202, key.span(), "`" + decl.name + "` has no `type`");
    } else {
      std::string error;
      std::string text(type.text());
      if (const Node values = value.find("values"); values && text == "enum") {
        decl.one_of = texts(value, "values");
        decl.type = Type::enumeration(decl.one_of);
      } else if (auto parsed = Type::parse(text, &error)) {
        decl.type = *parsed;
      } else {
        diagnostics_.add(Code::LF0203, type.span(),
                         "`" + text + "` is no type" + (error.empty() ? "" : ": " + error));
      }
    }
    if (decl.type.kind() == Type::Kind::secret) decl.secret = true;
    decl.secret = decl.secret || flag(value, "secret");
    if (const Node doc = value.find("doc")) decl.doc = text_of(doc, "doc");
    const Node preset = value.find("default");
    if (preset &&
        !(preset.is_null() && preset.text().empty() && preset.span().begin == preset.span().end)) {
      decl.default_value = parse_tree(preset, diagnostics_);
      if (out_.kind == ModuleKind::root && !decl.default_value->is_static()) {
        diagnostics_.add(Code::LF0203, preset.span(),
                         "a variable's default is a plain value; use `locals` for expressions");
      }
    } else if (preset) {
      decl.default_value = Tree();
    }
    decl.required = value.find("required") ? flag(value, "required") : !decl.default_value;
    if (const Node check = value.find("check")) {
      const std::string text(check.text());
      const bool wrapped = cel::Interpolation::has_expression(text);
      decl.check = cel::Interpolation::parse(
          wrapped ? text : "${" + text + "}",
          wrapped
              ? check.text_map()
              : TextMap(check.span().source, check.span().begin >= 2 ? check.span().begin - 2 : 0),
          diagnostics_);
    }
    if (const Node message = value.find("message")) decl.message = text_of(message, "message");
    out_.inputs.push_back(std::move(decl));
  }

  void local(const Node& key, const Node& value) {
    name_check(key, "a local");
    out_.locals.push_back({std::string(key.text()), key.span(), parse_tree(value, diagnostics_)});
  }

  void data(const Node& key, const Node& value) {
    DataDecl decl;
    decl.key = std::string(key.text());
    decl.span = key.span();
    if (!value.is_map() || !value.find("type")) {
      diagnostics_.add(Code::LF0202, key.span(), "look-up `" + decl.key + "` has no `type`");
      return;
    }
    const Node type_node = value.find("type");
    decl.type = text_of(type_node, "type");
    decl.type_span = type_node.span();
    const DataType* type = packages_.data(decl.type);
    if (type == nullptr) {
      std::vector<std::string> names;
      for (const auto& p : packages_.names()) {
        for (auto& n : packages_.find(p)->data_names()) names.push_back(std::move(n));
      }
      unknown_type(type_node, decl.type, names, "look-up");
      return;
    }
    if (type->effect) {
      diagnostics_.add(Code::LF0205, type_node.span(),
                       "`" + decl.type + "` is no look-up: it changes something");
      return;
    }
    std::vector<std::string> known = word_names(SpecPart::look_up);
    for (const auto& property : type->inputs) known.push_back(property.name);
    only_keys(value, known, "`" + decl.type + "`", diagnostics_);
    for (size_t i = 0; i < value.size(); ++i) {
      const Node::Entry entry = value.entry(i);
      const std::string name(entry.key.text());
      if (name == "type") continue;
      Tree tree = parse_tree(entry.value, diagnostics_);
      if (name == "when")
        decl.when = std::move(tree);
      else
        decl.inputs.push_back({name, entry.key.span(), std::move(tree)});
    }
    for (const auto& property : type->inputs) {
      if (property.required && !value.find(property.name)) {
        missing(key.span(), decl.key, property.name, property.type, property.doc);
      }
    }
    out_.data.push_back(std::move(decl));
  }

  void missing(Span span, const std::string& of, const std::string& name, const Type& type,
               const std::string& doc) {
    report_missing(span, of, name, type, doc, diagnostics_);
  }
  void unknown_type(const Node& node, const std::string& type,
                    const std::vector<std::string>& names, const char* what) {
    report_unknown_type(node.span(), type, names, what, packages_, diagnostics_);
  }

  void resource(const Node& key, const Node& value) {
    ResourceDecl decl;
    decl.key = std::string(key.text());
    decl.span = key.span();
    if (decl.key.empty() || decl.key.find('"') != std::string::npos) {
      diagnostics_.add(Code::LF0212, key.span(),
                       "a resource's key may be neither empty nor hold a quote");
      return;
    }
    if (!value.is_map()) {
      diagnostics_.add(Code::LF0203, value.span().valid() ? value.span() : key.span(),
                       "resource `" + decl.key + "` must be a map with a `type`");
      return;
    }
    const Node type_node = value.find("type");
    if (!type_node) {
      diagnostics_.add(Code::LF0202, key.span(), "resource `" + decl.key + "` has no `type`");
      return;
    }
    decl.type = text_of(type_node, "type");
    decl.type_span = type_node.span();
    const size_t before = diagnostics_.error_count();
    const ResourceType* type = packages_.resource(decl.type);
    if (type == nullptr) {
      if (diagnostics_.error_count() == before) {
        std::vector<std::string> names;
        for (const auto& p : packages_.names()) {
          for (auto& n : packages_.find(p)->resource_names()) names.push_back(std::move(n));
        }
        unknown_type(type_node, decl.type, names, "resource");
      }
      return;
    }
    decl.lifecycle = lifecycle(value, true);
    for (const auto& [span, name] : written_texts(decl.lifecycle.ignore_changes))
      ignored_property(span, name, name, *type);
    static const std::vector<std::string> kWords = word_names(SpecPart::resource);
    bool too_many = false;
    for (size_t i = 0; i < value.size(); ++i) {
      const Node::Entry entry = value.entry(i);
      const std::string name(entry.key.text());
      if (std::find(kWords.begin(), kWords.end(), name) != kWords.end()) continue;
      const Property* property = type->property(name);
      if (property == nullptr || property->computed) {
        if (too_many) continue;
        unknown_property(entry.key, name, *type, property != nullptr, kWords);
        continue;
      }
      decl.properties.push_back({name, entry.key.span(), parse_tree(entry.value, diagnostics_)});
      check_fields(*property, entry.value);
    }
    for (const auto& property : type->properties) {
      const bool given = value.find(property.name) && !value.find(property.name).is_null();
      if (!property.required || given || property.unique_name) continue;
      missing(key.span(), decl.key, property.name, property.type, property.doc);
    }
    out_.resources.push_back(std::move(decl));
  }

  void unknown_property(const Node& key, const std::string& name, const ResourceType& type,
                        bool computed, const std::vector<std::string>& words) {
    if (computed) {
      diagnostics_.add(Code::LF0201, key.span(),
                       "`" + name + "` of `" + type.name + "` is set by the cloud",
                       "may be read, not written");
      return;
    }
    std::vector<std::string> known(words);
    for (const auto& property : type.properties) {
      if (!property.computed) known.push_back(property.name);
    }
    auto& d = diagnostics_.add(Code::LF0201, key.span(),
                               "`" + name + "` is no property of `" + type.name + "`");
    const std::string near = nearest(name, known);
    if (!near.empty())
      d.fixes.push_back({"did you mean `" + near + "`?", key.span(), near, false});
    else
      d.help.push_back("its properties: llmforge explain " + type.name);
  }

  // Unknown keys inside objects, where the object is written out.
  void check_fields(const Property& property, const Node& value) {
    if (property.fields.empty()) return;
    if (value.is_list()) {
      for (size_t i = 0; i < value.size(); ++i) check_object(property, value.item(i));
    } else if (value.is_map() && property.type.kind() == Type::Kind::map) {
      for (size_t i = 0; i < value.size(); ++i) check_object(property, value.entry(i).value);
    } else {
      check_object(property, value);
    }
  }

  void check_object(const Property& property, const Node& value) {
    if (!value.is_map()) return;
    std::vector<std::string> known;
    for (const auto& field : property.fields) {
      if (!field.computed) known.push_back(field.name);
    }
    for (size_t i = 0; i < value.size(); ++i) {
      const Node::Entry entry = value.entry(i);
      const std::string name(entry.key.text());
      const Property* field = property.field(name);
      if (field != nullptr && !field->computed) {
        check_fields(*field, entry.value);
        continue;
      }
      auto& d = diagnostics_.add(Code::LF0201, entry.key.span(),
                                 "`" + name + "` is no field of `" + property.name + "`");
      const std::string near = nearest(name, known);
      if (!near.empty())
        d.fixes.push_back({"did you mean `" + near + "`?", entry.key.span(), near, false});
      else
        d.help.push_back("its fields: " + join(known, ", "));
    }
    for (const auto& field : property.fields) {
      if (field.required && !value.find(field.name)) {
        missing(value.span(), property.name, field.name, field.type, field.doc);
      }
    }
  }

  // Where the file of a use is: beside this one, or in a repository that was fetched.
  std::optional<std::string> module_path(const Node& use) {
    if (!use.is_map()) {
      std::string path = text_of(use, "use");
      if (!path.starts_with('/') && !out_.folder.empty()) path = out_.folder + "/" + path;
      return path;
    }
    only_keys(use, {"git", "ref", "path"}, "a module's `use`", diagnostics_);
    std::map<std::string, std::string> parts;
    for (const char* word : {"git", "ref", "path"}) {
      const Node part = use.find(word);
      const auto text = part ? part.as_text() : std::nullopt;
      if (!text || text->empty()) {
        auto& d = diagnostics_.add(Code::LF0202, part ? part.span() : use.span(),
                                   "`use` needs `" + std::string(word) + "`");
        d.help.push_back(
            "write use: {git: https://…/modules.git, ref: v1.2.0, path: db.yaml}; the ref in "
            "quotes where it looks like a number");
        return std::nullopt;
      }
      parts[word] = std::string(*text);
      const bool outside = parts[word].starts_with('-') ||
                           (std::string_view(word) == "path" &&
                            (parts[word].starts_with('/') ||
                             ("/" + parts[word] + "/").find("/../") != std::string::npos));
      if (!outside) continue;
      diagnostics_.add(Code::LF0203, part.span(),
                       "`" + parts[word] + "` is no " +
                           (std::string_view(word) == "path"  ? "path inside of a repository"
                            : std::string_view(word) == "ref" ? "tag, branch or commit"
                                                              : "address of a repository"));
      return std::nullopt;
    }
    const std::string* folder = modules_.fetched({parts["git"], parts["ref"]}, use.span());
    if (folder == nullptr) return std::nullopt;
    return *folder + "/" + parts["path"];
  }

  void module_call(const Node& key, const Node& value) {
    if (!value.is_map() || !value.find("use")) {
      diagnostics_.add(Code::LF0202, key.span(),
                       "module `" + std::string(key.text()) + "` needs `use: ./path.yaml`");
      return;
    }
    only_keys(value, word_names(SpecPart::module_use), "a module's use", diagnostics_);
    const std::optional<std::string> found = module_path(value.find("use"));
    if (!found) return;
    const std::string& path = *found;
    const Module* module = modules_.user(path);
    if (module == nullptr) return;
    const Node with = value.find("with");
    static const Module kEmpty;
    ModuleCall call;
    call.block = "modules";
    call.key = std::string(key.text());
    call.source = path;
    call.span = call.key_span = key.span();
    call.lifecycle = lifecycle(value, false);
    words_of_parts(call, *module);
    if (with && with.is_map())
      inputs_of(key, with, *module, call, {});
    else
      check_required(key, *module, call);
    out_.calls.push_back(std::move(call));
  }

 public:
  void inputs_of(const Node& key, const Node& body, const Module& module, ModuleCall& call,
                 const std::vector<std::string>& words) {
    std::vector<std::string> known(words);
    for (const auto& one : module.inputs) known.push_back(one.name);
    for (size_t i = 0; i < body.size(); ++i) {
      const Node::Entry entry = body.entry(i);
      const std::string name(entry.key.text());
      if (std::find(words.begin(), words.end(), name) != words.end()) continue;
      if (module.input(name) == nullptr) {
        auto& d = diagnostics_.add(Code::LF0201, entry.key.span(),
                                   "`" + name + "` is no key of `" + module.name + "`");
        const std::string near = nearest(name, known);
        if (!near.empty())
          d.fixes.push_back({"did you mean `" + near + "`?", entry.key.span(), near, false});
        else
          d.help.push_back("its keys: " + join(known, ", "));
        continue;
      }
      call.inputs.push_back({name, entry.key.span(), parse_tree(entry.value, diagnostics_)});
    }
    check_required(key, module, call);
  }

  // The texts of a text or a list that are no expressions, with their places.
  static std::vector<std::pair<Span, std::string>> written_texts(const std::optional<Tree>& tree) {
    std::vector<std::pair<Span, std::string>> out;
    if (!tree) return out;
    const auto add = [&out](const Tree& one, const Value& value) {
      if (value.is_string()) out.emplace_back(one.span, value.as_string());
    };
    for (const auto& item : tree->items) {
      if (item.kind == Tree::Kind::constant) add(item, item.constant);
    }
    if (tree->kind != Tree::Kind::constant) return out;
    if (tree->constant.is_list()) {
      for (const auto& one : tree->constant.as_list()) add(*tree, one);
    } else {
      add(*tree, tree->constant);
    }
    return out;
  }

  // `written`: all that stands there, of which `name` is the property's part.
  void ignored_property(Span span, const std::string& written, const std::string& name,
                        const ResourceType& type) {
    std::vector<std::string> known;
    for (const auto& property : type.properties) {
      if (property.computed) continue;
      if (property.name == name) return;
      known.push_back(property.name);
    }
    auto& d =
        diagnostics_.add(Code::LF0201, span, "`" + name + "` is no property of `" + type.name + "`",
                         "nothing would be ignored");
    const std::string near = nearest(name, known);
    if (near.empty()) {
      d.help.push_back("its properties: llmforge explain " + type.name);
      return;
    }
    const std::string whole = written.substr(0, written.size() - name.size()) + near;
    d.fixes.push_back({"did you mean `" + near + "`?", span, whole, false});
  }

  // `ignore_changes` on a block or module names a resource of it and a property: `instance.image`.
  void ignored_in(const ModuleCall& call, const Module& module) {
    for (const auto& [span, path] : written_texts(call.lifecycle.ignore_changes)) {
      const size_t dot = path.find('.');
      const std::string key = path.substr(0, dot);
      std::vector<std::string> keys;
      const ResourceDecl* decl = nullptr;
      for (const auto& one : module.resources) {
        keys.push_back(one.key);
        if (one.key == key) decl = &one;
      }
      if (decl != nullptr && dot != std::string::npos) {
        const ResourceType* type = packages_.resource(decl->type);
        if (type != nullptr) ignored_property(span, path, path.substr(dot + 1), *type);
        continue;
      }
      if (decl != nullptr) {
        diagnostics_
            .add(Code::LF0201, span,
                 "`" + path + "` names a resource of `" + module.name +
                     "`, "
                     "but no property of it")
            .help.push_back("write `" + path + ".PROPERTY`");
        continue;
      }
      auto& d = diagnostics_.add(Code::LF0201, span,
                                 "`" + key + "` is no resource of `" + module.name + "`");
      const std::string near = nearest(key, keys);
      if (!near.empty())
        d.fixes.push_back({"did you mean `" + near + "`?", span,
                           near + (dot == std::string::npos ? "" : path.substr(dot)), false});
      else
        d.help.push_back("write RESOURCE.PROPERTY; its resources: " + join(keys, ", "));
    }
  }

  // `adopt` of a block says which of its resources is meant, unless it has but one that is
  // always there.
  void words_of_parts(const ModuleCall& call, const Module& module) {
    ignored_in(call, module);
    if (!call.lifecycle.adopt) return;
    const Tree& adopt = *call.lifecycle.adopt;
    std::vector<std::string> keys;
    size_t always = 0;  // resources that are there whatever the inputs say
    for (const auto& decl : module.resources) {
      keys.push_back(decl.key);
      always += decl.lifecycle.when || decl.lifecycle.for_each ? 0 : 1;
    }
    if (adopt.kind == Tree::Kind::map) {
      for (const auto& entry : adopt.entries) {
        if (std::find(keys.begin(), keys.end(), entry.key) != keys.end()) continue;
        auto& d = diagnostics_.add(Code::LF0201, entry.key_span,
                                   "`" + entry.key + "` is no resource of `" + module.name + "`");
        const std::string near = nearest(entry.key, keys);
        if (!near.empty())
          d.fixes.push_back({"did you mean `" + near + "`?", entry.key_span, near, false});
        else
          d.help.push_back("its resources: " + join(keys, ", "));
      }
    } else if (always != 1 && keys.size() != 1) {
      diagnostics_.add(Code::LF0203, adopt.span, "`adopt` must say which of its resources this is")
          .help.push_back("write `adopt: {" + (keys.empty() ? "…" : keys.front()) +
                          ": ID}`; its resources: " + join(keys, ", "));
    }
  }

  void check_required(const Node& key, const Module& module, const ModuleCall& call) {
    for (const auto& one : module.inputs) {
      const bool given = std::any_of(call.inputs.begin(), call.inputs.end(),
                                     [&](const Tree::Entry& e) { return e.key == one.name; });
      if (one.required && !given) {
        missing(key.span(), std::string(key.text()), one.name, one.type, one.doc);
      }
    }
  }

 private:
  void requirement(const Node& key, const Node& value) {
    Requirement out;
    out.name = std::string(key.text());
    out.span = key.span();
    if (!value.is_map() || !value.find("assert") || !value.find("message")) {
      diagnostics_.add(Code::LF0202, key.span(),
                       "requirement `" + out.name + "` needs `assert: ${…}` and `message`");
      return;
    }
    only_keys(value, word_names(SpecPart::requirement), "a requirement", diagnostics_);
    out.condition = parse_tree(value.find("assert"), diagnostics_);
    out.message = text_of(value.find("message"), "message");
    if (const Node of = value.find("of")) {
      out.of = text_of(of, "of");
      if (out_.input(out.of) == nullptr) {
        diagnostics_.add(Code::LF0203, of.span(), "`" + out.of + "` is no input of this module");
        return;
      }
    }
    out_.requirements.push_back(std::move(out));
  }

  void file(const Node& key, const Node& value) {
    FileDecl decl;
    decl.key = std::string(key.text());
    decl.span = key.span();
    if (!value.is_map() || !value.find("path") || !value.find("content")) {
      diagnostics_.add(Code::LF0202, key.span(),
                       "file `" + decl.key + "` needs `path` and `content`");
      return;
    }
    only_keys(value, word_names(SpecPart::file), "a file", diagnostics_);
    decl.path = parse_tree(value.find("path"), diagnostics_);
    decl.content = parse_tree(value.find("content"), diagnostics_);
    if (const Node when = value.find("when")) decl.when = parse_tree(when, diagnostics_);
    if (const Node mode = value.find("mode")) decl.mode = parse_tree(mode, diagnostics_);
    out_.files.push_back(std::move(decl));
  }

  void output(const Node& key, const Node& value) {
    OutputDecl decl;
    decl.name = std::string(key.text());
    decl.span = key.span();
    const bool long_form = value.is_map() && value.find("value");
    if (long_form) {
      only_keys(value, word_names(SpecPart::output), "an output", diagnostics_);
      decl.value = parse_tree(value.find("value"), diagnostics_);
      decl.secret = flag(value, "secret");
      if (const Node doc = value.find("doc")) decl.doc = text_of(doc, "doc");
    } else {
      decl.value = parse_tree(value, diagnostics_);
    }
    out_.outputs.push_back(std::move(decl));
  }

  Module& out_;
  Packages& packages_;
  ModuleStore& modules_;
  std::string package_;
  Diagnostics& diagnostics_;
};

}  // namespace

const InputDecl* Module::input(std::string_view input_name) const {
  for (const auto& one : inputs) {
    if (one.name == input_name) return &one;
  }
  return nullptr;
}

void parse_module_parts(const Node& root, Module& out, Packages& packages, ModuleStore& modules,
                        const std::string& package, const std::vector<std::string>& taken,
                        Diagnostics& diagnostics) {
  ModuleParser(out, packages, modules, package, diagnostics).run(root, taken);
}

ModuleCall parse_call(const Node& key, const Node& body, const std::string& block,
                      const Module& module, Packages& packages, ModuleStore& modules,
                      Diagnostics& diagnostics) {
  static const std::vector<std::string> kWords = word_names(SpecPart::block);
  Module scratch;
  ModuleParser parser(scratch, packages, modules, "", diagnostics);
  ModuleCall call;
  call.block = block;
  call.key = module.keyed ? std::string(key.text()) : "";
  call.span = call.key_span = key.span();
  if (body.is_null()) {
    parser.check_required(key, module, call);
    return call;
  }
  if (!body.is_map()) {
    diagnostics.add(Code::LF0203, body.span(), "`" + std::string(key.text()) + "` must be a map",
                    module.doc);
    return call;
  }
  // An input of the block wins over a life-cycle word of the same name.
  std::vector<std::string> words;
  for (const auto& word : kWords) {
    if (module.input(word) == nullptr) words.push_back(word);
  }
  call.lifecycle = parser.lifecycle(body, false);
  // An input of that name is no life-cycle word.
  if (module.input("adopt") != nullptr) call.lifecycle.adopt.reset();
  if (module.input("replace_on") != nullptr) call.lifecycle.replace_on.reset();
  parser.words_of_parts(call, module);
  parser.inputs_of(key, body, module, call, words);
  return call;
}

}  // namespace lf

// SPDX-License-Identifier: Apache-2.0
// `__reference`: what the reference's pages are written from that only the program knows: its
// commands, the language's words, its functions. JSON; tests/docs/reference.py makes pages of it.
#include "base/json.h"
#include "base/list_of.h"
#include "base/strings.h"
#include "cli/command_table.h"
#include "cli/command_tools.h"
#include "lang/functions.h"
#include "spec/package_set.h"
#include "spec/words.h"

namespace lf {

namespace {

Value command_value(const CommandInfo& command) {
  List options, commands;
  for (const OptionInfo& option : command.options) {
    options.emplace_back(Map{{"names", list_of(option.names)},
                             {"doc", Value(option.doc)},
                             {"value", Value(option.value)},
                             {"choices", list_of(option.choices)},
                             {"repeatable", Value(option.repeatable)}});
  }
  for (const CommandInfo& sub : command.commands) commands.push_back(command_value(sub));
  return Value(Map{{"name", Value(command.name)},
                   {"doc", Value(command.doc)},
                   {"arguments", list_of(command.arguments)},
                   {"options", Value(std::move(options))},
                   {"commands", Value(std::move(commands))}});
}

Value words_value() {
  static constexpr std::pair<SpecPart, const char*> kParts[] = {
      {SpecPart::spec, "a spec"},
      {SpecPart::module, "a module's file"},
      {SpecPart::variable, "a variable"},
      {SpecPart::input, "a module's input"},
      {SpecPart::look_up, "a look-up, besides its own inputs"},
      {SpecPart::resource, "a resource, besides its type's properties"},
      {SpecPart::block, "a block, besides its own inputs"},
      {SpecPart::module_use, "a module's use"},
      {SpecPart::file, "a file"},
      {SpecPart::output, "an output's long form"},
      {SpecPart::provider, "a provider instance"},
      {SpecPart::timeouts, "`timeouts`"},
      {SpecPart::policy, "a policy"},
      {SpecPart::policy_place, "a policy's `where`"},
      {SpecPart::check, "a check"},
      {SpecPart::requirement, "a module's requirement"},
      {SpecPart::cost, "`cost`"},
      {SpecPart::import, "an import"},
  };
  List out;
  for (const auto& [part, title] : kParts) {
    List words;
    for (const Word& word : words_of(part)) {
      words.emplace_back(Map{{"name", Value(std::string(word.name))},
                             {"type", Value(std::string(word.type))},
                             {"doc", Value(std::string(word.doc))},
                             {"constant", Value(word.constant)},
                             {"required", Value(word.required)}});
    }
    out.emplace_back(Map{{"title", Value(title)}, {"words", Value(std::move(words))}});
  }
  return Value(std::move(out));
}

Value functions_value() {
  List out;
  for (const auto& name : cel::function_names()) {
    const cel::Function* function = cel::find_function(name);
    if (function == nullptr) continue;
    List forms;
    for (const auto& form : split(function->signatures, ';'))
      forms.emplace_back(std::string(trim(form)));
    out.emplace_back(Map{{"name", Value(name)},
                         {"forms", Value(std::move(forms))},
                         {"doc", Value(std::string(function->doc))}});
  }
  return Value(std::move(out));
}

Value macros_value() {
  List out;
  for (const cel::MacroDoc& macro : cel::macro_docs()) {
    out.emplace_back(Map{{"name", Value(std::string(macro.name))},
                         {"form", Value(std::string(macro.form))},
                         {"doc", Value(std::string(macro.doc))}});
  }
  return Value(std::move(out));
}

const char* way_word(Recovery::Kind kind) {
  switch (kind) {
    case Recovery::Kind::id: return "id";
    case Recovery::Kind::mark: return "mark";
    case Recovery::Kind::token: return "token";
    case Recovery::Kind::natural_key: return "natural_key";
    case Recovery::Kind::name: return "name";
    case Recovery::Kind::fingerprint: return "fingerprint";
  }
  return "";
}

// How each type is found again after a create whose answer never came.
Value recovery_value(CommandContext& context) {
  PackageSet set(context.world.files, nullptr);
  List out;
  for (const auto& package : set.packages.names()) {
    for (const auto& name : set.packages.find(package)->resource_names()) {
      const ResourceType* type = set.packages.resource(name);
      if (type == nullptr) continue;
      List ways;
      for (const auto& way : type->recovery) {
        ways.emplace_back(
            Map{{"way", Value(way_word(way.kind))}, {"properties", list_of(way.properties)}});
      }
      out.emplace_back(Map{{"type", Value(name)},
                           {"ways", Value(std::move(ways))},
                           {"token", Value(!type->create.token.empty())},
                           {"visible_within", Value(type->visible_within)}});
    }
  }
  return Value(std::move(out));
}

}  // namespace

int run_reference(CommandContext& context) {
  print(to_json(Value(Map{{"commands", command_value(describe_commands())},
                          {"words", words_value()},
                          {"functions", functions_value()},
                          {"recovery", recovery_value(context)},
                          {"macros", macros_value()}})) +
        "\n");
  return kDone;
}

}  // namespace lf

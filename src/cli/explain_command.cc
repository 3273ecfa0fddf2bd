// SPDX-License-Identifier: Apache-2.0
// `explain WHAT`: a diagnostic's code, a resource type, a look-up or a block, from the same data
// that the compiler works with. Needs no spec.
#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/strings.h"
#include "cli/command_tools.h"
#include "cli/machine_facts.h"
#include "lang/functions.h"
#include "plan/cost.h"
#include "plan/render.h"
#include "provider/manual.h"
#include "provider/prices.h"

namespace lf {

namespace {

const char* severity_word(Severity severity) {
  return severity == Severity::error ? "error" : severity == Severity::warning ? "warning" : "note";
}

// By hundreds, as diagnostics.def has them.
const char* range_of(std::string_view code) {
  if (code.size() < 4) return "";
  const std::string_view range = code.substr(2, 2);
  for (const auto& [number, text] : {std::pair<std::string_view, const char*>{"01", "reading YAML"},
                                     {"02", "checking specs"},
                                     {"03", "expressions"},
                                     {"04", "expansion and the graph"},
                                     {"05", "the plan"},
                                     {"06", "the state"},
                                     {"07", "clouds and the engine"},
                                     {"08", "the command line"},
                                     {"09", "provider packages"}}) {
    if (range == number) return text;
  }
  return "";
}

Value properties_json(const std::vector<Property>& properties) {
  List out;
  for (const auto& property : properties) {
    Map one;
    one.set("name", Value(property.name));
    one.set("type", Value(property.type.to_string()));
    one.set("doc", Value(property.doc));
    for (const auto& [name, flag] :
         {std::pair{"required", property.required}, std::pair{"immutable", property.immutable},
          std::pair{"secret", property.secret}, std::pair{"computed", property.computed},
          std::pair{"write_only", property.write_only}}) {
      if (flag) one.set(name, Value(true));
    }
    if (property.absent == Absent::with_default) one.set("default", property.default_value);
    if (!property.fields.empty()) one.set("fields", properties_json(property.fields));
    out.emplace_back(std::move(one));
  }
  return Value(std::move(out));
}

// What a page says to the programs that check it is not for readers.
std::string without_comments(std::string_view page) {
  std::string out(page);
  for (size_t at = out.find("\n<!--"); at != std::string::npos; at = out.find("\n<!--", at)) {
    const size_t end = out.find("-->\n", at);
    if (end == std::string::npos) break;
    out.erase(at, end + 4 - at);
  }
  return out;
}

class Explainer {
 public:
  Explainer(CommandContext& context, Packages& packages, ModuleStore& modules)
      : context_(context), packages_(packages), modules_(modules) {}

  // False: nothing of that name.
  bool explain(const std::string& what) {
    if (const CodeInfo* code = find_code(what)) return explain_code(*code);
    if (const ResourceType* type = packages_.resource(what)) return explain_type(*type);
    if (const DataType* data = packages_.data(what)) return explain_data(*data);
    MachineCatalog machines(packages_);
    if (const auto facts = machines.find(what, "")) return explain_machine(machines, *facts);
    if (explain_block(what)) return true;
    return explain_function(what);
  }

  std::vector<std::string> names() const {
    std::vector<std::string> out = modules_.block_names();
    for (const auto& name : packages_.names()) {
      Package* package = packages_.find(name);
      if (package == nullptr) continue;
      for (auto& type : package->resource_names()) out.push_back(std::move(type));
      for (auto& data : package->data_names()) out.push_back(std::move(data));
    }
    for (const auto& name : cel::function_names()) out.push_back(name);
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
  }

 private:
  bool json() const { return context_.options.json; }

  bool explain_code(const CodeInfo& code) {
    const auto page = embedded_packages().find("errors/" + std::string(code.name) + ".md");
    if (page && !json()) {
      print(without_comments(*page));
      return true;
    }
    if (json()) {
      print(to_json(Value(Map{{"code", Value(code.name)},
                              {"severity", Value(severity_word(code.severity))},
                              {"title", Value(code.title)},
                              {"about", Value(range_of(code.name))}})) +
            "\n");
    } else {
      print(fmt::format("{} ({}, from {}): {}\n", code.name, severity_word(code.severity),
                        range_of(code.name), code.title));
    }
    return true;
  }

  bool explain_type(const ResourceType& type) {
    if (json()) {
      print(to_json(Value(Map{{"resource", Value(type.name)},
                              {"doc", Value(type.doc)},
                              {"properties", properties_json(type.properties)}})) +
            "\n");
      return true;
    }
    print(manual_page(type) + cost_page(packages_.type_prices().of(type)));
    return true;
  }

  bool explain_data(const DataType& data) {
    if (json()) {
      print(to_json(Value(Map{{"data", Value(data.name)},
                              {"doc", Value(data.doc)},
                              {"inputs", properties_json(data.inputs)},
                              {"outputs", properties_json(data.outputs)}})) +
            "\n");
      return true;
    }
    print(manual_page(data));
    return true;
  }

  bool explain_function(const std::string& what) {
    const std::string page = function_page(what);
    if (page.empty()) return false;
    if (!json()) {
      print(page);
      return true;
    }
    List forms;
    for (const auto& form : cel::function_forms(what)) forms.emplace_back(form);
    print(to_json(Value(Map{{"function", Value(what)},
                            {"doc", Value(std::string(cel::function_doc(what)))},
                            {"forms", Value(std::move(forms))}})) +
          "\n");
    return true;
  }

  bool explain_machine(MachineCatalog& machines, const MachineFacts& facts) {
    const auto prices = machines.prices(facts);
    if (json()) {
      Map out = facts_value(facts).as_map();
      out.erase("on_demand");
      out.erase("spot");
      Map regions;
      for (const auto& [region, both] : prices) {
        Map one;
        if (both.first) one.set("on_demand", Value(both.first->amount));
        if (both.second) one.set("spot", Value(both.second->amount));
        regions.set(region, Value(std::move(one)));
      }
      out.set("prices", Value(std::move(regions)));
      print(to_json(Value(std::move(out))) + "\n");
      return true;
    }
    std::vector<std::vector<std::string>> rows;
    if (facts.gpus > 0) {
      rows.push_back({"  GPUs", fmt::format("{}× {}, {} each", facts.gpus, facts.gpu,
                                            format_gib(facts.gpu_memory))});
      rows.push_back({"  vCPUs", std::to_string(facts.vcpus)});
      rows.push_back({"  memory", format_gib(facts.memory)});
      rows.push_back(
          {"  network",
           facts.network +
               (facts.adapters > 0 ? fmt::format(", {} fabric adapters", facts.adapters) : "")});
      rows.push_back({"  offered",
                      facts.offered.empty() ? "nowhere that is known" : join(facts.offered, ", ")});
    }
    std::string text = facts.name + " (machine type of " + facts.package + ")\n" + table(rows);
    std::vector<std::vector<std::string>> table_rows = {{"  REGION", "ON DEMAND", "SPOT", "OF"}};
    const auto show = [](const std::optional<Price>& price) {
      return price ? show_amount(price->amount, price->currency) + "/h" : std::string("unknown");
    };
    const auto day = [](const std::optional<Price>& price) {
      return price && price->source != nullptr ? price->source->as_of : std::string();
    };
    for (const auto& [region, both] : prices) {
      const std::string first = day(both.first), second = day(both.second);
      table_rows.push_back({"  " + region, show(both.first), show(both.second),
                            first.empty() || first == second ? second
                            : second.empty()                 ? first
                                                             : first + ", " + second});
    }
    text += prices.empty() ? "what it costs is unknown\n" : "\n" + table(table_rows);
    print(text);
    return true;
  }

  static Value inputs_json(const Module& module) {
    List out;
    for (const auto& input : module.inputs) {
      Map one;
      one.set("name", Value(input.name));
      one.set("type", Value(input.type.to_string()));
      one.set("doc", Value(input.doc));
      one.set("required", Value(input.required));
      if (input.secret) one.set("secret", Value(true));
      List values;
      for (const auto& value : input.one_of) values.emplace_back(value);
      if (!values.empty()) one.set("one_of", Value(std::move(values)));
      out.emplace_back(std::move(one));
    }
    return Value(std::move(out));
  }

  bool explain_block(const std::string& what) {
    const std::vector<std::string> with = modules_.packages_with(what);
    for (const auto& package : with) {
      const Module* module = modules_.block(package, what);
      if (module == nullptr) return false;
      if (json()) {
        print(to_json(Value(Map{{"block", Value(what)},
                                {"provider", Value(package)},
                                {"doc", Value(module->doc)},
                                {"keyed", Value(module->keyed)},
                                {"inputs", inputs_json(*module)}})) +
              "\n");
        continue;
      }
      std::vector<std::vector<std::string>> inputs, outputs;
      for (const auto& input : module->inputs) {
        std::string doc = input.doc;
        if (!input.one_of.empty()) doc += " One of: " + join(input.one_of, ", ") + ".";
        if (input.required) doc += " [required]";
        inputs.push_back({"  " + input.name, input.type.to_string(), doc});
      }
      for (const auto& output : module->outputs)
        outputs.push_back({"  " + output.name, output.doc});
      print(fmt::format("{} (block of {}{}): {}\n\ninputs:\n{}\noutputs:\n{}{}", what, package,
                        module->keyed ? ", one for each key" : "", printable(module->doc),
                        table(inputs), table(outputs), &package == &with.back() ? "" : "\n"));
    }
    return !with.empty();
  }

  CommandContext& context_;
  Packages& packages_;
  ModuleStore& modules_;
};

}  // namespace

int run_explain(CommandContext& context) {
  const auto overlay = read_overlay(context.world.files, context.options.provider_dirs);
  if (!overlay) return tell(context, overlay.error());
  Sources sources;
  Diagnostics diagnostics;
  Packages packages(sources, diagnostics, *overlay);
  ModuleStore modules(context.world.files, sources, packages, diagnostics);
  Explainer explainer(context, packages, modules);
  const std::string& what = context.options.arguments.front();
  const bool known = explainer.explain(what);
  if (diagnostics.has_errors()) {
    show_diagnostics(diagnostics, sources, context.options.json, context.terminal);
    return kFailed;
  }
  if (known) return kDone;
  Error error(ErrorCode::not_found,
              "nothing is called `" + what +
                  "`: no block, resource type, look-up, machine type, function or error code");
  const std::string near = nearest(what, explainer.names());
  if (!near.empty()) error.help.push_back("did you mean `" + near + "`?");
  tell(context, error);
  return kUsage;
}

}  // namespace lf

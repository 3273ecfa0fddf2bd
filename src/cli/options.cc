// SPDX-License-Identifier: Apache-2.0
#include "cli/options.h"

#include <CLI/CLI.hpp>

#include "cli/output.h"
#include "cli/version.h"

namespace lf {

namespace {

struct Raw {
  std::vector<std::string> variables;
  std::string sandbox;
  bool sandbox_given = false;
};

void add_common(CLI::App* app, Options& o, Raw& raw) {
  app->add_option("-e,--env", o.environment, "Environment (an overlay under `environments:`)");
  app->add_option("--var", raw.variables, "Set a variable: NAME=VALUE (repeatable)")->allow_extra_args(false);
  app->add_option("--var-file", o.variable_files, "Read variables from a YAML file (repeatable)")->allow_extra_args(false);
  app->add_option("--state", o.state, "State file (default: .llmforge/<stack>[.<env>].llmforge.json beside the spec)");
  app->add_option("--provider-dir", o.provider_dirs, "Folder with provider packages laid over the built-in ones")->allow_extra_args(false);
  app->add_flag("--no-color", o.no_color, "No colours (NO_COLOR does the same)");
  app->add_flag("--json", o.json, "Output for programs");
  app->add_flag("-v,--verbose", o.verbose, "Show requests and all properties");
  app->add_option("--sandbox", raw.sandbox, "Rehearse against a model cloud kept in FOLDER")->expected(0, 1);
}

void add_spec(CLI::App* app, Options& o) {
  app->add_option("SPEC", o.spec, "Spec file or folder (default: llmforge.yaml, else the only *.yaml with a `stack:`)");
}

void add_planning(CLI::App* app, Options& o) {
  app->add_option("--target", o.targets, "Only these addresses and what they need (glob; repeatable)")->allow_extra_args(false);
  app->add_option("--exclude", o.excludes, "Leave these addresses out, and what needs them (glob; repeatable)")->allow_extra_args(false);
  app->add_option("--replace", o.replace, "Replace this resource (glob over addresses)")->allow_extra_args(false);
  app->add_option("--refresh", o.refresh, "true, false (use what state remembers) or only (record drift, change nothing)")
      ->check(CLI::IsMember({"true", "false", "only"}));
  app->add_flag("--update-lock", o.update_lock, "Read look-ups anew and renew llmforge.lock");
  app->add_option("--parallelism", o.parallelism, "At most N requests at once (default: adapts to the services)")->check(CLI::Range(1, 10000));
  app->add_option("--lock-timeout", o.lock_timeout, "How long to wait for another run to end, e.g. 5m");
  app->add_flag("--offline", o.offline, "Send no request: pins and state only");
  app->add_option("--max-hourly", o.max_hourly, "Refuse a plan that costs more per hour, e.g. \"5 USD\"");
  app->add_option("--trace", o.trace, "Write a timeline for Perfetto to FILE");
}

}  // namespace

Parsed parse_options(int argc, char** argv) {
  Parsed parsed;
  Options& o = parsed.options;
  Raw raw;
  CLI::App app{"llmforge: from YAML specs to clusters, machines and training on the cloud of your choice"};
  app.name("llmforge");
  app.require_subcommand(1);
  app.set_help_all_flag("--help-all", "Help of all commands");
  app.failure_message(CLI::FailureMessage::simple);

  auto command = [&](CLI::App* parent, const char* name, const char* doc, const char* footer = "") {
    CLI::App* sub = parent->add_subcommand(name, doc);
    if (*footer != '\0') sub->footer(footer);
    return sub;
  };
  CLI::App* validate = command(&app, "validate", "Check a spec without any request", "Example:\n  llmforge validate specs/aws-finetune.yaml --env eu");
  add_common(validate, o, raw);
  add_spec(validate, o);
  for (const char* name : {"plan", "apply", "destroy"}) {
    const std::string which = name;
    CLI::App* sub = command(
        &app, name,
        which == "plan"    ? "Show what apply would do"
        : which == "apply" ? "Do what the plan says: a spec, or a plan saved with plan --out"
                           : "Delete everything of a stack",
        which == "plan"    ? "Examples:\n  llmforge plan\n  llmforge plan --env prod --out plan.json\n  llmforge plan --format markdown --max-bytes 65535 --detailed-exitcode"
        : which == "apply" ? "Examples:\n  llmforge apply --var create_instance=true\n  llmforge apply plan.json\n  llmforge apply --sandbox --auto-approve"
                           : "Examples:\n  llmforge destroy\n  llmforge destroy --target 'machines.**'");
    add_common(sub, o, raw);
    add_spec(sub, o);
    add_planning(sub, o);
    if (which == "plan") {
      sub->add_option("-o,--out", o.out, "Save the plan to FILE, to be applied as it is");
      sub->add_flag("--detailed-exitcode", o.detailed_exitcode, "Exit 2 if there are changes");
    } else {
      sub->add_flag("--auto-approve", o.auto_approve, "Do not ask");
      sub->add_flag("--no-wait", o.no_wait, "Do not wait for what takes long to come up");
    }
    sub->add_option("--format", o.format, "text, markdown, json or html")->check(CLI::IsMember({"text", "markdown", "json", "html"}));
    sub->add_option("--max-bytes", o.max_bytes, "Cut a Markdown plan to N bytes; destroys and summary stay");
    sub->add_flag("--all", o.all, "All stacks of a folder");
  }
  struct Simple {
    const char *name, *doc, *footer;
  };
  for (const auto& [name, doc, footer] :
       {Simple{"drift", "Show what others changed; exit 2 if anything", "Example:\n  llmforge drift --env prod --json"},
        Simple{"show", "Show the resources that the state knows", "Example:\n  llmforge show --json | jq -r '.resources[].id'"},
        Simple{"status", "Show resources with their state in the cloud", "Example:\n  llmforge status specs/aws-finetune.yaml"},
        Simple{"expand", "Show what a spec expands to", "Examples:\n  llmforge expand\n  llmforge expand --diff prod"},
        Simple{"orphans", "List what carries the stack's marks and is not in state", "Example:\n  llmforge orphans --json"}}) {
    CLI::App* sub = command(&app, name, doc, footer);
    add_common(sub, o, raw);
    add_spec(sub, o);
    if (std::string_view(name) == "expand") sub->add_option("--diff", o.to_environment, "Show what environment ENV changes");
    if (std::string_view(name) != "show" && std::string_view(name) != "orphans") sub->add_flag("--offline", o.offline, "Send no request");
  }
  auto with_arguments = [&](CLI::App* parent, const char* name, const char* doc, const char* what, int least, int most, const char* footer) {
    CLI::App* sub = command(parent, name, doc, footer);
    add_common(sub, o, raw);
    if (most > 0) sub->add_option(what, o.arguments, "")->expected(least, most)->required(least > 0);
    sub->add_option("--spec", o.spec, "Spec file or folder");
    sub->add_flag("--auto-approve", o.auto_approve, "Do not ask");
    sub->add_option("--lock-timeout", o.lock_timeout, "How long to wait for another run to end");
    return sub;
  };
  CLI::App* output = command(&app, "output", "Print outputs", "Examples:\n  llmforge output\n  llmforge output --raw instance_id");
  add_common(output, o, raw);
  output->add_option("ARGS", o.arguments, "[SPEC] [NAME]")->expected(0, 2);
  output->add_flag("--raw", o.raw, "The bare text of one output");
  CLI::App* adopt = with_arguments(&app, "adopt", "Take in what exists in the cloud", "ADDRESS ID", 0, 2, "Example:\n  llmforge adopt 'buckets[\"outputs\"].bucket' llm-lab-outputs-1a2b3c");
  adopt->add_option("--from-tfstate", o.from, "Take in what a Terraform or OpenTofu state holds");
  with_arguments(&app, "forget", "Take a resource out of state; it stays in the cloud", "ADDRESS", 1, 1, "Example:\n  llmforge forget network.vpc");
  with_arguments(&app, "eject", "Copy a block's module beside the spec, to be changed", "BLOCK", 1, 1, "Example:\n  llmforge eject network");
  with_arguments(&app, "explain", "Explain a resource type, a block or an error code", "WHAT", 1, 1, "Examples:\n  llmforge explain network\n  llmforge explain aws.ec2.subnet\n  llmforge explain LF0201");
  CLI::App* state = command(&app, "state", "Look at and mend the state");
  state->require_subcommand(1);
  with_arguments(state, "list", "List addresses (glob)", "GLOB", 0, 1, "Example:\n  llmforge state list 'buckets*'");
  with_arguments(state, "show", "Show one record", "ADDRESS", 1, 1, "Example:\n  llmforge state show network.vpc");
  with_arguments(state, "mv", "Move a record to another address", "FROM TO", 2, 2, "Example:\n  llmforge state mv 'machines[\"a\"].instance' 'machines[\"b\"].instance'");
  with_arguments(state, "rm", "Same as forget", "ADDRESS", 1, 1, "Example:\n  llmforge state rm network.vpc");
  with_arguments(state, "history", "List earlier states", "NONE", 0, 0, "Example:\n  llmforge state history");
  with_arguments(state, "restore", "Put an earlier state back", "SERIAL", 1, 1, "Example:\n  llmforge state restore 7");
  with_arguments(state, "pull", "Print the state", "NONE", 0, 0, "Example:\n  llmforge state pull > backup.llmforge.json");
  CLI::App* sandbox = command(&app, "sandbox", "Serve the model cloud on a port", "Example:\n  llmforge sandbox --listen 127.0.0.1:5566 --data ./cloud");
  add_common(sandbox, o, raw);
  sandbox->add_option("--listen", o.listen, "Address and port");
  sandbox->add_option("--data", o.state, "Folder that keeps the model cloud between runs");
  CLI::App* version = command(&app, "version", "Print the version");
  version->add_flag("--json", o.json, "Output for programs");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    parsed.shown = true;
    if (e.get_exit_code() == 0) {
      app.exit(e);
      return parsed;
    }
    print_error(std::string("error: ") + e.what() + "\n  help: llmforge " +
                (app.get_subcommands().empty() ? "" : app.get_subcommands().front()->get_name() + " ") + "--help\n");
    parsed.exit_code = 3;
    return parsed;
  }
  const CLI::App* chosen = app.get_subcommands().front();
  o.command = chosen->get_name();
  if (!chosen->get_subcommands().empty()) o.command += " " + chosen->get_subcommands().front()->get_name();
  const CLI::App* last = chosen->get_subcommands().empty() ? chosen : chosen->get_subcommands().front();
  const CLI::Option* box = last->get_option_no_throw("--sandbox");
  if (box != nullptr && box->count() > 0) o.sandbox = raw.sandbox;
  for (const auto& text : raw.variables) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      print_error("error: --var wants NAME=VALUE, not `" + text + "`\n");
      parsed.exit_code = 3;
      parsed.shown = true;
      return parsed;
    }
    o.variables.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  if (o.json && o.format == "text") o.format = "json";
  return parsed;
}

}  // namespace lf

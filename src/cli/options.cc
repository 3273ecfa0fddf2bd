// SPDX-License-Identifier: Apache-2.0
#include "cli/options.h"

#include <CLI/CLI.hpp>

#include "base/strings.h"
#include "cli/command_table.h"
#include "cli/output.h"
#include "cli/version.h"

namespace lf {

namespace {

// Stands for `--sandbox` without a folder; no path can be this.
constexpr const char* kDefaultFolder = "\x01";

struct Raw {
  std::vector<std::string> variables;
  std::string sandbox;
  bool sandbox_given = false;
  bool stdio = false;
};

void add_packages(CLI::App* app, Options& o) {
  app->add_option("--provider-dir", o.provider_dirs,
                  "Folder with provider packages laid over the built-in ones")
      ->type_name("FOLDER")
      ->allow_extra_args(false);
}

void add_output(CLI::App* app, Options& o) {
  app->add_flag("--no-color", o.no_color, "No colours (NO_COLOR does the same)");
  app->add_flag("--json", o.json, "Output for programs");
}

void add_common(CLI::App* app, Options& o, Raw& raw) {
  app->add_option("-e,--env", o.environment, "Environment (an overlay under `environments:`)")
      ->type_name("ENV");
  app->add_option("--var", raw.variables, "Set a variable: NAME=VALUE (repeatable)")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  app->add_option("--var-file", o.variable_files, "Read variables from a YAML file (repeatable)")
      ->type_name("FILE")
      ->allow_extra_args(false);
  app->add_option("--state", o.state,
                  "State file (default: .llmforge/<stack>[.<env>].llmforge.json beside the spec)")
      ->type_name("FILE");
  add_packages(app, o);
  add_output(app, o);
  app->add_flag("-v,--verbose", o.verbose, "Show requests and all properties");
  app->add_option("--sandbox", raw.sandbox, "Rehearse against a model cloud kept in FOLDER")
      ->type_name("FOLDER")
      ->expected(0, 1);
}

void add_spec(CLI::App* app, Options& o) {
  app->add_option(
         "SPEC", o.spec,
         "Spec file or folder (default: llmforge.yaml, else the only *.yaml with a `stack:`)")
      ->type_name("SPEC");
}

void add_all(CLI::App* app, Options& o) {
  app->add_flag("--all", o.all,
                "SPEC is a folder whose subfolders are stacks: all, in the order of their imports");
}

void add_planning(CLI::App* app, Options& o) {
  app->add_option("--target", o.targets,
                  "Only these addresses and what they need (glob; repeatable)")
      ->type_name("GLOB")
      ->allow_extra_args(false);
  app->add_option("--exclude", o.excludes,
                  "Leave these addresses out, and what needs them (glob; repeatable)")
      ->type_name("GLOB")
      ->allow_extra_args(false);
  app->add_option("--replace", o.replace, "Replace this resource (glob over addresses)")
      ->type_name("GLOB")
      ->allow_extra_args(false);
  app->add_option("--refresh", o.refresh,
                  "true, false (use what state remembers) or only (record drift, change nothing)")
      ->check(CLI::IsMember({"true", "false", "only"}));
  app->add_flag("--update-lock", o.update_lock, "Read look-ups anew and renew llmforge.lock");
  app->add_option("--parallelism", o.parallelism,
                  "At most N requests at once (default: adapts to the services)")
      ->type_name("N")
      ->check(CLI::Range(1, 10000));
  app->add_option("--lock-timeout", o.lock_timeout,
                  "How long to wait for another run to end, e.g. 5m")
      ->type_name("DURATION");
  app->add_flag("--offline", o.offline, "Send no request: pins and state only");
  add_all(app, o);
  app->add_option("--trace", o.trace, "Write a timeline for Perfetto to FILE")->type_name("FILE");
}

// Declares the commands; one function a family.
class CommandLine {
 public:
  CommandLine(CLI::App& app, Options& options, Raw& raw) : app_(app), o_(options), raw_(raw) {
    app_.name("llmforge");
    app_.require_subcommand(1);
    app_.set_help_all_flag("--help-all", "Help of all commands");
    app_.failure_message(CLI::FailureMessage::simple);
    planning();
    looking();
    testing();
    changing();
    state();
    training();
    others();
  }

 private:
  static CLI::App* command(CLI::App* parent, const char* name, const char* doc,
                           const char* footer) {
    CLI::App* sub = parent->add_subcommand(name, doc);
    sub->footer(footer);
    return sub;
  }

  CLI::App* with_spec(const char* name, const char* doc, const char* footer) {
    CLI::App* sub = command(&app_, name, doc, footer);
    add_common(sub, o_, raw_);
    add_spec(sub, o_);
    return sub;
  }

  CLI::App* with_arguments(CLI::App* parent, const char* name, const char* doc, const char* what,
                           std::pair<int, int> count, const char* footer,
                           const char* kinds = nullptr) {
    CLI::App* sub = command(parent, name, doc, footer);
    add_common(sub, o_, raw_);
    if (count.second > 0) {
      sub->add_option(what, o_.arguments, "")
          ->type_name(kinds == nullptr ? what : kinds)
          ->expected(count.first, count.second)
          ->required(count.first > 0);
    }
    sub->add_option("--spec", o_.spec, "Spec file or folder")->type_name("SPEC");
    sub->add_flag("--auto-approve", o_.auto_approve, "Do not ask");
    sub->add_option("--lock-timeout", o_.lock_timeout, "How long to wait for another run to end")
        ->type_name("DURATION");
    return sub;
  }

  void add_dry_run(CLI::App* sub) {
    sub->add_flag("--dry-run", o_.dry_run, "Show what would be done; change nothing");
  }

  void planning() {
    CLI::App* plan =
        with_spec("plan", "Show what apply would do",
                  "Examples:\n  llmforge plan\n  llmforge plan --env prod --out it.plan\n"
                  "  llmforge plan --format markdown --max-bytes 65535\n"
                  "  llmforge plan --format html > plan.html");
    plan->add_option("-o,--out", o_.out, "Save the plan to FILE, to be applied as it is")
        ->type_name("FILE");
    plan->add_flag("--detailed-exitcode", o_.detailed_exitcode, "Exit 2 if there are changes");
    CLI::App* apply =
        with_spec("apply", "Do what the plan says: a spec, or a plan saved with --out",
                  "Examples:\n  llmforge apply --var create_instance=true\n"
                  "  llmforge apply it.plan\n  llmforge apply --sandbox --auto-approve");
    CLI::App* destroy = with_spec("destroy", "Delete everything of a stack",
                                  "Examples:\n  llmforge destroy\n"
                                  "  llmforge destroy --target 'machines.**'");
    for (CLI::App* sub : {plan, apply, destroy}) {
      add_planning(sub, o_);
      sub->add_option("--format", o_.format, "text, markdown, json or html")
          ->check(CLI::IsMember({"text", "markdown", "json", "html"}));
      sub->add_option("--max-bytes", o_.max_bytes,
                      "Cut a Markdown plan to N bytes; destroys and summary stay")
          ->type_name("N");
    }
    for (CLI::App* sub : {apply, destroy}) {
      sub->add_flag("--auto-approve", o_.auto_approve, "Do not ask");
    }
    for (CLI::App* sub : {plan, apply}) {
      sub->add_option("--max-hourly", o_.max_hourly,
                      "Refuse (exit 8) what costs more an hour while it runs, or whose price is "
                      "not known, e.g. 5 or \"5 USD\"")
          ->type_name("MONEY");
    }
  }

  void looking() {
    CLI::App* validate =
        with_spec("validate", "Check a spec without any request",
                  "Examples:\n  llmforge validate specs/aws-finetune.yaml --env eu\n"
                  "  llmforge validate --fix");
    add_all(validate, o_);
    validate->add_flag("--fix", o_.fix, "Write the fixes that are safe into the spec's files");
    validate->add_flag("--dry-run", o_.dry_run, "With --fix: show them, write nothing");
    CLI::App* drift = with_spec("drift", "Show what others changed; exit 2 if anything",
                                "Example:\n  llmforge drift --env prod --json");
    CLI::App* status = with_spec("status", "Show resources with their state in the cloud",
                                 "Example:\n  llmforge status specs/aws-finetune.yaml");
    CLI::App* expand = with_spec("expand", "Show what a spec expands to",
                                 "Examples:\n  llmforge expand\n  llmforge expand --diff prod");
    with_spec("show", "Show the resources that the state knows",
              "Example:\n  llmforge show --json | jq -r '.resources[].id'");
    with_spec("orphans", "List what carries the stack's marks and is not in state",
              "Example:\n  llmforge orphans --json");
    expand->add_option("--diff", o_.to_environment, "Show what environment ENV changes")
        ->type_name("ENV");
    for (CLI::App* sub : {drift, status, expand}) {
      sub->add_flag("--offline", o_.offline, "Send no request");
    }
    CLI::App* init = command(&app_, "init", "Write a first spec, llmforge.yaml",
                             "Examples:\n  llmforge init\n  llmforge init --from aws-finetune");
    init->add_option("--from", o_.from, "Start from an example (a wrong name lists them)")
        ->type_name("EXAMPLE");
    init->add_flag("--no-color", o_.no_color, "No colours (NO_COLOR does the same)");
    init->add_flag("--json", o_.json, "Output for programs");
    CLI::App* console =
        with_spec("console", "Evaluate expressions: variables, resources, blocks, functions",
                  "Examples:\n  llmforge console\n  echo 'network.vpc.id' | llmforge console\n"
                  "  llmforge console --jsonl < expressions.jsonl");
    console->add_flag("--jsonl", o_.jsonl, "One request a line, one answer a line; no spec");
    CLI::App* cost = with_spec(
        "cost", "Show what a spec costs: an hour, a run, a month; no request, no credentials",
        "Examples:\n  llmforge cost --var create_instance=true\n"
        "  llmforge cost --run-hours 2 --run-hours 12\n"
        "  llmforge cost --usage buckets.training-data.storage=500GiB --json");
    cost->add_option("--usage", o_.usage,
                     "How much is used in a month: ADDRESS.KEY=VALUE (repeatable)")
        ->type_name("ADDRESS.KEY=VALUE")
        ->allow_extra_args(false);
    cost->add_option("--run-hours", o_.run_hours, "Hours of a run to price (repeatable; 2 and 6)")
        ->type_name("HOURS")
        ->check(CLI::Range(0.0, 8760.0))
        ->allow_extra_args(false);
    CLI::App* gpu = command(&app_, "gpu", "List machine types with GPUs and what they cost",
                            "Examples:\n  llmforge gpu --min-memory 24GiB\n"
                            "  llmforge gpu --region us-west-2 --model H100\n"
                            "  llmforge gpu --json | jq -r '.types[0].name'");
    gpu->add_option("--min-memory", o_.min_memory, "At least so much memory on one GPU, e.g. 24GiB")
        ->type_name("SIZE");
    gpu->add_option("--region", o_.region, "Prices of this region (default: the first one known)")
        ->type_name("REGION");
    gpu->add_option("--model", o_.gpu_model, "Only this GPU, e.g. A10G")->type_name("GPU");
    gpu->add_option("--sort", o_.sort, "price (default), spot, memory or name")
        ->check(CLI::IsMember({"price", "spot", "memory", "name"}));
    gpu->add_option("--provider", o_.providers, "Only this provider's types (repeatable)")
        ->type_name("PROVIDER")
        ->allow_extra_args(false);
    add_packages(gpu, o_);
    add_output(gpu, o_);
    CLI::App* graph = with_spec("graph", "Draw what needs what",
                                "Examples:\n  llmforge graph | dot -Tsvg > graph.svg\n"
                                "  llmforge graph --format html --out graph.html");
    graph->add_option("--format", o_.format, "dot (default), mermaid, json or html")
        ->check(CLI::IsMember({"dot", "mermaid", "json", "html"}));
    graph->add_option("-o,--out", o_.out, "Write to FILE")->type_name("FILE");
    CLI::App* fmt = command(&app_, "fmt", "Lay spec files out: spaces, indentation, blank lines",
                            "Examples:\n  llmforge fmt\n  llmforge fmt --check -r .\n"
                            "  cat spec.yaml | llmforge fmt -");
    fmt->add_option("PATH", o_.arguments, "Files or folders, `-` for standard input (default: .)")
        ->type_name("PATH");
    fmt->add_flag("--check", o_.check, "Write nothing; exit 1 if a file is laid out differently");
    fmt->add_flag("--diff", o_.diff, "Show what changes");
    fmt->add_flag("-r,--recursive", o_.recursive, "Folders in folders too");
    fmt->add_flag("--no-color", o_.no_color, "No colours (NO_COLOR does the same)");
    fmt->add_flag("--json", o_.json, "Output for programs");
    CLI::App* output = command(&app_, "output", "Print outputs",
                               "Examples:\n  llmforge output\n"
                               "  llmforge output --raw instance_id");
    add_common(output, o_, raw_);
    output->add_option("ARGS", o_.arguments, "[SPEC] [NAME]")
        ->type_name("OUTPUT|SPEC")
        ->expected(0, 2);
    output->add_flag("--raw", o_.raw, "The bare text of one output");
    CLI::App* render =
        command(&app_, "render", "Show what is generated: files, scripts of machines",
                "Examples:\n  llmforge render\n"
                "  llmforge render .github/workflows/infra.yml\n"
                "  llmforge render --out generated/");
    add_common(render, o_, raw_);
    render->add_option("ARGS", o_.arguments, "[SPEC] [PATH or ADDRESS.PROPERTY]")
        ->type_name("SPEC")
        ->expected(0, 2);
    render->add_option("-o,--out", o_.out, "Write all of it below FOLDER")->type_name("FOLDER");
    with_arguments(&app_, "explain",
                   "Explain a resource type, a block, a machine type or an error code", "WHAT",
                   {1, 1},
                   "Examples:\n  llmforge explain network\n  llmforge explain aws.ec2.subnet\n"
                   "  llmforge explain g5.xlarge\n  llmforge explain LF0201");
    CLI::App* schema = command(&app_, "schema", "Print the JSON Schema of specs, for editors",
                               "Examples:\n  llmforge schema > llmforge.schema.json\n"
                               "  llmforge schema --module > module.schema.json\n"
                               "In a spec: # yaml-language-server: $schema=llmforge.schema.json");
    add_spec(schema, o_);
    add_packages(schema, o_);
    add_output(schema, o_);
    schema
        ->add_option("--provider", o_.providers,
                     "Only this provider's blocks and types (repeatable)")
        ->type_name("PROVIDER")
        ->allow_extra_args(false);
    CLI::Option* of_module =
        schema->add_flag("--module", o_.module, "The schema of modules' files");
    schema->add_flag("--part", o_.part, "The schema of one of several files of a spec")
        ->excludes(of_module);
  }

  void testing() {
    CLI::App* test = command(&app_, "test", "Run tests of specs in a simulated cloud",
                             "Examples:\n  llmforge test\n  llmforge test tests/buckets.test.yaml\n"
                             "  llmforge test --filter '*public*' --junit report.xml");
    test->add_option("FILES", o_.arguments,
                     "Test files, folders, or specs (default: *.test.yaml here and in tests/)");
    test->add_option("--filter", o_.filter, "Only runs or files whose name matches (glob)");
    test->add_option("--junit", o_.junit, "Write the results as JUnit XML to FILE");
    test->add_option("--provider-dir", o_.provider_dirs,
                     "Folder with provider packages laid over the built-in ones")
        ->allow_extra_args(false);
    test->add_flag("--no-color", o_.no_color, "No colours (NO_COLOR does the same)");
    test->add_flag("--json", o_.json, "Output for programs");
  }

  void changing() {
    CLI::App* adopt = with_arguments(
        &app_, "adopt", "Take in what exists in the cloud", "ADDRESS ID", {0, 2},
        "Examples:\n  llmforge adopt 'buckets[\"outputs\"].bucket' llm-lab-outputs-1a2b3c\n"
        "  llmforge adopt --orphans --dry-run\n"
        "  llmforge adopt --file things.txt infra.yaml\n"
        "  llmforge adopt --from-tfstate terraform.tfstate infra.yaml --dry-run");
    adopt
        ->add_option("--from-tfstate", o_.from_tfstate,
                     "Take in what a Terraform or OpenTofu state holds, and write its spec")
        ->type_name("FILE");
    adopt->add_flag("--orphans", o_.adopt_orphans,
                    "Take in all that `llmforge orphans` lists, and write what the spec has not");
    adopt
        ->add_option("--file", o_.adopt_file,
                     "Take in what the lines `ADDRESS ID [TYPE]` of LIST name, and write what the "
                     "spec has not")
        ->type_name("FILE");
    CLI::App* forget =
        with_arguments(&app_, "forget", "Take a resource out of state; it stays in the cloud",
                       "ADDRESS", {1, 1}, "Example:\n  llmforge forget network.vpc", "RECORD");
    for (CLI::App* sub : {adopt, forget}) add_dry_run(sub);
    with_arguments(&app_, "eject", "Copy a block's module beside the spec, to be changed", "BLOCK",
                   {1, 1}, "Example:\n  llmforge eject network");
  }

  void state() {
    CLI::App* parent = app_.add_subcommand("state", "Look at and mend the state");
    parent->require_subcommand(1);
    with_arguments(parent, "list", "List addresses (glob)", "GLOB", {0, 1},
                   "Example:\n  llmforge state list 'buckets*'", "RECORD");
    with_arguments(parent, "show", "Show one record", "ADDRESS", {1, 1},
                   "Example:\n  llmforge state show network.vpc", "RECORD");
    CLI::App* mv =
        with_arguments(parent, "mv", "Move a record to another address", "FROM TO", {2, 2},
                       "Example:\n  llmforge state mv 'machines[\"a\"].instance' "
                       "'machines[\"b\"].instance'",
                       "RECORD ADDRESS");
    CLI::App* rm = with_arguments(parent, "rm", "Same as forget", "ADDRESS", {1, 1},
                                  "Example:\n  llmforge state rm network.vpc", "RECORD");
    with_arguments(parent, "lock", "Say who writes it now, if anybody does", "", {0, 0},
                   "Examples:\n  llmforge state lock\n  llmforge state lock --json\n"
                   "It ends with its process; nothing has to be unlocked by hand.");
    with_arguments(parent, "history", "List earlier states", "", {0, 0},
                   "Example:\n  llmforge state history");
    CLI::App* restore = with_arguments(parent, "restore", "Put an earlier state back", "SERIAL",
                                       {1, 1}, "Example:\n  llmforge state restore 7 --dry-run");
    for (CLI::App* sub : {mv, rm, restore}) add_dry_run(sub);
    with_arguments(parent, "pull", "Print the state", "", {0, 0},
                   "Example:\n  llmforge state pull > backup.llmforge.json");
    CLI::App* push = with_arguments(
        parent, "push", "Put a state file in place of the state, if it is a later one", "FILE",
        {1, 1}, "Example:\n  llmforge state push backup.llmforge.json --dry-run");
    CLI::App* repair = with_arguments(
        parent, "repair", "Hold each record against the cloud, and say what to do", "", {0, 0},
        "Examples:\n  llmforge state repair\n  llmforge state repair --fix");
    repair->add_flag("--fix", o_.fix, "Do what it says; else nothing is changed");
    for (CLI::App* sub : {push, repair}) add_dry_run(sub);
  }

  void training() {
    CLI::App* parent = app_.add_subcommand("train", "Start, watch and stop training runs");
    parent->require_subcommand(1);
    CLI::App* submit = with_arguments(
        parent, "submit", "Start the next run, under a name of its own", "RUN", {0, 1},
        "Examples:\n  llmforge train submit\n  llmforge train submit lr-3e-5 --auto-approve\n"
        "It applies the spec with the variable that `training.run` is set to RUN (default: the "
        "time).",
        "RUN");
    submit->add_flag("--update-lock", o_.update_lock, "Read look-ups anew and renew llmforge.lock");
    with_arguments(parent, "status", "Show how the run is doing, and what it left", "", {0, 0},
                   "Examples:\n  llmforge train status\n  llmforge train status --json");
    CLI::App* logs = with_arguments(parent, "logs", "Print what the run says", "LOG", {0, 1},
                                    "Examples:\n  llmforge train logs\n"
                                    "  llmforge train logs training --follow",
                                    "LOG");
    logs->add_flag("-f,--follow", o_.follow, "Go on printing what comes");
    with_arguments(parent, "stop", "Ask the run to end; it uploads what it has first", "", {0, 0},
                   "Example:\n  llmforge train stop");
    with_arguments(&app_, "ssh", "Open a shell on a machine", "MACHINE", {0, 1},
                   "Examples:\n  llmforge ssh\n  llmforge ssh bastion\n"
                   "  llmforge ssh 'machines[\"trainer\"].instance'\n"
                   "--json prints the command instead of running it.",
                   "RECORD");
  }

  void others() {
    with_spec("doctor", "Check what this machine has and lacks for a stack",
              "Example:\n  llmforge doctor specs/aws-finetune.yaml");
    with_spec("outdated", "Show which pins of llmforge.lock have something newer; exit 2 if any",
              "Examples:\n  llmforge outdated\n  llmforge plan --update-lock   takes it");
    CLI::App* sandbox =
        command(&app_, "sandbox", "Serve the model cloud on a port",
                "Example:\n  llmforge sandbox --listen 127.0.0.1:5566 --data ./cloud");
    add_common(sandbox, o_, raw_);
    sandbox->add_option("--listen", o_.listen, "Address and port")->type_name("HOST:PORT");
    sandbox->add_option("--data", o_.state, "Folder that keeps the model cloud between runs")
        ->type_name("FOLDER");
    CLI::App* lsp = with_spec(
        "lsp", "The language server, on standard input and output",
        "Editors start it (docs/editor.md). SPEC, --env and --var say what is checked where "
        "the opened file does not.");
    lsp->add_flag("--stdio", raw_.stdio, "What it does anyway; many editors say so");
    CLI::App* completion = command(&app_, "completion", "Print a completion script",
                                   "Examples:\n  source <(llmforge completion bash)\n"
                                   "  llmforge completion zsh > ~/.zfunc/_llmforge\n"
                                   "  llmforge completion fish > "
                                   "~/.config/fish/completions/llmforge.fish");
    completion->add_option("SHELL", o_.arguments, "bash, zsh or fish")
        ->required()
        ->expected(1)
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
    CLI::App* version = app_.add_subcommand("version", "Print the version");
    version->add_flag("--json", o_.json, "Output for programs");
  }

  CLI::App& app_;
  Options& o_;
  Raw& raw_;
};

// "TEXT:{text,markdown}": what stands in the braces.
std::vector<std::string> choices_in(const std::string& type_name) {
  const size_t open = type_name.find('{'), close = type_name.rfind('}');
  std::vector<std::string> out;
  if (open == std::string::npos || close == std::string::npos) return out;
  const std::string inside = type_name.substr(open + 1, close - open - 1);
  for (const auto& one : split(inside, ',')) out.emplace_back(one);
  return out;
}

OptionInfo describe(const CLI::Option& option) {
  OptionInfo out;
  for (const auto& name : option.get_snames()) out.names.push_back("-" + name);
  for (const auto& name : option.get_lnames()) out.names.push_back("--" + name);
  out.doc = option.get_description();
  if (option.get_items_expected_max() == 0) return out;
  const std::string type = option.get_type_name();
  out.value = type.substr(0, type.find(':'));
  out.choices = choices_in(type);
  out.optional_value = option.get_items_expected_min() == 0;
  out.repeatable = option.get_items_expected_max() > 1;
  return out;
}

CommandInfo describe(const CLI::App& app) {
  CommandInfo out;
  out.name = app.get_name();
  out.doc = app.get_description();
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_positional()) {
      out.options.push_back(describe(*option));
      continue;
    }
    const std::string type = option->get_type_name();
    const auto choices = choices_in(type);
    // One name each: "FROM TO". A list of choices is known by the option's own name.
    const std::string names = choices.empty() ? type : option->get_name(true);
    for (const auto& name : split(names, ' ')) out.arguments.emplace_back(name);
    out.more_arguments =
        static_cast<size_t>(option->get_items_expected_max()) > out.arguments.size();
  }
  for (const CLI::App* sub : app.get_subcommands({})) out.commands.push_back(describe(*sub));
  return out;
}

Parsed wrong_usage(Parsed parsed, const std::string& text) {
  print_error(text);
  parsed.exit_code = 3;
  parsed.shown = true;
  return parsed;
}

}  // namespace

CommandInfo describe_commands() {
  Options options;
  Raw raw;
  CLI::App app;
  const CommandLine commands(app, options, raw);
  return describe(app);
}

Parsed parse_options(int argc, char** argv) {
  Parsed parsed;
  Options& o = parsed.options;
  Raw raw;
  // What completion scripts and the reference's test call takes its words as they are.
  if (argc > 1 && std::string_view(argv[1]).starts_with("__")) {
    o.command = argv[1];
    o.arguments.assign(argv + 2, argv + argc);
    return parsed;
  }
  CLI::App app{
      "llmforge: from YAML specs to clusters, machines and training on the cloud of your choice"};
  const CommandLine commands(app, o, raw);
  // The folder comes with `=` alone: `plan --sandbox spec.yaml` must not take the spec for it.
  std::vector<std::string> words(argv, argv + argc);
  for (std::string& word : words) {
    if (word == "--sandbox") word += std::string("=") + kDefaultFolder;
  }
  std::vector<char*> given;
  for (std::string& word : words) given.push_back(word.data());
  try {
    app.parse(argc, given.data());
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) {
      app.exit(e);
      parsed.shown = true;
      return parsed;
    }
    const auto chosen = app.get_subcommands();
    return wrong_usage(std::move(parsed),
                       std::string("error: ") + e.what() + "\n  help: llmforge " +
                           (chosen.empty() ? "" : chosen.front()->get_name() + " ") + "--help\n");
  }
  const CLI::App* chosen = app.get_subcommands().front();
  o.command = chosen->get_name();
  const CLI::App* last =
      chosen->get_subcommands().empty() ? chosen : chosen->get_subcommands().front();
  if (last != chosen) o.command += " " + last->get_name();
  const CLI::Option* box = last->get_option_no_throw("--sandbox");
  if (box != nullptr && box->count() > 0)
    o.sandbox = raw.sandbox == kDefaultFolder ? "" : raw.sandbox;
  for (const auto& text : raw.variables) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return wrong_usage(std::move(parsed), "error: --var wants NAME=VALUE, not `" + text + "`\n");
    }
    o.variables.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  if (o.json && o.format == "text") o.format = "json";
  return parsed;
}

}  // namespace lf

// SPDX-License-Identifier: Apache-2.0
// plan, apply, destroy and validate with --all. First every stack is planned, each with what those
// that it imports are planned to give; then a person is asked once; then one stack after the other
// is applied, and each does what was agreed to or less.
#include <algorithm>
#include <optional>

#include "base/json.h"
#include "base/strings.h"
#include "cli/costing.h"
#include "cli/judge.h"
#include "cli/planning.h"
#include "cli/stack_set.h"
#include "plan/same_thing.h"

namespace lf {

namespace {

class AllRun {
 public:
  AllRun(CommandContext& context, StackSet set)
      : context_(context),
        packages_(std::make_shared<PackageSet>(context.world.files, nullptr)),
        set_(std::move(set)),
        codes_(set_.members.size(), kDone) {
    for (size_t i = 0; i < set_.members.size(); ++i) order_.push_back(i);
    if (destroys()) std::reverse(order_.begin(), order_.end());
  }

  int validate() {
    for (const size_t i : order_) {
      heading(i);
      const Options options = options_of(i);
      CommandContext own = context_.with(options);
      codes_[i] = run_validate(own);
    }
    return worst();
  }

  int plan() {
    plan_all_stacks();
    if (as_json()) print_json();
    const int failed = worst();
    if (failed != kDone) return failed;
    return context_.options.detailed_exitcode && changes() > 0 ? kChanges : kDone;
  }

  int apply() {
    plan_all_stacks();
    if (as_json()) print_json();
    if (const int failed = worst(); failed != kDone) {
      print_error("nothing was changed\n");
      return failed;
    }
    if (changes() == 0) return kDone;
    if (const int refused = agree(); refused >= 0) return refused;
    for (const size_t i : order_) {
      if (!plans_[i] || !plans_[i]->changes) continue;
      if (const std::string cause = stopped_by(i); !cause.empty()) {
        print_error("stack " + name(i) + ": not begun, for stack " + cause + " failed\n");
        codes_[i] = kPartly;
        continue;
      }
      print_error("\n== stack " + name(i) + "\n");
      Options options = options_of(i);
      options.auto_approve = true;
      CommandContext own = context_.with(options);
      codes_[i] = run_apply(own, &plans_[i]->approved);
      if (context_.stopped()) break;
    }
    const int failed = worst();
    const bool some = std::any_of(order_.begin(), order_.end(), [&](size_t i) {
      return plans_[i] && plans_[i]->changes && codes_[i] == kDone;
    });
    return failed == kFailed && some ? kPartly : failed;
  }

 private:
  struct Planned {
    Approved approved;
    bool changes = false;
    std::string text;  // as JSON, with --json
  };

  bool destroys() const { return context_.options.command == "destroy"; }
  std::string name(size_t i) const { return printable(set_.members[i].head.stack); }

  void heading(size_t i) const {
    if (!as_json())
      print((context_.options.format == "markdown" ? "## Stack " : "== stack ") + name(i) + "\n");
  }

  // The options of one stack: a variable goes to the stacks that declare it.
  Options options_of(size_t i) const {
    const StackHead& head = set_.members[i].head;
    Options out = context_.options;
    out.spec = head.path;
    out.all = false;
    out.shared = packages_;
    out.variables.clear();
    for (const auto& one : context_.options.variables) {
      const auto& declared = head.variables;
      if (std::find(declared.begin(), declared.end(), one.first) != declared.end())
        out.variables.push_back(one);
    }
    return out;
  }

  // The stack whose failure stops this one; "" if none does.
  std::string stopped_by(size_t i) const {
    const auto failed = [&](size_t other) { return codes_[other] != kDone; };
    if (!destroys()) {
      for (const size_t need : set_.members[i].needs) {
        if (failed(need)) return name(need);
      }
      return "";
    }
    // What others need goes after them.
    for (size_t other = 0; other < set_.members.size(); ++other) {
      const auto& needs = set_.members[other].needs;
      if (failed(other) && std::find(needs.begin(), needs.end(), i) != needs.end())
        return name(other);
    }
    return "";
  }

  void plan_all_stacks() {
    plans_.resize(set_.members.size());
    for (const size_t i : order_) {
      heading(i);
      if (const std::string cause = stopped_by(i); !cause.empty()) {
        print_error("stack " + name(i) + ": not planned, for stack " + cause + " failed\n");
        codes_[i] = kFailed;
        continue;
      }
      Options options = options_of(i);
      // What is only looked at takes no lock and writes nothing.
      options.command = "plan";
      CommandContext own = context_.with(options);
      Task<int> planning = plan_one(&own, i);
      codes_[i] = context_.loop.run(std::move(planning));
      if (!as_json()) print("\n");
    }
    (void)flush_output();
  }

  Task<int> plan_one(CommandContext* own, size_t i) {
    Session session(own->world, own->options, own->sink);
    session.give_imports(known_);
    Plan plan;
    Task<PlanningEnd> planning = plan_all(&session, own, &plan, destroys());
    PlanningEnd end = co_await std::move(planning);
    if (end.exit_code >= 0) co_return end.exit_code;
    if (context_.options.command == "plan") {
      Result<void> saved = session.save_lock_file();
      if (!saved) {
        show_error(saved.error(), own->options.json, own->terminal);
        co_return kFailed;
      }
    }
    PlanView view = plan_view(session, *own);
    view.destroy = destroys();
    view.cost = plan_cost(session, *own, session.graph(), plan);
    Judge judge(session, session.graph(), plan, destroys());
    view.findings = judge.look();
    if (!destroys()) view.notes = rename_notes(plan, session.graph());
    const std::string text = show_plan(session, plan, view);
    if (own->options.json || view.format == "json")
      plans_[i].emplace(Approved(plan), plan.has_changes(), text);
    else
      plans_[i].emplace(Approved(plan), plan.has_changes(), "");
    if (!(own->options.json || view.format == "json")) print(text);
    remember_outputs(session.spec().spec, plan);
    if (const int refused = judge.before(*own); refused >= 0) co_return refused;
    co_return kDone;
  }

  // For the stacks that import this one: what it has, or will have, unknown where only its apply
  // will tell.
  void remember_outputs(const Spec& spec, const Plan& plan) {
    ImportDecl self;
    self.folder = spec.folder;
    self.stack = spec.stack;
    self.environment = spec.environment;
    Map& outputs = known_[self.key()];
    for (const auto& output : plan.outputs) outputs.set(output.name, output.after);
  }

  size_t changes() const {
    return static_cast<size_t>(std::count_if(
        plans_.begin(), plans_.end(), [](const auto& plan) { return plan && plan->changes; }));
  }

  int worst() const {
    for (const size_t i : order_) {
      if (codes_[i] != kDone) return codes_[i];
    }
    return kDone;
  }

  // `--json`, or a plan in that format.
  bool as_json() const { return context_.options.json || context_.options.format == "json"; }

  void print_json() const {
    Map stacks;
    for (const size_t i : order_) {
      if (!plans_[i]) continue;
      const auto parsed = parse_json(plans_[i]->text);
      if (parsed) stacks.set(set_.members[i].head.stack, *parsed);
    }
    Map out;
    out.set("stacks", Value(std::move(stacks)));
    print(to_json(Value(std::move(out))) + "\n");
    (void)flush_output();
  }

  // -1: go on.
  int agree() const {
    if (context_.options.auto_approve) return -1;
    if (!context_.terminal.interactive) {
      print_error("nothing was changed: there is nobody to ask here; add --auto-approve\n");
      return kUsage;
    }
    std::vector<std::string> names;
    for (const size_t i : order_) {
      if (plans_[i] && plans_[i]->changes) names.push_back(name(i));
    }
    std::string answer;
    const std::string word = context_.options.environment == "default"
                                 ? std::string("all")
                                 : context_.options.environment;
    if (destroys()) {
      print_error("This deletes all of these stacks, environment " + context_.options.environment +
                  ": " + join(names, ", ") + ".\n");
    }
    const bool asked =
        ask(destroys() ? "Type `" + word + "` to delete them: "
                       : "Do this, stack after stack: " + join(names, ", ") + "? [yes/no] ",
            answer);
    const bool yes = destroys() ? trim(answer) == word
                                : iequals(trim(answer), "yes") || iequals(trim(answer), "y");
    if (asked && yes) return -1;
    print_error("nothing was changed\n");
    return kFailed;
  }

  CommandContext& context_;
  const std::shared_ptr<PackageSet> packages_;  // read once for all stacks
  StackSet set_;
  std::vector<size_t> order_;
  std::vector<int> codes_;
  std::vector<std::optional<Planned>> plans_;
  std::map<std::string, Map> known_;
};

// A variable that no stack declares is a slip of the pen.
Result<void> check_variables(const StackSet& set, const Options& options) {
  for (const auto& [name, value] : options.variables) {
    const bool known = std::any_of(set.members.begin(), set.members.end(), [&](const auto& one) {
      const auto& names = one.head.variables;
      return std::find(names.begin(), names.end(), name) != names.end();
    });
    if (!known) return fail(ErrorCode::invalid, "no stack has a variable `" + name + "` (--var)");
  }
  if (!options.out.empty() || !options.state.empty()) {
    return fail(ErrorCode::invalid,
                "--out and --state name one stack's file; they do not go with --all");
  }
  return {};
}

}  // namespace

int run_all(CommandContext& context) {
  auto set = find_stack_set(context.world.files, context.options.spec, context.options.environment);
  Result<void> fine;
  if (set) fine = check_variables(*set, context.options);
  if (!set || !fine) {
    show_error(set ? fine.error() : set.error(), context.options.json, context.terminal);
    return kUsage;
  }
  AllRun run(context, std::move(*set));
  if (context.options.command == "validate") return run.validate();
  return context.options.command == "plan" ? run.plan() : run.apply();
}

}  // namespace lf

// SPDX-License-Identifier: Apache-2.0
// `apply` and `destroy`: plan, show, ask, do, tell.
#include <algorithm>
#include <map>
#include <optional>

#include "base/strings.h"
#include "cli/commands.h"
#include "cli/costing.h"
#include "cli/generated.h"
#include "cli/judge.h"
#include "cli/planning.h"
#include "cli/report.h"
#include "cli/stack_set.h"
#include "engine/bounded.h"
#include "engine/search.h"

namespace lf {

namespace {

class ApplyRun {
 public:
  ApplyRun(CommandContext& context, bool destroy) : context_(context), destroy_(destroy) {}

  // `approved`: what was agreed to before, shown then; null: it is shown and asked for here.
  Task<int> run(Session* session, const std::string saved, const Approved* approved) {
    Plan plan;
    Task<PlanningEnd> planning = plan_all(session, &context_, &plan, destroy_);
    PlanningEnd end = co_await std::move(planning);
    if (end.exit_code >= 0) co_return end.exit_code;
    if (!saved.empty()) {
      Result<void> same = check_saved_plan(*session, plan, saved);
      if (!same) co_return tell(same.error());
    }
    if (context_.observer != nullptr) context_.observer->planned(*session, plan);
    PlanView view = plan_view(*session, context_);
    view.cost = plan_cost(*session, context_, session->graph(), plan);
    const bool json = context_.options.json;
    if (approved != nullptr) {
      Result<void> agreed = approved->covers(plan);
      if (!agreed) co_return tell(agreed.error());
    } else {
      print(show_plan(*session, plan, view));
    }
    (void)flush_output();  // a log of both streams has the plan before what is done
    if (!destroy_) show_rename_notes(*session, context_, plan);
    Judge judge(*session, session->graph(), plan, destroy_);
    if (const int refused = judge.before(context_); refused >= 0) co_return refused;
    if (view.cost != nullptr && !destroy_) {
      const int dear = refuse_by_price(*session, context_, session->graph(), *view.cost);
      if (dear >= 0) co_return dear;
    }
    note_lifecycle(*session, plan);
    Task<Result<void>> noting = note_observations(session, &plan);
    Result<void> noted = co_await std::move(noting);
    if (!noted) co_return tell(noted.error());
    if (context_.options.refresh == "only" || !plan.has_changes()) {
      if (Result<void> pinned = session->save_lock_file(); !pinned) co_return tell(pinned.error());
      const bool holds = context_.options.refresh == "only" || judge.after(context_);
      Task<int> closing = finish(session, holds ? kDone : kFailed);
      const int code = co_await std::move(closing);
      co_return code;
    }
    if (destroy_ || removes_any(plan)) {
      Task<Result<void>> looking = refuse_data(session, &plan);
      Result<void> empty = co_await std::move(looking);
      if (!empty) co_return tell(empty.error());
    }
    Task<Result<void>> naming = refuse_taken_names(session, &plan);
    Result<void> free = co_await std::move(naming);
    if (!free) co_return tell(free.error());
    if (saved.empty() && !context_.options.auto_approve) {
      const int answer = confirm(*session, plan);
      if (answer >= 0) co_return answer;
      // Whoever is asked may take their time.
      Task<Result<void>> taking = session->store()->take_again();
      Result<void> taken = co_await std::move(taking);
      if (!taken) co_return tell(taken.error());
    }
    Result<void> lock = session->save_lock_file();
    if (!lock) co_return tell(lock.error());
    Task<Result<void>> beginning = session->store()->append(Entry(session->run_begin()));
    Result<void> begun = co_await std::move(beginning);
    if (!begun) co_return tell(begun.error());
    session->engine().stopping = [&context = context_] { return context.stopped(); };
    CloudOf clouds = session->clouds();
    SecretDigest digest = session->digest();
    const std::string mark = session->stack_mark();
    Task<Result<ApplyResult>> applying =
        apply_plan(&session->engine(), session->store(), &session->graph(), &plan, clouds,
                   &session->packages(), digest, mark, &session->diagnostics(), judge.approve());
    if (context_.changing != nullptr) *context_.changing = true;
    Result<ApplyResult> applied = co_await std::move(applying);
    if (!applied) {
      show_error(applied.error(), json, context_.terminal);
      co_return exit_code_of(applied.error());
    }
    std::vector<GeneratedResult> files;
    if (!context_.stopped()) {
      Task<Result<std::vector<GeneratedResult>>> writing = write_generated(session, &plan);
      Result<std::vector<GeneratedResult>> written = co_await std::move(writing);
      if (!written) co_return tell(written.error());
      files = std::move(*written);
    }
    print_report(plan, *applied, files, *session, context_);
    if (context_.observer != nullptr) context_.observer->applied(*session, plan, *applied);
    int code = kDone;
    if (context_.stopped() && applied->failed + applied->skipped > 0) {
      code = context_.stopped_code();
    } else if (applied->failed > 0) {
      code = applied->capacity ? kNoCapacity : applied->done > 0 ? kPartly : kFailed;
      if (applied->done == 0) {
        for (const auto& one : applied->operations) {
          if (one.kind == OperationResult::Kind::failed && one.error.code == ErrorCode::refused)
            code = kRefused;
          if (one.kind == OperationResult::Kind::failed && one.error.code == ErrorCode::stale)
            code = kStale;
        }
      }
    }
    if (code == kDone && std::any_of(files.begin(), files.end(), [](const GeneratedResult& file) {
          return file.error.has_value();
        }))
      code = kPartly;
    if (code == kDone && !judge.after(context_)) code = kFailed;
    Task<Result<void>> keeping = keep_prices(session);
    Result<void> kept = co_await std::move(keeping);
    if (!kept) co_return tell(kept.error());
    Task<int> closing = finish(session, code);
    const int last = co_await std::move(closing);
    co_return last;
  }

 private:
  int tell(const Error& error) {
    show_error(error, context_.options.json, context_.terminal);
    return exit_code_of(error);
  }

  static bool removes_any(const Plan& plan) {
    return plan.count(Action::remove) + plan.count(Action::replace) > 0;
  }

  // `protect`, `retain` and `replace_on` of what stays as it is: they count from now on, also for a
  // `destroy`, which reads no spec.
  void note_lifecycle(Session& session, const Plan& plan) {
    if (destroy_ || context_.options.refresh == "only") return;
    const PlannedValues planned(session.graph(), plan);
    for (const auto& item : plan.items) {
      if (item.action != Action::none || item.excluded || !item.record) continue;
      if (item.node == kNoGraphId || item.record->generation > 0) continue;
      const GraphNode& node = session.graph().nodes[item.node];
      if (!node.facet.empty()) continue;
      Record now = *item.record;
      now.protect = node.protect;
      now.retain = node.retain;
      const Value trigger =
          replace_trigger(session.graph(), item.node, planned.source(), session.digest());
      if (!node.has_replace_on)
        now.private_.erase("replace_on");
      else if (!trigger.is_null() && !trigger.is_error() && !contains_unknown(trigger))
        now.private_.set("replace_on", trigger);
      const bool same = now.protect == item.record->protect && now.retain == item.record->retain &&
                        Value(now.private_) == Value(item.record->private_);
      if (!same) words_[item.address] = std::move(now);
    }
  }

  // Runs that ended and values that the cloud moved are recorded even where nothing is to be done.
  Task<Result<void>> note_observations(Session* session, Plan* plan) {
    Frame frame;
    std::map<std::string, Record> words = std::move(words_);
    for (const auto& [key, seen] : session->observations()) {
      const Record* record = session->state().find(key.first, key.second);
      if (record == nullptr) continue;
      Record updated = *record;
      const auto word = key.second == 0 ? words.find(key.first) : words.end();
      if (word != words.end()) updated = word->second;
      // What an interrupted run of ours was deleting did not end by itself.
      const bool ended = seen.presence == Observation::Presence::ended && !record->run.empty() &&
                         record->status != RecordStatus::deleting;
      if (ended) {
        updated.status = seen.interrupted ? RecordStatus::interrupted : RecordStatus::finished;
        updated.updated_at = session->world().clock.now();
        frame.emplace_back(RecordPut{std::move(updated)});
        if (word != words.end()) words.erase(word);
      } else if (seen.presence == Observation::Presence::present) {
        if (word == words.end() && Value(record->observed) == Value(seen.properties)) continue;
        updated.observed = seen.properties;
        frame.emplace_back(RecordPut{std::move(updated)});
        if (word != words.end()) words.erase(word);
      }
    }
    for (auto& [address, record] : words) frame.emplace_back(RecordPut{std::move(record)});
    (void)plan;
    if (frame.empty()) co_return Result<void>();
    Task<Result<void>> append = session->store()->append(std::move(frame));
    Result<void> durable = co_await std::move(append);
    co_return durable;
  }

  // Type and properties of what depends on `item` and goes before it.
  static List leaving_with(const Plan& plan, const PlanItem& item) {
    List out;
    for (const auto& operation : plan.operations) {
      const PlanItem& other = plan.items[operation.item];
      if (operation.kind != Operation::Kind::remove || !other.record) continue;
      const auto& deps = other.record->dependencies;
      if (std::find(deps.begin(), deps.end(), item.address) == deps.end()) continue;
      Map one;
      one.set("type", Value(other.type));
      one.set("properties", Value(applied_properties(*other.record)));
      out.emplace_back(std::move(one));
    }
    return out;
  }

  // One bucket with data refuses the whole run, before the first deletion.
  Task<Result<void>> refuse_data(Session* session, Plan* plan) {
    Error refused(ErrorCode::refused, "");
    for (const auto& operation : plan->operations) {
      if (operation.kind != Operation::Kind::remove) continue;
      const PlanItem& item = plan->items[operation.item];
      const ResourceType* type = session->packages().resource(item.type);
      if (type == nullptr || !type->del.contents || !item.record) continue;
      const Map applied = applied_properties(*item.record);
      const Value* force = applied.find("force_destroy");
      if (force != nullptr && force->is_bool() && force->as_bool()) continue;
      Subject subject;
      subject.type = type;
      subject.record = *item.record;
      subject.desired = applied;
      subject.cloud = session->clouds()(item.record->provider);
      if (subject.cloud == nullptr) continue;
      Operator work(session->engine(), *session->store(), session->digest());
      List leaving = leaving_with(*plan, item);
      Task<Result<bool>> looking = work.holds_data(std::move(subject), std::move(leaving));
      Result<bool> holds = co_await std::move(looking);
      if (!holds) co_return fail(holds.error());
      if (*holds)
        refused.help.push_back("`" + item.address + "` (" + item.record->id + ") holds data");
    }
    if (refused.help.empty()) co_return Result<void>();
    refused.message = refused.help.size() == 1
                          ? "one thing to be deleted holds data; nothing was changed"
                          : std::to_string(refused.help.size()) +
                                " things to be deleted hold data; nothing was changed";
    refused.help.push_back(
        "empty them, or set `force_destroy: true` on them, apply, and try again");
    co_return fail(std::move(refused));
  }

  // A resource to be made under a unique name, and who has that name already.
  struct NameCheck {
    const PlanItem* item;
    const ResourceType* type;
    std::string name;
    Cloud* cloud;
    std::string taken_by;    // id; "": nobody in this account
    bool elsewhere = false;  // in another account
    std::optional<Error> failed;
  };

  static Task<void> look_for_name(NameCheck* check, std::string stack_mark) {
    Task<Result<std::string>> finding = find_named(check->cloud, check->type, check->item->desired);
    Result<std::string> found = co_await std::move(finding);
    if (!found) {
      // Another account's bucket may not be read: its create would say that the name is taken.
      check->elsewhere = found.error().code == ErrorCode::auth;
      if (!check->elsewhere) check->failed = found.error();
      co_return;
    }
    if (found->empty()) co_return;
    Record probe;
    probe.address = check->item->address;
    probe.id = *found;
    probe.private_.set("stack_mark", Value(stack_mark));
    Task<Result<Observation>> reading = read_one(check->cloud, check->type, probe);
    Result<Observation> seen = co_await std::move(reading);
    if (seen && seen->presence != Observation::Presence::present) co_return;
    if (!seen && seen.error().code == ErrorCode::not_found) co_return;
    check->taken_by = *found;
  }

  static std::vector<NameCheck> name_checks(Session& session, const Plan& plan) {
    std::vector<NameCheck> out;
    for (const auto& operation : plan.operations) {
      if (operation.kind != Operation::Kind::create) continue;
      const PlanItem& item = plan.items[operation.item];
      const ResourceType* type = session.packages().resource(item.type);
      const Property* name = type == nullptr ? nullptr : type->unique_name();
      if (name == nullptr || item.action != Action::create) continue;
      if (item.node != kNoGraphId && session.graph().nodes[item.node].shared) continue;
      const Value* wanted = item.desired.find(name->name);
      if (wanted == nullptr || contains_unknown(*wanted)) continue;
      Cloud* cloud = session.cloud(item.provider);
      if (cloud != nullptr) out.push_back({&item, type, to_text(*wanted), cloud, "", false, {}});
    }
    return out;
  }

  // A unique name that somebody else's thing has: found before the first change, not in the middle.
  // All at once: one after the other they would take longer than the whole apply.
  Task<Result<void>> refuse_taken_names(Session* session, Plan* plan) {
    std::vector<NameCheck> checks = name_checks(*session, *plan);
    const std::string mark = session->stack_mark();
    Job job = [&](size_t i) { return look_for_name(&checks[i], mark); };
    Task<void> looking = all_bounded(checks.size(), std::move(job));
    co_await std::move(looking);
    Error refused(ErrorCode::refused, "");
    std::string taken;
    for (const auto& check : checks) {
      if (check.failed) co_return fail(*check.failed);
      if (check.taken_by.empty() && !check.elsewhere) continue;
      taken += (taken.empty() ? "`" : ", `") + check.name + "`";
      refused.help.push_back(check.type->name + " `" + check.name +
                             "` exists already and does not belong to this stack");
      if (check.elsewhere)
        refused.help.push_back("it is in another account: give `" + check.item->address +
                               "` another name");
      else
        refused.help.push_back("to take it in: llmforge adopt '" + check.item->address + "' " +
                               check.taken_by);
    }
    if (refused.help.empty()) co_return Result<void>();
    refused.message = "names that this plan needs are taken: " + taken + "; nothing was changed";
    co_return fail(std::move(refused));
  }

  // -1: go on.
  int confirm(Session& session, const Plan& plan) {
    if (!context_.terminal.interactive) {
      print_error(
          "nothing was changed: there is nobody to ask here; add --auto-approve, or apply a saved "
          "plan\n");
      return kUsage;
    }
    std::string answer;
    if (destroy_) {
      print_error("This deletes all of stack `" + session.spec().spec.stack + "`, environment " +
                  context_.options.environment + ": " + std::to_string(plan.count(Action::remove)) +
                  " resources.\n");
    }
    // A named environment is told from its neighbours by its name: whoever types it knows which.
    const Spec& spec = session.spec().spec;
    const bool named = spec.environment != "default";
    const std::string word = named ? spec.stack + "." + spec.environment : spec.stack;
    const bool asked =
        ask(destroy_ ? "Type `" + word + "` to delete it: " : std::string("Do this? [yes/no] "),
            answer);
    const bool yes = destroy_ ? trim(answer) == word
                              : iequals(trim(answer), "yes") || iequals(trim(answer), "y");
    if (!asked || !yes) {
      print_error("nothing was changed\n");
      return kFailed;
    }
    return -1;
  }

  Task<int> finish(Session* session, int code) {
    if (session->store() != nullptr) {
      RunEnd end;
      end.time = session->world().clock.now();
      Task<Result<void>> ending = session->store()->append(Entry(end));
      Result<void> ended = co_await std::move(ending);
      if (ended) {
        Task<Result<void>> compacting = session->store()->compact();
        ended = co_await std::move(compacting);
      }
      if (!ended) {
        show_error(ended.error(), context_.options.json, context_.terminal);
        if (code == kDone) code = exit_code_of(ended.error());
      }
    }
    co_return code;
  }

  CommandContext& context_;
  bool destroy_;
  std::map<std::string, Record> words_;  // records whose life-cycle words changed, by address
};

}  // namespace

int run_apply(CommandContext& context, const Approved* approved) {
  const bool destroy = context.options.command == "destroy";
  Options options = context.options;
  std::string saved;
  if (!destroy && is_saved_plan(context.world.files, options.spec)) {
    saved = options.spec;
    Result<Options> from = saved_options(context.world.files, saved, options);
    if (!from) {
      show_error(from.error(), options.json, context.terminal);
      return exit_code_of(from.error());
    }
    options = std::move(*from);
  }
  CommandContext own = context.with(options);
  Session session(own.world, own.options, own.sink);
  ApplyRun run(own, destroy);
  const int code = own.run(run.run(&session, saved, approved), session);
  if (own.observer != nullptr) own.observer->ended(session);
  return code;
}

}  // namespace lf

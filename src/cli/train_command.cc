// SPDX-License-Identifier: Apache-2.0
// `train submit|status|logs|stop`: the run that a stack's `training` block describes. What there is
// to read and to write is told by the block's output `control`: look-ups and effects of the
// provider package by name, with their inputs.
#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"
#include "base/json.h"
#include "base/strings.h"
#include "base/units.h"
#include "cli/command_tools.h"
#include "engine/retry.h"
#include "graph/ask.h"

namespace lf {

namespace {

constexpr const char* kNoTraining = "this stack has no `training`";

// The training block's control, read without a request; an error where there is none.
Result<Value> control_of(Session& session) {
  Diagnostics problems;
  const auto expression = cel::Expression::parse("training.control", TextMap(), problems);
  LF_ASSERT(expression);
  const Graph& graph = session.offline_graph();
  const auto names = askable_names(graph);
  if (std::find(names.begin(), names.end(), "training") == names.end()) {
    Error error(ErrorCode::invalid, kNoTraining);
    error.help.emplace_back("`training` describes a run: llmforge explain training");
    return fail(std::move(error));
  }
  const RecordSource source(graph, session.state());
  Value control = ask(graph, *expression, source);
  if (control.is_error()) return fail(ErrorCode::invalid, control.error_message());
  if (!control.is_map() || contains_unknown(control)) {
    Error error(ErrorCode::invalid,
                "where this stack's runs leave what they have is not known yet");
    error.help.emplace_back("apply the stack first");
    return fail(std::move(error));
  }
  return control;
}

struct Machine {
  const Record* record;
  const Observation* seen;  // null: not read
};

// What has a run, in the order of addresses.
std::vector<Machine> runs_of(Session& session) {
  std::vector<Machine> out;
  for (const Record* record : session.state().records()) {
    if (record->run.empty() || record->generation > 0) continue;
    const auto seen = session.observations().find({record->address, 0});
    out.push_back({record, seen == session.observations().end() ? nullptr : &seen->second});
  }
  return out;
}

class Train {
 public:
  Train(CommandContext& context, Session& session) : context_(context), session_(session) {}

  // Reads state and spec, and tells who we are. -1: go on.
  Task<int> begin() {
    // Twice: the account is part of buckets' names.
    const std::vector<Ready> steps{Ready::state, Ready::checked, Ready::identified, Ready::checked};
    Task<int> preparing = get_ready(&context_, &session_, steps);
    const int ready = co_await std::move(preparing);
    if (ready >= 0) co_return ready;
    Result<Value> control = control_of(session_);
    if (!control) co_return tell(context_, control.error());
    control_ = std::move(*control);
    co_return -1;
  }

  Task<int> status() {
    Task<Result<void>> refreshing = session_.refresh_state();
    Result<void> refreshed = co_await std::move(refreshing);
    if (!refreshed) co_return tell(context_, refreshed.error());
    for (const char* name : {"started", "ended", "heartbeat"}) {
      const Value place = control_["status"][name];
      if (!place.is_map()) continue;
      Task<Result<Value>> looking = run_one(place);
      Result<Value> found = co_await std::move(looking);
      if (!found) co_return tell(context_, found.error());
      documents_.set(name, (*found)["document"]);
    }
    context_.options.json ? print_json() : print_text();
    co_return kDone;
  }

  Task<int> logs() {
    const Value sources = control_["logs"];
    const std::string wanted =
        context_.options.arguments.empty() ? std::string() : context_.options.arguments.front();
    List chosen;
    std::vector<std::string> names;
    if (sources.is_list()) {
      for (const auto& source : sources.as_list()) {
        names.push_back(source["name"].string_or());
        if (wanted.empty() || wanted == names.back()) chosen.push_back(source);
      }
    }
    if (chosen.empty()) {
      Error error(ErrorCode::invalid, "no log is named `" + wanted + "`");
      error.help.push_back("there are: " + join(names, ", "));
      tell(context_, error);
      co_return kUsage;
    }
    size_t shown = 0;
    std::map<std::string, int64_t> after;
    std::set<std::string> ids;
    for (;;) {
      for (const auto& source : chosen) {
        Task<Result<size_t>> showing = show_new(source, chosen.size() > 1, &after, &ids);
        Result<size_t> lines = co_await std::move(showing);
        if (!lines) co_return tell(context_, lines.error());
        shown += *lines;
      }
      (void)flush_output();
      if (!context_.options.follow || context_.stopped()) break;
      constexpr int64_t kEvery = 3'000'000'000;
      Task<void> waiting = sleep_ns(&session_.world().clock, kEvery);
      co_await std::move(waiting);
    }
    if (shown == 0 && !context_.options.follow) print_error("no lines yet\n");
    co_return kDone;
  }

  Task<int> stop() {
    Task<Result<void>> refreshing = session_.refresh_state();
    Result<void> refreshed = co_await std::move(refreshing);
    if (!refreshed) co_return tell(context_, refreshed.error());
    const auto machines = runs_of(session_);
    const bool any = std::any_of(machines.begin(), machines.end(), [](const Machine& machine) {
      return machine.seen != nullptr && machine.seen->presence == Observation::Presence::present;
    });
    if (!any) {
      print_error("nothing runs\n");
      co_return kDone;
    }
    Task<Result<Value>> asking = run_one(control_["stop"]);
    Result<Value> asked = co_await std::move(asking);
    if (!asked) co_return tell(context_, asked.error());
    print_error("asked run " + printable(control_["run"].string_or()) +
                " to stop; it uploads what it has and then ends: llmforge train status\n");
    co_return kDone;
  }

 private:
  // A look-up or an effect by its name, as `control` gives it.
  Task<Result<Value>> run_one(Value place) {
    const std::string name = place["data"].string_or();
    const DataType* type = session_.packages().data(name);
    if (type == nullptr) co_return fail(ErrorCode::internal, "no look-up `" + name + "`");
    Cloud* cloud = session_.cloud(session_.spec().spec.providers.front().name);
    if (cloud == nullptr) co_return fail(ErrorCode::internal, "no provider");
    Map inputs = place["with"].is_map() ? place["with"].as_map() : Map();
    Task<Result<Value>> looking = cloud->look_up(type, std::move(inputs));
    Result<Value> found = co_await std::move(looking);
    co_return found;
  }

  Task<Result<size_t>> show_new(Value source, bool with_name, std::map<std::string, int64_t>* after,
                                std::set<std::string>* ids) {
    const std::string name = source["name"].string_or();
    if (const auto last = after->find(name); last != after->end()) {
      Map with = source["with"].as_map();
      with.set("after", Value(last->second));
      Map moved = source.as_map();
      moved.set("with", Value(std::move(with)));
      source = Value(std::move(moved));
    }
    Task<Result<Value>> looking = run_one(source);
    Result<Value> found = co_await std::move(looking);
    if (!found) co_return fail(found.error());
    size_t shown = 0;
    if (!found->is_list()) co_return shown;
    for (const auto& event : found->as_list()) {
      if (!ids->insert(event["id"].string_or()).second) continue;
      const int64_t at = event["time"].is_int() ? event["time"].as_int() : 0;
      (*after)[name] = std::max((*after)[name], at);
      ++shown;
      if (context_.options.json) {
        print(to_json(Value(Map{{"log", Value(name)},
                                {"time", Value(format_timestamp({at / 1000, 0}))},
                                {"stream", event["stream"]},
                                {"message", event["message"]}})) +
              "\n");
        continue;
      }
      std::string text = event["message"].string_or();
      while (!text.empty() && text.back() == '\n') text.pop_back();
      print(fmt::format("{} {}{}\n", format_timestamp({at / 1000, 0}),
                        with_name ? name + ": " : std::string(), printable(text)));
    }
    co_return shown;
  }

  static std::string state_word(const Machine& machine) {
    if (machine.seen == nullptr) return to_string(machine.record->status);
    switch (machine.seen->presence) {
      case Observation::Presence::present:
        return machine.seen->note.empty() ? "there" : machine.seen->note;
      case Observation::Presence::gone: return "gone";
      case Observation::Presence::ended: return machine.seen->interrupted ? "interrupted" : "ended";
      case Observation::Presence::unread: break;
    }
    return to_string(machine.record->status);
  }

  void print_json() {
    List machines;
    for (const auto& machine : runs_of(session_)) {
      machines.emplace_back(
          Map{{"address", Value(machine.record->address)},
              {"id", Value(machine.record->id)},
              {"run", Value(machine.record->run)},
              {"state", Value(state_word(machine))},
              {"created_at", Value(format_timestamp(machine.record->created_at))}});
    }
    print(to_json(Value(Map{{"run", control_["run"]},
                            {"started", documents_.value("started")},
                            {"ended", documents_.value("ended")},
                            {"heartbeat", documents_.value("heartbeat")},
                            {"machines", Value(std::move(machines))}})) +
          "\n");
  }

  void print_text() {
    const Value& started = documents_.value("started");
    const Value& ended = documents_.value("ended");
    const std::string run = printable(control_["run"].string_or());
    std::string text = "run " + run + ": ";
    const auto say = [](const Value& document, const char* key) {
      const Value& value = document[key];
      return value.is_unset() ? std::string() : printable(to_text(value));
    };
    const bool over =
        ended.is_map() && (!started.is_map() || say(ended, "attempt") == say(started, "attempt"));
    if (over) {
      text += say(ended, "result") + " at " + say(ended, "at");
      if (const auto code = say(ended, "exit_code"); !code.empty()) text += ", exit code " + code;
      if (const auto why = say(ended, "reason"); !why.empty()) text += ": " + why;
    } else if (started.is_map()) {
      text += "under way since " + say(started, "at");
      if (say(started, "attempt") != "1") text += ", attempt " + say(started, "attempt");
    } else {
      text += "not started";
    }
    text += "\n";
    if (const auto prefix = say(started, "prefix"); !prefix.empty())
      text += "  results  " + printable(control_["results"].string_or()) + prefix + "/\n";
    const Timestamp now = session_.world().clock.now();
    const Value& beat = documents_.value("heartbeat");
    if (!over && beat.is_int()) {
      text += fmt::format("  last sign of life  {} s ago\n",
                          std::max<int64_t>(0, now.seconds - beat.as_int()));
    }
    for (const auto& machine : runs_of(session_)) {
      text +=
          fmt::format("  {}  {}  {}  run {}, {} old\n", printable(machine.record->address),
                      printable(machine.record->id), state_word(machine),
                      printable(machine.record->run), age_text(machine.record->created_at, now));
    }
    print(text);
  }

  struct Documents {
    Map values;
    void set(const char* name, Value value) { values.set(name, std::move(value)); }
    const Value& value(const char* name) const {
      static const Value kNone;
      const Value* found = values.find(name);
      return found == nullptr ? kNone : *found;
    }
  };

  CommandContext& context_;
  Session& session_;
  Value control_;
  Documents documents_;
};

Task<int> train(CommandContext* context, Session* session) {
  Train work(*context, *session);
  Task<int> beginning = work.begin();
  const int begun = co_await std::move(beginning);
  if (begun >= 0) co_return begun;
  const std::string& command = context->options.command;
  Task<int> doing = command == "train status" ? work.status()
                    : command == "train logs" ? work.logs()
                                              : work.stop();
  const int code = co_await std::move(doing);
  co_return code;
}

}  // namespace

int run_train(CommandContext& context) {
  if (context.options.command == "train submit") return submit_training(context);
  return with_spec(context, context.options, train);
}

}  // namespace lf

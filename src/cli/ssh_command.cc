// SPDX-License-Identifier: Apache-2.0
// `ssh [MACHINE]`: a shell on a machine of the stack, in the way that its cloud offers: the
// package's `session` says what is asked for and which program gets the answer.
#include <unistd.h>

#include <algorithm>

#include "base/json.h"
#include "base/strings.h"
#include "cli/command_tools.h"
#include "lang/convert.h"
#include "provider/scope.h"

namespace lf {

namespace {

const SessionFacts* session_of(Session& session, const Record& record) {
  Package* package = session.packages().find(record.provider.kind);
  return package == nullptr || package->info().session.type.empty() ? nullptr
                                                                    : &package->info().session;
}

// One that has a shell: a resource of such a type, or one of the parts of a resource.
struct Machine {
  const Record* record;
  std::string address, id;
};

std::vector<Machine> with_shells(Session& session) {
  std::vector<Machine> out;
  for (const Record* record : session.state().records()) {
    const bool over =
        record->status == RecordStatus::finished || record->status == RecordStatus::interrupted;
    const SessionFacts* facts = session_of(session, *record);
    if (record->generation > 0 || over || record->id.empty() || facts == nullptr) continue;
    if (record->type == facts->type) {
      out.push_back({record, record->address, record->id});
      continue;
    }
    const ResourceType* type = session.packages().resource(record->type);
    if (type == nullptr || !type->parts || type->parts->type != facts->type) continue;
    const std::vector<std::string> ids = type->part_ids(record->observed);
    for (size_t i = 0; i < ids.size(); ++i)
      out.push_back({record, record->address + "[" + std::to_string(i) + "]", ids[i]});
  }
  return out;
}

// Whether the name is the beginning of an address, up to a part of it: a block with all in it.
bool is_within(const std::string& address, const std::string& name) {
  return address.size() > name.size() && address.starts_with(name) &&
         (address[name.size()] == '.' || address[name.size()] == '[');
}

Result<Machine> chosen(Session& session, const std::vector<std::string>& names) {
  const auto machines = with_shells(session);
  std::vector<std::string> addresses;
  for (const Machine& machine : machines) addresses.push_back(machine.address);
  if (names.empty() && machines.size() == 1) return machines.front();
  if (machines.empty()) {
    return fail(ErrorCode::not_found, "no machine of this stack is there");
  }
  const auto several = [&](const std::string& what, const std::vector<std::string>& which) {
    Error error(ErrorCode::invalid, what + " has several machines: name one");
    error.help.push_back("there are: " + join(which, ", "));
    return fail(std::move(error));
  };
  if (names.empty()) return several("this stack", addresses);
  const std::string& name = names.front();
  std::vector<Machine> within;
  std::vector<std::string> places;
  for (const Machine& machine : machines) {
    if (machine.address == name || machine.id == name) return machine;
    if (!is_within(machine.address, name)) continue;
    within.push_back(machine);
    places.push_back(machine.address);
  }
  if (within.size() == 1) return within.front();
  if (!within.empty()) return several("`" + name + "`", places);
  Error error(ErrorCode::not_found, "`" + name + "` is no machine of this stack");
  const std::string near = nearest_address(name, addresses);
  error.help.push_back(near.empty() ? "there are: " + join(addresses, ", ")
                                    : "did you mean `" + near + "`?");
  return fail(std::move(error));
}

struct Shell {
  std::vector<std::string> words;
};

Task<int> open_shell(CommandContext* context, Session* session, Shell* out) {
  Task<int> reading = read_state_or_tell(context, session);
  const int read = co_await std::move(reading);
  if (read >= 0) co_return read;
  Result<Machine> machine = chosen(*session, context->options.arguments);
  if (!machine) co_return tell(*context, machine.error());
  const Record& record = *machine->record;
  const SessionFacts& facts = *session_of(*session, record);
  Task<Result<void>> identifying = session->identify();
  Result<void> identified = co_await std::move(identifying);
  if (!identified) co_return tell(*context, identified.error());
  Cloud* cloud = session->clouds()(record.provider);
  const DataType* effect = session->packages().data(facts.effect);
  if (cloud == nullptr || effect == nullptr)
    co_return tell(*context, Error(ErrorCode::internal, "`" + facts.effect + "` is missing"));
  Map names = cloud->names();
  names.set("id", Value(machine->id));
  const MapActivation inputs(names);
  const Value with = facts.with.evaluate(inputs);
  // Before a session is opened that nobody could use.
  names.set("session", Value(Map()));
  const Template* first = facts.program.as_list() != nullptr && !facts.program.as_list()->empty()
                              ? &facts.program.as_list()->front()
                              : nullptr;
  const std::string program =
      first != nullptr && first->as_constant() != nullptr ? first->as_constant()->string_or() : "";
  if (!context->options.json && !is_installed(session->world(), program)) {
    Error error(ErrorCode::not_found, "`" + program + "` is not installed here");
    error.help.push_back(facts.missing);
    co_return tell(*context, error);
  }
  Task<Result<Value>> opening = cloud->look_up(effect, with.is_map() ? with.as_map() : Map());
  Result<Value> opened = co_await std::move(opening);
  if (!opened) co_return tell(*context, opened.error());
  names.set("session", std::move(*opened));
  const MapActivation all(names);
  const Value words = facts.program.evaluate(all);
  if (words.is_list()) {
    for (const auto& word : words.as_list()) out->words.push_back(to_text(word));
  }
  if (context->options.json) {
    print(to_json(Value(Map{{"machine", Value(machine->address)},
                            {"id", Value(machine->id)},
                            {"command", words}})) +
          "\n");
    co_return kDone;
  }
  co_return -1;
}

}  // namespace

int run_ssh(CommandContext& context) {
  Shell shell;
  const Body body = [&](CommandContext* own, Session* session) {
    return open_shell(own, session, &shell);
  };
  if (const int code = with_spec(context, context.options, body); code >= 0) return code;
  (void)flush_output();
  std::vector<char*> words;
  for (std::string& word : shell.words) words.push_back(word.data());
  words.push_back(nullptr);
  // In place of this process: the terminal and its signals are the shell's own.
  execvp(words.front(), words.data());
  return tell(context, Error(ErrorCode::io, "`" + shell.words.front() + "` cannot be started"));
}

}  // namespace lf

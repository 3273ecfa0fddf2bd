// SPDX-License-Identifier: Apache-2.0
// What the smaller commands share: starting a session with its errors told, tables, records as
// data, and changes to the state as one journal frame.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/commands.h"

namespace lf {

// Exit codes; the error was shown.
int tell(const CommandContext& context, const Error& error);
int tell_invalid(const CommandContext& context, Session& session);

// Runs `body` with a session of its own whose spec is loaded, and gives the exit code.
using Body = std::function<Task<int>(CommandContext*, Session*)>;
int with_spec(CommandContext& context, const Options& options, const Body& body);

// Ready to look at: the state, without a lock. Ready to change it: with one.
Task<int> read_state_or_tell(CommandContext* context, Session* session);  // -1: go on
Task<int> open_store_or_tell(CommandContext* context, Session* session);  // -1: go on
// What a command does before its own work, in the order in which it is given. -1: go on; else the
// exit code of the step that failed, which was told.
enum class Ready : uint8_t {
  state,    // read, without a lock
  store,    // opened to be changed, with the lock
  checked,  // the spec, with all that needs no cloud
  identified,
  looked_up,  // look-ups answered, the graph made with their answers
  settled,    // interrupted mutations
  refreshed,  // every record read again
};
Task<int> get_ready(CommandContext* context, Session* session, std::vector<Ready> steps);
// `entries` between a run's begin and end as one frame, all or nothing, then a new snapshot.
Task<Result<void>> change_state(Session* session, Frame entries);

// Columns two spaces apart, the last one as it is; control characters made visible.
std::string table(const std::vector<std::vector<std::string>>& rows);
// A record as `state show` has it: no secrets are in it.
Value record_value(const Record& record);
// What `show`, `status` and `state list` have in common with --json.
Value record_summary(const Record& record);
// The address that may have been meant, "" if none is near: what differs must be alike by itself,
// for most addresses share their first half.
std::string nearest_address(const std::string& address, const std::vector<std::string>& all);
// not_found with the nearest address of the state as help.
Error no_such_address(const State& state, const std::string& address);
// Whether a folder of PATH has the program, as a shell looks for it.
bool is_installed(const World& world, const std::string& program);
std::string age_text(Timestamp then, Timestamp now);  // "3d", "2h", "5m"

// A function or macro of the language for readers: its forms, and what it gives. "": none.
std::string function_page(std::string_view name);

}  // namespace lf

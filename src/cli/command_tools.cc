// SPDX-License-Identifier: Apache-2.0
#include "cli/command_tools.h"

#include <algorithm>
#include <cctype>

#include "base/strings.h"
#include "lang/functions.h"

namespace lf {

int tell(const CommandContext& context, const Error& error) {
  show_error(error, context.options.json, context.terminal);
  return exit_code_of(error);
}

int tell_invalid(const CommandContext& context, Session& session) {
  show_diagnostics(session.diagnostics(), session.sources(), context.options.json,
                   context.terminal);
  return kUsage;
}

int with_spec(CommandContext& context, const Options& options, const Body& body) {
  CommandContext own = context.with(options);
  Session session(own.world, options, own.sink);
  const Result<bool> loaded = context.loop.run(session.load_spec_fetching());
  if (!loaded) {
    show_error(loaded.error(), options.json, own.terminal);
    const ErrorCode code = loaded.error().code;
    return code == ErrorCode::not_found || code == ErrorCode::invalid
               ? kUsage
               : exit_code_of(loaded.error());
  }
  if (!*loaded) return tell_invalid(own, session);
  return own.run(body(&own, &session), session);
}

Task<int> read_state_or_tell(CommandContext* context, Session* session) {
  Task<Result<void>> reading = session->read_state();
  Result<void> read = co_await std::move(reading);
  if (!read) co_return tell(*context, read.error());
  for (const auto& note : session->notes()) print_error("note: " + printable(note) + "\n");
  co_return -1;
}

Task<int> open_store_or_tell(CommandContext* context, Session* session) {
  Task<Result<void>> opening = session->open_store();
  Result<void> opened = co_await std::move(opening);
  if (!opened) co_return tell(*context, opened.error());
  for (const auto& note : session->notes()) print_error("note: " + printable(note) + "\n");
  co_return -1;
}

Task<int> get_ready(CommandContext* context, Session* session, std::vector<Ready> steps) {
  const auto outcome = [&](const Result<bool>& done) {
    if (!done) return tell(*context, done.error());
    return *done ? -1 : tell_invalid(*context, *session);
  };
  const auto sound = [](Result<void> done) -> Result<bool> {
    return done ? Result<bool>(true) : fail(done.error());
  };
  for (const Ready step : steps) {
    int code = -1;
    if (step == Ready::state || step == Ready::store) {
      Task<int> opening = step == Ready::state ? read_state_or_tell(context, session)
                                               : open_store_or_tell(context, session);
      code = co_await std::move(opening);
    } else if (step == Ready::checked) {
      code = outcome(session->check_offline());
    } else if (step == Ready::looked_up) {
      Task<Result<bool>> resolving = session->resolve_lookups();
      Result<bool> resolved = co_await std::move(resolving);
      code = outcome(resolved);
    } else {
      Task<Result<void>> going = step == Ready::identified ? session->identify()
                                 : step == Ready::settled  ? session->settle()
                                                           : session->refresh_state();
      Result<void> gone = co_await std::move(going);
      code = outcome(sound(std::move(gone)));
    }
    if (code >= 0) co_return code;
  }
  co_return -1;
}

Task<Result<void>> change_state(Session* session, Frame entries) {
  Frame frame;
  frame.emplace_back(session->run_begin());
  for (auto& entry : entries) frame.push_back(std::move(entry));
  RunEnd end;
  end.time = session->world().clock.now();
  frame.emplace_back(end);
  Task<Result<void>> appending = session->store()->append(std::move(frame));
  Result<void> durable = co_await std::move(appending);
  if (!durable) co_return durable;
  Task<Result<void>> compacting = session->store()->compact();
  Result<void> compacted = co_await std::move(compacting);
  co_return compacted;
}

std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  std::vector<std::vector<std::string>> shown;
  for (const auto& row : rows) {
    shown.emplace_back();
    for (size_t i = 0; i < row.size(); ++i) {
      shown.back().push_back(printable(row[i]));
      if (widths.size() <= i) widths.push_back(0);
      widths[i] = std::max(widths[i], utf8_length(shown.back().back()));
    }
  }
  std::string out;
  for (const auto& row : shown) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line += std::string(widths[i] - utf8_length(row[i]) + 2, ' ');
    }
    while (line.ends_with(' ')) line.pop_back();
    out += line + "\n";
  }
  return out;
}

Value record_summary(const Record& record) {
  Map out;
  out.set("address", Value(record.address));
  out.set("generation", Value(static_cast<int64_t>(record.generation)));
  out.set("type", Value(record.type));
  out.set("id", Value(record.id));
  out.set("status", Value(to_string(record.status)));
  out.set("provider", Value(record.provider.name));
  if (!record.run.empty()) out.set("run", Value(record.run));
  return Value(std::move(out));
}

Value record_value(const Record& record) {
  const Value summary = record_summary(record);
  Map out = summary.as_map();
  out.set("account", Value(record.provider.account));
  out.set("region", Value(record.provider.region));
  if (!record.parent_address.empty()) out.set("parent", Value(record.parent_address));
  List dependencies;
  for (const auto& address : record.dependencies) dependencies.emplace_back(address);
  out.set("depends_on", Value(std::move(dependencies)));
  if (record.created_at != Timestamp{}) out.set("created_at", Value(record.created_at));
  if (record.updated_at != Timestamp{}) out.set("updated_at", Value(record.updated_at));
  for (const auto& [name, flag] :
       {std::pair{"protect", record.protect}, std::pair{"retain", record.retain},
        std::pair{"create_before_delete", record.create_before_delete}}) {
    if (flag) out.set(name, Value(true));
  }
  if (only_used(record)) out.set("used", Value(true));
  out.set("applied", Value(record.applied));
  out.set("observed", Value(record.observed));
  out.set("computed", Value(record.computed));
  List secrets;
  for (const auto& [path, digest] : record.secret_digests) secrets.emplace_back(path);
  if (!secrets.empty()) out.set("secrets", Value(std::move(secrets)));
  List dirty;
  for (const auto& facet : record.dirty_facets) dirty.emplace_back(facet);
  if (!dirty.empty()) out.set("unconfirmed", Value(std::move(dirty)));
  if (!record.alternative.empty()) out.set("alternative", Value(record.alternative));
  return Value(std::move(out));
}

std::string nearest_address(const std::string& address, const std::vector<std::string>& all) {
  const std::string near = nearest(address, all);
  if (near.empty()) return near;
  const auto in_word = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
  };
  const size_t shorter = std::min(address.size(), near.size());
  size_t begin = 0, end = 0;  // of what differs, from the front and from the back
  while (begin < shorter && address[begin] == near[begin]) ++begin;
  while (end < shorter - begin && address[address.size() - 1 - end] == near[near.size() - 1 - end])
    ++end;
  while (begin > 0 && in_word(address[begin - 1])) --begin;
  while (end > 0 && in_word(address[address.size() - end])) --end;
  const std::string given = address.substr(begin, address.size() - end - begin);
  const std::string known = near.substr(begin, near.size() - end - begin);
  return given.empty() || known.empty() || !nearest(given, {known}).empty() ? near : "";
}

Error no_such_address(const State& state, const std::string& address) {
  Error error(ErrorCode::not_found, "the state has no `" + address + "`");
  std::vector<std::string> all;
  for (const Record* record : state.records()) all.push_back(record->address);
  const std::string near = nearest_address(address, all);
  error.help.push_back(near.empty() ? "all addresses: llmforge state list"
                                    : "did you mean `" + near + "`?");
  return error;
}

bool is_installed(const World& world, const std::string& program) {
  const auto path = world.environment.find("PATH");
  if (path == world.environment.end()) return false;
  for (const std::string& folder : split(path->second, ':')) {
    const auto info = world.files.stat((folder.empty() ? "." : folder) + "/" + program);
    if (info && info->exists && !info->is_directory) return true;
  }
  return false;
}

std::string age_text(Timestamp then, Timestamp now) {
  const int64_t seconds = std::max<int64_t>(0, now.seconds - then.seconds);
  if (seconds >= 2 * 86'400) return std::to_string(seconds / 86'400) + "d";
  if (seconds >= 2 * 3'600) return std::to_string(seconds / 3'600) + "h";
  if (seconds >= 120) return std::to_string(seconds / 60) + "m";
  return std::to_string(seconds) + "s";
}

std::string function_page(std::string_view name) {
  std::string out;
  if (name.empty() || !std::isalpha(static_cast<unsigned char>(name[0]))) return out;
  for (const std::string& form : cel::function_forms(name)) out += "  " + form + "\n";
  return out.empty() ? out : out + std::string(cel::function_doc(name)) + "\n";
}

}  // namespace lf

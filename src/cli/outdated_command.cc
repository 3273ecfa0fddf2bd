// SPDX-License-Identifier: Apache-2.0
// `outdated`: which pins of llmforge.lock would be others if they were looked up now. Exit 2 if
// any; nothing is written.
#include <set>

#include "base/json.h"
#include "cli/command_tools.h"
#include "plan/render.h"

namespace lf {

namespace {

struct Newer {
  std::string query, output;
  Value before, after;
};

// What a pin is of: "aws.ec2.image in us-west-2".
std::string what_of(const std::string& query) {
  const auto parsed = parse_json(query);
  if (!parsed) return query;
  std::string out = (*parsed)["data"].string_or();
  if (const Value& region = (*parsed)["region"]; region.is_string())
    out += " in " + region.as_string();
  if (const Value& name = (*parsed)["with"]["name"]; name.is_string())
    out += ", `" + name.as_string() + "`";
  return out;
}

Task<int> compare(CommandContext* context, Session* session) {
  const std::vector<Ready> steps{Ready::state, Ready::checked};
  Task<int> preparing = get_ready(context, session, steps);
  const int ready = co_await std::move(preparing);
  if (ready >= 0) co_return ready;
  const std::map<std::string, Value> before = session->lock_file().pins();
  const std::vector<Ready> newest{Ready::identified, Ready::looked_up};
  Task<int> resolving = get_ready(context, session, newest);
  const int resolved = co_await std::move(resolving);
  if (resolved >= 0) co_return resolved;
  std::vector<Newer> newer;
  for (const auto& [query, after] : session->lock_file().pins()) {
    const auto was = before.find(query);
    if (was == before.end() || was->second == after) continue;
    if (!after.is_map() || !was->second.is_map()) {
      newer.push_back({query, "", was->second, after});
      continue;
    }
    for (const auto& [output, value] : after.as_map()) {
      const Value& old = was->second[output.string_or()];
      if (!(old == value)) newer.push_back({query, output.string_or(), old, value});
    }
  }
  if (context->options.json) {
    List list;
    for (const auto& one : newer) {
      list.emplace_back(Map{{"lookup", Value(what_of(one.query))},
                            {"output", Value(one.output)},
                            {"pinned", one.before},
                            {"now", one.after}});
    }
    print(to_json(Value(std::move(list))) + "\n");
  } else if (newer.empty()) {
    print(before.empty() ? "nothing is pinned\n" : "every pin is as new as there is\n");
  } else {
    std::vector<std::vector<std::string>> rows;
    for (const auto& one : newer) {
      rows.push_back({what_of(one.query), one.output, show_value(one.before, 40) + " -> ",
                      show_value(one.after, 60)});
    }
    print(table(rows));
    print_error(
        "take them with: llmforge plan --update-lock (a newer image may replace a machine)\n");
  }
  co_return newer.empty() ? kDone : kChanges;
}

}  // namespace

int run_outdated(CommandContext& context) {
  Options options = context.options;
  options.update_lock = true;  // look anew; the lock file is not written
  return with_spec(context, options, compare);
}

}  // namespace lf

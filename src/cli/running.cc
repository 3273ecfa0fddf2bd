// SPDX-License-Identifier: Apache-2.0
#include "cli/running.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "cli/command_tools.h"
#include "cli/costing.h"
#include "plan/cost.h"
#include "provider/scope.h"

namespace lf {

namespace {

constexpr double kSmall = 0.001;               // less an hour is told in the sum only
constexpr int64_t kWindowSeconds = 24 * 3600;  // how far back activity is looked for

// The newest time in a list of lists of times, all of one look.
std::optional<Timestamp> newest(const Value& times) {
  std::optional<Timestamp> out;
  if (!times.is_list()) return out;
  for (const auto& time : times.as_list()) {
    if (time.is_timestamp() && (!out || *out < time.as_timestamp())) out = time.as_timestamp();
  }
  return out;
}

// Asks each look in turn, until one knows the machine.
Task<Result<bool>> look_for_activity(Session* session, Running* one, std::string id) {
  Package* package = session->packages().find(one->record->provider.kind);
  Cloud* cloud = session->clouds()(one->record->provider);
  if (package == nullptr || cloud == nullptr) co_return false;
  const ActivityFacts& facts = package->info().activity;
  const Timestamp now = session->world().clock.now();
  const Timestamp since{now.seconds - kWindowSeconds, 0};
  Map names = cloud->names();
  names.set("id", Value(id));
  names.set("since", Value(since));
  for (const auto& look : facts.looks) {
    const DataType* type = session->packages().data(look.data);
    if (type == nullptr) co_return fail(ErrorCode::internal, "`" + look.data + "` is missing");
    const MapActivation inputs(names);
    const Value with = look.with.evaluate(inputs);
    Map given = with.is_map() ? with.as_map() : Map();
    Task<Result<Value>> looking = cloud->look_up(type, std::move(given));
    Result<Value> found = co_await std::move(looking);
    if (!found) co_return fail(found.error());
    const Map result{{Value("found"), std::move(*found)}};
    const MapActivation answer(result);
    const Value known = evaluate(*facts.known, answer);
    if (!known.is_bool() || !known.as_bool()) continue;
    const std::optional<Timestamp> busy = newest(evaluate(*facts.busy, answer));
    const int64_t idle = now.seconds - (busy ? busy->seconds : since.seconds);
    const int64_t idle_s = std::clamp<int64_t>(idle, 0, one->age_s);
    if (one->idle_s && *one->idle_s <= idle_s) co_return true;  // another part was busy since
    one->idle_s = idle_s;
    one->idle_longer = !busy && idle < one->age_s;
    co_return true;
  }
  co_return false;
}

// The ids of what is measured of it: its own, or those of its parts.
std::vector<std::string> measured(Session& session, const Record& record) {
  Package* package = session.packages().find(record.provider.kind);
  const std::string wanted = package == nullptr ? "" : package->info().activity.type;
  if (wanted == record.type) return {record.id};
  const ResourceType* type = session.packages().resource(record.type);
  const bool parts = type != nullptr && type->parts && type->parts->type == wanted;
  return parts ? type->part_ids(record.observed) : std::vector<std::string>();
}

double number(const Value& value) {
  return value.is_double() ? value.as_double() : value.is_int() ? double(value.as_int()) : 0.0;
}

// nullopt: it costs nothing by the hour.
std::optional<Running> running(Session& session, CostModel& model, const Record& record) {
  const auto seen = session.observations().find({record.address, record.generation});
  const bool there = seen != session.observations().end() &&
                     seen->second.presence == Observation::Presence::present;
  if (!there) return std::nullopt;
  const Value* kept = record.private_.find("price");
  const Value price = kept != nullptr ? *kept : model.of_record(record);
  Running out;
  out.record = &record;
  out.age_s = std::max<int64_t>(0, session.world().clock.now().seconds - record.created_at.seconds);
  out.currency = price["currency"].string_or("USD");
  if (price.is_map()) out.hourly = number(price["hourly"]);
  const bool counts = out.hourly ? *out.hourly > 0 : !measured(session, record).empty();
  return counts ? std::optional(out) : std::nullopt;
}

std::string span_text(int64_t seconds) {
  return age_text(Timestamp{0, 0}, Timestamp{seconds, 0});
}

}  // namespace

Task<std::vector<Running>> find_running(Session* session, std::vector<std::string>* said) {
  std::vector<Running> out;
  CostModel model(session->packages(), {});
  for (const Record* record : session->state().records()) {
    std::optional<Running> one = running(*session, model, *record);
    if (!one) continue;
    const std::vector<std::string> ids = measured(*session, *record);
    for (const std::string& id : ids) {
      Task<Result<bool>> looking = look_for_activity(session, &*one, id);
      Result<bool> looked = co_await std::move(looking);
      if (!looked)
        said->push_back("whether `" + record->address +
                        "` does anything is not known: " + looked.error().message);
    }
    out.push_back(*one);
  }
  std::stable_sort(out.begin(), out.end(), [](const Running& a, const Running& b) {
    return a.hourly.value_or(1e9) > b.hourly.value_or(1e9);
  });
  co_return out;
}

Value running_value(const Running& one) {
  Map out;
  out.set("age_seconds", Value(one.age_s));
  out.set("idle_seconds", one.idle_s ? Value(*one.idle_s) : Value());
  if (one.idle_longer) out.set("idle_longer", Value(true));
  out.set("hourly", one.hourly ? Value(*one.hourly) : Value());
  out.set("cost_so_far", one.hourly ? Value(one.so_far()) : Value());
  out.set("currency", Value(one.currency));
  return Value(std::move(out));
}

std::string running_text(const std::vector<Running>& all) {
  if (all.empty()) return "";
  std::vector<std::vector<std::string>> rows;
  double hourly = 0, so_far = 0;
  size_t unknown = 0, small = 0;
  for (const auto& one : all) {
    hourly += one.hourly.value_or(0);
    so_far += one.so_far();
    unknown += one.hourly ? 0 : 1;
    if (one.hourly && *one.hourly < kSmall) {
      ++small;
      continue;
    }
    std::string idle;
    if (one.idle_s)
      idle = fmt::format("idle {}{}", one.idle_longer ? "over " : "", span_text(*one.idle_s));
    rows.push_back({"  " + printable(one.record->address), span_text(one.age_s) + " old", idle,
                    one.hourly ? show_amount(*one.hourly, one.currency) + "/h" : "price unknown",
                    one.hourly ? show_amount(one.so_far(), one.currency) + " so far" : ""});
  }
  std::string sum = fmt::format("  together {}/h, {} so far", show_amount(hourly, all[0].currency),
                                show_amount(so_far, all[0].currency));
  if (small > 0) sum += fmt::format(", {} of it less than a tenth of a cent an hour", small);
  if (unknown > 0) sum += fmt::format(", and {} of unknown price", unknown);
  return "\ncosts by the hour:\n" + table(rows) + sum + "\n";
}

}  // namespace lf

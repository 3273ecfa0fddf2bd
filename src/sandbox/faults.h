// SPDX-License-Identifier: Apache-2.0
// What goes wrong in the model cloud, on demand. Fault model: an answer may be refused before any
// effect (throttled, 5xx), lost after the effect, delayed; a thing that was just made may not be
// seen by reads for a while; there may be no capacity for things with certain properties. Nothing
// is done twice and nothing done is forgotten.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/value.h"

namespace lf::sandbox {

struct Faults {
  double throttle = 0;       // share of requests, 0 to 1
  double rate = 0;           // requests a second that each service takes; 0: any number
  double unavailable = 0;    // share refused with 503
  double lost_answer = 0;    // share of mutations whose answer never comes
  int64_t invisible_ms = 0;  // how long reads do not see a new thing
  // Each a map of properties: a create that has them all finds no capacity.
  std::vector<Map> no_capacity;
  // The next `times` requests for one action are answered so. `lost`: done, its answer never comes.
  struct At {
    std::string action;  // "CreateQueue"
    std::string answer;  // throttled | unavailable | lost, or "" where `code` says it
    std::string code, message;
    int64_t status = 400;
    int64_t times = 1;
  };
  std::vector<At> at;
};

// From `{throttle: 0.1, rate: 5, no_capacity: [{type: g5.xlarge}], at: [{action: CreateQueue,
// answer: unavailable}]}`; unknown keys are left alone.
inline Faults faults_from(const Value& value) {
  Faults out;
  const auto share = [&](const char* key) {
    const Value& v = value[key];
    return v.is_double() ? v.as_double() : v.is_int() ? static_cast<double>(v.as_int()) : 0.0;
  };
  out.throttle = share("throttle");
  out.rate = share("rate");
  out.unavailable = share("unavailable");
  out.lost_answer = share("lost_answer");
  out.invisible_ms = static_cast<int64_t>(share("invisible_ms"));
  if (value["no_capacity"].is_list()) {
    for (const Value& one : value["no_capacity"].as_list()) {
      if (one.is_map()) out.no_capacity.push_back(one.as_map());
    }
  }
  if (value["at"].is_list()) {
    for (const Value& one : value["at"].as_list()) {
      Faults::At at;
      at.action = one["action"].string_or();
      at.answer = one["answer"].string_or();
      at.code = one["code"].string_or();
      at.message = one["message"].string_or("refused by a test");
      if (one["status"].is_int()) at.status = one["status"].as_int();
      if (one["times"].is_int()) at.times = one["times"].as_int();
      out.at.push_back(std::move(at));
    }
  }
  return out;
}

}  // namespace lf::sandbox

// SPDX-License-Identifier: Apache-2.0
// quantity("200GiB"), money("200 USD"), days(90): units that CEL itself has no words for.
#include "base/units.h"

#include "lang/functions.h"
#include "lang/time_math.h"

namespace lf::cel {
namespace {

Value quantity(const Call& call) {
  if (!call[0].is_string()) return no_overload(call);
  const auto bytes = parse_size(call[0].as_string());
  if (!bytes) {
    return Value::error("`" + call[0].as_string() + "` is no size, such as 200GiB or 1.5TB");
  }
  return *bytes;
}

Value money(const Call& call) {
  if (call[0].is_money()) return call[0];
  if (!call[0].is_string()) return no_overload(call);
  auto parsed = parse_money(call[0].as_string());
  if (!parsed) {
    return Value::error("`" + call[0].as_string() + "` is no amount of money, such as 200 USD");
  }
  return *std::move(parsed);
}

Value days(const Call& call) {
  if (!call[0].is_int()) return no_overload(call);
  int64_t seconds = 0;
  if (__builtin_mul_overflow(call[0].as_int(), int64_t{86400}, &seconds)) {
    return Value::error("range: the duration is beyond 10,000 years");
  }
  return make_duration(seconds, 0);
}

constexpr FunctionEntry kTable[] = {
    {"quantity", quantity, 0, "(string) int", "The bytes that a size such as '200GiB' has."},
    {"money", money, 0, "(string) money; (money) money",
     "The amount that a text such as '200 USD' says."},
    {"days", days, 0, "(int) duration", "The duration of so many days."},
};

}  // namespace

std::span<const FunctionEntry> unit_functions() {
  return kTable;
}

}  // namespace lf::cel

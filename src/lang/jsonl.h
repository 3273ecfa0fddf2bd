// SPDX-License-Identifier: Apache-2.0
// `console --jsonl`: one expression a line in, one answer a line out, so that other people's CEL
// suites can drive us.
//
// Request:  {"expr": TEXT, "bindings": {NAME: V}, "container": TEXT, "check": BOOL,
//            "declares": [D], "type": BOOL}; all but "expr" may be absent ("check": true).
// Answer:   {"value": V} or {"error": TEXT}; with "type": true also "type", the type that the
//           checker found, and without a "value" when "check_only": true.
// V is {"type": T, "value": …}: null bool int uint double string bytes list map type duration
// timestamp; besides, for what CEL's core has no words for, optional (V or null), ip, cidr, money.
// D is a name, or {"name": NAME, "type": TYPE} with TYPE as in `list(int)` or `list<int>`, or a
// declaration of cel.expr.Decl in protocol buffers' JSON ({"name":…, "ident": {"type": {…}}}).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/value.h"
#include "lang/type.h"

namespace lf::cel {

struct JsonlOptions {
  // Time zones' TZif data, as Activation::read_zone.
  std::function<std::optional<std::string>(const std::string&)> read_zone;
};

// One line without its line end, in and out. Never fails: what is wrong is an answer, too.
std::string answer_jsonl(std::string_view line, const JsonlOptions& options = {});

// V of a value, and the value of a V; nullopt: it is none.
Value to_tagged(const Value& value);
std::optional<Value> from_tagged(const Value& tagged);

// CEL's notation of a type, "list(int)", "map(string, dyn)", "optional_type(int)"; and back, where
// the spec's notation is read, too.
std::string cel_notation(const Type& type);
std::optional<Type> parse_cel_notation(std::string_view text);

}  // namespace lf::cel

// SPDX-License-Identifier: Apache-2.0
// "…".format([…]) of the string extension: %s %d %f %e %b %o %x %X, %% and a precision.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/digest.h"
#include "base/strings.h"
#include "base/units.h"
#include "lang/functions.h"
#include "lang/number_text.h"
#include "lang/time_math.h"

namespace lf::cel {
namespace {

constexpr int kPrecisionMax = 1000;
constexpr int kDepthLimit = 100;

Value wrong(const char* wants, const Value& v) {
  return Value::error(std::string("error during formatting: ") + wants + ", was given " +
                      type_name(v));
}

double seconds_of(Duration d) {
  return static_cast<double>(d.seconds) + static_cast<double>(d.nanos) / 1e9;
}

// Text that is no UTF-8 with one U+FFFD for each run of bytes that are none.
void append_repaired(std::string& out, std::string_view bytes) {
  size_t bad = 0;
  for (bool run = false; !valid_utf8(bytes, &bad); run = true) {
    out += bytes.substr(0, bad);
    if (!run || bad > 0) out += "\xef\xbf\xbd";
    bytes.remove_prefix(bad + 1);
  }
  out += bytes;
}

// %s. False: a value that has no text (`culprit`).
bool to_display(const Value& v, std::string& out, const Value** culprit, int depth) {
  switch (v.kind()) {
    case Value::Kind::null: out += "null"; return true;
    case Value::Kind::boolean: out += v.as_bool() ? "true" : "false"; return true;
    case Value::Kind::integer: out += std::to_string(v.as_int()); return true;
    case Value::Kind::uinteger: out += std::to_string(v.as_uint()); return true;
    case Value::Kind::floating: out += format_decimal(v.as_double()); return true;
    case Value::Kind::string: out += v.as_string(); return true;
    case Value::Kind::bytes: append_repaired(out, v.as_bytes()); return true;
    case Value::Kind::duration:
      out += format_decimal(seconds_of(v.as_duration())) + "s";
      return true;
    case Value::Kind::timestamp:
    case Value::Kind::type:
    case Value::Kind::ip:
    case Value::Kind::cidr:
    case Value::Kind::money: out += to_text(v); return true;
    default: break;
  }
  *culprit = &v;
  if (depth > kDepthLimit) return false;
  if (v.is_list()) {
    out += "[";
    for (size_t i = 0; i < v.as_list().size(); ++i) {
      if (i > 0) out += ", ";
      if (!to_display(v.as_list()[i], out, culprit, depth + 1)) return false;
    }
    out += "]";
    return true;
  }
  if (v.is_map()) {
    std::vector<std::pair<std::string, std::string>> entries;
    for (const auto& [key, value] : v.as_map()) {
      auto& entry = entries.emplace_back();
      if (!to_display(key, entry.first, culprit, depth + 1) ||
          !to_display(value, entry.second, culprit, depth + 1)) {
        return false;
      }
    }
    std::sort(entries.begin(), entries.end());
    out += "{";
    for (size_t i = 0; i < entries.size(); ++i) {
      out += (i > 0 ? ", " : "") + entries[i].first + ": " + entries[i].second;
    }
    out += "}";
    return true;
  }
  return false;
}

Value display(const Value& v, std::string& out) {
  const Value* culprit = &v;
  if (to_display(v, out, &culprit, 0)) return Value();
  return wrong(
      "string clause can only be used on strings, bools, bytes, ints, doubles, maps, "
      "lists, types, durations, and timestamps",
      *culprit);
}

Value decimal(const Value& v, std::string& out) {
  if (v.is_int() || v.is_uint()) {
    out += to_text(v);
  } else if (v.is_double()) {
    out += format_decimal(v.as_double());
  } else {
    return wrong("decimal clause can only be used on integers", v);
  }
  return Value();
}

Value real(const Value& v, char verb, int precision, std::string& out) {
  if (!v.is_number()) {
    return wrong(verb == 'e' ? "scientific clause can only be used on doubles"
                             : "fixed-point clause can only be used on doubles",
                 v);
  }
  const double d = v.is_double() ? v.as_double()
                   : v.is_int()  ? static_cast<double>(v.as_int())
                                 : static_cast<double>(v.as_uint());
  if (!std::isfinite(d)) {
    out += format_double(d);
  } else {
    out +=
        verb == 'e' ? fmt::format("{:.{}e}", d, precision) : fmt::format("{:.{}f}", d, precision);
  }
  return Value();
}

// Digits of a whole number in a base that is a power of two, with its sign.
void digits(const Value& v, uint64_t base, std::string& out) {
  uint64_t n = v.is_uint() ? v.as_uint() : static_cast<uint64_t>(v.as_int());
  if (v.is_int() && v.as_int() < 0) {
    out += "-";
    n = uint64_t{0} - n;
  }
  std::string reversed;
  do {
    reversed += "0123456789abcdef"[n % base];
    n /= base;
  } while (n > 0);
  out.append(reversed.rbegin(), reversed.rend());
}

Value based(const Value& v, char verb, std::string& out) {
  const bool whole = v.is_int() || v.is_uint();
  if (verb == 'b') {
    if (v.is_bool()) {
      out += v.as_bool() ? "1" : "0";
    } else if (whole) {
      digits(v, 2, out);
    } else {
      return wrong("only integers and bools can be formatted as binary", v);
    }
    return Value();
  }
  if (verb == 'o') {
    if (!whole) return wrong("octal clause can only be used on integers", v);
    digits(v, 8, out);
    return Value();
  }
  std::string text;
  if (whole) {
    digits(v, 16, text);
  } else if (v.is_string() || v.is_bytes()) {
    text = hex(v.is_string() ? v.as_string() : v.as_bytes());
  } else {
    return wrong("only integers, byte buffers, and strings can be formatted as hex", v);
  }
  out += verb == 'X' ? upper(text) : text;
  return Value();
}

Value clause(const Value& v, char verb, int precision, std::string& out) {
  switch (verb) {
    case 's': return display(v, out);
    case 'd': return decimal(v, out);
    case 'f':
    case 'e': return real(v, verb, precision < 0 ? 6 : precision, out);
    default: return based(v, verb, out);
  }
}

Value format(const Call& call) {
  if (!call[0].is_string() || !call[1].is_list()) return no_overload(call);
  const std::string& text = call[0].as_string();
  const List& values = call[1].as_list();
  std::string out;
  size_t next = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (++i < text.size() && text[i] == '%') {
      out += '%';
      continue;
    }
    int precision = -1;
    if (i < text.size() && text[i] == '.') {
      precision = 0;
      while (++i < text.size() && text[i] >= '0' && text[i] <= '9') {
        precision = std::min(precision * 10 + (text[i] - '0'), kPrecisionMax + 1);
      }
      if (precision > kPrecisionMax) return Value::error("the precision of `format` is too large");
    }
    if (i >= text.size()) return Value::error("unexpected end of the format's clause");
    const char verb = text[i];
    if (std::string_view("sdfebxXo").find(verb) == std::string_view::npos) {
      return Value::error(std::string("could not parse formatting clause: unrecognized formatting "
                                      "clause \"") +
                          verb + "\"");
    }
    if (next >= values.size()) return Value::error(fmt::format("index {} out of range", next));
    const Value error = clause(values[next++], verb, precision, out);
    if (error.is_error()) return error;
    if (!call.budget.spend(1 + out.size() / 64)) return too_costly();
  }
  return out;
}

constexpr FunctionEntry kTable[] = {
    {"format", format, 0, "string.(list<dyn>) string",
     "The text with %s, %d, %f, %e, %b, %x, %X and %o filled in by the elements of a list."},
};

}  // namespace

std::span<const FunctionEntry> format_functions() {
  return kTable;
}

}  // namespace lf::cel

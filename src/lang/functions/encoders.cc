// SPDX-License-Identifier: Apache-2.0
// base64 and sha256.
#include "base/digest.h"
#include "lang/functions.h"

namespace lf::cel {
namespace {

Value encode(const Call& call) {
  return call[0].is_bytes() ? Value(base64(call[0].as_bytes())) : no_overload(call);
}

Value decode(const Call& call) {
  if (!call[0].is_string()) return no_overload(call);
  auto data = unbase64(call[0].as_string(), true);
  if (!data) return Value::error("the text is no base64");
  return Bytes{*std::move(data)};
}

// In lower-case hexadecimal.
Value digest(const Call& call) {
  const Value& v = call[0];
  if (v.is_string()) return hex(sha256(v.as_string()));
  return v.is_bytes() ? Value(hex(sha256(v.as_bytes()))) : no_overload(call);
}

constexpr FunctionEntry kTable[] = {
    {"base64.encode", encode, 0, "(bytes) string", "The bytes in Base64."},
    {"base64.decode", decode, 0, "(string) bytes", "The bytes that a text in Base64 means."},
    {"sha256", digest, 0, "(string) string; (bytes) string",
     "The SHA-256 of a text or bytes, in hex."},
};

}  // namespace

std::span<const FunctionEntry> encoder_functions() {
  return kTable;
}

}  // namespace lf::cel

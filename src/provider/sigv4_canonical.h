// SPDX-License-Identifier: Apache-2.0
// The canonical forms under a signature; for sigv4.cc and sigv4_verify.cc only.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "provider/sigv4.h"

namespace lf::sigv4_detail {

inline constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
inline constexpr std::string_view kUnsigned = "UNSIGNED-PAYLOAD";

std::string format_amz_date(Timestamp time);  // "20150830T123600Z"
std::optional<Timestamp> parse_amz_date(std::string_view text);

// Names and values as they are after decoding.
using QueryPairs = std::vector<std::pair<std::string, std::string>>;
QueryPairs query_pairs(std::string_view query);
std::string encode_query(QueryPairs pairs, bool sorted);

std::string signature(const std::string& secret_key, const SigningScope& scope,
                      const std::string& amz_date, const std::string& text);
std::string credential_scope(const SigningScope& scope, std::string_view amz_date);

}  // namespace lf::sigv4_detail

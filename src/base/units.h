// SPDX-License-Identifier: Apache-2.0
// The forms that people write: 90d, 1h30m, 200GiB, 200 USD, 10.0.0.0/16.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/value.h"

namespace lf {

// Sum of parts in falling order: d (24 h), h, m, s, ms, us, ns: "90d", "1h30m", "1.5s", "-5m".
// Weeks and months have no fixed meaning here and are refused. nullopt: no duration.
std::optional<Duration> parse_duration(std::string_view text);
// Largest whole units first, days from 1d: "90d", "1h30m", "0s", "1.5s".
std::string format_duration(Duration duration);

// Bytes: B, kB MB GB TB PB (1000) and KiB MiB GiB TiB PiB (1024); one number, decimals allowed if
// the result is whole. nullopt: no size, or negative, or beyond int64.
std::optional<int64_t> parse_size(std::string_view text);
std::string format_size(int64_t bytes);  // "200GiB", "1500B": the largest unit that stays whole

std::optional<Money> parse_money(std::string_view text);  // "200 USD", "0.526 USD"
std::string format_money(const Money& money);             // "200 USD", "0.53 USD", "0.000004 USD"

// RFC 3339, with "Z" or an offset. Years 0001 to 9999.
std::optional<Timestamp> parse_timestamp(std::string_view text);
std::string format_timestamp(Timestamp timestamp);  // "2026-11-23T04:41:04Z", fraction if any

std::optional<Ip> parse_ip(std::string_view text);      // strict: no leading zeros, no zones
std::string format_ip(const Ip& ip);                    // RFC 5952
std::optional<Cidr> parse_cidr(std::string_view text);  // host bits may be set
std::string format_cidr(const Cidr& cidr);
bool contains(const Cidr& outer, const Ip& ip);
bool contains(const Cidr& outer, const Cidr& inner);
bool overlaps(const Cidr& a, const Cidr& b);
Cidr masked(const Cidr& cidr);  // host bits cleared
// The n-th of the 2^newbits equal parts of `cidr`. nullopt: no room, or n too large.
std::optional<Cidr> subnet(const Cidr& cidr, int newbits, uint64_t n);
// The n-th address of `cidr` (negative: from its end). nullopt: outside.
std::optional<Ip> host(const Cidr& cidr, int64_t n);

}  // namespace lf

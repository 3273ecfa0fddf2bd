// SPDX-License-Identifier: Apache-2.0
// Digests and text encodings.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace lf {

using Sha256 = std::array<uint8_t, 32>;
Sha256 sha256(std::string_view data);
Sha256 hmac_sha256(std::string_view key, std::string_view data);
std::string md5_base64(std::string_view data);  // for Content-MD5 only
std::string sha1_hex(std::string_view data);    // for names of other tools' cache files only
std::string hex(std::string_view data);         // lower case
std::string hex(const Sha256& digest);
std::optional<std::string> unhex(std::string_view text);
std::string base64(std::string_view data);
// Strict but for missing padding. `any_last_bits`: also where the bits behind the last byte are not
// zero, which no encoder writes and some decoders accept.
std::optional<std::string> unbase64(std::string_view text, bool any_last_bits = false);
uint32_t crc32c(std::string_view data, uint32_t seed = 0);  // Castagnoli, for our own records

// RFC 3986: all but A-Z a-z 0-9 - . _ ~ as %XX. `keep_slash` leaves "/" alone (paths).
std::string percent_encode(std::string_view text, bool keep_slash = false);
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);

}  // namespace lf

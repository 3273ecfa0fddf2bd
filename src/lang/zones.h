// SPDX-License-Identifier: Apache-2.0
// Time zones: fixed offsets are read from their text, named zones from the system's TZif data that
// the activation hands over (this layer opens no files).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lang/expression.h"

namespace lf::cel {

// Seconds east of UTC at `seconds` since 1970: "UTC", "", "+02:00", "-09:30", "02:00",
// "Europe/Berlin". nullopt: no such zone.
std::optional<int64_t> zone_offset(const std::string& zone, int64_t seconds,
                                   const Activation& activation);
// The offset that a TZif file (RFC 8536) gives for that time. nullopt: no TZif data.
std::optional<int64_t> tzif_offset(std::string_view data, int64_t seconds);

}  // namespace lf::cel

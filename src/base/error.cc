// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

namespace lf {

const char* to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::not_found: return "not_found";
    case ErrorCode::not_visible_yet: return "not_visible_yet";
    case ErrorCode::exists: return "exists";
    case ErrorCode::conflict: return "conflict";
    case ErrorCode::dependency: return "dependency";
    case ErrorCode::throttled: return "throttled";
    case ErrorCode::capacity: return "capacity";
    case ErrorCode::quota: return "quota";
    case ErrorCode::auth: return "auth";
    case ErrorCode::expired: return "expired";
    case ErrorCode::unavailable: return "unavailable";
    case ErrorCode::outcome_unknown: return "outcome_unknown";
    case ErrorCode::invalid: return "invalid";
    case ErrorCode::corrupt: return "corrupt";
    case ErrorCode::io: return "io";
    case ErrorCode::locked: return "locked";
    case ErrorCode::cancelled: return "cancelled";
    case ErrorCode::refused: return "refused";
    case ErrorCode::stale: return "stale";
    case ErrorCode::internal: return "internal";
  }
  return "internal";
}

}  // namespace lf

// SPDX-License-Identifier: Apache-2.0
// What the two JSON protocols share; for protocol_json.cc and protocol_rest_json.cc only.
#pragma once

#include "provider/protocol_detail.h"

namespace lf::protocol_detail {

// Code from `x-amzn-errortype`, `__type` or `code`; `x-amzn-query-error` wins over them.
ServiceError json_error(const HttpResponse& response);
// Any JSON root; no body: an empty map.
Decoded json_answer(const HttpResponse& response);

}  // namespace lf::protocol_detail

// SPDX-License-Identifier: Apache-2.0
// A service's answers and errors as documents of its protocol: the inverse of the decoders.
#pragma once

#include <string>

#include "base/http.h"
#include "provider/descriptor.h"

namespace lf::sandbox {

struct Reply {
  Map body;         // by the answer's wire names
  std::string raw;  // REST: the body as it is, in place of `body`
  bool is_raw = false;
  Map headers;       // REST
  std::string root;  // REST-XML: the document's element; "": made of the action
};

// What a service says instead of an answer.
struct Refusal {
  std::string code, message;
  int status = 0;  // 0: the protocol's usual one for `reaction`
  ErrorCode reaction = ErrorCode::invalid;
  std::string query_code;  // JSON services that used to speak the query protocol: their old code
};

HttpResponse write_answer(const Service& service, const std::string& action, const Reply& reply,
                          const std::string& request_id);
HttpResponse write_refusal(const Service& service, const Refusal& refusal, bool head,
                           const std::string& request_id);

}  // namespace lf::sandbox

// SPDX-License-Identifier: Apache-2.0
// An HTTP request as a service reads it: which service and action, and the input by its wire names.
// The inverse of the five protocols' encoders.
#pragma once

#include <string>

#include "base/error.h"
#include "base/http.h"
#include "provider/sigv4.h"
#include "sandbox/action_index.h"

namespace lf::sandbox {

struct Incoming {
  const Service* service = nullptr;
  std::string action;        // "" if no route fits
  std::string region;        // of the signature's scope
  Value input{Map{}};        // query family, JSON, and bodies of REST
  Map path, query, headers;  // REST: the path's variables; decoded; lower-case names
  std::string body;          // REST: as it came
  bool head = false;
  // A service of the query family that was spoken to in JSON, as newer clients do where it has
  // both.
  bool json_instead = false;
};

// `info`: the request's signature, verified or not. The service comes from its scope, the action
// from the protocol's own place. Errors carry the service's code (`InvalidAction`,
// `MalformedQueryString`, …) in service_code; `out.service` is set as soon as it is known, so that
// the error can be written in its protocol.
Result<void> read_request(const HttpRequest& request, const SignatureInfo& info, ActionIndex& index,
                          Incoming& out);

}  // namespace lf::sandbox

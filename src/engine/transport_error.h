// SPDX-License-Identifier: Apache-2.0
// What a failed transfer means: which error code by what we know of its sending, and a sentence
// that names the host and the reason as a person would.
#pragma once

#include <string>

#include "base/error.h"
#include "base/http.h"

namespace lf {

struct TransferFailure {
  int curl_code = 0;      // CURLcode
  std::string curl_text;  // libcurl's own description of this case, may be empty
  long os_error = 0;      // errno of the connect that failed, 0: none
  bool started = false;   // the request, or a part of it, may have left
  int status = 0;         // of an answer that was begun, 0: none
  bool body_too_large = false;
  size_t body_bytes_max = 0;
  int64_t connect_timeout_ms = 0;
  std::string ca_file;
};

Error transfer_error(const HttpRequest& request, const TransferFailure& failure);

}  // namespace lf

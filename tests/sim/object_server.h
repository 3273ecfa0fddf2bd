// SPDX-License-Identifier: Apache-2.0
// The bucket in which a simulated state lies: the four calls of S3 on objects that remote state
// makes, as the API Reference says, without signatures. It shares no code with the client.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/http.h"
#include "base/value.h"

namespace lf::sim {

inline constexpr const char* kStateBucket = "sim-states";

class ObjectServer {
 public:
  struct Object {
    std::string bytes;
    int64_t written_s = 0;
  };

  // nullopt: it is not for this bucket.
  static bool is_for(const HttpRequest& request);
  HttpResponse handle(const HttpRequest& request, Timestamp now);

  // A planted bug: a create replaces what is there.
  bool creates_replace = false;

  std::map<std::string, Object> objects;  // by key

 private:
  HttpResponse list(const std::string& query, Timestamp now) const;
};

}  // namespace lf::sim

// SPDX-License-Identifier: Apache-2.0
// One HTTP exchange as data. Protocols make requests and read responses; a Transport carries them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lf {

struct HttpRequest {
  std::string method;  // "GET"
  std::string scheme = "https";
  std::string host;        // with port where it is not the scheme's: "127.0.0.1:5555"
  std::string path = "/";  // percent-encoded as sent
  std::string query;       // percent-encoded as sent, without "?"
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  bool mutation = false;  // must reach the server at most once: never repeated by any layer
  int64_t timeout_ms = 60'000;
  // For messages, traces and the tests' recordings; not sent.
  std::string service;  // "ec2"
  std::string action;   // "CreateVpc"
  std::string address;  // which resource it is for; may be empty

  std::string url() const {
    return scheme + "://" + host + path + (query.empty() ? "" : "?" + query);
  }
  const std::string* header(std::string_view name) const;  // case-insensitive; nullptr: absent
};

struct HttpResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  const std::string* header(std::string_view name) const;  // case-insensitive; nullptr: absent
};

}  // namespace lf

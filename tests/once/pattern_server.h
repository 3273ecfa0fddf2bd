// SPDX-License-Identifier: Apache-2.0
// An HTTP server that misbehaves on purpose, over raw sockets on 127.0.0.1. Requests without an
// `X-Id` header are answered properly (they warm connections up); one with it is counted under that
// id and meets the pattern that is set.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

enum class Pattern {
  proper,
  close_second,         // proper on a connection's first request, else closes after reading it
  close_after_read,     // reads the request, closes without an answer
  reset_after_read,     // the same with a TCP reset
  close_after_headers,  // closes before the body was read
  reset_after_headers,
  close_in_headers,    // "HTTP/1.1 200 OK\r\nContent-Le"
  close_in_body,       // 10 of 100 bytes
  interim_then_close,  // "HTTP/1.1 100 Continue", then closes
  late,                // answers after `late_ms`
  close_at_accept,     // closes each new connection at once
  redirect,            // 308 to itself
  unauthorized,        // 401 with a challenge
  unavailable,         // 503
};
const char* to_string(Pattern pattern);
inline constexpr Pattern kPatterns[] = {Pattern::proper,
                                        Pattern::close_second,
                                        Pattern::close_after_read,
                                        Pattern::reset_after_read,
                                        Pattern::close_after_headers,
                                        Pattern::reset_after_headers,
                                        Pattern::close_in_headers,
                                        Pattern::close_in_body,
                                        Pattern::interim_then_close,
                                        Pattern::late,
                                        Pattern::close_at_accept,
                                        Pattern::redirect,
                                        Pattern::unauthorized,
                                        Pattern::unavailable};

class PatternServer {
 public:
  struct Arrivals {
    int begun = 0;        // its headers came in
    int complete = 0;     // its body, too
    bool expect = false;  // it asked for 100-continue
    std::string body;     // of the last complete one
    std::string method;
  };

  PatternServer();
  ~PatternServer();
  int port() const { return port_; }
  void set_pattern(Pattern pattern) { pattern_ = pattern; }
  void set_late_ms(int ms) { late_ms_ = ms; }
  // Closes all idle connections from the server's side.
  void close_connections();
  // Waits until no connection has unread or unanswered requests, then tells.
  Arrivals arrivals(const std::string& id);
  int connections() const { return accepted_; }

 private:
  struct Request {
    std::string method, id, body;
    bool expect = false;
    size_t length = 0;
  };
  void accept_loop();
  void serve(int fd);
  bool read_headers(int fd, std::string& buffer, Request& request);
  bool answer(int fd, const Request& request, int number);

  int listen_ = -1;
  int port_ = 0;
  std::atomic<Pattern> pattern_{Pattern::proper};
  std::atomic<int> late_ms_{0};
  std::atomic<int> accepted_{0};
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::map<std::string, Arrivals> arrivals_;  // under mutex_
  std::vector<int> open_;                     // under mutex_
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

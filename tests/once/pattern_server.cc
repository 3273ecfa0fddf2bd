// SPDX-License-Identifier: Apache-2.0
#include "pattern_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>

namespace {

void send_text(int fd, const std::string& text) {
  size_t sent = 0;
  while (sent < text.size()) {
    ssize_t n = ::send(fd, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) return;
    sent += static_cast<size_t>(n);
  }
}

void make_reset(int fd) {
  linger hard{1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
}

std::string answer_text(const char* status, const std::string& more = "") {
  return std::string("HTTP/1.1 ") + status + "\r\nContent-Length: 2\r\n" + more + "\r\nok";
}

}  // namespace

const char* to_string(Pattern pattern) {
  switch (pattern) {
    case Pattern::proper: return "proper";
    case Pattern::close_second: return "close_second";
    case Pattern::close_after_read: return "close_after_read";
    case Pattern::reset_after_read: return "reset_after_read";
    case Pattern::close_after_headers: return "close_after_headers";
    case Pattern::reset_after_headers: return "reset_after_headers";
    case Pattern::close_in_headers: return "close_in_headers";
    case Pattern::close_in_body: return "close_in_body";
    case Pattern::interim_then_close: return "interim_then_close";
    case Pattern::late: return "late";
    case Pattern::close_at_accept: return "close_at_accept";
    case Pattern::redirect: return "redirect";
    case Pattern::unauthorized: return "unauthorized";
    case Pattern::unavailable: return "unavailable";
  }
  return "?";
}

PatternServer::PatternServer() {
  listen_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (bind(listen_, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
      listen(listen_, 512) != 0 ||
      getsockname(listen_, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    std::perror("pattern server");
    std::abort();
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_loop(); });
}

PatternServer::~PatternServer() {
  stop_ = true;
  shutdown(listen_, SHUT_RDWR);
  acceptor_.join();
  close(listen_);
  close_connections();
  for (std::thread& thread : threads_) thread.join();
}

void PatternServer::close_connections() {
  std::lock_guard<std::mutex> hold(mutex_);
  for (int fd : open_) shutdown(fd, SHUT_RDWR);
}

void PatternServer::accept_loop() {
  while (!stop_) {
    int fd = accept4(listen_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    ++accepted_;
    if (pattern_ == Pattern::close_at_accept) {
      close(fd);
      continue;
    }
    {
      std::lock_guard<std::mutex> hold(mutex_);
      open_.push_back(fd);
    }
    threads_.emplace_back([this, fd] { serve(fd); });
  }
}

bool PatternServer::read_headers(int fd, std::string& buffer, Request& request) {
  size_t end = 0;
  while ((end = buffer.find("\r\n\r\n")) == std::string::npos) {
    char part[16384];
    ssize_t n = recv(fd, part, sizeof part, 0);
    if (n <= 0) return false;
    buffer.append(part, static_cast<size_t>(n));
  }
  std::string head = buffer.substr(0, end + 2);
  buffer.erase(0, end + 4);
  request.method = head.substr(0, head.find(' '));
  for (size_t at = head.find("\r\n") + 2; at < head.size();) {
    size_t line_end = head.find("\r\n", at);
    std::string line = head.substr(at, line_end - at);
    if (strncasecmp(line.c_str(), "content-length: ", 16) == 0) {
      request.length = static_cast<size_t>(std::atoll(line.c_str() + 16));
    }
    if (strncasecmp(line.c_str(), "x-id: ", 6) == 0) request.id = line.substr(6);
    if (strncasecmp(line.c_str(), "expect:", 7) == 0) request.expect = true;
    at = line_end + 2;
  }
  return true;
}

void PatternServer::serve(int fd) {
  std::string buffer;
  for (int number = 1;; ++number) {
    Request request;
    if (!read_headers(fd, buffer, request)) break;
    bool counted = !request.id.empty();
    Pattern pattern = counted ? pattern_.load() : Pattern::proper;
    if (counted) {
      std::lock_guard<std::mutex> hold(mutex_);
      Arrivals& arrivals = arrivals_[request.id];
      ++arrivals.begun;
      arrivals.expect |= request.expect;
      arrivals.method = request.method;
    }
    if (pattern == Pattern::close_after_headers) break;
    if (pattern == Pattern::reset_after_headers) {
      make_reset(fd);
      break;
    }
    bool whole = true;
    while (buffer.size() < request.length && whole) {
      char part[65536];
      ssize_t n = recv(fd, part, sizeof part, 0);
      whole = n > 0;
      if (whole) buffer.append(part, static_cast<size_t>(n));
    }
    if (!whole) break;
    request.body = buffer.substr(0, request.length);
    buffer.erase(0, request.length);
    if (counted) {
      std::lock_guard<std::mutex> hold(mutex_);
      Arrivals& arrivals = arrivals_[request.id];
      ++arrivals.complete;
      arrivals.body = request.body;
    }
    if (!answer(fd, request, number)) break;
  }
  std::lock_guard<std::mutex> hold(mutex_);
  open_.erase(std::find(open_.begin(), open_.end(), fd));
  close(fd);
}

bool PatternServer::answer(int fd, const Request& request, int number) {
  Pattern pattern = request.id.empty() ? Pattern::proper : pattern_.load();
  switch (pattern) {
    case Pattern::close_second:
      if (number >= 2) return false;
      break;
    case Pattern::close_after_read: return false;
    case Pattern::reset_after_read: make_reset(fd); return false;
    case Pattern::close_in_headers: send_text(fd, "HTTP/1.1 200 OK\r\nContent-Le"); return false;
    case Pattern::close_in_body:
      send_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789");
      return false;
    case Pattern::interim_then_close: send_text(fd, "HTTP/1.1 100 Continue\r\n\r\n"); return false;
    case Pattern::late:
      std::this_thread::sleep_for(std::chrono::milliseconds(late_ms_.load()));
      break;
    case Pattern::redirect:
      send_text(fd, answer_text("308 Permanent Redirect", "Location: /again\r\n"));
      return true;
    case Pattern::unauthorized:
      send_text(fd, answer_text("401 Unauthorized", "WWW-Authenticate: Basic realm=\"x\"\r\n"));
      return true;
    case Pattern::unavailable: send_text(fd, answer_text("503 Service Unavailable")); return true;
    default: break;
  }
  send_text(fd, request.method == "HEAD" ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
                                         : answer_text("200 OK"));
  return true;
}

PatternServer::Arrivals PatternServer::arrivals(const std::string& id) {
  std::lock_guard<std::mutex> hold(mutex_);
  return arrivals_[id];
}

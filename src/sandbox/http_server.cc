// SPDX-License-Identifier: Apache-2.0
#include "sandbox/http_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <set>
#include <system_error>
#include <thread>

#include "base/strings.h"

namespace lf::sandbox {

namespace {

constexpr size_t kHeadMax = 256 * 1024;
constexpr size_t kBodyMax = 64 * 1024 * 1024;
constexpr int kConnectionsMax = 2'048;

// One connection's bytes: read ahead of what was asked for.
class Connection {
 public:
  explicit Connection(int fd) : fd_(fd) {}

  // nullopt: the peer went away, or sent what is no HTTP.
  std::optional<HttpRequest> next() {
    size_t end = 0;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (buffer_.size() > kHeadMax || !more()) return std::nullopt;
    }
    HttpRequest request;
    const std::string head = buffer_.substr(0, end);
    buffer_.erase(0, end + 4);
    if (!read_head(head, request)) return std::nullopt;
    if (const std::string* expect = request.header("expect");
        expect != nullptr && iequals(*expect, "100-continue")) {
      if (!write("HTTP/1.1 100 Continue\r\n\r\n")) return std::nullopt;
    }
    if (!read_body(request)) return std::nullopt;
    return request;
  }

  bool answer(const HttpRequest& request, const HttpResponse& response) {
    std::string out = fmt::format("HTTP/1.1 {} {}\r\n", response.status,
                                  response.status < 400 ? "OK" : "Refused");
    for (const auto& [name, value] : response.headers)
      out += fmt::format("{}: {}\r\n", name, value);
    out +=
        fmt::format("Content-Length: {}\r\nConnection: keep-alive\r\n\r\n", response.body.size());
    if (request.method != "HEAD") out += response.body;
    return write(out);
  }

 private:
  bool more() {
    char bytes[16 * 1024];
    ssize_t n = 0;
    do n = recv(fd_, bytes, sizeof(bytes), 0);
    while (n < 0 && errno == EINTR);
    if (n <= 0) return false;
    buffer_.append(bytes, static_cast<size_t>(n));
    return true;
  }

  bool write(std::string_view text) {
    while (!text.empty()) {
      const ssize_t n = send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return false;
      text.remove_prefix(static_cast<size_t>(n));
    }
    return true;
  }

  static bool read_head(const std::string& head, HttpRequest& out) {
    size_t at = head.find("\r\n");
    const std::string line = head.substr(0, at);
    const size_t first = line.find(' '), last = line.rfind(' ');
    if (first == std::string::npos || last <= first ||
        !line.substr(last + 1).starts_with("HTTP/1."))
      return false;
    out.method = line.substr(0, first);
    out.scheme = "http";
    const std::string target = line.substr(first + 1, last - first - 1);
    const size_t mark = target.find('?');
    out.path = target.substr(0, mark);
    if (mark != std::string::npos) out.query = target.substr(mark + 1);
    while (at != std::string::npos) {
      const size_t begin = at + 2;
      at = head.find("\r\n", begin);
      const std::string field = head.substr(begin, at == std::string::npos ? at : at - begin);
      const size_t colon = field.find(':');
      if (colon == std::string::npos) return false;
      out.headers.emplace_back(field.substr(0, colon),
                               trim(std::string_view(field).substr(colon + 1)));
    }
    if (const std::string* host = out.header("host")) out.host = *host;
    return true;
  }

  bool take(size_t size, std::string& out) {
    while (buffer_.size() < size) {
      if (!more()) return false;
    }
    out.append(buffer_, 0, size);
    buffer_.erase(0, size);
    return true;
  }

  bool read_body(HttpRequest& request) {
    const std::string* coding = request.header("transfer-encoding");
    if (coding != nullptr && iequals(*coding, "chunked")) return read_chunks(request);
    const std::string* length = request.header("content-length");
    if (length == nullptr) return true;
    size_t size = 0;
    const auto [end, error] =
        std::from_chars(length->data(), length->data() + length->size(), size);
    if (error != std::errc() || end != length->data() + length->size() || size > kBodyMax)
      return false;
    return take(size, request.body);
  }

  bool read_chunks(HttpRequest& request) {
    while (true) {
      size_t end = 0;
      while ((end = buffer_.find("\r\n")) == std::string::npos) {
        if (buffer_.size() > kHeadMax || !more()) return false;
      }
      size_t size = 0;
      const auto [stop, error] = std::from_chars(buffer_.data(), buffer_.data() + end, size, 16);
      if (error != std::errc() || size > kBodyMax || request.body.size() + size > kBodyMax)
        return false;
      (void)stop;
      buffer_.erase(0, end + 2);
      std::string ending;
      if (!take(size, request.body) || !take(2, ending)) return false;
      if (size == 0) return true;  // no trailers: no client of ours sends any
    }
  }

  int fd_;
  std::string buffer_;
};

// All connections that are open, so that they can be ended.
struct Connections {
  std::mutex mutex;
  std::condition_variable none_left;
  std::set<int> open;
  bool over = false;
};

std::unexpected<Error> io_error(const std::string& what) {
  return fail(
      ErrorCode::io,
      fmt::format("{}: {}", what, std::error_code(errno, std::generic_category()).message()));
}

void run(int fd, const HttpHandler& handler, Connections& all) {
  Connection connection(fd);
  while (auto request = connection.next()) {
    const auto response = handler(*request);
    if (!response || !connection.answer(*request, *response)) break;
    const std::string* wish = request->header("connection");
    if (wish != nullptr && iequals(*wish, "close")) break;
  }
  const std::lock_guard<std::mutex> guard(all.mutex);
  all.open.erase(fd);
  close(fd);
  if (all.open.empty()) all.none_left.notify_all();
}

}  // namespace

Result<void> serve_http(const std::string& listen_at, const HttpHandler& handler,
                        const std::function<void(const std::string& url)>& ready,
                        const std::function<bool()>& stop) {
  const size_t colon = listen_at.rfind(':');
  std::string host = listen_at.substr(0, colon);
  if (host == "localhost") host = "127.0.0.1";
  uint16_t port = 0;
  if (colon != std::string::npos) {
    const char* begin = listen_at.data() + colon + 1;
    const char* finish = listen_at.data() + listen_at.size();
    const auto [end, error] = std::from_chars(begin, finish, port);
    if (error != std::errc() || end != finish)
      return fail(ErrorCode::invalid, fmt::format("`{}` is no HOST:PORT", listen_at));
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) {
    return fail(ErrorCode::invalid, fmt::format("`{}` is no address to listen on", listen_at));
  }
  const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (server < 0) return io_error("cannot open a socket");
  const int on = 1;
  setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(server, generic, size) != 0 || listen(server, 1'024) != 0 ||
      getsockname(server, generic, &size) != 0) {
    auto failed = io_error(fmt::format("cannot listen on {}", listen_at));
    close(server);
    return failed;
  }
  ready(fmt::format("http://{}:{}", host, ntohs(address.sin_port)));
  Connections all;
  while (!stop()) {
    pollfd waiting{server, POLLIN, 0};
    if (poll(&waiting, 1, 100) <= 0) continue;
    const int fd = accept4(server, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    {
      const std::lock_guard<std::mutex> guard(all.mutex);
      if (all.open.size() >= kConnectionsMax) {
        close(fd);
        continue;
      }
      all.open.insert(fd);
    }
    try {
      std::thread([fd, &handler, &all] { run(fd, handler, all); }).detach();
    } catch (const std::system_error&) {  // no more threads: this one goes, others come
      const std::lock_guard<std::mutex> guard(all.mutex);
      all.open.erase(fd);
      close(fd);
    }
  }
  close(server);
  std::unique_lock<std::mutex> lock(all.mutex);
  for (const int fd : all.open) shutdown(fd, SHUT_RDWR);
  all.none_left.wait(lock, [&] { return all.open.empty(); });
  return {};
}

}  // namespace lf::sandbox

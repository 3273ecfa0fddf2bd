// SPDX-License-Identifier: Apache-2.0
// What a person reads when no answer comes, and which code the engine acts on, on real sockets:
// nobody listening, no such host, no TLS, an untrusted or wrong certificate, proxies, large
// answers.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "engine/curl_library.h"
#include "engine/transport_curl.h"
#include "pattern_server.h"
#include "tls_server.h"

namespace {

using namespace lf;

int g_failures = 0;

void expect(bool holds, const std::string& what) {
  if (holds) return;
  ++g_failures;
  std::printf("FAILED: %s\n", what.c_str());
}

void expect_error(const Result<HttpResponse>& result, ErrorCode code, const std::string& begins) {
  if (result) {
    expect(false, "an answer instead of: " + begins);
    return;
  }
  const Error& error = result.error();
  std::printf("  %s: %s\n", to_string(error.code), error.message.c_str());
  for (const std::string& help : error.help) std::printf("      help: %s\n", help.c_str());
  expect(error.code == code, std::string("the code of it is ") + to_string(code));
  expect(error.message.starts_with(begins), "it begins with: " + begins);
}

HttpRequest request_to(const std::string& scheme, const std::string& host, bool mutation = true) {
  HttpRequest request;
  request.method = "POST";
  request.scheme = scheme;
  request.host = host;
  request.body = "x";
  request.mutation = mutation;
  request.timeout_ms = 3'000;
  return request;
}

Result<HttpResponse> exchange(CurlTransport& transport, Loop& loop, HttpRequest request) {
  Result<HttpResponse> result;
  bool done = false;
  transport.send(std::move(request), [&](Result<HttpResponse> answer) {
    result = std::move(answer);
    done = true;
  });
  loop.run_until(done);
  return result;
}

Result<HttpResponse> exchange(HttpRequest request, TransportOptions options = {}) {
  Loop loop;
  CurlTransport transport(loop, std::move(options));
  return exchange(transport, loop, std::move(request));
}

std::string local(int port) {
  return "127.0.0.1:" + std::to_string(port);
}

// A port that nobody listens on, and one whose connections nobody takes.
struct Port {
  explicit Port(int backlog) {
    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    bind(fd, reinterpret_cast<sockaddr*>(&address), length);
    if (backlog >= 0) listen(fd, backlog);
    getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
    number = ntohs(address.sin_port);
  }
  ~Port() { close(fd); }
  int fd = -1;
  int number = 0;
};

void unreachable() {
  Port nobody(-1);
  expect_error(exchange(request_to("http", local(nobody.number))), ErrorCode::unavailable,
               "cannot connect to " + local(nobody.number) + ": connection refused");
  expect_error(exchange(request_to("https", "no-such-host.invalid")), ErrorCode::unavailable,
               "cannot find the address of no-such-host.invalid");
  expect_error(exchange(request_to("ftp", "127.0.0.1")), ErrorCode::invalid,
               "`ftp://127.0.0.1` is no address to send a request to");
  TransportOptions hurried;
  hurried.connect_timeout_ms = 200;
  // Accepted by the kernel but never spoken to: TLS does not come about.
  Port silent(16);
  expect_error(exchange(request_to("https", local(silent.number)), hurried), ErrorCode::unavailable,
               "cannot connect to " + local(silent.number) + " within 200ms");
}

void behind_a_proxy() {
  Port nobody(-1);
  setenv("https_proxy", ("http://" + local(nobody.number)).c_str(), 1);
  expect_error(exchange(request_to("https", "cloud.example")), ErrorCode::unavailable,
               "cannot connect to the proxy 127.0.0.1 on the way to cloud.example: connection");
  PatternServer refusing;
  setenv("https_proxy", ("http://" + local(refusing.port())).c_str(), 1);
  refusing.set_pattern(Pattern::close_at_accept);
  expect_error(exchange(request_to("https", "cloud.example")), ErrorCode::unavailable,
               "cannot reach cloud.example: ");
  setenv("https_proxy", "http://no-such-proxy.invalid:3128", 1);
  expect_error(exchange(request_to("https", "cloud.example")), ErrorCode::unavailable,
               "cannot find the address of the proxy on the way to cloud.example");
  unsetenv("https_proxy");
}

void trust() {
  char folder[] = "/tmp/llmforge-tls-XXXXXX";
  expect(mkdtemp(folder) != nullptr, "a folder for certificates");
  std::string bundle = std::string(folder) + "/ca.pem";
  TlsServer server("IP:127.0.0.1");
  std::ofstream(bundle) << server.certificate_pem();
  TransportOptions trusting;
  trusting.ca_file = bundle;
  expect_error(exchange(request_to("https", local(server.port()))), ErrorCode::invalid,
               "the TLS certificate of " + local(server.port()) + " is not trusted: self");
  expect(server.requests() == 0, "nothing reached a server that is not trusted");
  Result<HttpResponse> trusted = exchange(request_to("https", local(server.port())), trusting);
  expect(trusted && trusted->body == "ok", "a certificate of the given bundle is trusted");
  TlsServer other("DNS:example.test");
  std::ofstream(bundle) << other.certificate_pem();
  expect_error(
      exchange(request_to("https", local(other.port())), trusting), ErrorCode::invalid,
      "the TLS certificate of " + local(other.port()) + " is for another name: no alternative");
  expect(other.requests() == 0, "nothing reached a server of another name");
  TransportOptions missing;
  missing.ca_file = std::string(folder) + "/none.pem";
  expect_error(exchange(request_to("https", local(server.port())), missing), ErrorCode::invalid,
               "cannot read the CA bundle " + missing.ca_file);
  PatternServer plain;
  plain.set_pattern(Pattern::close_at_accept);
  expect_error(exchange(request_to("https", local(plain.port()))), ErrorCode::unavailable,
               "no TLS with " + local(plain.port()) + ": ");
  unlink(bundle.c_str());
  rmdir(folder);
}

void once_over_tls() {
  char file[] = "/tmp/llmforge-tls-XXXXXX";
  close(mkstemp(file));
  for (bool mutation : {true, false}) {
    TlsServer server("IP:127.0.0.1");
    std::ofstream(file) << server.certificate_pem();
    TransportOptions trusting;
    trusting.ca_file = file;
    Loop loop;
    CurlTransport transport(loop, trusting);
    HttpRequest first = request_to("https", local(server.port()), mutation);
    expect(exchange(transport, loop, first).has_value(), "the first request is answered");
    Result<HttpResponse> second = exchange(transport, loop, first);
    if (mutation) {
      expect_error(second, ErrorCode::outcome_unknown,
                   local(server.port()) + " closed the connection without an answer");
      expect(server.requests() == 2, "the second mutation arrived once");
    } else {
      expect(second && server.requests() == 3, "a read was sent again over a new connection");
    }
  }
  unlink(file);
}

void answers() {
  PatternServer server;
  TransportOptions small;
  small.body_bytes_max = 1;
  expect_error(exchange(request_to("http", local(server.port())), small),
               ErrorCode::outcome_unknown,
               "the answer of " + local(server.port()) + " is larger than 1B");
  expect_error(exchange(request_to("http", local(server.port()), false), small),
               ErrorCode::unavailable, "the answer of ");
  server.set_pattern(Pattern::late);
  server.set_late_ms(300);
  HttpRequest hurried = request_to("http", local(server.port()));
  hurried.headers = {{"X-Id", "late"}};
  hurried.timeout_ms = 100;
  expect_error(exchange(hurried), ErrorCode::outcome_unknown,
               "no answer from " + local(server.port()) + " within 100ms");
  server.set_pattern(Pattern::redirect);
  hurried.headers = {{"X-Id", "redirect"}};
  Result<HttpResponse> redirect = exchange(hurried);
  expect(redirect && redirect->status == 308, "a redirect is an answer like any other");
  expect(redirect && redirect->header("location") != nullptr, "with its headers");
}

}  // namespace

int main() {
  Result<const CurlLibrary*> none = CurlLibrary::load("libcurl-that-is-not-there.so.4");
  expect(!none && none.error().code == ErrorCode::invalid, "a missing libcurl is an error");
  if (!none)
    std::printf("  %s\n      help: %s\n", none.error().message.c_str(),
                none.error().help.at(0).c_str());
  for (const char* name : {"http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"}) {
    unsetenv(name);
  }
  unreachable();
  behind_a_proxy();
  trust();
  once_over_tls();
  answers();
  std::printf(g_failures == 0 ? "ok\n" : "%d failed\n", g_failures);
  return g_failures == 0 ? 0 : 1;
}

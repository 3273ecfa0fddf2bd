// SPDX-License-Identifier: Apache-2.0
#include "engine/transport_curl.h"

#include <algorithm>
#include <cstdlib>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/strings.h"
#include "engine/curl_library.h"
#include "engine/transport_error.h"

namespace lf {
namespace {

// One request under way. Its address is what libcurl's callbacks get.
struct Transfer {
  const CurlLibrary* lib = nullptr;
  CURL* easy = nullptr;
  HttpRequest request;
  HttpResponse response;
  std::function<void(Result<HttpResponse>)> done;
  curl_slist* headers = nullptr;
  std::string url;
  char error_text[CURL_ERROR_SIZE] = {};
  size_t body_sent = 0;
  size_t body_bytes_max = 0;
  bool body_too_large = false;
  bool headers_complete = false;  // the empty line after them came
  int starts = 0;
  bool only_one_start = false;
};

size_t on_read(char* out, size_t size, size_t count, void* user) {
  auto* transfer = static_cast<Transfer*>(user);
  const std::string& body = transfer->request.body;
  size_t n = std::min(size * count, body.size() - transfer->body_sent);
  body.copy(out, n, transfer->body_sent);
  transfer->body_sent += n;
  return n;
}

size_t on_body(char* data, size_t size, size_t count, void* user) {
  auto* transfer = static_cast<Transfer*>(user);
  size_t n = size * count;
  if (transfer->response.body.size() + n > transfer->body_bytes_max) {
    transfer->body_too_large = true;
    return 0;
  }
  transfer->response.body.append(data, n);
  return n;
}

size_t on_header(char* data, size_t size, size_t count, void* user) {
  auto* transfer = static_cast<Transfer*>(user);
  std::string_view line(data, size * count);
  HttpResponse& response = transfer->response;
  if (line.starts_with("HTTP/")) {
    // A status line; an earlier one was an interim answer's (100, 103).
    response = HttpResponse{};
    transfer->headers_complete = false;
    size_t space = line.find(' ');
    if (space != std::string_view::npos) response.status = std::atoi(data + space + 1);
  } else if (size_t colon = line.find(':'); colon != std::string_view::npos && colon > 0) {
    response.headers.emplace_back(std::string(trim(line.substr(0, colon))),
                                  std::string(trim(line.substr(colon + 1))));
  } else if (trim(line).empty()) {
    transfer->headers_complete = true;
  }
  return line.size();
}

// Called each time that a connection is ready and the request is about to be written to it.
int on_start(void* user, char*, char*, int, int) {
  auto* transfer = static_cast<Transfer*>(user);
  if (transfer->only_one_start && transfer->starts > 0) return CURL_PREREQFUNC_ABORT;
  ++transfer->starts;
  return CURL_PREREQFUNC_OK;
}

}  // namespace

struct CurlTransport::Rep {
  Rep(Loop& l, TransportOptions o) : loop(l), options(std::move(o)) {}
  ~Rep();
  Result<void> open();
  void start(HttpRequest request, std::function<void(Result<HttpResponse>)> done);
  void set_up(Transfer& transfer);
  void set_method(Transfer& transfer);
  void set_headers(Transfer& transfer);
  void act(curl_socket_t fd, int events);
  void collect();
  Result<HttpResponse> outcome(Transfer& transfer, CURLcode code);
  void release(Transfer& transfer);

  static int on_socket(CURL*, curl_socket_t fd, int what, void* user, void*);
  static int on_timer(CURLM*, long timeout_ms, void* user);

  Loop& loop;
  TransportOptions options;
  const CurlLibrary* lib = nullptr;
  CURLM* multi = nullptr;
  uint64_t timer = 0;
  std::set<curl_socket_t> watched;
  std::unordered_map<CURL*, std::unique_ptr<Transfer>> transfers;
  std::vector<CURL*> spare;  // easy handles to use again
  uint64_t requests = 0;
  uint64_t connections = 0;
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);
};

CurlTransport::Rep::~Rep() {
  *alive = false;
  if (lib == nullptr) return;
  for (auto& [easy, transfer] : transfers) {
    lib->multi_remove_handle(multi, easy);
    lib->slist_free_all(transfer->headers);
    lib->easy_cleanup(easy);
  }
  for (CURL* easy : spare) lib->easy_cleanup(easy);
  lib->multi_cleanup(multi);
  loop.cancel(timer);
  for (curl_socket_t fd : watched) loop.unwatch(fd);
}

Result<void> CurlTransport::Rep::open() {
  if (multi != nullptr) return {};
  Result<const CurlLibrary*> loaded = CurlLibrary::load();
  if (!loaded) return fail(loaded.error());
  lib = *loaded;
  multi = lib->multi_init();
  LF_ASSERT(multi != nullptr);
  lib->multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &Rep::on_socket);
  lib->multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
  lib->multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &Rep::on_timer);
  lib->multi_setopt(multi, CURLMOPT_TIMERDATA, this);
  lib->multi_setopt(multi, CURLMOPT_MAXCONNECTS, static_cast<long>(options.connections_kept_max));
  return {};
}

void CurlTransport::Rep::start(HttpRequest request,
                               std::function<void(Result<HttpResponse>)> done) {
  auto owned = std::make_unique<Transfer>();
  Transfer& transfer = *owned;
  transfer.lib = lib;
  transfer.request = std::move(request);
  transfer.done = std::move(done);
  transfer.body_bytes_max = options.body_bytes_max;
  transfer.only_one_start = transfer.request.mutation && !options.unsafe.unlimited_starts;
  if (spare.empty()) {
    transfer.easy = lib->easy_init();
    LF_ASSERT(transfer.easy != nullptr);
  } else {
    transfer.easy = spare.back();
    spare.pop_back();
  }
  set_up(transfer);
  set_method(transfer);
  set_headers(transfer);
  ++requests;
  transfers.emplace(transfer.easy, std::move(owned));
  LF_ASSERT(lib->multi_add_handle(multi, transfer.easy) == CURLM_OK);
}

void CurlTransport::Rep::set_up(Transfer& transfer) {
  CURL* easy = transfer.easy;
  auto set = lib->easy_setopt;
  transfer.url = transfer.request.url();
  set(easy, CURLOPT_URL, transfer.url.c_str());
  set(easy, CURLOPT_PATH_AS_IS, 1L);  // object keys may hold "/../"
  set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  set(easy, CURLOPT_NOSIGNAL, 1L);
  set(easy, CURLOPT_FOLLOWLOCATION, 0L);
  set(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  set(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout_ms));
  set(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(transfer.request.timeout_ms));
  // Without TLS nobody offers HTTP/2, and asking for it would only confuse old servers.
  bool tls = iequals(transfer.request.scheme, "https");
  set(easy, CURLOPT_HTTP_VERSION,
      static_cast<long>(tls ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
  set(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!options.ca_file.empty()) set(easy, CURLOPT_CAINFO, options.ca_file.c_str());
  if (!options.ca_folder.empty()) set(easy, CURLOPT_CAPATH, options.ca_folder.c_str());
  set(easy, CURLOPT_ERRORBUFFER, transfer.error_text);
  set(easy, CURLOPT_WRITEFUNCTION, &on_body);
  set(easy, CURLOPT_WRITEDATA, &transfer);
  set(easy, CURLOPT_HEADERFUNCTION, &on_header);
  set(easy, CURLOPT_HEADERDATA, &transfer);
  set(easy, CURLOPT_PREREQFUNCTION, &on_start);
  set(easy, CURLOPT_PREREQDATA, &transfer);
}

// Servers close connections that were idle for a while, some after five seconds. A mutation that is
// sent at that very moment is lost with an open outcome, so it takes no connection near that age.
constexpr long kIdleSecondsMaxForMutations = 4;

void CurlTransport::Rep::set_method(Transfer& transfer) {
  CURL* easy = transfer.easy;
  auto set = lib->easy_setopt;
  const HttpRequest& request = transfer.request;
  if (request.mutation) set(easy, CURLOPT_MAXAGE_CONN, kIdleSecondsMaxForMutations);
  if (request.mutation && request.body.empty() && !options.unsafe.reuse_without_body) {
    set(easy, CURLOPT_FRESH_CONNECT, 1L);
  }
  if (request.method == "HEAD") {
    set(easy, CURLOPT_NOBODY, 1L);
    return;
  }
  bool expects_body =
      request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  if (request.body.empty() && !expects_body) {
    set(easy, CURLOPT_HTTPGET, 1L);
  } else {
    set(easy, CURLOPT_POST, 1L);
    set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    if (request.mutation && !request.body.empty() && !options.unsafe.rewindable_bodies) {
      set(easy, CURLOPT_READFUNCTION, &on_read);
      set(easy, CURLOPT_READDATA, &transfer);
    } else {
      set(easy, CURLOPT_POSTFIELDS, request.body.c_str());
    }
  }
  set(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

void CurlTransport::Rep::set_headers(Transfer& transfer) {
  const HttpRequest& request = transfer.request;
  auto add = [&](const std::string& line) {
    curl_slist* longer = lib->slist_append(transfer.headers, line.c_str());
    LF_ASSERT(longer != nullptr);
    transfer.headers = longer;
  };
  for (const auto& [name, value] : request.headers) {
    // libcurl writes this one itself, from the size of the body.
    if (iequals(name, "Content-Length")) continue;
    // An empty value needs libcurl's other notation; "Name:" alone would remove the header.
    add(value.empty() ? name + ";" : name + ": " + value);
  }
  // What libcurl would add by itself and nobody asked for.
  for (const char* name : {"Accept", "Content-Type", "Expect"}) {
    if (request.header(name) == nullptr) add(std::string(name) + ":");
  }
  if (request.header("User-Agent") == nullptr && !options.user_agent.empty()) {
    add("User-Agent: " + options.user_agent);
  }
  lib->easy_setopt(transfer.easy, CURLOPT_HTTPHEADER, transfer.headers);
}

int CurlTransport::Rep::on_socket(CURL*, curl_socket_t fd, int what, void* user, void*) {
  auto* rep = static_cast<Rep*>(user);
  if (what == CURL_POLL_REMOVE) {
    rep->watched.erase(fd);
    rep->loop.unwatch(fd);
    return 0;
  }
  bool read = (what & CURL_POLL_IN) != 0;
  bool write = (what & CURL_POLL_OUT) != 0;
  rep->watched.insert(fd);
  rep->loop.watch(fd, read, write, [rep, fd](bool readable, bool writable) {
    rep->act(fd, (readable ? CURL_CSELECT_IN : 0) | (writable ? CURL_CSELECT_OUT : 0));
  });
  return 0;
}

int CurlTransport::Rep::on_timer(CURLM*, long timeout_ms, void* user) {
  auto* rep = static_cast<Rep*>(user);
  rep->loop.cancel(rep->timer);
  rep->timer = 0;
  if (timeout_ms < 0) return 0;
  rep->timer = rep->loop.after(timeout_ms * 1'000'000, [rep] {
    rep->timer = 0;
    rep->act(CURL_SOCKET_TIMEOUT, 0);
  });
  return 0;
}

void CurlTransport::Rep::act(curl_socket_t fd, int events) {
  int running = 0;
  lib->multi_socket_action(multi, fd, events, &running);
  collect();
}

void CurlTransport::Rep::collect() {
  // First everything is taken out, then the callbacks run: they send further requests.
  std::vector<std::pair<std::function<void(Result<HttpResponse>)>, Result<HttpResponse>>> ended;
  int left = 0;
  while (CURLMsg* message = lib->multi_info_read(multi, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* easy = message->easy_handle;
    CURLcode code = message->data.result;
    auto found = transfers.find(easy);
    LF_ASSERT(found != transfers.end());
    std::unique_ptr<Transfer> transfer = std::move(found->second);
    transfers.erase(found);
    Result<HttpResponse> result = outcome(*transfer, code);
    release(*transfer);
    ended.emplace_back(std::move(transfer->done), std::move(result));
  }
  std::shared_ptr<bool> still_here = alive;
  for (auto& [done, result] : ended) {
    if (!*still_here) return;
    done(std::move(result));
  }
}

Result<HttpResponse> CurlTransport::Rep::outcome(Transfer& transfer, CURLcode code) {
  long opened = 0;
  lib->easy_getinfo(transfer.easy, CURLINFO_NUM_CONNECTS, &opened);
  connections += static_cast<uint64_t>(std::max(opened, 0L));
  // For libcurl 7.88 an answer that breaks off inside its headers is a whole one without a body.
  if (code == CURLE_OK && !transfer.headers_complete) code = CURLE_PARTIAL_FILE;
  if (code == CURLE_OK) return std::move(transfer.response);
  TransferFailure failure;
  failure.curl_code = code;
  failure.curl_text =
      transfer.error_text[0] != '\0' ? transfer.error_text : lib->easy_strerror(code);
  lib->easy_getinfo(transfer.easy, CURLINFO_OS_ERRNO, &failure.os_error);
  failure.started = transfer.starts > 0;
  failure.status = transfer.response.status;
  failure.body_too_large = transfer.body_too_large;
  failure.body_bytes_max = options.body_bytes_max;
  failure.connect_timeout_ms = options.connect_timeout_ms;
  failure.ca_file = options.ca_file;
  return fail(transfer_error(transfer.request, failure));
}

void CurlTransport::Rep::release(Transfer& transfer) {
  lib->multi_remove_handle(multi, transfer.easy);
  lib->slist_free_all(transfer.headers);
  transfer.headers = nullptr;
  lib->easy_reset(transfer.easy);
  spare.push_back(transfer.easy);
}

CurlTransport::CurlTransport(Loop& loop, TransportOptions options)
    : rep_(std::make_unique<Rep>(loop, std::move(options))) {}

CurlTransport::~CurlTransport() = default;

void CurlTransport::send(HttpRequest request, std::function<void(Result<HttpResponse>)> done) {
  Result<void> opened = rep_->open();
  if (!opened) {
    rep_->loop.post([done = std::move(done), error = opened.error()] { done(fail(error)); });
    return;
  }
  rep_->start(std::move(request), std::move(done));
}

uint64_t CurlTransport::request_count() const {
  return rep_->requests;
}
uint64_t CurlTransport::connection_count() const {
  return rep_->connections;
}

}  // namespace lf

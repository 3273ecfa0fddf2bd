// SPDX-License-Identifier: Apache-2.0
// A small HTTP/1.1 server for the model cloud: a thread for each connection, kept alive for as long
// as the client likes, stopped at once when asked. Bodies by Content-Length or chunked, no TLS.
//
// Why not a library's: Debian's cpp-httplib is a shared library that loads OpenSSL's and brotli's
// at the start of every command, and its stop() waits for idle connections to time out.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/http.h"

namespace lf::sandbox {

// nullopt: the connection is closed without an answer. Called from many threads at once.
using HttpHandler = std::function<std::optional<HttpResponse>(const HttpRequest&)>;

// `listen`: "HOST:PORT" with an IPv4 address or `localhost`; port 0: a free one. Serves until
// `stop` is true (looked at every 100 ms), then ends every connection. io: the address cannot be
// used.
Result<void> serve_http(const std::string& listen, const HttpHandler& handler,
                        const std::function<void(const std::string& url)>& ready,
                        const std::function<bool()>& stop);

}  // namespace lf::sandbox

// SPDX-License-Identifier: Apache-2.0
// A TLS server on 127.0.0.1 with a certificate of its own making, for one `name`. It answers every
// request properly, but closes a connection after reading its second request.
#pragma once

#include <atomic>
#include <string>
#include <thread>

struct ssl_ctx_st;

class TlsServer {
 public:
  // `name`: what the certificate is for: "IP:127.0.0.1" or "DNS:example.test".
  explicit TlsServer(const std::string& name);
  ~TlsServer();
  int port() const { return port_; }
  const std::string& certificate_pem() const { return pem_; }
  int requests() const { return requests_; }  // read as a whole

 private:
  void serve();
  void make_certificate(const std::string& name);

  ssl_ctx_st* context_ = nullptr;
  int listen_ = -1;
  int port_ = 0;
  std::string pem_;
  std::atomic<int> requests_{0};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

// SPDX-License-Identifier: Apache-2.0
#include "tls_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "tls server: %s\n", what);
  std::abort();
}

size_t content_length(const std::string& head) {
  for (size_t at = 0; at != std::string::npos; at = head.find("\r\n", at + 1)) {
    const char* line = head.c_str() + at + (at == 0 ? 0 : 2);
    if (strncasecmp(line, "content-length: ", 16) == 0) {
      return static_cast<size_t>(std::atoll(line + 16));
    }
  }
  return 0;
}

bool read_request(SSL* ssl, std::string& buffer) {
  size_t wanted = std::string::npos;
  while (true) {
    size_t end = buffer.find("\r\n\r\n");
    if (end != std::string::npos) wanted = end + 4 + content_length(buffer.substr(0, end + 2));
    if (wanted != std::string::npos && buffer.size() >= wanted) {
      buffer.erase(0, wanted);
      return true;
    }
    char part[16384];
    int n = SSL_read(ssl, part, sizeof part);
    if (n <= 0) return false;
    buffer.append(part, static_cast<size_t>(n));
  }
}

}  // namespace

void TlsServer::make_certificate(const std::string& name) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  require(key != nullptr && certificate != nullptr, "no key");
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME* subject = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("llmforge test"), -1, -1, 0);
  X509_set_issuer_name(certificate, subject);
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* names =
      X509V3_EXT_conf_nid(nullptr, &context, NID_subject_alt_name, name.c_str());
  require(names != nullptr, "no such name");
  X509_add_ext(certificate, names, -1);
  X509_EXTENSION_free(names);
  require(X509_sign(certificate, key, EVP_sha256()) > 0, "not signed");
  BIO* text = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(text, certificate);
  char* data = nullptr;
  long size = BIO_get_mem_data(text, &data);
  pem_.assign(data, static_cast<size_t>(size));
  BIO_free(text);
  require(SSL_CTX_use_certificate(context_, certificate) == 1, "no certificate");
  require(SSL_CTX_use_PrivateKey(context_, key) == 1, "no private key");
  X509_free(certificate);
  EVP_PKEY_free(key);
}

TlsServer::TlsServer(const std::string& name) {
  context_ = SSL_CTX_new(TLS_server_method());
  make_certificate(name);
  listen_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  require(bind(listen_, reinterpret_cast<sockaddr*>(&address), length) == 0, "no port");
  require(listen(listen_, 16) == 0, "no port to listen on");
  getsockname(listen_, reinterpret_cast<sockaddr*>(&address), &length);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

TlsServer::~TlsServer() {
  stop_ = true;
  shutdown(listen_, SHUT_RDWR);
  thread_.join();
  close(listen_);
  SSL_CTX_free(context_);
}

void TlsServer::serve() {
  while (!stop_) {
    int fd = accept4(listen_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    timeval patience{2, 0};  // a client that keeps a connection idle must not hold the test up
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    SSL* ssl = SSL_new(context_);
    SSL_set_fd(ssl, fd);
    std::string buffer;
    if (SSL_accept(ssl) == 1 && read_request(ssl, buffer)) {
      ++requests_;
      const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
      SSL_write(ssl, answer, sizeof answer - 1);
      if (read_request(ssl, buffer)) ++requests_;
      SSL_shutdown(ssl);
    }
    SSL_free(ssl);
    close(fd);
  }
}

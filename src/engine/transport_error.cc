// SPDX-License-Identifier: Apache-2.0
#include "engine/transport_error.h"

#include <curl/curl.h>

#include <cctype>

#include "base/units.h"
#include "engine/file_calls.h"

namespace lf {
namespace {

std::string seconds(int64_t ms) {
  return format_duration(Duration{ms / 1000, static_cast<int32_t>(ms % 1000) * 1'000'000});
}

// libcurl's "Failed to connect to proxy.corp port 3128 after …" names what it tried: the proxy
// where there is one. "" if it does not say.
std::string tried_host(const std::string& text) {
  constexpr std::string_view kLead = "Failed to connect to ";
  if (!text.starts_with(kLead)) return "";
  size_t end = text.find(' ', kLead.size());
  if (end == std::string::npos) return "";
  return text.substr(kLead.size(), end - kLead.size());
}

std::string host_of(const std::string& host_and_port) {
  size_t colon = host_and_port.rfind(':');
  if (colon == std::string::npos || host_and_port.find(']', colon) != std::string::npos) {
    return host_and_port;
  }
  return host_and_port.substr(0, colon);
}

// A reason of libcurl or OpenSSL, made to stand at the end of a sentence.
std::string as_reason(std::string text) {
  for (std::string_view lead :
       {"SSL certificate problem: ", "SSL: ", "Recv failure: ", "Send failure: "}) {
    if (text.starts_with(lead)) text.erase(0, lead.size());
  }
  while (!text.empty() && (text.back() == '.' || text.back() == '\n' || text.back() == ' ')) {
    text.pop_back();
  }
  bool initialism = text.size() > 1 && std::isupper(static_cast<unsigned char>(text[1])) != 0;
  if (!text.empty() && !initialism) {
    text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  }
  return text;
}

Error connect_error(const HttpRequest& request, const TransferFailure& failure) {
  std::string reason = failure.os_error != 0 ? errno_text(static_cast<int>(failure.os_error))
                                             : as_reason(failure.curl_text);
  std::string tried = tried_host(failure.curl_text);
  if (!tried.empty() && tried != host_of(request.host)) {
    Error error(ErrorCode::unavailable, "cannot connect to the proxy " + tried + " on the way to " +
                                            request.host + ": " + reason);
    error.help.push_back("check HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY");
    return error;
  }
  return Error(ErrorCode::unavailable, "cannot connect to " + request.host + ": " + reason);
}

Error verification_error(const HttpRequest& request, const TransferFailure& failure) {
  std::string reason = as_reason(failure.curl_text);
  if (reason.find("subject name") != std::string::npos) {
    Error error(ErrorCode::invalid,
                "the TLS certificate of " + request.host + " is for another name: " + reason);
    error.help.push_back("check the endpoint's address, and for a proxy that answers in its place");
    return error;
  }
  Error error(ErrorCode::invalid,
              "the TLS certificate of " + request.host + " is not trusted: " + reason);
  if (failure.ca_file.empty()) {
    error.help.push_back(
        "if a proxy or an endpoint of your own presents it, name its CA bundle in "
        "AWS_CA_BUNDLE or SSL_CERT_FILE");
  } else {
    error.help.push_back("it was checked against " + failure.ca_file +
                         " only; add the missing CA certificate there");
  }
  error.help.push_back("a wrong clock of this machine looks the same: compare `date -u`");
  return error;
}

// Why a request that was started came to no answer.
std::string broken_off(const HttpRequest& request, const TransferFailure& failure) {
  if (failure.body_too_large) {
    return "the answer of " + request.host + " is larger than " +
           format_size(static_cast<int64_t>(failure.body_bytes_max));
  }
  switch (failure.curl_code) {
    case CURLE_OPERATION_TIMEDOUT:
      return "no answer from " + request.host + " within " + seconds(request.timeout_ms);
    case CURLE_GOT_NOTHING: return request.host + " closed the connection without an answer";
    case CURLE_PARTIAL_FILE: return request.host + " broke its answer off";
    case CURLE_ABORTED_BY_CALLBACK:  // rule 3: libcurl wanted to start it again
    case CURLE_SEND_FAIL_REWIND:     // rule 1: likewise
      return request.host + " closed the connection without an answer";
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR: {
      std::string reason = failure.os_error != 0 ? errno_text(static_cast<int>(failure.os_error))
                                                 : as_reason(failure.curl_text);
      return "the connection to " + request.host + " broke" +
             (reason.empty() ? std::string() : ": " + reason);
    }
    default:
      return "the exchange with " + request.host + " failed: " + as_reason(failure.curl_text);
  }
}

Error not_started(const HttpRequest& request, const TransferFailure& failure) {
  switch (failure.curl_code) {
    case CURLE_COULDNT_RESOLVE_HOST: {
      Error error(ErrorCode::unavailable, "cannot find the address of " + host_of(request.host));
      error.help.push_back("check the network, the region's name and the endpoint settings");
      return error;
    }
    case CURLE_COULDNT_RESOLVE_PROXY: {
      Error error(ErrorCode::unavailable,
                  "cannot find the address of the proxy on the way to " + request.host);
      error.help.push_back("check HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY");
      return error;
    }
    case CURLE_COULDNT_CONNECT: return connect_error(request, failure);
    case CURLE_OPERATION_TIMEDOUT: {
      int64_t limit = std::min(failure.connect_timeout_ms, request.timeout_ms);
      return Error(ErrorCode::unavailable,
                   "cannot connect to " + request.host + " within " + seconds(limit));
    }
    case CURLE_PEER_FAILED_VERIFICATION: return verification_error(request, failure);
    case CURLE_SSL_CACERT_BADFILE: {
      Error error(ErrorCode::invalid, "cannot read the CA bundle " + failure.ca_file);
      error.help.push_back("check AWS_CA_BUNDLE, SSL_CERT_FILE and `ca_bundle` in the AWS config");
      return error;
    }
    case CURLE_SSL_CONNECT_ERROR:
      return Error(ErrorCode::unavailable,
                   "no TLS with " + request.host + ": " + as_reason(failure.curl_text));
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return Error(ErrorCode::invalid, "`" + request.scheme + "://" + request.host +
                                           "` is no address to send a request to");
    default:
      return Error(ErrorCode::unavailable,
                   "cannot reach " + request.host + ": " + as_reason(failure.curl_text));
  }
}

}  // namespace

Error transfer_error(const HttpRequest& request, const TransferFailure& failure) {
  if (!failure.started) return not_started(request, failure);
  Error error(request.mutation ? ErrorCode::outcome_unknown : ErrorCode::unavailable,
              broken_off(request, failure));
  error.http_status = failure.status;
  return error;
}

}  // namespace lf

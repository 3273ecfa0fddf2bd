// SPDX-License-Identifier: Apache-2.0
// libcurl, loaded when the first request is sent: linking to it would cost every start of the
// program the loading of some thirty libraries, most runs of `validate` or `version` for nothing.
// Types come from its headers, functions from this table. Private to the transport.
#pragma once

#include <curl/curl.h>

#include "base/error.h"

namespace lf {

struct CurlLibrary {
  decltype(&::curl_global_init) global_init;
  decltype(&::curl_easy_init) easy_init;
  decltype(&::curl_easy_cleanup) easy_cleanup;
  decltype(&::curl_easy_reset) easy_reset;
  CURLcode (*easy_setopt)(CURL*, CURLoption, ...);
  CURLcode (*easy_getinfo)(CURL*, CURLINFO, ...);
  decltype(&::curl_easy_strerror) easy_strerror;
  decltype(&::curl_slist_append) slist_append;
  decltype(&::curl_slist_free_all) slist_free_all;
  decltype(&::curl_multi_init) multi_init;
  decltype(&::curl_multi_cleanup) multi_cleanup;
  decltype(&::curl_multi_add_handle) multi_add_handle;
  decltype(&::curl_multi_remove_handle) multi_remove_handle;
  CURLMcode (*multi_setopt)(CURLM*, CURLMoption, ...);
  decltype(&::curl_multi_socket_action) multi_socket_action;
  decltype(&::curl_multi_info_read) multi_info_read;

  // The table, filled and initialised once for the life of the process. The error (invalid: trying
  // again is no use) names what to install. `file` is for tests.
  static Result<const CurlLibrary*> load(const char* file = "libcurl.so.4");
};

}  // namespace lf

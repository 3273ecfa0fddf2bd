// SPDX-License-Identifier: Apache-2.0
#include "engine/curl_library.h"

#include <dlfcn.h>

#include <string>

namespace lf {
namespace {

Error missing(std::string reason) {
  Error error(ErrorCode::invalid, "cannot load libcurl, which carries all requests: " + reason);
  error.help.push_back("on Debian and Ubuntu: apt-get install libcurl4");
  return error;
}

// True if all were found; else `name` is the first that was not.
bool resolve(void* library, CurlLibrary& table, std::string& name) {
  auto find = [&](auto& slot, const char* symbol) {
    void* address = dlsym(library, symbol);
    if (address == nullptr && name.empty()) name = symbol;
    slot = reinterpret_cast<std::remove_reference_t<decltype(slot)>>(address);
  };
  find(table.global_init, "curl_global_init");
  find(table.easy_init, "curl_easy_init");
  find(table.easy_cleanup, "curl_easy_cleanup");
  find(table.easy_reset, "curl_easy_reset");
  find(table.easy_setopt, "curl_easy_setopt");
  find(table.easy_getinfo, "curl_easy_getinfo");
  find(table.easy_strerror, "curl_easy_strerror");
  find(table.slist_append, "curl_slist_append");
  find(table.slist_free_all, "curl_slist_free_all");
  find(table.multi_init, "curl_multi_init");
  find(table.multi_cleanup, "curl_multi_cleanup");
  find(table.multi_add_handle, "curl_multi_add_handle");
  find(table.multi_remove_handle, "curl_multi_remove_handle");
  find(table.multi_setopt, "curl_multi_setopt");
  find(table.multi_socket_action, "curl_multi_socket_action");
  find(table.multi_info_read, "curl_multi_info_read");
  return name.empty();
}

}  // namespace

Result<const CurlLibrary*> CurlLibrary::load(const char* file) {
  static CurlLibrary table;
  static bool ready = false;
  if (ready) return &table;
  void* library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* reason = dlerror();
    return fail(missing(reason == nullptr ? "not found" : reason));
  }
  std::string name;
  if (!resolve(library, table, name)) {
    dlclose(library);
    return fail(missing("it has no function " + name));
  }
  if (table.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return fail(missing("it does not start"));
  ready = true;
  return &table;
}

}  // namespace lf

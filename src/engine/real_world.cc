// SPDX-License-Identifier: Apache-2.0
#include "engine/real_world.h"

#include <unistd.h>

namespace lf {

TransportOptions transport_options(const Environment& environment) {
  auto value = [&](const char* name) {
    auto found = environment.find(name);
    return found == environment.end() ? std::string() : found->second;
  };
  TransportOptions options;
  options.ca_file = value("AWS_CA_BUNDLE");
  if (options.ca_file.empty()) options.ca_file = value("SSL_CERT_FILE");
  options.ca_folder = value("SSL_CERT_DIR");
  return options;
}

Self this_process() {
  char host[256] = "";
  gethostname(host, sizeof host - 1);
  return Self{host, getpid()};
}

}  // namespace lf

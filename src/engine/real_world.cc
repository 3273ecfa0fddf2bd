// SPDX-License-Identifier: Apache-2.0
#include "engine/real_world.h"

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

}  // namespace lf

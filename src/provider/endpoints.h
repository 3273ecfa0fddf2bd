// SPDX-License-Identifier: Apache-2.0
// Where a service answers: rules from a package's endpoints.yaml, and what the user put in their
// place. The order of the replacements is that of the AWS SDKs and Tools Reference Guide,
// "Service-specific endpoints".
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/value.h"
#include "base/world.h"
#include "provider/shared_config.h"

namespace lf {

struct Endpoint {
  std::string url;  // "https://ec2.us-west-2.amazonaws.com"
  std::string partition;
  std::string signing_region;
  std::string signing_name;
  bool custom = false;      // from the user's configuration, not from the rules
  bool path_style = false;  // buckets stand in the path, not in the host
};

// The replacements that apply, by the variables' and the profile's words.
struct EndpointOverrides {
  std::string url;                                // for every service; empty: none
  std::map<std::string, std::string> by_service;  // "CLOUDWATCH_LOGS" -> URL
};

class EndpointRules {
 public:
  // `file` is the parsed endpoints.yaml. invalid names the place.
  static Result<EndpointRules> load(const Value& file);

  // Reads environment and profile. `profile`: nullptr for none. invalid: a URL that is none.
  Result<EndpointOverrides> overrides(const Environment& environment, const SharedConfig& config,
                                      const ConfigSection* profile) const;

  // `service` is a key of the file's `services`; one that is not listed has the regular host.
  // `signing_name`: what the service descriptor says, or "". invalid: no partition has such a
  // region, with the nearest names (an endpoint of the user's own takes any region).
  Result<Endpoint> resolve(const std::string& service, const std::string& region,
                           const std::string& signing_name,
                           const EndpointOverrides& overrides) const;

  // The partition's name, or "" where no partition fits.
  std::string partition_of(std::string_view region) const;
  // The host suffix of a partition ("amazonaws.com"), or "".
  std::string suffix_of(const std::string& partition) const;
  std::vector<std::string> regions() const;  // all that are listed, sorted
  // The environment variable by which clients are sent to another endpoint.
  const std::string& url_variable() const { return url_variable_; }

 private:
  struct Partition {
    std::string suffix, default_region;
    std::vector<std::string> prefixes, regions;
  };
  struct Global {
    std::string host, region;
  };
  struct Service {
    std::string id, signing;
    bool path_style_at_custom_endpoint = false;
    std::map<std::string, Global> global;  // by partition
  };
  std::string host_;
  std::string url_variable_, ignore_variable_;
  std::map<std::string, Partition> partitions_;
  std::map<std::string, Service> services_;

  Result<void> load_partitions(const Value& file);
  Result<void> load_services(const Value& file);
};

}  // namespace lf

// SPDX-License-Identifier: Apache-2.0
// Where credentials come from. A package names its chain (`credentials: aws` in package.yaml); the
// chain is looked through in the order of the cloud's own tools, everything found with an expiry is
// renewed before it, and the final error says what was tried and what to do.
//
// A source that is not set up is passed over; one that is set up and fails is an error, because the
// next one might belong to another account. Secrets never stand in a message.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/task.h"
#include "base/world.h"
#include "provider/endpoints.h"
#include "provider/shared_config.h"
#include "provider/sigv4.h"

namespace lf {

// The user's settings as the cloud's own tools find them: both shared files, the chosen profile.
struct SharedSettings {
  SharedConfig config;
  std::string profile;         // the chosen one's name
  bool profile_named = false;  // by an option or a variable; else it is "default"
  std::string region;          // of a variable or the profile; "": none
  std::string home;
  const ConfigSection* section() const { return config.profile(profile); }
};
// `profile`: what spec or command line name, else "". invalid: a named profile that neither file
// has, with the nearest; corrupt: a file that cannot be read, with its line.
Result<SharedSettings> load_shared_settings(World& world, const std::string& profile);

struct CredentialOptions {
  std::string profile;  // what spec or command line name; wins over keys in the environment
  std::string region;   // for the calls that exchange credentials; "": that of the settings
  const EndpointRules* rules = nullptr;  // outlives the source
  // What a spec says under `credentials:`, by the words of its package.
  std::map<std::string, std::string> words = {};
  std::optional<Credentials> given = {};  // these and no others: the model cloud's
};
// The profile that `words` name; "": none.
std::string profile_of(const std::map<std::string, std::string>& words);

class CredentialSource {
 public:
  virtual ~CredentialSource() = default;
  // Credentials that are good for some minutes more. Many may ask at once: one search is made.
  virtual Task<Result<Credentials>> get() = 0;
  // After a service refused `failed_access_key` as expired: searches anew, or returns what another
  // caller has renewed meanwhile. expired: the source still has the same credentials.
  virtual Task<Result<Credentials>> renew(std::string failed_access_key) = 0;
};

// `chain` as the package names it: "aws". invalid: no such chain. `world` outlives the source.
Result<std::unique_ptr<CredentialSource>> make_credential_source(const std::string& chain,
                                                                 World& world,
                                                                 CredentialOptions options);

}  // namespace lf

// SPDX-License-Identifier: Apache-2.0
// One provider instance (account and region) as the engine talks to it: descriptor calls in, typed
// answers out. Finds endpoint and credentials, encodes, signs, throttles, sends, decodes,
// classifies and repeats what is safe to repeat. Knows nothing of resources' life cycles.
#pragma once

#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/scrub.h"
#include "base/task.h"
#include "base/world.h"
#include "engine/events.h"
#include "provider/credentials.h"
#include "provider/package.h"
#include "provider/protocol.h"
#include "state/record.h"

namespace lf {

// Shared by all provider instances of a run.
struct EngineContext {
  World* world = nullptr;
  Events* events = nullptr;
  std::function<bool()> stopping;           // true after the first Ctrl-C: start nothing new
  size_t parallelism_max = 0;               // 0: adapts
  std::string command, stack, environment;  // for the events
  uint64_t request_count = 0;               // HTTP requests sent, reads included
  // Each service's time spent waiting for throttles and rates, for -v.
  std::map<std::string, int64_t> waited_ns;
  // What services must not be quoted with; calls add what they send.
  SecretTexts secrets;
  // One search for each way to find them, whatever the number of instances that use it.
  std::map<std::string, std::shared_ptr<CredentialSource>> credentials;
};

struct CallOptions {
  std::string address;  // which resource it is for; "" for many
  // Whose properties the call is about: leaves like `${self.x}` are written as that property is on
  // the wire, and its error patterns count. Null: the service alone.
  const ResourceType* type = nullptr;
  bool mutation = false;
  // Safe to repeat whatever happened: reads, calls marked idempotent, creates with a token.
  bool idempotent = false;
  int64_t visible_within_ms = 0;  // budget for `retry_on` and not_visible_yet
  // At most; the package's `request_limit` is another bound.
  int64_t timeout_ms = std::numeric_limits<int64_t>::max();
  // Awaited right before each send of a mutation, retries included, when nothing holds it back any
  // more: the place to make its intent durable. An error: it is not sent.
  std::function<Task<Result<void>>()> before_send;
};

class Cloud {
 public:
  virtual ~Cloud() = default;
  virtual const ProviderInstance& instance() const = 0;  // account filled in once identified
  virtual Package& package() = 0;
  // account, partition, region, dns_suffix: what every descriptor expression may use.
  virtual Map names() const = 0;

  // Who are we? Cached. auth: no or wrong credentials, with what was tried and how to mend it.
  virtual Task<Result<ProviderInstance>> identify() = 0;

  // Sends one call. `input`: wire names to wire values (properties already encoded); the call's
  // `send` is evaluated in `names` and merged over it; REST templates are filled from `names`
  // (`path:`, else names["self"], else id). Errors are classified by the patterns. For `absent_on`
  // codes the error is not_found, with its service code kept.
  virtual Task<Result<Answer>> call(const Service* service, const Call* call, Map input, Map names,
                                    CallOptions options) = 0;
  // All pages; items at `items` of each answer, in order.
  virtual Task<Result<List>> list(const Service* service, const Call* call, WirePath items,
                                  Page page, Map input, Map names, CallOptions options) = 0;
  // A look-up with known inputs: the outputs as a map (or what `pick: all` gives: a list of maps).
  virtual Task<Result<Value>> look_up(const DataType* type, Map inputs) = 0;
};

// The digest of what a call would send (without signature and date), for the journal.
std::string request_digest(const Call& call, const Value& input);

// Which credentials an instance uses: `words` as its provider's `credentials:` has them; `given`:
// these and no others.
struct CredentialChoice {
  std::map<std::string, std::string> words;
  std::optional<Credentials> given;
};

std::unique_ptr<Cloud> make_cloud(EngineContext& context, Package& package,
                                  ProviderInstance instance, Sources& sources,
                                  CredentialChoice choice = {});

}  // namespace lf

// SPDX-License-Identifier: Apache-2.0
// What state knows of one cloud resource, file or local object (docs/state.md has the words).
// Plain data: no method here decides anything.
//
// `applied` against the spec shows what the user changed; `observed` against the cloud shows what
// drifted. Secrets are never in a record, only their keyed digests (secrets.h).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/value.h"

namespace lf {

// Where a resource lives. Compared with the live account before any diff: another account's
// "not found" says nothing about ours.
struct ProviderInstance {
  std::string name;       // as the spec calls it: "aws", "tacc"
  std::string kind;       // the provider package
  std::string partition;  // may be empty, like the rest, where the kind has no such thing
  std::string account;    // account or project
  std::string region;     // region or site
  bool operator==(const ProviderInstance&) const = default;
};

enum class RecordStatus : uint8_t {
  creating,     // its create was sent; the id may be known already
  ready,        // all that was applied was confirmed
  dirty,        // an update is open: `dirty_facets` must be read or sent again
  failed,       // it exists, but came up broken: replaced next time
  deleting,     // its delete was sent; gone only once a read says so
  deposed,      // replaced, waits for its delete; generation > 0
  finished,     // a run that ended by itself
  interrupted,  // a run that was stopped from outside (spot)
};
const char* to_string(RecordStatus status);
bool parse_status(std::string_view text, RecordStatus& out);

struct Record {
  std::string address;          // buckets["outputs"].bucket
  uint32_t generation = 0;      // 0: the current one; deposed ones have 1, 2, …
  std::string type;             // resource type, "" for none
  uint32_t schema_version = 1;  // of the type's descriptor when it was written
  ProviderInstance provider;
  std::string id;  // "" until the service has given it
  std::string parent_id;
  std::string parent_address;
  Map applied;   // facet -> map of property -> value; the create's own group is facet ""
  Map observed;  // property -> value as last read
  Map computed;  // property -> value that the service decides
  Map private_;  // what only the engine needs: ids of elements, upload ids, …
  std::map<std::string, std::string> secret_digests;  // path -> hex
  std::vector<std::string> dependencies;              // addresses
  bool protect = false;
  bool retain = false;
  bool create_before_delete = false;
  std::string run;    // name of the run, "" for what does not end by itself
  std::string nonce;  // of the intent of its create: what the intent mark in the cloud says
  RecordStatus status = RecordStatus::creating;
  std::vector<std::string> dirty_facets;
  Timestamp created_at;
  Timestamp updated_at;
  Map alternative;  // which of the spec's capacity alternatives was taken
};

}  // namespace lf

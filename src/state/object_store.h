// SPDX-License-Identifier: Apache-2.0
// The few things that remote state asks of a store of objects. engine/object_store.h makes one of a
// package's description of a service.
//
// What a store must keep to: an object is there whole or not at all; of several creates of one name
// exactly one succeeds; whoever reads or lists after a write was answered sees it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/task.h"

namespace lf {

struct StoredObject {
  std::string bytes;
  // How long ago it was written, by the store's own clock; whole seconds.
  int64_t age_s = 0;
};

// How long a writer's lease lasts, how often it is renewed, and how long a request that changes
// something may be under way.
struct LeaseTimes {
  int64_t length_ms = 60'000;
  int64_t renew_ms = 20'000;
  int64_t request_ms = 60'000;
};

class ObjectStore {
 public:
  virtual ~ObjectStore() = default;
  virtual std::string shown(const std::string& name) const = 0;  // for messages: "s3://b/key/name"
  virtual LeaseTimes lease() const = 0;
  // nullopt: there is none of that name.
  virtual Task<Result<std::optional<StoredObject>>> get(std::string name) = 0;
  // False: there is one of that name, which stays as it is (it may be what an earlier try of this
  // very call wrote). On an error nobody knows whether it was written, or will be.
  virtual Task<Result<bool>> create(std::string name, std::string bytes) = 0;
  // Writes or replaces.
  virtual Task<Result<void>> put(std::string name, std::string bytes) = 0;
  // Names that begin with `prefix`, sorted.
  virtual Task<Result<std::vector<std::string>>> list(std::string prefix) = 0;
  virtual Task<Result<void>> remove(std::string name) = 0;  // what is not there is removed
};

}  // namespace lf

// SPDX-License-Identifier: Apache-2.0
// A store of objects out of a package's description (provider/state_store.h), reached as the engine
// reaches everything of a cloud: its endpoints, credentials, signing and retries.
#pragma once

#include <memory>

#include "engine/cloud.h"
#include "provider/state_store.h"
#include "state/object_store.h"

namespace lf {

// `settings` as the spec has them, `key` filled in; `cloud` in the store's region.
std::unique_ptr<ObjectStore> make_object_store(std::unique_ptr<Cloud> cloud, const StateStore& type,
                                               Map settings);

}  // namespace lf

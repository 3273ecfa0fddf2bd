// SPDX-License-Identifier: Apache-2.0
// The older values of a property that the cloud keeps (`sandbox.versions`), as a thing holds them.
#pragma once

#include "provider/descriptor.h"
#include "sandbox/things.h"

namespace lf::sandbox {

// Oldest first, each {id, made, value}; at least the one that the thing was made with.
List kept_versions(const ResourceType& type, const Thing& thing);
// What expressions see of one: {id, made, current}.
Value version_name(const ResourceType& type, const Thing& thing, const Value& version);

}  // namespace lf::sandbox

// SPDX-License-Identifier: Apache-2.0
// Existing things as the text of a spec: what the cloud showed of them becomes `resources:` whose
// plan finds nothing to do. Defaults and what the service chose by itself are left out; ids and
// ARNs of other resources become references.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "provider/adoption.h"
#include "provider/descriptor.h"

namespace lf {

// One thing to be written.
struct WrittenResource {
  std::string key;       // below `resources`
  std::string provider;  // instance; "" for the stack's own
  const ResourceType* type = nullptr;
  const WrittenSpec* facts = nullptr;  // may be null
  Map names;                           // account, region, partition, dns_suffix: for `usual`
  std::string id;
  Map seen;                                   // properties as read
  std::vector<std::string> comments;          // lines above it, without `#`
  std::map<std::string, std::string> hidden;  // not written, and ignored by plans: property -> why
};

// A text of type `leaf` inside a property -> what the spec says in its place, with `${…}` and
// escapes.
using Rewrite =
    std::function<std::string(const Property& property, const Type& leaf, const std::string& text)>;

// What of `seen` a spec sets, in the descriptor's order, durations and sizes as people write them.
Map spec_properties(const WrittenResource& resource, const Rewrite& rewrite);
// `text` so that a spec means it: `${` as `$${`.
std::string escaped(const std::string& text);

struct WrittenLines {
  size_t first = 0, last = 0;  // lines of the whole, from 0
  std::map<std::string, std::pair<size_t, size_t>> properties;
};
// The entry below `resources:`, indented by `indent`. `adopt`: with the word that makes any apply
// take it in instead of making it anew.
std::string write_resource(const WrittenResource& resource, const Map& properties, bool adopt,
                           size_t indent, WrittenLines* lines);

// `text`, a spec or empty, with entries added under `resources:`. `at`: the line (from 0) of the
// first added one. invalid: `resources` is written in a form that cannot be added to.
Result<std::string> add_resources(const std::string& text, const std::string& entries, size_t* at);
// The indentation that entries below `resources:` have there.
size_t resource_indent(const std::string& text);
// `text` without the `adopt: ID` lines under `resources:` for which `done(key, id)`.
std::string without_adopt(const std::string& text,
                          const std::function<bool(const std::string&, const std::string&)>& done);

}  // namespace lf

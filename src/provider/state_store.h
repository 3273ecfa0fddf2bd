// SPDX-License-Identifier: Apache-2.0
// A package's backends/<word>.yaml (docs/descriptors.md, section 8): a service that keeps objects,
// as the place of a stack's state. The word is the one in a spec's `backend: {word: {…}}`.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "provider/descriptor.h"

namespace lf {

struct StateStore {
  std::string name, doc;
  const Service* service = nullptr;
  std::vector<Property> settings;  // what the spec says; `self` in all expressions
  cel::Interpolation shown;        // the place for people
  Duration lease{60, 0}, renew{20, 0}, request{60, 0};
  // Over `self`, `name` (the whole object's or prefix's), `body` and the cloud's names.
  Call list, get, create, put, remove;
  WirePath items, item_name;  // of `list`
  Page page;
  std::vector<std::string> exists_on;  // codes of `create`: there is one already
  // Code of the service -> what to do about it.
  std::vector<std::pair<std::string, Template>> explain;
  Span span;

  const Property* setting(std::string_view wanted) const {
    for (const Property& one : settings) {
      if (one.name == wanted) return &one;
    }
    return nullptr;
  }
};

}  // namespace lf

// SPDX-License-Identifier: Apache-2.0
// Names for descriptor expressions: a map of values.
#pragma once

#include <optional>
#include <string_view>

#include "base/value.h"
#include "lang/expression.h"

namespace lf {

class MapActivation : public cel::Activation {
 public:
  MapActivation() = default;
  explicit MapActivation(Map names) : names_(std::move(names)) {}
  void set(std::string_view name, Value value) { names_.set(name, std::move(value)); }
  std::optional<Value> lookup(std::string_view name) const override {
    const Value* found = names_.find(name);
    return found == nullptr ? std::nullopt : std::optional<Value>(*found);
  }

 private:
  Map names_;
};

}  // namespace lf

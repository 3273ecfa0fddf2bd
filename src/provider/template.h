// SPDX-License-Identifier: Apache-2.0
// A tree of constants and `${…}` scalars, as descriptors write them under `send:`. Evaluating gives
// wire data: entries whose value is not set are left out.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/value.h"
#include "lang/expression.h"

namespace lf {

class Template {
 public:
  Template() = default;  // nothing
  static Template constant(Value value);
  static Template scalar(cel::Interpolation text);
  static Template list(std::vector<Template> items);
  static Template map(std::vector<std::pair<std::string, Template>> entries);

  bool empty() const { return rep_ == nullptr; }
  // Error values and unknowns inside come out as they are; the caller decides.
  Value evaluate(const cel::Activation& activation) const;
  // If the whole template is one `${self.NAME}`, `${prior.NAME}`, `${observed.NAME}`,
  // `${element.NAME}` or `${prior_element.NAME}`: the root and the name; of `${tags}`, `${element}`
  // and
  // `${elements}` the name is empty. This is how such a leaf gets its property's wire form, and how
  // the sandbox reads an expression backwards.
  std::optional<std::pair<std::string, std::string>> plain_reference() const;
  // nullptr where the template is of another form.
  const Value* as_constant() const;
  const std::vector<Template>* as_list() const;
  const std::vector<std::pair<std::string, Template>>* as_map() const;
  const cel::Interpolation* as_scalar() const;

 private:
  struct Rep;
  std::shared_ptr<const Rep> rep_;
};

}  // namespace lf

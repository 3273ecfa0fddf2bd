// SPDX-License-Identifier: Apache-2.0
#include "provider/template.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <variant>

namespace lf {

struct Template::Rep {
  std::variant<Value, cel::Interpolation, std::vector<Template>,
               std::vector<std::pair<std::string, Template>>>
      form;
};

Template Template::constant(Value value) {
  Template out;
  out.rep_ = std::make_shared<const Rep>(Rep{std::move(value)});
  return out;
}

Template Template::scalar(cel::Interpolation text) {
  Template out;
  out.rep_ = std::make_shared<const Rep>(Rep{std::move(text)});
  return out;
}

Template Template::list(std::vector<Template> items) {
  Template out;
  out.rep_ = std::make_shared<const Rep>(Rep{std::move(items)});
  return out;
}

Template Template::map(std::vector<std::pair<std::string, Template>> entries) {
  Template out;
  out.rep_ = std::make_shared<const Rep>(Rep{std::move(entries)});
  return out;
}

const Value* Template::as_constant() const {
  return rep_ == nullptr ? nullptr : std::get_if<Value>(&rep_->form);
}
const std::vector<Template>* Template::as_list() const {
  return rep_ == nullptr ? nullptr : std::get_if<std::vector<Template>>(&rep_->form);
}
const std::vector<std::pair<std::string, Template>>* Template::as_map() const {
  return rep_ == nullptr ? nullptr
                         : std::get_if<std::vector<std::pair<std::string, Template>>>(&rep_->form);
}
const cel::Interpolation* Template::as_scalar() const {
  return rep_ == nullptr ? nullptr : std::get_if<cel::Interpolation>(&rep_->form);
}

Value Template::evaluate(const cel::Activation& activation) const {
  if (rep_ == nullptr) return {};
  if (const Value* constant = as_constant()) return *constant;
  if (const cel::Interpolation* text = as_scalar()) {
    Value value = cel::evaluate(*text, activation);
    if (!value.is_optional()) return value;
    return value.is_unset() ? Value() : *value.optional_value();
  }
  if (const auto* items = as_list()) {
    List out;
    out.reserve(items->size());
    for (const Template& item : *items) {
      Value value = item.evaluate(activation);
      if (!value.is_unset()) out.push_back(std::move(value));
    }
    return Value(std::move(out));
  }
  Map out;
  for (const auto& [name, entry] : *as_map()) {
    Value value = entry.evaluate(activation);
    // A constant null stays: merged over other input it takes the name out.
    if (value.is_unset() && entry.as_constant() == nullptr) continue;
    out.set(std::string_view(name), std::move(value));
  }
  return Value(std::move(out));
}

std::optional<std::pair<std::string, std::string>> Template::plain_reference() const {
  const cel::Interpolation* text = as_scalar();
  if (text == nullptr || !text->is_single()) return std::nullopt;
  const cel::Expression& expression = *text->parts().front().expression;
  const std::vector<cel::Reference>& references = expression.references();
  if (references.size() != 1) return std::nullopt;
  const cel::Reference& reference = references.front();
  if (reference.dynamic || reference.path.size() > 1) return std::nullopt;
  const auto bare_text = [&] {
    const std::string& written = expression.text();
    const size_t begin = written.find_first_not_of(" \t\n");
    const size_t end = written.find_last_not_of(" \t\n");
    return begin == std::string::npos ? std::string() : written.substr(begin, end - begin + 1);
  };
  if (reference.path.empty()) {
    const bool whole =
        reference.root == "tags" || reference.root == "elements" || reference.root == "element";
    if (!whole || bare_text() != reference.root) return std::nullopt;
    return std::make_pair(reference.root, std::string());
  }
  static constexpr std::array<std::string_view, 5> kOwners = {"self", "prior", "observed",
                                                              "element", "prior_element"};
  if (std::find(kOwners.begin(), kOwners.end(), reference.root) == kOwners.end())
    return std::nullopt;
  // Nothing stands around the chain; an optional `.?` on the way is the same property.
  const std::string plain = reference.root + "." + reference.path.front();
  const std::string guarded = reference.root + ".?" + reference.path.front();
  const std::string bare = bare_text();
  if (bare != plain && bare != guarded) return std::nullopt;
  return std::make_pair(reference.root, reference.path.front());
}

}  // namespace lf

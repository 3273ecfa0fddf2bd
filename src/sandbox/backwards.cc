// SPDX-License-Identifier: Apache-2.0
#include "sandbox/backwards.h"

#include <algorithm>

#include "base/strings.h"
#include "provider/scope.h"
#include "provider/wire.h"

namespace lf::sandbox {

namespace {

// A mark is \x01 NAME \x02: no request holds these, for XML and JSON text cannot.
std::string mark(std::string_view name) {
  return "\x01" + std::string(name) + "\x02";
}

// Names that stand for marks while a `send` tree is evaluated.
class Probe : public cel::Activation {
 public:
  Probe(const ResourceType& type, const Property* element_of, const Map& names)
      : type_(type), element_of_(element_of), names_(names) {
    // An id of several parts: expressions may take it to pieces.
    const auto& parts = type.id_derive;
    if (!parts) return;
    const Value whole = cel::evaluate(*parts, *this);
    if (whole.is_string() && several_marks(whole.as_string())) whole_id_ = whole;
  }

  bool has_parts() const { return whole_id_.has_value(); }

  std::optional<Value> lookup(std::string_view name) const override {
    if (name == "self" || name == "prior" || name == "observed") {
      Map all;
      all.set("id", Value(mark("id")));
      for (const Property& property : type_.properties) {
        all.set(property.name, Value(mark(std::string(name) + "." + property.name)));
      }
      return Value(std::move(all));
    }
    if (name == "element" || name == "prior_element") return element("element");
    if (name == "elements") return Value(List{element("elements")});
    if (name == "key" && element_of_ != nullptr && element_of_->key.size() > 1) {
      Map parts;
      for (const std::string& part : element_of_->key) {
        const Property* field = element_of_->field(part);
        if (field != nullptr && !field->read.empty())
          parts.set(field->read.front(), Value(mark("key." + part)));
      }
      return Value(std::move(parts));
    }
    if (const Value* known = names_.find(name)) return *known;
    if (name == "id" && whole_id_) return *whole_id_;
    if (name == "part") return Value(mark(name));
    if (name == "id" || name == "ids" || name == "key" || name == "tags" || name == "token")
      return Value(mark(name));
    if (name == "marks") {
      Map marks;
      for (const char* one : {"stack", "address", "intent"}) {
        marks.set(one, Value(mark(std::string("marks.") + one)));
      }
      return Value(std::move(marks));
    }
    return std::nullopt;
  }

 private:
  // What stands side by side (`${self.path}${self.name}`) cannot be told apart again.
  static bool several_marks(const std::string& text) {
    return std::count(text.begin(), text.end(), '\x01') > 1 &&
           text.find("\x02\x01") == std::string::npos;
  }

  Value element(const std::string& root) const {
    if (element_of_ == nullptr) return Value(mark(root));
    Map fields;
    if (element_of_->type.kind() == Type::Kind::map) {
      fields.set("key", Value(mark(root + ".key")));
      fields.set("value", Value(mark(root + ".value")));
    } else if (!element_of_->fields.empty()) {
      for (const Property& field : element_of_->fields) {
        fields.set(field.name, Value(mark(root + "." + field.name)));
      }
    } else {
      return Value(mark(root + "."));
    }
    return Value(std::move(fields));
  }

  const ResourceType& type_;
  const Property* element_of_;
  const Map& names_;
  std::optional<Value> whole_id_;
};

// The whole text of a leaf that is one expression; "" otherwise.
std::string only_expression(const Template& leaf) {
  const cel::Interpolation* text = leaf.as_scalar();
  if (text == nullptr || !text->is_single()) return "";
  return std::string(trim(text->parts().front().expression->text()));
}

// Errors stay in the tree: they match anything.
Value pattern_of(const Template& tree, const Probe& probe) {
  if (tree.empty()) return {};
  if (const Value* constant = tree.as_constant()) return *constant;
  if (const auto* entries = tree.as_map()) {
    Map out;
    for (const auto& [name, entry] : *entries) out.set(name, pattern_of(entry, probe));
    return Value(std::move(out));
  }
  if (const auto* items = tree.as_list()) {
    List out;
    for (const Template& item : *items) out.push_back(pattern_of(item, probe));
    return Value(std::move(out));
  }
  const std::string whole = only_expression(tree);
  if (whole == "elements" || whole == "element") return Value(mark(whole));
  return tree.evaluate(probe);
}

bool holds_mark(const Value& pattern, std::string_view begin) {
  if (pattern.is_string()) return pattern.as_string().find(begin) != std::string::npos;
  if (pattern.is_list()) {
    for (const Value& item : pattern.as_list()) {
      if (holds_mark(item, begin)) return true;
    }
  }
  if (pattern.is_map()) {
    for (const auto& [key, item] : pattern.as_map()) {
      if (holds_mark(item, begin)) return true;
    }
  }
  return false;
}

List as_items(const Value& value) {
  if (value.is_list()) return value.as_list();
  if (value.is_unset() || (value.is_string() && value.as_string().empty())) return {};
  return {value};
}

class Matcher {
 public:
  explicit Matcher(Bindings& out) : out_(out) {}

  void match(const Value& pattern, const Value& input) {
    if (pattern.is_unset() || pattern.is_error() || input.is_unset()) return;
    if (pattern.is_map()) {
      for (const auto& [key, entry] : pattern.as_map()) {
        if (key.is_string()) match(entry, input[key.as_string()]);
      }
      return;
    }
    if (pattern.is_list()) return match_list(pattern.as_list(), input);
    if (pattern.is_string() && pattern.as_string().find('\x01') != std::string::npos) {
      return match_text(pattern.as_string(), input);
    }
    if (to_text(pattern) == to_text(input))
      ++out_.agreed;
    else
      ++out_.differed;
  }

 private:
  void match_list(const List& patterns, const Value& input) {
    const List items = as_items(input);
    const bool every = patterns.size() == 1 &&
                       (holds_mark(patterns[0],
                                   "\x01"
                                   "elements") ||
                        (patterns[0].is_string() && patterns[0].as_string().find('\x01') == 0));
    if (every) {
      const bool elements = holds_mark(patterns[0],
                                       "\x01"
                                       "elements");
      for (const Value& item : items) {
        if (elements) element_.emplace();
        match(patterns[0], item);
        if (elements && !element_->empty()) out_.elements.push_back(Value(*element_));
        element_.reset();
      }
      return;
    }
    // Each pattern takes the first item that it does not contradict.
    for (const Value& pattern : patterns) {
      for (const Value& item : items) {
        Bindings trial;
        Matcher(trial).match(pattern, item);
        if (trial.differed > 0 || (trial.agreed == 0 && trial.names.empty())) continue;
        match(pattern, item);
        break;
      }
    }
  }

  void match_text(const std::string& pattern, const Value& input) {
    const size_t open = pattern.find('\x01'), close = pattern.find('\x02');
    const std::string name = pattern.substr(open + 1, close - open - 1);
    if (open == 0 && close + 1 == pattern.size()) return bind(name, input);
    const std::string text = to_text(input);
    const std::string_view before = std::string_view(pattern).substr(0, open);
    std::string_view after = std::string_view(pattern).substr(close + 1);
    // A second mark: only what stands between the two is known to follow the first.
    const size_t next = after.find('\x01');
    if (next != std::string_view::npos) {
      const std::string_view between = after.substr(0, next);
      if (!text.starts_with(before) || between.empty()) return;
      const size_t at = text.rfind(between);
      if (at == std::string::npos || at < before.size()) return;
      bind(name, Value(text.substr(before.size(), at - before.size())));
      return match_text(std::string(after.substr(next)), Value(text.substr(at + between.size())));
    }
    if (text.size() < before.size() + after.size() || !text.starts_with(before) ||
        !text.ends_with(after)) {
      ++out_.differed;
      return;
    }
    bind(name, Value(text.substr(before.size(), text.size() - before.size() - after.size())));
  }

  void bind(const std::string& name, const Value& value) {
    if (name == "elements") {
      out_.all_elements = value;
    } else if (name.starts_with("elements.")) {
      if (element_) element_->set(name.substr(9), value);
    } else if (name == "ids") {
      for (const Value& one : as_items(value)) bind("id", one);
      out_.many = true;
    } else if (name == "id") {
      out_.ids.push_back(value);
      if (out_.names.find("id") == nullptr) out_.names.set("id", value);
    } else if (out_.names.find(name) == nullptr) {
      out_.names.set(name, value);
    }
  }

  Bindings& out_;
  std::optional<Map> element_;
};

}  // namespace

const Value& Bindings::operator[](std::string_view name) const {
  static const Value kNone;
  const Value* found = names.find(name);
  return found == nullptr ? kNone : *found;
}

std::string Bindings::id() const {
  const Value& value = (*this)["id"];
  return value.is_unset() ? "" : to_text(value);
}

void read_backwards(const Template& send, const Value& input, const ResourceType& type,
                    const Property* element_of, const Map& names, Bindings& out) {
  if (send.empty()) return;
  const Probe probe(type, element_of, names);
  Matcher(out).match(pattern_of(send, probe), input);
}

void read_backwards(const cel::Interpolation& text, const Value& input, const ResourceType& type,
                    const Map& names, Bindings& out) {
  const Probe probe(type, nullptr, names);
  Matcher(out).match(cel::evaluate(text, probe), input);
}

void put_id_together(const ResourceType& type, const Map& names, Bindings& out) {
  if (!out.ids.empty() || !Probe(type, nullptr, names).has_parts()) return;
  Map self, all = names;
  for (const auto& [name, value] : out.names) {
    const std::string& text = name.as_string();
    if (text.starts_with("self.")) self.set(text.substr(5), value);
    if (text == "part") all.set(text, value);
  }
  all.set("self", Value(std::move(self)));
  const MapActivation activation(all);
  const Value id = cel::evaluate(*type.id_derive, activation);
  if (!id.is_string()) return;
  out.ids.push_back(id);
  out.names.set("id", id);
}

void add_only_id(const ResourceType& type, const Map& names, Bindings& out) {
  if (!type.id_derive || type.id_joins) return;
  const Value id = cel::evaluate(*type.id_derive, Probe(type, nullptr, names));
  if (!id.is_string() || id.as_string().find('\x01') != std::string::npos) return;
  out.ids.push_back(id);
  out.names.set("id", id);
}

Result<Value> decode_alone(const Property& property, const Value& wire, Protocol protocol) {
  Property one = property;
  one.wire = {"v"};
  one.wire_or.clear();
  one.local = false;
  return from_request(one, Value(Map{{Value("v"), wire}}), protocol);
}

}  // namespace lf::sandbox

// SPDX-License-Identifier: Apache-2.0
#include "engine/subject.h"

#include "base/digest.h"
#include "provider/wire.h"

namespace lf {

namespace {

void put_raw(const WirePath& path, size_t at, const Value& value, Map& into) {
  if (at + 1 == path.size()) {
    into.set(path[at], value);
    return;
  }
  const Value* inner = into.find(path[at]);
  Map map = inner != nullptr && inner->is_map() ? inner->as_map() : Map();
  put_raw(path, at + 1, value, map);
  into.set(path[at], Value(std::move(map)));
}

}  // namespace

Map mark_tags(const Subject& subject) {
  Map marks;
  if (subject.type->carrier != MarkCarrier::tags) return marks;
  const PackageInfo& info = subject.cloud->package().info();
  marks.set(info.mark_stack, Value(subject.stack_mark));
  marks.set(info.mark_address, Value(mark_path(subject.record.address)));
  if (!subject.record.nonce.empty()) marks.set(info.mark_intent, Value(subject.record.nonce));
  return marks;
}

Map tags_with_marks(const Subject& subject) {
  Map tags;
  const Value* wanted = subject.desired.find(subject.type->mark_property);
  if (wanted != nullptr && wanted->is_map()) tags = wanted->as_map();
  if (subject.unmarked) return tags;
  for (const auto& [key, value] : mark_tags(subject)) tags.set(key, value);
  return tags;
}

Map names_of(const Subject& subject) {
  Map names = subject.cloud->names();
  names.set("self", Value(subject.desired));
  names.set("prior", Value(applied_properties(subject.record)));
  names.set("observed", Value(subject.seen()));
  names.set("id", Value(subject.record.id));
  names.set("token", Value(subject.token));
  if (subject.type->carrier == MarkCarrier::tags) {
    names.set("tags", Value(tags_with_marks(subject)));
  }
  Map marks;
  marks.set("stack", Value(subject.stack_mark));
  marks.set("address", Value(mark_path(subject.record.address)));
  marks.set("intent", Value(subject.record.nonce));
  names.set("marks", Value(std::move(marks)));
  return names;
}

void put_facet(const Subject& subject, std::string_view facet, bool clear, Map& input) {
  for (const auto& property : subject.type->properties) {
    if (property.facet != facet || property.computed || property.local) continue;
    if (property.name == subject.type->mark_property &&
        subject.type->carrier == MarkCarrier::tags) {
      put_on_wire(property, Value(tags_with_marks(subject)), input);
      continue;
    }
    const Value* wanted = subject.desired.find(property.name);
    if (wanted != nullptr && !wanted->is_unset()) {
      put_on_wire(property, *wanted, input);
    } else if (clear && !property.clear.is_null() && !property.wire.empty()) {
      put_raw(property.wire, 0, property.clear, input);
    }
  }
}

// State and journal know bytes by their digest, which `compare: digest` takes for them.
Value as_kept(const Value& value) {
  if (!value.is_bytes()) return value;
  const Sha256 digest = sha256(value.as_bytes());
  return Value(base64(std::string(digest.begin(), digest.end())));
}

Map facet_properties(const ResourceType& type, std::string_view facet, const Map& desired) {
  Map out;
  for (const auto& property : type.properties) {
    if (property.facet != facet) continue;
    const Value* value = desired.find(property.name);
    if (value == nullptr || value->is_unset() || contains_secret(*value)) continue;
    out.set(property.name, as_kept(*value));
  }
  return out;
}

}  // namespace lf

// SPDX-License-Identifier: Apache-2.0
#include "graph/validate.h"

#include <algorithm>
#include <utility>

#include "base/compress.h"
#include "base/strings.h"
#include "base/units.h"
#include "graph/blame.h"
#include "graph/context.h"
#include "provider/catalog.h"
#include "provider/regex.h"
#include "provider/scope.h"

namespace lf {

namespace {

double number_of(const Property& property, const Value& value) {
  (void)property;
  if (value.is_int()) return static_cast<double>(value.as_int());
  if (value.is_uint()) return static_cast<double>(value.as_uint());
  if (value.is_double()) return value.as_double();
  if (value.is_duration()) return static_cast<double>(value.as_duration().seconds);
  return 0;
}

class NodeChecker {
 public:
  NodeChecker(const Graph& graph, GraphId id, const Map& self, Catalogs& catalogs,
              Diagnostics& diagnostics)
      : graph_(graph),
        node_(graph.nodes[id]),
        self_(self),
        catalogs_(catalogs),
        diagnostics_(diagnostics) {
    around_ = Value(self);
    names_.set("self", around_);
  }

  void run() {
    for (const auto& property : node_.type->properties) {
      const Value* value = self_.find(property.name);
      const Tree* place = nullptr;
      for (const auto& entry : node_.decl->properties) {
        if (entry.key == property.name) place = &entry.value;
      }
      if (value == nullptr || value->is_unset()) continue;
      if (value->is_string() && check_catalog(property, value->as_string(), place)) continue;
      check(property, *value, place);
    }
  }

 private:
  // Where the user wrote what `place`, maybe a block's own line, came to.
  Span written(const Tree& place, const std::string& text) const {
    const auto& over = node_.decl->lifecycle.for_each;
    return where_written(*node_.module, place, text, over ? &*over : nullptr);
  }
  Span span(const Tree* place) const { return place != nullptr ? place->span : node_.span; }

  void report(const Property& property, const Tree* place, const std::string& why) {
    const Value* value = self_.find(property.name);
    Span at = place != nullptr && value != nullptr && value->is_string()
                  ? written(*place, value->as_string())
                  : Span{};
    if (!at.valid()) at = span(place);
    auto& d = diagnostics_.add(Code::LF0213, at, "`" + property.name + "` " + why,
                               place == nullptr ? "of `" + node_.address + "`" : "");
    if (place != nullptr && !(at == place->span)) {
      d.others.push_back(
          {place->span, "which becomes `" + property.name + "` of `" + node_.address + "`"});
    }
    // A module of the user's own is right for one use of it and wrong for another.
    for (const ModuleInstance* m = node_.module; m != nullptr && m->call != nullptr;
         m = m->parent) {
      if (m->module->kind == ModuleKind::block) continue;
      const Span use = m->call->key_span.valid() ? m->call->key_span : m->call->span;
      d.others.push_back({use, "in this use of the module"});
    }
    if (!property.doc.empty()) d.help.push_back(property.name + ": " + property.doc);
  }

  // What the package's catalog knows of a value. True: reported.
  bool check_catalog(const Property& property, const std::string& text, const Tree* place) {
    const Catalog* catalog = catalogs_.of(*node_.type, property.name);
    if (catalog == nullptr) return false;
    const std::string region = to_text(graph_.context->region_of(node_.provider));
    const bool known = catalog->knows(text);
    if (known && !catalog->lacks(text, region)) return false;
    const auto& alternatives = node_.decl->lifecycle.alternatives;
    Span at = place != nullptr ? written(*place, text) : Span{};
    if (!at.valid() && alternatives) at = written(*alternatives, text);
    const bool found = at.valid();
    if (!found) at = span(place);
    auto& d = diagnostics_.add(Code::LF0231, at,
                               "`" + text + "` is no " + catalog->what + " of " +
                                   node_.type->package + (known ? " in " + region : ""));
    if (known) {
      const auto& where = catalog->regions.at(text);
      d.help.push_back("it is offered in " +
                       join(std::vector<std::string>(where.begin(), where.end()), ", "));
      return true;
    }
    const std::string near = nearest(text, catalog->names);
    if (near.empty()) return true;
    if (!found)
      d.help.push_back("did you mean `" + near + "`?");
    else
      d.fixes.push_back({"did you mean `" + near + "`?", at, near, false});
    return true;
  }

  void check(const Property& property, const Value& value, const Tree* place) {
    if (value.is_unknown() || value.is_error()) return;
    if (value.is_secret()) return check_secret(property, value.secret_value(), place);
    if (value.is_list() && property.type.kind() == Type::Kind::list) {
      if (property.check) check_expression(property, value, place);
      for (size_t i = 0; i < value.as_list().size(); ++i) {
        const Tree* inner =
            place != nullptr && place->kind == Tree::Kind::list && i < place->items.size()
                ? &place->items[i]
                : place;
        check_one(property, value.as_list()[i], inner, false);
      }
      check_double_keys(property, value, place);
      return;
    }
    check_one(property, value, place, true);
  }

  void check_one(const Property& property, const Value& value, const Tree* place, bool with_check) {
    if (value.is_unknown() || value.is_secret()) return;
    if (!property.fields.empty() && value.is_map() && property.type.kind() != Type::Kind::map) {
      // In a field's check, `self` is the object around it.
      const Value around = std::exchange(around_, value);
      names_.set("self", around_);
      for (const auto& field : property.fields) {
        const Value& inner = value[field.name];
        const Tree* at = place != nullptr ? place->find(field.name) : nullptr;
        if (!inner.is_unset())
          check(field, inner, at != nullptr ? at : place);
        else if (field.required)
          report(property, place, "needs `" + field.name + "`");
      }
      around_ = around;
      names_.set("self", around_);
      if (with_check && property.check && !contains_unknown(value))
        check_expression(property, value, place);
      return;
    }
    if (value.is_string()) check_text(property, value.as_string(), place);
    if (value.is_map() && property.name == node_.type->mark_property &&
        node_.type->carrier == MarkCarrier::tags)
      check_tags(property, value.as_map(), place);
    if (property.min && number_kind(value) && number_of(property, value) < *property.min) {
      report(
          property, place,
          "is " + shown(property, value) + ", less than " + bound(property, value, *property.min));
    }
    if (property.max && number_kind(value) && number_of(property, value) > *property.max) {
      report(
          property, place,
          "is " + shown(property, value) + ", more than " + bound(property, value, *property.max));
    }
    if (with_check && property.check && !contains_unknown(value))
      check_expression(property, value, place);
  }

  // The same of what nobody may read: what is wrong is told without the value.
  void check_secret(const Property& property, const Value& value, const Tree* place) {
    if (value.is_unknown() || value.is_unset() || value.is_error()) return;
    if (value.is_string()) {
      const auto size = static_cast<int64_t>(value.as_string().size());
      if (property.length && (size < property.length->first || size > property.length->second)) {
        return report(property, place,
                      "has " + std::to_string(size) + " characters; it takes " +
                          std::to_string(property.length->first) + " to " +
                          std::to_string(property.length->second));
      }
      if (!property.pattern.empty() && !regex_full_match(property.pattern, value.as_string()))
        return report(property, place, "does not fit the pattern " + property.pattern);
    }
    if (property.check && !contains_unknown(value)) check_expression(property, value, place);
  }

  static bool number_kind(const Value& value) { return value.is_number() || value.is_duration(); }
  static std::string shown(const Property& property, const Value& value) {
    const bool size = property.type.kind() == Type::Kind::size && value.is_int();
    return size ? format_size(value.as_int()) : to_text(value);
  }
  static std::string bound(const Property& property, const Value& like, double limit) {
    if (property.type.kind() == Type::Kind::size) return format_size(static_cast<int64_t>(limit));
    if (like.is_duration()) return format_duration(Duration{static_cast<int64_t>(limit), 0});
    return limit == static_cast<double>(static_cast<int64_t>(limit))
               ? std::to_string(static_cast<int64_t>(limit))
               : std::to_string(limit);
  }

  // A literal in a reference's place: ids of that type begin alike.
  void check_reference(const Property& property, const std::string& text, const Tree* place) {
    const ResourceType* to = graph_.context->packages->resource(property.type.name());
    if (to == nullptr || to->id_prefix.empty() || text.starts_with(to->id_prefix)) return;
    report(property, place,
           "`" + text + "` is no " + to->name + ": their ids begin with `" + to->id_prefix + "`");
  }

  // Longer tags than the marks' carrier takes are refused by the service.
  void check_tags(const Property& property, const Map& tags, const Tree* place) {
    const ResourceType& type = *node_.type;
    for (const auto& [key, value] : tags) {
      const std::string name = to_text(key);
      const size_t key_max = static_cast<size_t>(type.mark_key_max);
      const size_t value_max = static_cast<size_t>(type.mark_value_max);
      const Tree* at = place == nullptr ? nullptr : place->find(name);
      if (at == nullptr) at = place;
      if (key_max > 0 && utf8_length(name) > key_max) {
        report(property, at,
               "has the key `" + name + "`, which is longer than " + std::to_string(key_max));
      }
      if (value_max > 0 && value.is_string() && utf8_length(value.as_string()) > value_max) {
        report(property, at,
               "has a value at `" + name + "` that is longer than " + std::to_string(value_max));
      }
    }
  }

  void check_text(const Property& property, const std::string& text, const Tree* place) {
    if (property.type.kind() == Type::Kind::ref) check_reference(property, text, place);
    if (property.gzip_over > 0 && text.size() > property.gzip_over) {
      const size_t packed = gzip(text).size();
      if (packed > property.gzip_over) {
        report(property, place,
               "has " + std::to_string(text.size()) + " bytes, compressed " +
                   std::to_string(packed) + "; it takes " + std::to_string(property.gzip_over));
        return;
      }
    }
    if (property.length) {
      const auto size = static_cast<int64_t>(text.size());
      if (size < property.length->first || size > property.length->second) {
        report(property, place,
               (text.size() <= 100 ? "`" + text + "` " : "") + "has " + std::to_string(size) +
                   " characters; it takes " + std::to_string(property.length->first) + " to " +
                   std::to_string(property.length->second));
        return;
      }
    }
    if (!property.pattern.empty() && !regex_full_match(property.pattern, text)) {
      report(property, place, "`" + text + "` does not fit the pattern " + property.pattern);
    }
  }

  void check_expression(const Property& property, const Value& value, const Tree* place) {
    if (!std::exchange(has_region_, true))
      names_.set("region", graph_.context->region_of(node_.provider));
    names_.set("this", value);
    const Value ok = evaluate(*property.check, names_);
    if (ok.is_bool() && !ok.as_bool()) {
      report(property, place,
             "is refused: " + (property.check_message.empty() ? "its check does not hold"
                                                              : property.check_message));
    }
  }

  void check_double_keys(const Property& property, const Value& value, const Tree* place) {
    if (property.key.empty()) return;
    std::set<std::string> seen;
    for (size_t i = 0; i < value.as_list().size(); ++i) {
      const Value& element = value.as_list()[i];
      std::string key;
      if (contains_unknown(element)) continue;
      if (element.is_map()) {
        for (const auto& field : property.key) {
          if (!element[field].is_unset())
            key += (key.empty() ? "" : ", ") + to_text(element[field]);
        }
      } else {
        key = to_text(element);
      }
      if (seen.insert(key).second) continue;
      const Tree* at =
          place != nullptr && place->kind == Tree::Kind::list && i < place->items.size()
              ? &place->items[i]
              : place;
      diagnostics_.add(Code::LF0215, span(at), "`" + property.name + "` has `" + key + "` twice")
          .help.push_back(element.is_map()
                              ? "its elements are told apart by " + join(property.key, " or ") +
                                    ": take one of both out"
                              : std::string("take one of both out"));
    }
  }

  const Graph& graph_;
  const GraphNode& node_;
  const Map& self_;
  MapActivation names_;      // of checks
  Value around_;             // what `self` is in them: the resource, or the object around a field
  bool has_region_ = false;  // in them
  Catalogs& catalogs_;
  Diagnostics& diagnostics_;
};

struct Range {
  GraphId node;
  const Property* property;
  Cidr cidr;
  std::string parent;
};

Span span_of(const Graph& graph, GraphId id, const std::string& property, const std::string& text) {
  const GraphNode& node = graph.nodes[id];
  const auto& over = node.decl->lifecycle.for_each;
  for (const auto& entry : node.decl->properties) {
    if (entry.key != property) continue;
    const Span at = where_written(*node.module, entry.value, text, over ? &*over : nullptr);
    return at.valid() ? at : entry.value.span;
  }
  return graph.nodes[id].span;
}

// Immutable ranges of things in the same parent may not overlap, and lie within the parent's own.
void check_ranges(const Graph& graph, const std::vector<Range>& ranges, Diagnostics& diagnostics) {
  for (size_t i = 0; i < ranges.size(); ++i) {
    if (ranges[i].parent.empty()) continue;
    for (size_t j = 0; j < i; ++j) {
      if (ranges[j].parent != ranges[i].parent) continue;
      if (graph.nodes[ranges[i].node].type != graph.nodes[ranges[j].node].type) continue;
      if (!overlaps(ranges[i].cidr, ranges[j].cidr)) continue;
      auto& d = diagnostics.add(
          Code::LF0214,
          span_of(graph, ranges[i].node, ranges[i].property->name, format_cidr(ranges[i].cidr)),
          "`" + graph.nodes[ranges[i].node].address + "` (" + format_cidr(ranges[i].cidr) +
              ") overlaps `" + graph.nodes[ranges[j].node].address + "` (" +
              format_cidr(ranges[j].cidr) + ")");
      d.others.push_back(
          {span_of(graph, ranges[j].node, ranges[j].property->name, format_cidr(ranges[j].cidr)),
           "overlaps with this"});
      for (const auto& outer : ranges) {
        if (graph.nodes[outer.node].address != ranges[i].parent) continue;
        d.help.push_back("let a function count the parts: `${cidr('" + format_cidr(outer.cidr) +
                         "').subnet(8, n)}`");
      }
    }
    for (const auto& outer : ranges) {
      const bool parent = graph.nodes[outer.node].address == ranges[i].parent;
      if (!parent || contains(outer.cidr, ranges[i].cidr)) continue;
      auto& d = diagnostics.add(
          Code::LF0214,
          span_of(graph, ranges[i].node, ranges[i].property->name, format_cidr(ranges[i].cidr)),
          "`" + graph.nodes[ranges[i].node].address + "` (" + format_cidr(ranges[i].cidr) +
              ") lies outside of `" + graph.nodes[outer.node].address + "` (" +
              format_cidr(outer.cidr) + ")");
      d.others.push_back({span_of(graph, outer.node, outer.property->name, format_cidr(outer.cidr)),
                          "the range that it must lie in"});
      d.help.push_back("its parts: `${cidr('" + format_cidr(outer.cidr) + "').subnet(8, n)}`");
    }
  }
}

// The node that a ref property names, by its identity.
std::string parent_of(const GraphNode& node, const Map& self) {
  for (const auto& property : node.type->properties) {
    if (property.type.kind() != Type::Kind::ref || !property.immutable) continue;
    const Value* value = self.find(property.name);
    if (value == nullptr) continue;
    if (value->is_unknown() && value->as_unknown().origins.size() == 1) {
      const std::string& origin = value->as_unknown().origins.front();
      return origin.ends_with(".id") ? origin.substr(0, origin.size() - 3) : origin;
    }
    return to_text(*value);
  }
  return "";
}

}  // namespace

void validate_graph(const Graph& graph, Diagnostics& diagnostics) {
  std::vector<Range> ranges;
  Catalogs& known = graph.context->packages->catalogs();
  for (GraphId id = 0; id < graph.nodes.size(); ++id) {
    const GraphNode& node = graph.nodes[id];
    if (!node.facet.empty()) continue;
    const size_t choices = std::max<size_t>(1, node.alternative_count);
    for (size_t choice = 0; choice < choices; ++choice) {
      const size_t before = diagnostics.error_count();
      const Map self = graph.desired(id, graph.spec_only(), diagnostics, choice);
      NodeChecker(graph, id, self, known, diagnostics).run();
      if (choice == 0) {
        for (const auto& property : node.type->properties) {
          const Value* value = self.find(property.name);
          if (value == nullptr || !value->is_cidr() || !property.immutable) continue;
          ranges.push_back({id, &property, value->as_cidr(), parent_of(node, self)});
          break;
        }
      }
      if (diagnostics.error_count() != before) break;
    }
  }
  check_ranges(graph, ranges, diagnostics);
  Diagnostics outputs;
  for (size_t i = 0; i < graph.outputs.size(); ++i)
    (void)graph.output(i, graph.spec_only(), outputs);
  diagnostics.append(outputs);
}

}  // namespace lf

// SPDX-License-Identifier: Apache-2.0
// What must hold of every type of every embedded package, whatever it describes: a property that is
// sent is understood, and a server that echoes, reorders, adds defaults and writes everything as
// text shows no difference.
#include "provider/package.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>

#include "base/json.h"
#include "base/units.h"
#include "provider/manual.h"
#include "provider/package_files.h"
#include "provider/wire.h"
#include "provider/wire_detail.h"

using namespace lf;

namespace {

Value sample(const Type& declared, const Property& property, int seed);

Value sample_object(const Property& property, int seed) {
  Map out;
  for (const Property& field : property.fields) {
    if (field.local) continue;
    out.set(std::string_view(field.name), sample(field.type, field, seed));
  }
  return Value(std::move(out));
}

// A value of the type that its wire form can hold exactly. Two seeds give two values.
Value sample(const Type& declared, const Property& property, int seed) {
  const Type& type = wire_detail::plain(declared);
  const int64_t units = wire_detail::unit_factor(property) * (seed + 2);
  switch (type.kind()) {
    case Type::Kind::boolean:  // one that is said by being there has no form for no
      return Value(property.format == WireFormat::present || seed % 2 == 0);
    case Type::Kind::integer: return Value(seed + 3);
    case Type::Kind::floating: return Value(0.5 + seed);
    case Type::Kind::duration: return Value(Duration{units, 0});
    case Type::Kind::size: return Value(units);
    case Type::Kind::cidr: return Value(*parse_cidr("10." + std::to_string(seed) + ".0.0/16"));
    case Type::Kind::ip: return Value(*parse_ip("10.0.0." + std::to_string(seed + 1)));
    case Type::Kind::timestamp: return Value(Timestamp{1'700'000'000 + seed, 0});
    case Type::Kind::money: return Value(Money{1'500'000 + seed, "USD"});
    case Type::Kind::bytes: return Value(Bytes{"PK" + std::to_string(seed)});
    case Type::Kind::enumeration: {
      const auto& values = type.values();
      return values.empty() ? Value("x") : Value(values[static_cast<size_t>(seed) % values.size()]);
    }
    case Type::Kind::list:
      return Value(
          List{sample(type.element(), property, seed), sample(type.element(), property, seed + 1)});
    case Type::Kind::map:
      return Value(Map{{Value("k1"), sample(type.element(), property, seed)},
                       {Value("k2"), sample(type.element(), property, seed + 1)}});
    case Type::Kind::object:
      return property.fields.empty() ? Value(Map{{Value("k"), Value("v")}})
                                     : sample_object(property, seed);
    case Type::Kind::any:
      return property.format == WireFormat::json
                 ? Value(Map{{Value("Statement"), Value(List{Value(seed), Value("a b/c")})}})
                 : Value("text" + std::to_string(seed));
    default: {
      const bool url = property.read_transform == ReadTransform::https;
      return Value((url ? "https://text" : "text") + std::to_string(seed));
    }
  }
}

// What XML makes of an answer: everything is text; maps come in another order, with more in them.
Value as_xml(const Value& value) {
  if (value.is_list()) {
    List out;
    for (const Value& item : value.as_list()) out.push_back(as_xml(item));
    return Value(std::move(out));
  }
  if (value.is_map()) {
    std::vector<std::pair<Value, Value>> entries(value.as_map().begin(), value.as_map().end());
    std::reverse(entries.begin(), entries.end());
    Map out;
    for (const auto& [key, member] : entries) out.set(key, as_xml(member));
    out.set(std::string_view("serverAddedThis"), Value("x"));
    return Value(std::move(out));
  }
  return value.is_unset() ? value : Value(to_text(value));
}

Value json_reordered(const Value& value) {
  if (!value.is_map()) return value;
  std::vector<std::pair<Value, Value>> entries(value.as_map().begin(), value.as_map().end());
  std::reverse(entries.begin(), entries.end());
  Map out;
  for (const auto& [key, member] : entries) out.set(key, json_reordered(member));
  return Value(std::move(out));
}

Value answered(const Value& item, Protocol protocol) {
  const bool json = protocol == Protocol::json || protocol == Protocol::rest_json;
  return json ? json_reordered(item) : as_xml(item);
}

// Sets have no order that a server must keep.
Value set_reversed(const Property& property, const Value& value) {
  if (property.key.empty() || !value.is_list()) return value;
  List out(value.as_list().rbegin(), value.as_list().rend());
  return Value(std::move(out));
}

Property without_where(const Property& property) {
  Property out = property;
  out.where.reset();  // which elements count is not in the values themselves
  return out;
}

struct Loaded {
  Sources sources;
  Diagnostics diagnostics;
  Packages packages{sources, diagnostics};

  std::vector<const ResourceType*> types() {
    std::vector<const ResourceType*> out;
    for (const std::string& name : packages.names()) {
      for (const std::string& type : packages.find(name)->resource_names()) {
        const ResourceType* loaded = packages.resource(type);
        REQUIRE(loaded != nullptr);
        out.push_back(loaded);
      }
    }
    REQUIRE_FALSE(out.empty());
    return out;
  }
};

// Properties that are read in one item: those of facets without a read of their own together.
std::map<std::string, std::vector<const Property*>> by_item(const ResourceType& type) {
  std::map<std::string, std::vector<const Property*>> out;
  for (const Property& property : type.properties) {
    const Facet* facet = property.facet.empty() ? nullptr : type.facet(property.facet);
    const bool own = facet != nullptr && facet->read.call.valid();
    if (own && !facet->each.empty()) continue;  // read as elements, not at `read`
    // Headers by the beginning of their names are read together, not at a path.
    const bool together = !property.read.empty() && property.read.back().ends_with('*') &&
                          property.read.back() != "*";
    if (!property.read.empty() && !together) out[own ? facet->name : ""].push_back(&property);
  }
  return out;
}

}  // namespace

TEST_CASE("the embedded packages load whole", "[package]") {
  Loaded loaded;
  for (const std::string& name : loaded.packages.names()) {
    CHECK(loaded.packages.find(name)->check_all());
  }
  for (const Diagnostic& each : loaded.diagnostics.sorted()) {
    UNSCOPED_INFO(render(each, loaded.sources, {}));
  }
  CHECK(loaded.diagnostics.empty());
}

TEST_CASE("every property of every type: what is sent is what was meant", "[package]") {
  Loaded loaded;
  for (const ResourceType* type : loaded.types()) {
    const Protocol protocol = type->service->protocol;
    for (const Property& property : type->properties) {
      if (property.wire.empty() || property.local) continue;
      for (const int seed : {0, 1}) {
        const Value wanted = sample(property.type, property, seed);
        INFO(type->name << "." << property.name << " = " << to_json(wanted));
        Map input;
        put_on_wire(property, wanted, input);
        REQUIRE_FALSE(input.empty());
        const auto understood = from_request(property, Value(input), protocol);
        INFO(to_json(Value(input)));
        REQUIRE(understood);
        CHECK(same_value(property, wanted, *understood));
      }
    }
  }
}

TEST_CASE("every property of every type: an echoing server shows no difference", "[package]") {
  Loaded loaded;
  for (const ResourceType* type : loaded.types()) {
    const Protocol protocol = type->service->protocol;
    for (const auto& [facet, properties] : by_item(*type)) {
      for (const Property* written : properties) {
        const Property property = without_where(*written);
        if (property.write_only || property.local) continue;
        const Value wanted = sample(property.type, property, 0);
        INFO(type->name << "." << property.name << " = " << to_json(wanted));
        Map item;
        put_in_item(property, set_reversed(property, wanted), protocol, item);
        INFO(to_json(Value(item)));
        const auto there = from_wire(property, answered(Value(item), protocol), protocol);
        REQUIRE(there);
        INFO(to_json(*there));
        CHECK(same_value(property, wanted, *there));
        // Another value is a difference.
        if (wanted.is_string() || wanted.is_number()) {
          CHECK_FALSE(same_value(property, Value("something else"), *there));
        }
      }
    }
  }
}

TEST_CASE("every type: all properties of an item together, and a server's defaults", "[package]") {
  Loaded loaded;
  for (const ResourceType* type : loaded.types()) {
    const Protocol protocol = type->service->protocol;
    for (const auto& [facet, properties] : by_item(*type)) {
      std::map<WirePath, int> uses;
      for (const Property* property : properties) ++uses[property->read];
      Map item;
      for (const Property* property : properties) {
        if (property->write_only || property->local || uses[property->read] > 1) continue;
        put_in_item(*property, sample(property->type, *property, 0), protocol, item);
      }
      for (const Property* written : properties) {
        const Property property = without_where(*written);
        if (property.write_only || property.local || uses[property.read] > 1) continue;
        const auto there = from_wire(property, answered(Value(item), protocol), protocol);
        INFO(type->name << "." << property.name << " in " << to_json(Value(item)));
        REQUIRE(there);
        CHECK(same_value(property, sample(property.type, property, 0), *there));
        if (property.absent == Absent::with_default) {
          CHECK(same_value(property, property.default_value, Value()));
          CHECK(same_value(property, Value(), property.default_value));
        }
      }
    }
  }
}

TEST_CASE("every type and look-up has a page, and a type in the language", "[package]") {
  Loaded loaded;
  for (const ResourceType* type : loaded.types()) {
    const std::string page = manual_page(*type);
    INFO(page);
    for (const Property& property : type->properties) {
      CHECK(page.find("- `" + property.name + "`: ") != std::string::npos);
      CHECK_FALSE(property.doc.empty());
      CHECK(type->object_type().field(property.name) != nullptr);
    }
    CHECK(page.find("..") == std::string::npos);
    CHECK_FALSE(operations_of(*type).empty());
  }
  for (const std::string& name : loaded.packages.names()) {
    for (const std::string& data : loaded.packages.find(name)->data_names()) {
      CHECK(manual_page(*loaded.packages.data(data)).starts_with("# " + data + "\n"));
    }
  }
}

TEST_CASE("how long a request may be under way is a package's word", "[package]") {
  const auto limit_of = [](const std::string& line) -> std::optional<int64_t> {
    auto overlay = std::make_shared<MemoryPackageFiles>();
    overlay->add("mine/package.yaml", "package: mine\nversion: 1\n" + line);
    Sources sources;
    Diagnostics diagnostics;
    Packages packages(sources, diagnostics, overlay);
    Package* mine = packages.find("mine");
    if (mine == nullptr || !diagnostics.empty()) return std::nullopt;
    return mine->info().request_limit.seconds;
  };
  CHECK(limit_of("") == 60);
  CHECK(limit_of("request_limit: 3s\n") == 3);
  for (const char* wrong : {"0s", "500ms", "1500ms", "-5s", "soon", "[3s]"}) {
    CHECK_FALSE(limit_of(std::string("request_limit: ") + wrong + "\n"));
  }
}

TEST_CASE("an overlay adds files and hides embedded ones", "[package]") {
  auto overlay = std::make_shared<MemoryPackageFiles>();
  overlay->add("mine/package.yaml", "package: mine\nversion: 1\n");
  overlay->add("mine/services.yaml",
               "demo: {protocol: json, json_version: \"1.1\", target_prefix: Demo}\n");
  overlay->add("mine/resources/demo/thing.yaml",
               "type: mine.demo.thing\ndoc: A thing.\nservice: demo\nid: {path: Id}\n"
               "properties:\n  name: {type: string, wire: Name, immutable: true, doc: Its name.}\n"
               "create: {kind: new, action: Make}\nrefresh: {read: {action: Read}}\n"
               "delete: {kind: call, action: Drop}\nrecovery: [{name: name}]\n");
  Sources sources;
  Diagnostics diagnostics;
  Packages packages(sources, diagnostics, overlay);
  const auto names = packages.names();
  CHECK(std::find(names.begin(), names.end(), "mine") != names.end());
  CHECK(names.size() > 1);
  REQUIRE(packages.resource("mine.demo.thing") != nullptr);
  CHECK(packages.resource("mine.demo.thing")->service->target_prefix == "Demo");
  CHECK(packages.resource("nobody.demo.thing") == nullptr);
  CHECK(diagnostics.empty());
}

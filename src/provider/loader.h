// SPDX-License-Identifier: Apache-2.0
// Descriptor files -> the structs of descriptor.h. One Loader reads one file: it collects all that
// is wrong with it and checks the names in expressions at the end, when all names are known.
// The vocabulary is docs/descriptors.md; each rule has a pair of files in testdata/.
#pragma once

#include <functional>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/diagnostic.h"
#include "provider/descriptor.h"
#include "provider/load_tree.h"
#include "provider/package.h"

namespace lf {

struct AdoptionFacts;  // adoption.h
struct Prices;         // prices.h
struct StateStore;     // state_store.h

// Where a call stands decides which keys it may have beside a call's own, and its throttle class.
enum class CallPlace : uint8_t { read, write };

// The names that expressions of some place may use.
struct NameScope {
  std::set<std::string> roots;
  const Property* element = nullptr;  // the property whose elements `element` means
  std::vector<std::string> siblings;  // in a field: the object's fields, which `self` then holds
};

class Loader {
 public:
  using Words = std::vector<std::string_view>;

  explicit Loader(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  // --- what services.yaml and the package say; set before loading ---
  std::function<const Service*(std::string_view)> find_service;
  std::function<const LoadNode*(std::string_view)> find_trait;  // nullptr: no such trait
  std::function<std::vector<std::string>()> service_names, trait_names;
  const PackageInfo* package = nullptr;

  bool load_resource(const LoadNode& file, ResourceType& out);
  bool load_data(const LoadNode& file, DataType& out);
  bool load_package(const LoadNode& file, PackageInfo& out);
  void load_activity(const LoadNode& node, ActivityFacts& out);
  bool load_services(const LoadNode& file, std::vector<Service>& out);
  bool load_adoption(const LoadNode& file, AdoptionFacts& out);
  bool load_state_store(const LoadNode& file, StateStore& out);
  // The section `prices` of a type's file; false where there is none, or it is wrong.
  bool load_prices(const LoadNode& file, const ResourceType& type, Prices& out);
  // Other files that the file at hand relies on: (name, where), filled by loading.
  std::vector<std::pair<std::string, Span>> type_references, data_references, trait_references;

 private:
  // --- loader.cc: nodes ---
  Diagnostic& error(Code code, Span span, std::string message, std::string label = "");
  // Reports keys of `map` outside `known`; false if it is no map. `what` names the thing.
  void credentials(const LoadNode& node, PackageInfo& out);
  bool keys(const LoadNode& map, std::string_view what, const Words& known, const Words& also = {});
  bool want(const LoadNode& node, LoadNode::Kind kind, std::string_view key);
  // Each leaves `out` alone where the key is absent and reports what is of the wrong kind.
  const LoadNode* required(const LoadNode& map, std::string_view key, std::string_view what);
  void text(const LoadNode& map, std::string_view key, std::string& out);
  void flag(const LoadNode& map, std::string_view key, bool& out);
  void number(const LoadNode& map, std::string_view key, int& out, int min, int max);
  void real(const LoadNode& map, std::string_view key, std::optional<double>& out);
  void duration(const LoadNode& map, std::string_view key, Duration& out);
  void path(const LoadNode& map, std::string_view key, WirePath& out);
  void texts(const LoadNode& map, std::string_view key, std::vector<std::string>& out);
  void regex(const LoadNode& map, std::string_view key, std::string& out);
  template <class E>
  void word(const LoadNode& map, std::string_view key, E& out,
            std::initializer_list<std::pair<std::string_view, E>> words);
  void unknown_word(const LoadNode& node, std::string_view key, std::vector<std::string> words);
  static WirePath split_path(std::string_view text);

  // --- load_expression.cc ---
  std::optional<cel::Interpolation> interpolation(const LoadNode& node, const NameScope& scope);
  // A condition or a list: CEL bare or inside one `${…}`.
  std::optional<cel::Interpolation> expression(const LoadNode& node, const NameScope& scope);
  void expression(const LoadNode& map, std::string_view key, const NameScope& scope,
                  std::optional<cel::Interpolation>& out);
  Template tree(const LoadNode& node, const NameScope& scope);
  void templates(const LoadNode& map, std::string_view key, const NameScope& scope,
                 std::vector<std::pair<std::string, Template>>& out);
  void remember(const cel::Interpolation& text, const NameScope& scope);
  void check_names();
  void check_reference(const cel::Expression& expression, const cel::Reference& reference,
                       const NameScope& scope);
  void root_name(const LoadNode& node);  // refuses the reserved words of expressions

  // --- load_property.cc ---
  bool property(const LoadNode::Entry& entry, bool nested, Property& out);
  void property_type(const LoadNode& node, Property& out);
  void property_wire(const LoadNode& node, Property& out);
  void property_flags(const LoadNode& node, Property& out);
  void property_absent(const LoadNode& node, Property& out);
  void property_checks(const LoadNode& node, Property& out);
  bool properties(const LoadNode& map, std::vector<Property>& out, bool nested);
  Value literal(const LoadNode& node, const Type& type, std::string_view what);

  // --- load_call.cc ---
  bool call(const LoadNode& node, std::string_view what, CallPlace place, const NameScope& scope,
            Call& out, const Words& also = {});
  void call_rest(const LoadNode& node, const NameScope& scope, Call& out);
  Verb verb(const LoadNode& node, std::string_view what, CallPlace place, NameScope scope,
            const Words& also = {});
  void step(const LoadNode& node, NameScope& scope, CallPlace place, Verb& out);
  void step_bind(const LoadNode& node, NameScope& scope, Step& out);
  Page page(const LoadNode* node, const Service* service);
  std::vector<ErrorPattern> errors(const LoadNode& node);

  // --- load_resource.cc, load_life.cc, load_facet.cc ---
  void section_order(const LoadNode& file, const Words& order);
  LoadNode with_traits(const LoadNode& file);
  void head(const LoadNode& file, ResourceType& out);
  void marks(const LoadNode& file, ResourceType& out);
  void parts(const LoadNode& file, ResourceType& out);
  void create(const LoadNode& node, ResourceType& out);
  void refresh(const LoadNode& node, ResourceType& out);
  void list_call(const LoadNode& node, ResourceType& out);
  void deletion(const LoadNode& node, ResourceType& out);
  void contents(const LoadNode& node, ResourceType& out);
  void put_back(const LoadNode& node, ResourceType& out);
  void wait(const LoadNode& waits, std::string_view key, Wait& out);
  void facets(const LoadNode& node, ResourceType& out);
  void facet(const LoadNode::Entry& entry, ResourceType& out);
  void facet_read(const LoadNode& node, const ResourceType& type, FacetRead& out);
  void recovery(const LoadNode& node, ResourceType& out);
  void recovery_entry(const LoadNode::Entry& entry, ResourceType& out);
  void id_parts(const LoadNode& id, ResourceType& out);
  void tail(const LoadNode& file, ResourceType& out);
  void blockers(const LoadNode& node, ResourceType& out);
  void preflight(const LoadNode& node, ResourceType& out);
  void security(const LoadNode& node, ResourceType& out);
  // --- load_prices.cc ---
  void prices(const LoadNode& node, Prices& out);
  void check_prices(const LoadNode& node);
  void price_usage(const LoadNode& node, Prices& out);
  void price_line(const LoadNode::Entry& entry, Prices& out);
  bool looks_at_usage(const cel::Interpolation& text, const Prices& prices);
  void sandbox(const LoadNode& node, ResourceType& out);
  void sandbox_versions(const LoadNode& node, const NameScope& scope, ResourceType& out);
  void resolve_properties(const LoadNode& file, ResourceType& out);
  void check_resource(const LoadNode& file, ResourceType& out);
  void check_marks(const LoadNode& file, const ResourceType& out);
  // --- load_state_store.cc ---
  void state_store_calls(const LoadNode& node, StateStore& out);
  // --- load_adoption.cc ---
  void foreign_type(const LoadNode::Entry& entry, AdoptionFacts& out);
  void written_spec(const LoadNode::Entry& entry, AdoptionFacts& out);

  void known_property(const std::string& name, Span span);
  void known_name(const std::string& name, Span span, const std::vector<std::string>& names);
  void known_facet(const std::string& name, Span span, const ResourceType& type);
  const Service* service_of(const LoadNode& file);
  NameScope call_scope(std::initializer_list<std::string_view> more = {}) const;

  Diagnostics& diagnostics_;
  const Service* service_ = nullptr;
  const std::vector<Property>* self_ = nullptr;  // what `self` holds
  std::vector<std::string> siblings_;            // while fields are loaded: their names
  struct Pending {
    cel::Interpolation text;
    NameScope scope;
  };
  std::vector<Pending> pending_;
  std::set<std::string> used_properties_;
  std::set<std::string> poisoned_;  // properties that were reported: what follows from it is silent
  std::vector<std::pair<std::string, Span>> input_uses_;  // of a look-up's inputs without `wire`
};

}  // namespace lf

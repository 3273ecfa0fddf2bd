// SPDX-License-Identifier: Apache-2.0
// The model cloud: answers signed HTTP requests as the cloud of one package would, from that
// package's descriptors alone. Requests are read backwards through the calls of the descriptors
// (backwards.h); what only the service knows stands in the descriptors' `sandbox` sections and in
// the package's `sandbox/` folder.
//
// Synchronous and deterministic: time comes with each request, ids from the seed. Not thread-safe.
#pragma once

#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/http.h"
#include "base/source.h"
#include "provider/endpoints.h"
#include "provider/package.h"
#include "provider/scope.h"
#include "sandbox/action_index.h"
#include "sandbox/answer_writer.h"
#include "sandbox/backwards.h"
#include "sandbox/faults.h"
#include "sandbox/request_reader.h"
#include "sandbox/seeds.h"
#include "sandbox/things.h"

namespace lf::sandbox {

struct ModelOptions {
  uint64_t seed = 1;
  // Key pairs that are accepted besides the package's own: access key to secret and account.
  struct Key {
    std::string secret, account;
  };
  std::map<std::string, Key> keys;
  // The same by form: what begins with this goes on with the account, and has this secret. "": none
  std::string account_keys, account_secret;
  std::optional<Key> find(const std::string& access_key) const;
};

// One request while it is answered.
struct Request {
  Incoming in;
  Place place;
  Map names;  // account, region, partition, dns_suffix
  Timestamp now;
};

using Outcome = std::expected<Reply, Refusal>;

class Model {
 public:
  // `package` and `sources` must outlive it.
  Model(Package& package, Sources& sources, ModelOptions options);
  ~Model();

  // `now`: the cloud's time, for states and schedules; `wall`: what signatures are checked against.
  HttpResponse handle(const HttpRequest& request, Timestamp now, Timestamp wall);
  // Whether anything has changed since the last time this was asked.
  bool take_changed();
  // Whether the last handled request was a mutation.
  bool last_was_mutation() const { return mutation_; }

  Things& things() { return things_; }
  Faults& faults() { return faults_; }
  // Whether the answer of the last request is to be lost (a mutation, after its effect).
  bool lose_answer() {
    if (std::exchange(lose_this_, false)) return mutation_;
    return mutation_ && faults_.lost_answer > 0 && chance() < faults_.lost_answer;
  }

 private:
  // --- model.cc ---
  Result<void> prepare();
  Outcome dispatch(Request& request);
  std::string request_id();
  // A share between 0 and 1, by the seed.
  double chance();
  std::optional<Refusal> fault(const Service& service, const std::string& action, Timestamp now);
  bool within_rate(const std::string& service, Timestamp now);
  std::string random_digits(size_t count, std::string_view alphabet);
  std::string fill_random(const std::string& text);
  Value fill_random(const Value& value);
  std::string account_of(const SignatureInfo& info) const;

  // --- model_rules.cc: what holds between things ---
  const ResourceType& type_of(Thing& thing);
  Refusal refusal(const ResourceType& type, ErrorCode reaction, const std::string& message,
                  bool last = false) const;
  Refusal not_found(const ResourceType& type, const std::string& id) const;
  bool gone(Thing& thing, Timestamp now);    // deleted and not in use any more
  bool listed(Thing& thing, Timestamp now);  // still shown
  std::string state(Thing& thing, Timestamp now);
  // By id, ARN or one of its other names; not those that are gone, unless `also_gone`.
  Thing* resolve(const ResourceType& type, const Request& request, const std::string& text,
                 bool also_gone = false);
  bool refers(const ResourceType& type, const Map& properties, const ResourceType& to,
              const Thing& target);
  // Without what comes with it.
  std::vector<Thing*> referrers(const Request& request, Thing& target);
  std::optional<Refusal> check_references(const Request& request, const ResourceType& type,
                                          const Map& properties);
  struct RuleSubject {
    const ResourceType* type;
    Thing* thing;       // null: being made
    const Map* self;    // the properties that rules see
    const Map* wanted;  // after the change, for `parent`
    std::string id;
    const Map* before = nullptr;  // `observed`, where it is not `self`
  };
  std::optional<Refusal> check_rules(const Request& request, const std::vector<std::string>& on,
                                     const RuleSubject& subject);
  std::unique_ptr<cel::Activation> scope(const Request& request, const RuleSubject& subject);
  // `before`: what the thing was before the change under way, which expressions see as `observed`.
  void fill_computed(const Request& request, const ResourceType& type, Thing& thing,
                     const Map* before = nullptr);
  void fill_elements(const Request& request, const ResourceType& type, Thing& thing);
  void set_defaults(const Request& request, const ResourceType& type, std::string_view facet,
                    Thing& thing);

  // --- model_create.cc ---
  Outcome create(Request& request, const Role& role);
  Outcome create_parts(Request& request, const Role& role);
  Map wanted_of(const Request& request, const Role& role, Bindings& bound);
  void complete(const Request& request, Thing& thing);
  void bring_companions(const Request& request, const Thing& with);
  bool companion_of(const ResourceType& type, const Map& properties, const Thing& with);
  std::string make_id(const Request& request, const ResourceType& type, const Bindings& bound,
                      Thing& thing, bool& derived);
  Outcome created(Request& request, const ResourceType& type, Thing& thing);

  // --- model_change.cc ---
  Outcome change(Request& request, const std::vector<Role>& roles);
  Bindings bind(const Request& request, const Role& role) const;
  std::expected<bool, Refusal> change_one(Request& request, const Role& role, const Bindings& bound,
                                          Thing& thing, Map& wanted);
  std::expected<bool, Refusal> apply(Request& request, const Role& role, const Bindings& bound,
                                     Thing& thing, Map& wanted);
  std::expected<bool, Refusal> reset(Request& request, const Role& role, const Bindings& bound,
                                     Thing& thing, Map& wanted);
  std::expected<bool, Refusal> add(Request& request, const Role& role, const Bindings& bound,
                                   Map& wanted);
  std::expected<bool, Refusal> alter(Request& request, const Role& role, const Bindings& bound,
                                     Map& wanted, bool take_away);
  List elements_of(const Request& request, const Role& role, const Bindings& bound,
                   const Property& property, bool whole);
  Thing* find_by_name(const Request& request, const Role& role, const Bindings& bound);
  Thing* find_by_element(const Request& request, const Role& role, const Bindings& bound);

  // --- model_delete.cc ---
  Outcome remove(Request& request, const Role& role);
  Outcome restore(Request& request, const Role& role);

  // --- model_read.cc ---
  Outcome read(Request& request, const std::vector<Role>& roles);
  Outcome list(Request& request, const Role& role);
  void add_parts(Request& request, const std::vector<Role>& roles, const Role& list, Reply& reply);
  Outcome read_one(Request& request, const Role& role);
  std::optional<Outcome> read_filtered(Request& request, const Role& role);
  void put_headers(Thing& thing, Reply& reply);
  Outcome find_name(Request& request, const Role& role);
  Outcome read_facets(Request& request, const std::vector<Role>& roles);
  Outcome read_names(Request& request, const Role& role);
  Outcome read_detail(Request& request, const Role& role);
  Outcome read_blocker(Request& request, const std::vector<Role>& roles);
  Outcome read_contents(Request& request, const Role& role);
  Value shown_id(const Request& request, Thing& thing);
  Value item_of(const Request& request, Thing& thing);
  List wire_elements(const Request& request, Thing& thing, const Property& property,
                     const WirePath& each);
  void put_facet(const Request& request, Thing& thing, const Facet& facet, Map& item, Reply& reply);
  List in_groups(const ResourceType& type, const std::vector<Thing*>& shown, List items,
                 const WirePath& within);
  bool filtered_out(const Request& request, Thing& thing, const Value& item, const Value& filters);
  Value extra_answer(const Request& request, const ResourceType& type, Thing* thing);
  bool visible(const Thing& thing, Timestamp now) const;

  // --- model_versions.cc: properties of which older values are kept ---
  std::optional<Outcome> versions(Request& request);
  Outcome versions(Request& request, const ResourceType& type);
  std::expected<void, Refusal> change_versions(Request& request, const ResourceType& type,
                                               Thing& thing, Reply& reply);
  Value shown_version(const Request& request, const ResourceType& type, Thing& thing,
                      const Value& version, bool with_value);

  Package& package_;
  Sources& sources_;
  ModelOptions options_;
  ActionIndex index_;
  Things things_;
  Faults faults_;
  Seeds seeds_;
  std::unique_ptr<EndpointRules> rules_;
  std::map<std::string, cel::Interpolation> id_patterns_;
  uint64_t random_ = 0, chance_ = 0;
  bool prepared_ = false, changed_ = false, mutation_ = false, lose_this_ = false;
  std::map<std::string, std::pair<double, double>> rates_;  // by service: tokens, and since when
};

}  // namespace lf::sandbox

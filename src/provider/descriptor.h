// SPDX-License-Identifier: Apache-2.0
// The descriptor language in memory: what docs/descriptors.md describes, checked and typed.
// Immutable after loading; owned by its Package. Strings that name wire things keep the wire's
// case.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/source.h"
#include "base/value.h"
#include "lang/expression.h"
#include "lang/type.h"
#include "provider/protocol.h"
#include "provider/template.h"

namespace lf {

using WirePath = std::vector<std::string>;  // "a.b.0" split at dots
// Walks maps by key and lists by index. Missing: null. A last step "[]" gives a list whatever is
// there: nothing is an empty one, a single value a list of one. A step "*" takes what each element
// of a list holds, joined into one list. A step "#map" is a map of the query protocols, whose
// answers list its entries; a step "#json" reads the text there as a JSON document.
Value at_path(const Value& tree, const WirePath& path);

// One way in which a service names an error of some class.
struct ErrorPattern {
  ErrorCode code;
  std::string service_code;
  std::string message_pattern;  // RE2 search; empty: any message
};

struct Page {
  bool none = true;
  std::string send;  // wire name of the token in the request
  WirePath receive;  // where the next token is in the answer
  Value size;        // map of wire names to constants: page size
  std::string more;  // the answer's member that says whether more pages follow; empty: none does
};

struct Service {
  std::string name;
  Protocol protocol = Protocol::json;
  std::string api_version, json_version, target_prefix, endpoint, signing_name, model, xmlns;
  std::string in_host;  // REST: the path template whose value may stand in the host
  bool query_compatible = false, content_md5 = false;
  Page page;
  std::vector<ErrorPattern> errors;  // own ones first, then those of `all`
};

struct Call {
  std::string action;
  std::string service;                             // empty: the type's
  std::string http_method, http_path, http_query;  // REST: templates with {x}
  std::vector<std::pair<std::string, Template>> path, query, headers;
  std::string root, xmlns;
  Template payload, send;
  std::vector<std::pair<std::string, WirePath>> take;
  bool idempotent = false;
  bool raw = false;      // REST: the answer is text, read as @body
  std::string throttle;  // "read", "write" or a class of the service
  std::vector<std::string> absent_on, retry_on;
  // `fails`: the answer's member (a number above zero, or a list that holds something) that says
  // that the call failed though it answered with success, and where its code and message are.
  WirePath fails_when, fails_code, fails_message;
  Span span;
  bool valid() const { return !action.empty(); }
};

struct Step {
  std::string name;
  Call call;
  std::optional<cel::Interpolation> when, for_each, repeat_until;
  std::string as;
  std::vector<std::pair<std::string, WirePath>> bind;  // empty path: the whole answer
  std::string repeat_from;                             // empty: this step
  int repeat_limit = 100;
  bool read = false;
};
// A verb is one call or several steps; a single call is one step named after its action.
using Verb = std::vector<Step>;

// unmanaged: left alone until the spec has set it, unset when it leaves the spec again.
enum class Absent : uint8_t { server, unset, with_default, unmanaged };
enum class Compare : uint8_t {
  exact,
  json,
  iam_policy,
  case_insensitive,
  cidr,
  version_prefix,
  trim_dot,
  digest,
};
enum class ReadTransform : uint8_t {
  none,
  url_json,
  json,
  base64,
  last_path,
  last_colon,
  lower,
  https,  // answers leave the scheme out
};
// present: true is an empty member, false none.
enum class WireFormat : uint8_t { plain, json, base64, string, present, comma };

struct Property {
  std::string name, doc;
  Type type;                      // of the whole property; objects carry their fields
  std::vector<Property> fields;   // of an object, or of the objects in a list or map
  std::vector<std::string> key;   // a set's key fields; {"value"} for scalars; empty: no set
  WirePath wire;                  // empty: not sent by itself
  std::vector<WirePath> wire_or;  // alternatives to `wire`: the one whose parent is made already
  WirePath read;                  // empty: not read back
  std::vector<WirePath> read_or;  // alternatives to `read`: the first that is there
  ReadTransform read_transform = ReadTransform::none;
  WireFormat format = WireFormat::plain;
  std::string pair_key, pair_value;  // `pairs`; empty: none
  std::string read_pair_key, read_pair_value;
  std::string item, read_item;   // `item`; empty: none
  std::string unit;              // "" where the type has none
  std::string amount, currency;  // `amount`: of money, its two members; empty: one text
  std::optional<cel::Interpolation> where;
  bool required = false, immutable = false, secret = false, write_only = false, computed = false,
       local = false, unique_name = false, changes_on_update = false;
  bool unique_in_world = false;  // beyond the account: the default name carries account and region
  std::optional<cel::Interpolation> derive;
  Absent absent = Absent::server;
  Value default_value;
  Value clear;  // wire value that unsets it; null: none
  Compare compare = Compare::exact;
  bool drifts = true;
  std::string drifts_after;
  std::string facet;  // "": the create group
  std::optional<cel::Interpolation> check;
  std::string check_message, pattern;
  std::optional<double> min, max;
  std::optional<std::pair<int64_t, int64_t>> length;
  // Texts beyond so many bytes are sent compressed, and must then fit; 0: never compressed.
  size_t gzip_over = 0;
  Span span;

  const Property* field(std::string_view name) const;
};

struct FacetRead {
  Call call;      // invalid: read from the refreshed item
  WirePath item;  // where in the answer the properties are read
  WirePath each;  // where in an item of the list the element is; empty: the item
  // Elements whose names come from a list call and whose content from one call each.
  WirePath ids;
  std::string ids_as;  // "key"
  Call detail;
  WirePath detail_item;
  // Elements of many things from one call, which takes `ids`: whose each item is, and how many ids
  // a call takes.
  WirePath owner;
  int ids_max = 100;
  bool one_page = false;  // the list does not page
  std::string with;       // the facet whose call shows this one too; this is a copy of its read
};

struct Facet {
  std::string name;
  Verb apply, reset;
  std::string each;  // element facet: the property's name
  Verb add, change, remove;
  int batch = 0;  // 0: one element a call
  bool remove_first = false, late = false, preexisting = false;
  FacetRead read;
  std::vector<std::string> properties;  // in file order
  Span span;
};

struct Wait {
  WirePath path;                            // where in an item the state is, or
  std::optional<cel::Interpolation> state;  // what it is, over `item`
  std::vector<std::string> until, failed, via;
  WirePath reason;
  Duration usual{2, 0}, limit{300, 0};
  bool declared = false;
};

enum class CreateKind : uint8_t { fresh, upsert, returns_existing, adopt };  // `new` is fresh
enum class DeleteKind : uint8_t { call, schedule, reset };

struct Create {
  CreateKind kind = CreateKind::fresh;
  Verb steps;
  WirePath result;
  std::string token;                   // wire name of the client token; empty: none
  std::vector<std::string> in_create;  // facets
};

struct ListCall {
  Call call;
  WirePath items, item_id;
  bool scalar = false, partial = false;
  bool names_only = false;  // shows nothing unless asked `by_name`
  std::string by_ids;
  int ids_max = 100;
  Template by_mark, by_name;  // `send` trees; empty: no such filter
  Call name_call;             // valid: finds a unique name by itself, its item at `name_item`
  WirePath name_item;
  Page page;
};

struct Refresh {
  std::optional<ListCall> list;
  Call read;  // invalid: only the list
  WirePath read_item;
  std::optional<cel::Interpolation> read_where;  // of a list at `read_item`: the one that is meant
};

struct Contents {
  Call read;
  std::optional<cel::Interpolation> empty;
  Verb purge;
};

struct Delete {
  DeleteKind kind = DeleteKind::call;
  Verb steps;
  std::vector<std::string> first;  // facets to reset before
  WirePath gone_path;
  std::vector<std::string> gone_states;
  Duration name_held{0, 0};
  Verb restore;
  std::optional<Contents> contents;
  // What `reset` puts back of the properties that were applied, and the call whose answer the
  // values see as `answer`.
  std::vector<std::pair<std::string, Template>> to;
  Call look;
};

struct Recovery {
  enum class Kind : uint8_t { id, mark, token, natural_key, name, fingerprint } kind;
  Template send;                        // token
  std::vector<std::string> properties;  // natural_key, name, fingerprint
};

struct Ends {
  WirePath path;
  std::vector<std::string> states;
  std::optional<cel::Interpolation> interrupted;
};

// A state in which a thing waits for a person. `expires` above zero: nobody else can end it, and it
// goes by itself after so long.
struct Pending {
  WirePath path;
  std::vector<std::string> states;
  std::string doc;
  Duration expires{0, 0};
};

struct Blocker {
  std::string doc;
  Call call;
  WirePath items, id, owner;
  std::optional<cel::Interpolation> where;
};

struct Preflight {
  std::string data;
  Template with;
  cel::Interpolation expect, message;
};

struct SecurityCheck {
  std::string id;
  cel::Interpolation when, message;
};

struct SandboxRule {
  std::string on;  // "create", "delete", a facet's name, or an action
  cel::Interpolation when, message;
  std::string code;
  int status = 400;
};
struct Sandbox {
  std::string id;  // "vpc-{hex17}"
  std::vector<std::pair<std::string, Template>> computed;
  Template defaults, fresh;
  Template item;  // wire members that items have beside the properties'
  std::vector<std::pair<std::string, Template>> elements;  // the same for a property's elements
  std::vector<std::pair<std::string, Template>> answers;   // by action: members of its answer
  std::string comes_with;            // the `ref` whose things it is made with, and goes with
  Template restored;                 // properties of a thing whose deletion was taken back
  bool missing_ids_ignored = false;  // lists leave out ids that are not there, without an error
  std::vector<SandboxRule> rules;
  // A property of which older values are kept, each under an id ("v1").
  struct Versions {
    std::string property, current, key;  // the property, the computed one with the id in force
    std::string ids;                     // "v{n}"
    std::string list, items, read, item, add, remove, choose;  // actions and their answers' members
    Template shown;                            // members of one in answers, over `version`
    std::optional<cel::Interpolation> chosen;  // whether an added one is in force at once
  };
  std::optional<Versions> versions;
  std::vector<std::string> names;  // properties that name the thing in requests as its id does
};

// Things of another type that it is made of: it is found through them alone, and ends with them.
struct Parts {
  std::string type;   // "aws.ec2.instance"
  std::string ids;    // the computed property with their ids
  std::string count;  // the property that says how many there are
};

enum class MarkCarrier : uint8_t { none, tags, metadata, description, name_suffix, natural_key };

struct ResourceType {
  std::string name, package, doc;  // "aws.ec2.vpc", "aws"
  const Service* service = nullptr;
  int schema_version = 1;
  WirePath id_path;
  std::optional<cel::Interpolation> id_derive;
  std::string id_prefix;
  std::vector<std::string> id_parts;  // properties that make the id, `id_separator` between them
  std::string id_separator;
  MarkCarrier carrier = MarkCarrier::none;
  // `id_derive` is over `part` too, which the answer to the create has at `id_path`: the id is not
  // known before.
  bool id_joins = false;
  std::string mark_property;
  std::string mark_reason;                   // why there is no carrier
  int mark_key_max = 0, mark_value_max = 0;  // 0: no limit known
  std::string mark_charset;                  // RE2 over a whole key or value; empty: any text
  bool marks_in_create = false;
  std::optional<Parts> parts;
  std::vector<Property> properties;  // in file order
  Create create;
  Verb update;
  bool update_whole = false;
  Refresh refresh;
  std::vector<Facet> facets;  // in file order
  Delete del;
  Wait wait_create, wait_update, wait_delete;
  std::optional<Ends> ends;
  std::optional<Pending> pending;
  Duration visible_within{30, 0};
  std::vector<Recovery> recovery;
  std::vector<ErrorPattern> errors;  // the type's, then the service's
  std::vector<Blocker> blockers;
  std::vector<Preflight> preflight;
  std::vector<SecurityCheck> security;
  Sandbox sandbox;
  Span span;

  const Property* property(std::string_view name) const;  // nullptr: none
  const Facet* facet(std::string_view name) const;
  const Property* unique_name() const;  // nullptr: none
  // The ids of the things that it is made of (`parts`), as these properties show them; empty: none.
  std::vector<std::string> part_ids(const Map& shown) const;
  // The parts of an id by their properties' names; what is too much belongs to the first. Empty
  // where the id has no parts, or too few.
  Map parts_of(std::string_view id) const;
  // The language's type of the whole resource: an object with `id` and every property.
  Type object_type() const;
};

struct DataType {
  std::string name, package, doc;
  const Service* service = nullptr;
  std::vector<Property> inputs, outputs;
  Call call;
  WirePath items;
  Page page;
  std::optional<cel::Interpolation> where, sort, none;
  enum class Pick : uint8_t { last, first, only, all, value } pick = Pick::value;
  bool pin = true, account_scoped = false;
  bool optional = false;  // where there is nothing its outputs are null
  bool effect = false;    // no look-up: it changes something, and only commands ask for it
  std::vector<ErrorPattern> errors;
  Span span;
};

// The classes of a service's error, by the type's patterns, then by HTTP status.
ErrorCode classify(const std::vector<ErrorPattern>& patterns, std::string_view service_code,
                   std::string_view message, int http_status);

}  // namespace lf

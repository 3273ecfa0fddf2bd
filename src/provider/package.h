// SPDX-License-Identifier: Apache-2.0
// Packages: the embedded ones and those under --provider-dir. Files are parsed when first asked
// for: a run pays for what its spec uses.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/diagnostic.h"
#include "base/error.h"
#include "base/value.h"
#include "provider/descriptor.h"

namespace lf {

// A read-only tree of files: "aws/resources/ec2/vpc.yaml" -> text. Embedded at build, or on disk.
class PackageFiles {
 public:
  virtual ~PackageFiles() = default;
  virtual std::optional<std::string_view> find(std::string_view path) const = 0;
  virtual std::vector<std::string> list(std::string_view prefix) const = 0;  // sorted full paths
};
const PackageFiles& embedded_packages();  // written by the build from providers/

struct AdoptionFacts;  // adoption.h
class Catalogs;        // catalog.h
class PriceBooks;      // price_book.h
class TypePrices;      // prices.h
struct StateStore;     // state_store.h

// How `ssh` opens a shell on a machine: an effect is asked for, and a program of the cloud's own
// gets its answer.
struct SessionFacts {
  std::string type;     // of the machines; "": this cloud has none
  std::string effect;   // data/<name>.yaml with `effect: true`
  Template with;        // its inputs, over `id`
  Template program;     // a list of words, over `id`, `session` (the effect's outputs), region, …
  std::string missing;  // what to do where there is no such program
};

// How `status` learns whether a machine does anything: look-ups, of which the first that knows
// counts.
struct ActivityFacts {
  struct Look {
    std::string data;  // data/<name>.yaml, `pick: all`
    Template with;     // its inputs, over `id` and `since` (a timestamp)
  };
  std::string type;  // of the machines; "": this cloud tells nothing
  std::vector<Look> looks;
  // Over `found`, what a look-up gave: whether it knows the machine, and the times at which the
  // machine was busy.
  std::optional<cel::Interpolation> known, busy;
};

// A word of `credentials:` in a spec: which of the user's credentials a provider instance takes.
struct CredentialWord {
  std::string name, doc;
  std::string pattern;  // what its value matches whole; "": anything
};

struct PackageInfo {
  std::string name, credentials, signing;
  int version = 0;
  // How long a request may be under way: after it the client has given up, and settling counts on
  // nothing arriving any more.
  Duration request_limit{60, 0};
  std::string identity_service, identity_action;
  WirePath identity_account, identity_arn;
  std::string mark_stack, mark_address, mark_intent;  // tag keys
  // The model cloud's account, what a client of it finds in its environment, and the key pairs that
  // it accepts: access key to secret.
  std::string sandbox_account;
  std::map<std::string, std::string> sandbox_environment, sandbox_keys;
  // Access keys of the model cloud's other accounts: this, then the account. "": it has one
  // account.
  std::string sandbox_account_keys;
  std::vector<CredentialWord> credential_words;
  SessionFacts session;
  ActivityFacts activity;
};

// One cloud's package. All look-ups are by exact name and cached; nullptr where there is no such
// file. A file that does not load leaves its diagnostics in `diagnostics` and gives nullptr.
class Package {
 public:
  Package(std::string name, std::shared_ptr<const PackageFiles> files, Sources& sources,
          Diagnostics& diagnostics);
  ~Package();
  const PackageInfo& info() const;
  const Service* service(std::string_view name);
  const ResourceType* resource(std::string_view type);  // "aws.ec2.vpc"
  const DataType* data(std::string_view name);          // "aws.ec2.image"
  std::vector<std::string> resource_names() const;      // without parsing them
  std::vector<std::string> data_names() const;
  std::vector<std::string> block_names() const;
  std::optional<std::string_view> block_text(std::string_view name, std::string* path) const;
  std::optional<std::string_view> file(std::string_view path) const;  // below the package's folder
  // Every file read in full, every rule of docs/descriptors.md checked (the build does this).
  bool check_all();
  // backends/<word>.yaml: where a stack's state can be kept; nullptr: there is none of that name.
  const StateStore* state_store(std::string_view word);
  std::vector<std::string> state_store_names() const;
  // adopt.yaml; nullptr: the package has none, or it does not load.
  const AdoptionFacts* adoption();

 private:
  struct Rep;
  std::unique_ptr<Rep> rep_;
};

class Packages {
 public:
  // `overlay`: read before the embedded files, path by path (--provider-dir); may be null.
  Packages(Sources& sources, Diagnostics& diagnostics,
           std::shared_ptr<const PackageFiles> overlay = nullptr);
  ~Packages();
  Package* find(std::string_view name);  // "aws"; nullptr: no such package
  std::vector<std::string> names() const;
  // By full name: the package is the part before the first dot.
  const ResourceType* resource(std::string_view type);
  const DataType* data(std::string_view name);
  // What else the packages say, read when first asked for.
  Catalogs& catalogs();
  PriceBooks& price_books();
  TypePrices& type_prices();

 private:
  struct Rep;
  std::unique_ptr<Rep> rep_;
};

}  // namespace lf

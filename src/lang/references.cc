// SPDX-License-Identifier: Apache-2.0
// A chain is a name with the selections and indexes after it. While walking down, the chains that
// a condition around has proved to exist are kept in a stack: `has(a.b) && …`, `has(a.b) ? … : …`,
// `!has(a.b) || …` and the same with `"b" in a`.
#include "lang/references.h"

#include <algorithm>
#include <array>

namespace lf::cel {
namespace {

struct Chain {
  const Expr* root = nullptr;  // the ident; nullptr: no chain
  std::vector<std::string> path;
  std::vector<const Expr*> dynamic_indexes;
  bool dynamic = false;
  size_t guard = SIZE_MAX;
};

// The literal index of `[…]` as a path element; "" if it is none.
std::string literal_index(const Expr& key) {
  if (key.kind != Expr::Kind::literal) return "";
  if (key.value.is_string()) return key.value.as_string();
  if (key.value.is_int()) return "[" + std::to_string(key.value.as_int()) + "]";
  return "";
}

void extend(Chain& chain, std::string element, bool optional) {
  if (chain.dynamic) return;
  if (optional) chain.guard = std::min(chain.guard, chain.path.size());
  chain.path.push_back(std::move(element));
}

Chain chain_of(const Expr& e) {
  Chain chain;
  if (e.kind == Expr::Kind::ident) {
    chain.root = &e;
  } else if (e.kind == Expr::Kind::select) {
    chain = chain_of(*e.args[0]);
    if (chain.root != nullptr) extend(chain, e.name, e.optional);
  } else if (e.kind == Expr::Kind::index) {
    chain = chain_of(*e.args[0]);
    if (chain.root == nullptr) return chain;
    std::string element = literal_index(*e.args[1]);
    if (element.empty()) {
      chain.dynamic_indexes.push_back(e.args[1].get());
      chain.dynamic = true;
    } else {
      extend(chain, std::move(element), e.optional);
    }
  }
  return chain;
}

struct Fact {  // this chain exists
  std::string root;
  std::vector<std::string> path;
};

// has(a.b) and "b" in a, as the chain a.b.
void tested(const Expr& e, std::vector<Fact>& facts) {
  Chain chain;
  if (e.kind == Expr::Kind::has) {
    chain = chain_of(*e.args[0]);
    if (chain.root != nullptr) extend(chain, e.name, false);
  } else if (e.kind == Expr::Kind::call && e.name == "@in") {
    chain = chain_of(*e.args[1]);
    const std::string key = literal_index(*e.args[0]);
    if (chain.root == nullptr || key.empty()) return;
    extend(chain, key, false);
  }
  if (chain.root != nullptr && !chain.dynamic) {
    facts.push_back({chain.root->name, std::move(chain.path)});
  }
}

// What holds if `e` is true (or, with `when` false, if it is false).
void collect_facts(const Expr& e, bool when, std::vector<Fact>& facts) {
  if (e.kind == Expr::Kind::call && e.name == "!_") {
    return collect_facts(*e.args[0], !when, facts);
  }
  const Expr::Kind joint = when ? Expr::Kind::logical_and : Expr::Kind::logical_or;
  if (e.kind == joint) {
    for (const auto& arg : e.args) collect_facts(*arg, when, facts);
  } else if (when) {
    tested(e, facts);
  }
}

class Walker {
 public:
  std::vector<Reference> found;

  void walk(const Expr& e) {
    switch (e.kind) {
      case Expr::Kind::ident:
      case Expr::Kind::select:
      case Expr::Kind::index: return chain(e, nullptr);
      case Expr::Kind::has: return chain(*e.args[0], &e);
      case Expr::Kind::ternary: {
        walk(*e.args[0]);
        const size_t mark = facts_.size();
        collect_facts(*e.args[0], true, facts_);
        walk(*e.args[1]);
        facts_.resize(mark);
        collect_facts(*e.args[0], false, facts_);
        walk(*e.args[2]);
        facts_.resize(mark);
        return;
      }
      case Expr::Kind::logical_and:
      case Expr::Kind::logical_or: {
        // Whichever side stands first: an error on the other side is absorbed.
        const size_t mark = facts_.size();
        for (const auto& arg : e.args) {
          collect_facts(*arg, e.kind == Expr::Kind::logical_and, facts_);
        }
        for (const auto& arg : e.args) walk(*arg);
        facts_.resize(mark);
        return;
      }
      default:
        for (const auto& arg : e.args) walk(*arg);
    }
  }

 private:
  // `has`: the has() node when `e` is what it looks into.
  void chain(const Expr& e, const Expr* has) {
    Chain c = chain_of(e);
    if (c.root == nullptr) {
      for (const auto& arg : e.args) walk(*arg);
      return;
    }
    Reference reference;
    reference.root = c.root->name;
    reference.begin = e.begin;
    reference.end = e.end;
    if (has != nullptr) {
      if (!c.dynamic) c.guard = std::min(c.guard, c.path.size());
      extend(c, has->name, false);
      reference.end = has->end > 0 ? has->end - 1 : e.end;
    }
    for (const Fact& fact : facts_) {
      if (fact.root != reference.root || fact.path.empty() || fact.path.size() > c.path.size()) {
        continue;
      }
      if (std::equal(fact.path.begin(), fact.path.end(), c.path.begin())) {
        c.guard = std::min(c.guard, fact.path.size() - 1);
      }
    }
    if (!is_type(e, c)) {
      reference.dynamic = c.dynamic;
      reference.guarded = c.guard != SIZE_MAX;
      reference.guard = reference.guarded ? c.guard : c.path.size();
      reference.path = std::move(c.path);
      found.push_back(std::move(reference));
    }
    for (const Expr* index : c.dynamic_indexes) walk(*index);
  }

  static bool is_type(const Expr& e, const Chain& c) {
    return (c.path.empty() && is_type_name(c.root->name)) || is_type_name(qualified_name(e));
  }

  std::vector<Fact> facts_;
};

}  // namespace

bool is_type_name(std::string_view name) {
  static constexpr std::array<std::string_view, 15> kNames = {"bool",
                                                              "int",
                                                              "uint",
                                                              "double",
                                                              "string",
                                                              "bytes",
                                                              "list",
                                                              "map",
                                                              "type",
                                                              "null_type",
                                                              "optional_type",
                                                              "google.protobuf.Duration",
                                                              "google.protobuf.Timestamp",
                                                              "net.IP",
                                                              "net.CIDR"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

std::vector<Reference> find_references(const Expr& root) {
  Walker walker;
  walker.walk(root);
  std::stable_sort(walker.found.begin(), walker.found.end(),
                   [](const Reference& a, const Reference& b) { return a.begin < b.begin; });
  return std::move(walker.found);
}

}  // namespace lf::cel

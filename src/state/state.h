// SPDX-License-Identifier: Apache-2.0
// The state in memory: records by address and generation, outputs, and who this state is.
// Copies are cheap (records are shared and immutable), so a plan can settle and diff on a copy.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "state/record.h"

namespace lf {

struct StateIdentity {
  std::string lineage;  // random 128 bits as hex; "" in a state that was never written
  uint64_t serial = 0;  // rises by one with every snapshot
  std::string stack;
  std::string environment;  // "default" without --env
  std::string secret_key;   // 32 random bytes for secret digests (raw, hex in the file)
};

struct Output {
  std::string name;
  Value value;  // null where secret
  bool secret = false;
  std::string digest;  // of a secret one
};

// A generated file as it was written, by its path below the stack's `files_root`.
struct WrittenFile {
  std::string path, address;
  std::string sha256;    // of what is being or was written
  std::string previous;  // of what stood there before; "": nothing. A crash may have left that
  bool operator==(const WrittenFile&) const = default;
};

class State {
 public:
  StateIdentity identity;
  std::vector<Output> outputs;     // in the spec's order
  std::vector<WrittenFile> files;  // by path

  bool empty() const { return records_.empty(); }
  size_t size() const { return records_.size(); }
  // nullptr: not there. Valid until the record is replaced, moved or removed.
  const Record* find(std::string_view address, uint32_t generation = 0) const;
  // By address (bytewise), the current one before its deposed generations.
  std::vector<const Record*> records() const;
  // Deposed generations of `address`, oldest first.
  std::vector<const Record*> deposed(std::string_view address) const;
  // The lowest generation above all that exist at `address`: where to depose the current one.
  uint32_t next_generation(std::string_view address) const;
  const Output* output(std::string_view name) const;

  void put(Record record);  // replaces what has the same address and generation
  bool remove(std::string_view address, uint32_t generation);  // false: was not there
  // Moves one record. Where the address changes and the current one moves, other records'
  // dependencies and parents follow. False, with nothing changed: no such record, or the place is
  // taken.
  bool move(std::string_view address, uint32_t generation, const std::string& to_address,
            uint32_t to_generation);
  // `state mv`: the current record and all deposed ones. False: none there, or the place is taken.
  bool rename(std::string_view from, const std::string& to);

 private:
  struct Key {
    std::string_view address;
    uint32_t generation;
  };
  using Pointer = std::shared_ptr<const Record>;
  struct Less {
    using is_transparent = void;
    static Key key(const Pointer& p) { return {p->address, p->generation}; }
    static Key key(const Key& k) { return k; }
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      const Key x = key(a), y = key(b);
      const int order = x.address.compare(y.address);
      return order != 0 ? order < 0 : x.generation < y.generation;
    }
  };
  void rewrite_references(std::string_view from, const std::string& to);
  std::set<Pointer, Less> records_;
};

}  // namespace lf

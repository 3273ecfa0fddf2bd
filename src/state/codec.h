// SPDX-License-Identifier: Apache-2.0
// Values and JSON text, both ways without loss: JSON alone forgets durations, money, addresses.
// What JSON has no form for is an object with the key "$" (docs/state.md, "Typed values").
//
// Not base/json.h: that one is for other people's JSON. This reader decodes straight into the
// caller's structures and shares equal strings, which is what makes a state of 10,000 records
// readable in a fraction of a second.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/value.h"

namespace lf {

// Whether state may hold `value`: no secret, unknown, object or error at any depth.
bool storable(const Value& value);

void write_json_string(std::string& out, std::string_view text);
// Asserts storable(value): a secret here is a bug that must not reach the disk.
void write_value(std::string& out, const Value& value);
void write_map(std::string& out, const Map& map);
// The same text for equal values: maps sorted by key. For digests.
std::string canonical_text(const Value& value);

// Equal short strings share one payload while they are near each other. Bounded: a slot that is
// needed for another string is simply taken.
class StringPool {
 public:
  StringPool() : slots_(kSlots) {}
  Value get(std::string_view text);

 private:
  static constexpr size_t kSlots = 4096;
  static constexpr size_t kLongest = 200;
  std::vector<Value> slots_;
};

// Pulls JSON apart. Total: any text gives values or a failure with its offset. Every function
// returns false once something failed.
class JsonReader {
 public:
  JsonReader(std::string_view text, StringPool& pool) : text_(text), pool_(pool) {}

  // member(std::string_view key) must read the value and return whether it could. The key is valid
  // until that.
  template <class F>
  bool object(F&& member) {
    if (!open('{')) return false;
    if (accept('}')) return close();
    do {
      std::string_view key;
      if (!key_text(key) || !expect(':') || !member(key)) return false;
    } while (accept(','));
    return expect('}') && close();
  }
  template <class F>
  bool array(F&& element) {
    if (!open('[')) return false;
    if (accept(']')) return close();
    do {
      if (!element()) return false;
    } while (accept(','));
    return expect(']') && close();
  }
  bool string(std::string& out);
  bool integer(int64_t& out);
  bool natural(uint64_t& out);
  bool natural(uint32_t& out);
  bool boolean(bool& out);
  bool value(Value& out);
  bool map(Map& out);
  bool strings(std::vector<std::string>& out);
  bool timestamp(Timestamp& out);
  // Nothing but white space follows.
  bool at_end();

  bool fail(std::string_view what);
  const std::string& problem() const { return problem_; }
  size_t offset() const { return at_; }

 private:
  static constexpr int kDepthMax = 500;
  bool open(char c);
  bool close() {
    --depth_;
    return true;
  }
  void skip_space();
  bool accept(char c);
  bool expect(char c);
  bool key_text(std::string_view& out) { return string_view(out); }
  bool string_view(std::string_view& out);  // valid until the next string is read
  bool unescape(std::string_view& out);
  bool hex4(uint32_t& out);
  bool number(Value& out);
  bool object_value(Value& out);
  bool members(Map& out);
  bool typed(const Map& fields, Value& out);
  bool word(std::string_view expected);
  bool seen(Value& out);

  // Objects that were read lately, by their text. What is observed is nearly always what was
  // applied: the second is then the first one's value, which saves its time and its memory.
  struct Seen {
    size_t begin = 0;
    size_t size = 0;
    Value value;
  };
  static constexpr size_t kSeen = 4;
  static constexpr size_t kSeenFrom = 40;  // bytes; below, reading again is as fast

  std::string_view text_;
  StringPool& pool_;
  size_t at_ = 0;
  int depth_ = 0;
  std::string scratch_;
  std::string problem_;
  std::array<Seen, kSeen> seen_;
  size_t seen_next_ = 0;
  std::vector<std::pair<Value, Value>> stack_;  // members of the objects that are open
};

}  // namespace lf

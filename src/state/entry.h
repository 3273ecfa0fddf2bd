// SPDX-License-Identifier: Apache-2.0
// What the journal says, one type a kind of event. An Intent is durable before its mutation is
// sent; its Outcome before anybody depends on it. The text forms are in docs/state.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "state/codec.h"
#include "state/record.h"
#include "state/state.h"

namespace lf {

struct RunBegin {
  std::string command;  // "apply"
  Timestamp time;
  std::string owner;  // "user@host, pid 123"
};

// About to send one mutation.
struct Intent {
  uint64_t seq = 0;  // Store::next_intent(); never used twice in a lineage
  std::string address;
  uint32_t generation = 0;
  std::string step;    // create | facet:NAME | element:FACET/KEY | update | delete | step:NAME
  std::string action;  // the service's name of the call
  std::string request_digest;  // hex
  Map find_by;  // what finds its effect again: nonce, token, id, unique name, natural key, …
  bool absent_before = false;  // a look before it proved that nothing of that name was there
  Timestamp time;
  Timestamp deadline;  // after it the request cannot take effect any more (without visible_within)
  std::string type;
  ProviderInstance provider;
  Map desired;  // properties sent, secrets masked: a found thing is recorded with them
};

struct Outcome {
  enum class Kind : uint8_t {
    ok,
    error,    // surely not done
    unknown,  // may have been done: settle, never repeat
  };
  uint64_t seq = 0;  // of its intent
  Kind kind = Kind::ok;
  std::string error_code;  // to_string(ErrorCode)
  std::string service_code;
  std::string id;  // what the service called it, where the answer said so
  Map computed;
};

struct RecordPut {
  Record record;
};
struct RecordRemove {
  std::string address;
  uint32_t generation = 0;
};
// Renames and deposes in one event: with a put and a remove, a crash in between would leave one
// thing recorded twice, and deleting the old one would delete the new. Moving to a generation
// above 0 makes the status `deposed`; where the address changes, references follow.
struct RecordMove {
  std::string address;
  uint32_t generation = 0;
  std::string to_address;
  uint32_t to_generation = 0;
};
struct OutputsPut {
  std::vector<Output> outputs;
};
// All generated files, in place of those before. Durable before the first of them is written.
struct FilesPut {
  std::vector<WrittenFile> files;
};
struct RunEnd {
  Timestamp time;
};

using Entry = std::variant<RunBegin, Intent, Outcome, RecordPut, RecordRemove, RecordMove,
                           OutputsPut, RunEnd, FilesPut>;

// The word that names an entry's kind in the journal: "intent".
const char* kind_name(const Entry& entry);
// The entry's JSON object (without kind), one line. Asserts that its values are storable.
void write_entry(std::string& out, const Entry& entry);
// False: `reader` says why. An unknown kind or key is a failure, never skipped: skipping would
// lose it.
bool read_entry(JsonReader& reader, std::string_view kind, Entry& out);

void write_record(std::string& out, const Record& record);
bool read_record(JsonReader& reader, Record& out);
void write_intent(std::string& out, const Intent& intent);
bool read_intent(JsonReader& reader, Intent& out);
void write_outcome(std::string& out, const Outcome& outcome);
bool read_outcome(JsonReader& reader, Outcome& out);
void write_output(std::string& out, const Output& output);
bool read_output(JsonReader& reader, Output& out);
void write_file(std::string& out, const WrittenFile& file);
bool read_file(JsonReader& reader, WrittenFile& out);

}  // namespace lf

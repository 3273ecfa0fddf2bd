// SPDX-License-Identifier: Apache-2.0
#include "state/entry.h"

#include <array>

#include "state/json_writer.h"

namespace lf {

namespace {

constexpr std::array<const char*, 9> kKindNames = {
    "run_begin", "intent", "outcome", "record", "remove", "move", "outputs", "run_end", "files"};
constexpr std::array<const char*, 3> kOutcomeNames = {"ok", "error", "unknown"};
static_assert(std::variant_size_v<Entry> == kKindNames.size());

void write_provider(std::string& out, const ProviderInstance& provider) {
  ObjectWriter w(out);
  w.text("name", provider.name);
  w.text("kind", provider.kind);
  w.text("partition", provider.partition);
  w.text("account", provider.account);
  w.text("region", provider.region);
  w.end();
}

bool read_provider(JsonReader& in, ProviderInstance& out) {
  return in.object([&](std::string_view key) {
    if (key == "name") return in.string(out.name);
    if (key == "kind") return in.string(out.kind);
    if (key == "partition") return in.string(out.partition);
    if (key == "account") return in.string(out.account);
    if (key == "region") return in.string(out.region);
    return in.fail("unknown key");
  });
}

void write_place(std::string& out, const std::string& address, uint32_t generation) {
  ObjectWriter w(out);
  w.text("address", address);
  w.number("generation", generation);
  w.end();
}

void write_move(std::string& out, const RecordMove& move) {
  ObjectWriter w(out);
  w.text("address", move.address);
  w.number("generation", move.generation);
  w.text("to_address", move.to_address);
  w.number("to_generation", move.to_generation);
  w.end();
}

bool read_move(JsonReader& in, RecordMove& out) {
  return in.object([&](std::string_view key) {
    if (key == "address") return in.string(out.address);
    if (key == "generation") return in.natural(out.generation);
    if (key == "to_address") return in.string(out.to_address);
    if (key == "to_generation") return in.natural(out.to_generation);
    return in.fail("unknown key");
  });
}

bool read_remove(JsonReader& in, RecordRemove& out) {
  return in.object([&](std::string_view key) {
    if (key == "address") return in.string(out.address);
    if (key == "generation") return in.natural(out.generation);
    return in.fail("unknown key");
  });
}

bool read_run_begin(JsonReader& in, RunBegin& out) {
  return in.object([&](std::string_view key) {
    if (key == "command") return in.string(out.command);
    if (key == "time") return in.timestamp(out.time);
    if (key == "owner") return in.string(out.owner);
    return in.fail("unknown key");
  });
}

bool read_facets(JsonReader& in, Map& out) {
  if (!in.map(out)) return false;
  for (const auto& [facet, properties] : out) {
    if (!facet.is_string() || !properties.is_map()) return in.fail("a facet that is no map");
  }
  return true;
}

bool read_digests(JsonReader& in, std::map<std::string, std::string>& out) {
  Map read;
  if (!in.map(read)) return false;
  for (const auto& [path, digest] : read) {
    if (!path.is_string() || !digest.is_string()) return in.fail("a digest that is no text");
    out[path.as_string()] = digest.as_string();
  }
  return true;
}

bool read_status(JsonReader& in, RecordStatus& out) {
  std::string name;
  if (!in.string(name)) return false;
  return parse_status(name, out) || in.fail("unknown status");
}

// The members of a record whose names are not about its identity.
bool read_record_rest(JsonReader& in, std::string_view key, Record& out) {
  if (key == "private") return in.map(out.private_);
  if (key == "digests") return read_digests(in, out.secret_digests);
  if (key == "depends_on") return in.strings(out.dependencies);
  if (key == "protect") return in.boolean(out.protect);
  if (key == "retain") return in.boolean(out.retain);
  if (key == "create_before_delete") return in.boolean(out.create_before_delete);
  if (key == "run") return in.string(out.run);
  if (key == "nonce") return in.string(out.nonce);
  if (key == "dirty") return in.strings(out.dirty_facets);
  if (key == "created_at") return in.timestamp(out.created_at);
  if (key == "updated_at") return in.timestamp(out.updated_at);
  if (key == "alternative") return in.map(out.alternative);
  return in.fail("unknown key");
}

}  // namespace

void write_record(std::string& out, const Record& r) {
  ObjectWriter w(out);
  w.text("address", r.address);
  w.number("generation", r.generation);
  w.text("type", r.type);
  w.number("schema", r.schema_version);
  if (r.provider != ProviderInstance{}) write_provider(w.key("provider"), r.provider);
  w.text("id", r.id);
  w.text("status", to_string(r.status));
  w.text("parent_id", r.parent_id);
  w.text("parent", r.parent_address);
  w.map("applied", r.applied);
  w.map("observed", r.observed);
  w.map("computed", r.computed);
  w.map("private", r.private_);
  if (!r.secret_digests.empty()) {
    Map digests;
    for (const auto& [path, digest] : r.secret_digests) digests.set(Value(path), Value(digest));
    w.map("digests", digests);
  }
  w.texts("depends_on", r.dependencies);
  w.flag("protect", r.protect);
  w.flag("retain", r.retain);
  w.flag("create_before_delete", r.create_before_delete);
  w.text("run", r.run);
  w.text("nonce", r.nonce);
  w.texts("dirty", r.dirty_facets);
  w.time("created_at", r.created_at);
  w.time("updated_at", r.updated_at);
  w.map("alternative", r.alternative);
  w.end();
}

bool read_record(JsonReader& in, Record& out) {
  out.schema_version = 0;
  const bool good = in.object([&](std::string_view key) {
    if (key == "address") return in.string(out.address);
    if (key == "generation") return in.natural(out.generation);
    if (key == "type") return in.string(out.type);
    if (key == "schema") return in.natural(out.schema_version);
    if (key == "provider") return read_provider(in, out.provider);
    if (key == "id") return in.string(out.id);
    if (key == "status") return read_status(in, out.status);
    if (key == "parent_id") return in.string(out.parent_id);
    if (key == "parent") return in.string(out.parent_address);
    if (key == "applied") return read_facets(in, out.applied);
    if (key == "observed") return in.map(out.observed);
    if (key == "computed") return in.map(out.computed);
    return read_record_rest(in, key, out);
  });
  return good && (!out.address.empty() || in.fail("a record without an address"));
}

void write_intent(std::string& out, const Intent& i) {
  ObjectWriter w(out);
  w.number("seq", i.seq);
  w.text("address", i.address);
  w.number("generation", i.generation);
  w.text("step", i.step);
  w.text("action", i.action);
  w.text("request", i.request_digest);
  w.map("find_by", i.find_by);
  w.flag("absent_before", i.absent_before);
  w.time("time", i.time);
  w.time("deadline", i.deadline);
  w.text("type", i.type);
  if (i.provider != ProviderInstance{}) write_provider(w.key("provider"), i.provider);
  w.map("desired", i.desired);
  w.end();
}

bool read_intent(JsonReader& in, Intent& out) {
  return in.object([&](std::string_view key) {
    if (key == "seq") return in.natural(out.seq);
    if (key == "address") return in.string(out.address);
    if (key == "generation") return in.natural(out.generation);
    if (key == "step") return in.string(out.step);
    if (key == "action") return in.string(out.action);
    if (key == "request") return in.string(out.request_digest);
    if (key == "find_by") return in.map(out.find_by);
    if (key == "absent_before") return in.boolean(out.absent_before);
    if (key == "time") return in.timestamp(out.time);
    if (key == "deadline") return in.timestamp(out.deadline);
    if (key == "type") return in.string(out.type);
    if (key == "provider") return read_provider(in, out.provider);
    if (key == "desired") return in.map(out.desired);
    return in.fail("unknown key");
  });
}

void write_file(std::string& out, const WrittenFile& file) {
  ObjectWriter w(out);
  w.text("path", file.path);
  w.text("address", file.address);
  w.text("sha256", file.sha256);
  w.text("previous", file.previous);
  w.end();
}

bool read_file(JsonReader& in, WrittenFile& out) {
  return in.object([&](std::string_view key) {
    if (key == "path") return in.string(out.path);
    if (key == "address") return in.string(out.address);
    if (key == "sha256") return in.string(out.sha256);
    if (key == "previous") return in.string(out.previous);
    return in.fail("unknown key");
  });
}

void write_outcome(std::string& out, const Outcome& o) {
  ObjectWriter w(out);
  w.number("seq", o.seq);
  w.text("result", kOutcomeNames.at(static_cast<size_t>(o.kind)));
  w.text("error", o.error_code);
  w.text("service_code", o.service_code);
  w.text("id", o.id);
  w.map("computed", o.computed);
  w.end();
}

bool read_outcome(JsonReader& in, Outcome& out) {
  return in.object([&](std::string_view key) {
    if (key == "seq") return in.natural(out.seq);
    if (key == "error") return in.string(out.error_code);
    if (key == "service_code") return in.string(out.service_code);
    if (key == "id") return in.string(out.id);
    if (key == "computed") return in.map(out.computed);
    if (key != "result") return in.fail("unknown key");
    std::string name;
    if (!in.string(name)) return false;
    for (size_t i = 0; i < kOutcomeNames.size(); ++i) {
      if (name != kOutcomeNames[i]) continue;
      out.kind = static_cast<Outcome::Kind>(i);
      return true;
    }
    return in.fail("unknown result");
  });
}

void write_output(std::string& out, const Output& o) {
  ObjectWriter w(out);
  w.text("output", o.name);
  w.flag("secret", o.secret);
  w.text("digest", o.digest);
  if (!o.secret) write_value(w.key("value"), o.value);
  w.end();
}

bool read_output(JsonReader& in, Output& out) {
  return in.object([&](std::string_view key) {
    if (key == "output") return in.string(out.name);
    if (key == "secret") return in.boolean(out.secret);
    if (key == "digest") return in.string(out.digest);
    if (key == "value") return in.value(out.value);
    return in.fail("unknown key");
  });
}

const char* kind_name(const Entry& entry) {
  return kKindNames.at(entry.index());
}

namespace {
struct EntryWriter {
  std::string& out;
  void operator()(const RunBegin& e) const {
    ObjectWriter w(out);
    w.text("command", e.command);
    w.time("time", e.time);
    w.text("owner", e.owner);
    w.end();
  }
  void operator()(const Intent& e) const { write_intent(out, e); }
  void operator()(const Outcome& e) const { write_outcome(out, e); }
  void operator()(const RecordPut& e) const { write_record(out, e.record); }
  void operator()(const RecordRemove& e) const { write_place(out, e.address, e.generation); }
  void operator()(const RecordMove& e) const { write_move(out, e); }
  template <class T>
  void list(const char* name, const std::vector<T>& all,
            void (*write)(std::string&, const T&)) const {
    ObjectWriter w(out);
    w.key(name);
    char separator = '[';
    for (const T& one : all) {
      out += separator;
      write(out, one);
      separator = ',';
    }
    if (all.empty()) out += '[';
    out += ']';
    w.end();
  }
  void operator()(const OutputsPut& e) const { list("outputs", e.outputs, write_output); }
  void operator()(const FilesPut& e) const { list("files", e.files, write_file); }
  void operator()(const RunEnd& e) const {
    ObjectWriter w(out);
    w.time("time", e.time);
    w.end();
  }
};
}  // namespace

void write_entry(std::string& out, const Entry& entry) {
  std::visit(EntryWriter{out}, entry);
}

bool read_entry(JsonReader& in, std::string_view kind, Entry& out) {
  if (kind == kKindNames[0]) return read_run_begin(in, out.emplace<RunBegin>());
  if (kind == kKindNames[1]) return read_intent(in, out.emplace<Intent>());
  if (kind == kKindNames[2]) return read_outcome(in, out.emplace<Outcome>());
  if (kind == kKindNames[3]) return read_record(in, out.emplace<RecordPut>().record);
  if (kind == kKindNames[4]) return read_remove(in, out.emplace<RecordRemove>());
  if (kind == kKindNames[5]) return read_move(in, out.emplace<RecordMove>());
  if (kind == kKindNames[6]) {
    auto& outputs = out.emplace<OutputsPut>().outputs;
    return in.object([&](std::string_view key) {
      if (key != "outputs") return in.fail("unknown key");
      return in.array([&] { return read_output(in, outputs.emplace_back()); });
    });
  }
  if (kind == kKindNames[7]) {
    auto& end = out.emplace<RunEnd>();
    return in.object([&](std::string_view key) {
      return key == "time" ? in.timestamp(end.time) : in.fail("unknown key");
    });
  }
  if (kind == kKindNames[8]) {
    auto& files = out.emplace<FilesPut>().files;
    return in.object([&](std::string_view key) {
      if (key != "files") return in.fail("unknown key");
      return in.array([&] { return read_file(in, files.emplace_back()); });
    });
  }
  return in.fail("unknown kind of entry `" + std::string(kind) + "`");
}

}  // namespace lf

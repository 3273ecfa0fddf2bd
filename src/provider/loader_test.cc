// SPDX-License-Identifier: Apache-2.0
// Each rule of the loader: testdata/bad/RULE.yaml and the errors that it must give, RULE.errors.
// After a change of wording: unit_tests "[.update-loader]" writes the .errors files anew.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "provider/adoption.h"
#include "provider/package.h"
#include "provider/package_files.h"

using namespace lf;

namespace {

namespace fs = std::filesystem;

const fs::path kData = fs::path(LLMFORGE_SOURCE_DIR) / "src/provider/testdata";

std::string read_text(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::shared_ptr<MemoryPackageFiles> good_package() {
  auto files = std::make_shared<MemoryPackageFiles>();
  for (const auto& entry : fs::recursive_directory_iterator(kData / "good")) {
    if (!entry.is_regular_file()) continue;
    files->add(entry.path().lexically_relative(kData / "good").generic_string(),
               read_text(entry.path()));
  }
  return files;
}

// "LF0901 8:42 `size` has no key `imutable`", one line a diagnostic, then its fixes and help.
std::string errors_of(const fs::path& bad) {
  auto files = good_package();
  files->add("test/resources/demo/bad.yaml", read_text(bad));
  Sources sources;
  Diagnostics diagnostics;
  Package package("test", files, sources, diagnostics);
  const ResourceType* loaded = package.resource("test.demo.bad");
  std::string out;
  for (const Diagnostic& each : diagnostics.sorted()) {
    const Span span = each.primary.span;
    std::string place = "-";
    if (span.valid()) {
      const Position position = sources.get(span.source).position(span.begin);
      place = std::to_string(position.line) + ":" + std::to_string(position.column);
    }
    out += std::string(info(each.code).name) + " " + place + " " + each.message;
    if (!each.primary.text.empty()) out += " (" + each.primary.text + ")";
    out += "\n";
    for (const Fix& fix : each.fixes) out += "  fix: " + fix.title + "\n";
    for (const std::string& help : each.help) out += "  help: " + help + "\n";
  }
  if (loaded != nullptr) out += "loaded\n";
  return out;
}

std::vector<fs::path> bad_files() {
  std::vector<fs::path> out;
  for (const auto& entry : fs::directory_iterator(kData / "bad")) {
    if (entry.path().extension() == ".yaml") out.push_back(entry.path());
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

TEST_CASE("each loader rule reports what is wrong at its place", "[loader]") {
  const auto files = bad_files();
  REQUIRE(files.size() > 40);
  for (const fs::path& bad : files) {
    fs::path expected = bad;
    expected.replace_extension(".errors");
    INFO(bad.filename().string());
    CHECK(errors_of(bad) == read_text(expected));
  }
}

TEST_CASE("write the loader's .errors files anew", "[.update-loader]") {
  for (const fs::path& bad : bad_files()) {
    fs::path expected = bad;
    expected.replace_extension(".errors");
    std::ofstream(expected, std::ios::binary) << errors_of(bad);
  }
  SUCCEED();
}

TEST_CASE("a package that uses every word loads", "[loader]") {
  Sources sources;
  Diagnostics diagnostics;
  Package package("test", good_package(), sources, diagnostics);
  const bool good = package.check_all();
  for (const Diagnostic& each : diagnostics.sorted()) UNSCOPED_INFO(render(each, sources, {}));
  REQUIRE(good);
  CHECK(package.info().identity_account == WirePath{"Account", "Id"});
  CHECK(package.info().credentials == "keys");
  REQUIRE(package.info().credential_words.size() == 2);
  CHECK(package.info().credential_words[1].name == "badge");
  CHECK(package.info().credential_words[1].pattern == "[0-9]+");
  CHECK(package.info().sandbox_account_keys == "KEY");
  CHECK(package.data_names() == std::vector<std::string>{"test.demo.find"});

  const ResourceType* thing = package.resource("test.demo.thing");
  REQUIRE(thing != nullptr);
  SECTION("traits lie beneath the file, with their parameters replaced") {
    CHECK(thing->carrier == MarkCarrier::tags);
    CHECK(thing->pending->doc == "somebody has to agree");
    CHECK(thing->parts->type == "test.demo.other");
    CHECK(thing->parts->count == "count");
    CHECK(thing->pending->expires == Duration{259'200, 0});
    CHECK(thing->property("price")->currency == "Unit");
    CHECK(thing->property("price")->read_or.size() == 2);
    CHECK(thing->create.steps.front().call.fails_code == WirePath{"failed", "0", "code"});
    const ResourceType* other = package.resource("test.demo.other");
    REQUIRE(other != nullptr);
    CHECK(other->refresh.read_where.has_value());
    CHECK(other->id_derive.has_value());
    CHECK(Value(other->parts_of("a/b/c")) ==
          Value(Map{{Value("name"), Value("c")}, {Value("group"), Value("a/b")}}));
    CHECK(other->parts_of("c").empty());
    CHECK(thing->mark_value_max == 200);
    CHECK(thing->mark_key_max == 128);
    CHECK(thing->property("tags") != nullptr);
    CHECK(thing->create.in_create == std::vector<std::string>{"tags", "scale"});
    const Facet* tags = thing->facet("tags");
    REQUIRE(tags != nullptr);
    CHECK(tags->add.front().call.send.as_map()->front().first == "ThingId");
    CHECK(tags->properties == std::vector<std::string>{"tags"});
  }
  SECTION("defaults follow the protocol and the facet") {
    CHECK(thing->property("name")->read == WirePath{"name"});
    CHECK(thing->property("tags")->read_pair_key == "key");
    CHECK(thing->property("kinds")->read_item == "kind");
    CHECK(thing->property("rules")->field("range6")->read == WirePath{"range6"});
    CHECK(thing->property("parent")->read.empty());
    CHECK(thing->property("count")->absent == Absent::unset);
    CHECK(thing->property("size")->absent == Absent::server);
    CHECK(thing->property("kind")->default_value == Value("big"));
    CHECK(thing->property("policy")->read_transform == ReadTransform::url_json);
    CHECK(thing->property("code")->read_transform == ReadTransform::base64);
    CHECK(thing->refresh.list->page.none);
    CHECK(package.resource("test.demo.other")->refresh.list->page.send == "Next");
    CHECK(package.data("test.demo.find")->page.none);
    CHECK(thing->facet("scale")->read.call.throttle == "read");
    CHECK(thing->create.steps.front().call.throttle == "slow");
    CHECK(thing->del.steps.front().call.throttle == "write");
  }
  SECTION("errors: the type's, the service's, those of all") {
    CHECK(classify(thing->errors, "Gone", "", 400) == ErrorCode::not_found);
    CHECK(classify(thing->errors, "", "", 404) == ErrorCode::not_found);
    CHECK(classify(thing->errors, "Other", "", 404) == ErrorCode::invalid);
    CHECK(classify(thing->errors, "Busy", "try again later", 400) == ErrorCode::conflict);
    CHECK(classify(thing->errors, "Busy", "no", 400) == ErrorCode::invalid);
    CHECK(classify(thing->errors, "Limit", "too many things", 400) == ErrorCode::quota);
    CHECK(classify(thing->errors, "SlowDown", "", 503) == ErrorCode::throttled);
    CHECK(classify(thing->errors, "Weird", "", 503) == ErrorCode::unavailable);
  }
  SECTION("REST calls") {
    const ResourceType* bucket = package.resource("test.store.bucket");
    const Call& put = bucket->facet("policy")->apply.front().call;
    CHECK(put.http_method == "PUT");
    CHECK(put.http_path == "/{bucket}");
    CHECK(put.http_query == "policy");
    CHECK(put.xmlns == "http://example.com/doc/");
    CHECK(bucket->create.steps.front().call.xmlns == "http://example.com/");
    CHECK(bucket->del.steps.empty());
    CHECK(bucket->del.to.front().first == "policy");
    CHECK(bucket->del.look.valid());
    CHECK(bucket->wait_create.state.has_value());
    CHECK(bucket->wait_create.path.empty());
  }
  SECTION("types") {
    CHECK(thing->property("kinds")->type.to_string() == "list<enum<a, b>>");
    const Type object = thing->object_type();
    REQUIRE(object.field("code") != nullptr);
    CHECK(object.field("code")->type.kind() == Type::Kind::secret);
    CHECK(object.field("id")->required);
    CHECK(object.field("rules")->type.element().field("port")->required);
  }
}

TEST_CASE("what no file says is null, once and silently", "[loader]") {
  Sources sources;
  Diagnostics diagnostics;
  Package package("test", good_package(), sources, diagnostics);
  CHECK(package.resource("test.demo.none") == nullptr);
  CHECK(package.resource("test.none") == nullptr);
  CHECK(package.resource("else.demo.thing") == nullptr);
  CHECK(package.resource("") == nullptr);
  CHECK(package.data("test.demo.thing") == nullptr);
  CHECK(package.service("none") == nullptr);
  CHECK_FALSE(package.block_text("none", nullptr));
  CHECK(diagnostics.empty());
}

TEST_CASE("a whole package is checked beyond its single files", "[loader]") {
  auto files = good_package();
  files->add("test/data/lost.yaml", "doc: no name\n");
  std::string thing(*files->find("test/resources/demo/thing.yaml"));
  thing.replace(thing.find("ref<test.demo.other>"), 20, "ref<test.demo.othr>");
  thing.replace(thing.find("data: test.demo.find"), 20, "data: test.demo.fnd ");
  files->add("test/resources/demo/thing.yaml", thing);
  std::string other(*files->find("test/resources/demo/other.yaml"));
  other.replace(other.find("traits: [{tagged: {kind: Other}}]\n"), 34, "");
  other.replace(other.find("[mark]"), 6, "[{name: name}]");
  files->add("test/resources/demo/other.yaml", other);
  Sources sources;
  Diagnostics diagnostics;
  Package package("test", files, sources, diagnostics);
  CHECK_FALSE(package.check_all());
  std::vector<std::string> codes;
  for (const Diagnostic& each : diagnostics.sorted()) {
    codes.emplace_back(info(each.code).name);
    INFO(render(each, sources, {}));
  }
  std::sort(codes.begin(), codes.end());
  CHECK(codes == std::vector<std::string>{"LF0902", "LF0914", "LF0925", "LF0925"});
}

TEST_CASE("adopt.yaml: what other tools call things", "[loader]") {
  Sources sources;
  Diagnostics diagnostics;
  auto files = good_package();
  SECTION("good") {
    Package package("test", files, sources, diagnostics);
    const AdoptionFacts* facts = package.adoption();
    REQUIRE(facts != nullptr);
    CHECK(facts->providers == std::vector<std::string>{"example/test"});
    CHECK(facts->types.at("test_thing").type == "test.demo.thing");
    CHECK(facts->types.at("test_thing").unseen.size() == 1);
    CHECK(facts->types.at("test_part").within == "*");
    CHECK(facts->types.at("test_mine").reason == "it is nobody's");
    CHECK(facts->specs.at("test.demo.thing").leave_out == std::vector<std::string>{"rules.port"});
    CHECK(facts->specs.at("test.demo.thing").usual.size() == 1);
    CHECK(Package("none", files, sources, diagnostics).adoption() == nullptr);
  }
  SECTION("bad") {
    files->add("test/adopt.yaml",
               "tfstate:\n"
               "  types:\n"
               "    a: {type: test.demo.thing, within: test.demo.thing, id: attributes.x}\n"
               "    b: {type: test.demo.thng}\n"
               "    c: {type: test.demo.thing, id: attribute.x}\n"
               "    d: {within: test.demo.thing}\n"
               "    e: {tyep: x, reason: y}\n"
               "specs:\n"
               "  test.demo.thing: {leave_out: [siz, rules.prt]}\n");
    Package package("test", files, sources, diagnostics);
    CHECK_FALSE(package.check_all());
    std::vector<std::string> codes;
    for (const Diagnostic& each : diagnostics.sorted()) codes.emplace_back(info(each.code).name);
    CHECK(codes.size() >= 5);
  }
}

// SPDX-License-Identifier: Apache-2.0
#include "yaml/reader.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <ctime>

#include "base/json.h"
#include "yaml/scalar_text.h"

using namespace lf;

namespace {

struct Read {
  Sources sources;
  SyntaxTree tree{sources};
  Diagnostics diagnostics;
  Node root;

  explicit Read(std::string text, const YamlLimits& limits = {}) {
    const SourceId id = sources.add("spec.yaml", std::move(text));
    root = read_yaml(tree, id, diagnostics, limits);
  }
  std::string json() const { return to_json(root.to_value()); }
  // "LF0103@2:1" of each, in file order.
  std::string codes() const {
    std::string out;
    for (const Diagnostic& d : diagnostics.sorted()) {
      const Position p = sources.get(d.primary.span.source).position(d.primary.span.begin);
      out += (out.empty() ? "" : " ") + std::string(info(d.code).name) + "@" +
             std::to_string(p.line) + ":" + std::to_string(p.column);
    }
    return out;
  }
  std::string shown() const {
    std::string out;
    for (const Diagnostic& d : diagnostics.sorted()) out += render(d, sources, {});
    return out;
  }
  std::string source(Span span) const {
    return std::string(sources.get(span.source).text().substr(span.begin, span.end - span.begin));
  }
  // What stands in the source where `part` stands in the node's text.
  std::string under(const Node& node, std::string_view part) const {
    const size_t at = node.text().find(part);
    REQUIRE(at != std::string_view::npos);
    return source(
        node.text_map().span(static_cast<uint32_t>(at), static_cast<uint32_t>(at + part.size())));
  }
};

std::string fixed(const Read& r, size_t fix = 0) {
  const Fix& f = r.diagnostics.all().at(0).fixes.at(fix);
  std::string text(r.sources.get(0).text());
  return text.replace(f.span.begin, f.span.end - f.span.begin, f.replacement);
}

// All scalars: our decoding gives what the parser gave.
void check_decoding(const Read& r, const Node& node) {
  if (node.is_scalar()) {
    // A coarse map of two runs stands for a difference: no byte then has a place of its own.
    const std::string_view source = r.sources.get(0).text();
    if (source.substr(node.span().begin, 2) == "|2") return;
    CHECK(decode_scalar(source, node.span(), node.style()).text == node.text());
  }
  for (size_t i = 0; i < node.size(); ++i) {
    if (node.is_list()) {
      check_decoding(r, node.item(i));
    } else {
      check_decoding(r, node.entry(i).key);
      check_decoding(r, node.entry(i).value);
    }
  }
}

}  // namespace

TEST_CASE("plain data of every kind", "[reader]") {
  Read r(
      "a: 1\nb: [true, no, on, 1:30, null, ~, 0x1F, 0o17, -3, 1.5, .inf, 1e3]\n"
      "c: {d: 'it''s', e: \"x\\ty\"}\nf:\n  - g\n  - h: 1\n    i: 2\nj:\nk: \"12\"\n80: x\n");
  REQUIRE(r.codes() == "");
  CHECK(r.json() ==
        R"({"a":1,"b":[true,"no","on","1:30",null,null,31,15,-3,1.5,null,1000.0],)"
        R"("c":{"d":"it's","e":"x\ty"},"f":["g",{"h":1,"i":2}],"j":null,"k":"12","80":"x"})");
  CHECK(r.root.find("c").style() == NodeStyle::flow);
  CHECK(r.source(r.root.find("b").span()).starts_with("[true"));
  CHECK(r.source(r.root.find("b").span()).ends_with("1e3]"));
  CHECK(r.source(r.root.find("c").find("d").span()) == "'it''s'");
  CHECK(r.source(r.root.find_key("k").span()) == "k");
  CHECK(r.source(r.root.find("f").span()) == "- g\n  - h: 1\n    i: 2");
  CHECK_FALSE(r.root.find("nothing"));
  check_decoding(r, r.root);
}

TEST_CASE("empty files, marks, line ends", "[reader]") {
  for (const char* text :
       {"", "\n\n", "# only a comment\n", "---\n", "\xef\xbb\xbf", "--- # x\n...\n"}) {
    Read r(text);
    CHECK(r.codes() == "");
    CHECK(r.root.is_map());
    CHECK(r.root.size() == 0);
  }
  Read bom("\xef\xbb\xbfkey: \"v\"\r\nb: |\r\n  x\r\n  y\r\nc: d\r\n");
  REQUIRE(bom.codes() == "");
  CHECK(bom.source(bom.root.find("key").span()) == "\"v\"");
  CHECK(bom.root.find("b").text() == "x\ny\n");
  CHECK(bom.under(bom.root.find("b"), "y") == "y");
  CHECK(bom.source(bom.root.find("c").span()) == "d");
}

TEST_CASE("a byte order mark is at the beginning or in quotes", "[reader]") {
  for (const char* text : {"a: x\xef\xbb\xbfy\n", "\n\xef\xbb\xbf\n  ci", "a: |\n  x\xef\xbb\xbf\n",
                           "&\xef\xbb\xbf a: 1\n"}) {
    CAPTURE(text);
    CHECK(Read(text).codes().find("LF0101") == 0);
  }
  CHECK(Read("a: \"x\xef\xbb\xbfy\"\nb: 'x\xef\xbb\xbfy'  # \xef\xbb\xbf\n").codes() == "");
}

TEST_CASE("places inside quoted, folded and literal scalars", "[reader]") {
  Read r(
      "a: \"x\\t${one}\\u00e9 ${two}\"\n"
      "b: 'it''s ${one}'\n"
      "c: >-\n  first\n  ${one}\n\n  ${two}\n"
      "d: |\n  if ${one}\n    then ${two}\n"
      "e: some\n  plain ${one}\n  text\n"
      "f: \"two\n\n  lines ${one} \\\n  joined ${two}\"\n"
      "g: é ${one}\n");
  REQUIRE(r.codes() == "");
  for (const char* key : {"a", "b", "c", "d", "e", "f", "g"}) {
    CHECK(r.under(r.root.find(key), "${one}") == "${one}");
  }
  for (const char* key : {"a", "c", "d", "f"})
    CHECK(r.under(r.root.find(key), "${two}") == "${two}");
  CHECK(r.root.find("c").text() == "first ${one}\n${two}");
  CHECK(r.root.find("f").text() == "two\nlines ${one} joined ${two}");
  CHECK(r.under(r.root.find("a"), "\t") == "\\t");
  CHECK(r.under(r.root.find("a"), "é") == "\\u00e9");
  check_decoding(r, r.root);
}

TEST_CASE("block scalars with every kind of end", "[reader]") {
  Read r(
      "a: |+\n  x\n\n\nb: |-\n  y\n\nc: >\n  p\n  q\n\n   more\n  back\n# note\nd:\n  - |2\n      "
      "two\n  - >+\n    k\n\ne: |\n"
      "f: end\ng: |\n  last");
  REQUIRE(r.codes() == "");
  CHECK(r.root.find("a").text() == "x\n\n\n");
  CHECK(r.root.find("b").text() == "y");
  CHECK(r.root.find("c").text() == "p q\n\n more\nback\n");
  CHECK(r.root.find("f").text() == "end");
  CHECK(r.source(r.root.find("b").span()) == "|-\n  y");
  CHECK(r.under(r.root.find("d").item(0), "two") == "two");
  CHECK(r.root.find("d").item(1).text() == "k\n\n");
  CHECK(r.root.find("e").text() == "");
  check_decoding(r, r.root);
}

TEST_CASE("comments and blank lines are kept", "[reader]") {
  Read r(
      "# head\n\na: 1 # one\nb: |\n  # no comment\n  x\nc: [1, # in flow\n  2]\nd: 'a # b'\ne: "
      "x#y\n");
  REQUIRE(r.codes() == "");
  std::vector<std::string> seen;
  for (const Trivia& t : r.tree.trivia()) {
    seen.push_back(t.kind == Trivia::Kind::blank_line ? ""
                                                      : r.source(t.span) + (t.own_line ? "!" : ""));
  }
  CHECK(seen == std::vector<std::string>{"# head!", "", "# one", "# in flow"});
}

TEST_CASE("aliases and merge keys", "[reader]") {
  Read r(
      "base: &b {x: 1, y: 2}\nmore: &m\n  y: 3\n  z: 4\nuse:\n  <<: *b\n  x: 9\n"
      "both:\n  <<: [*b, *m]\n  w: 0\nlist: [*b, *b]\n");
  REQUIRE(r.codes() == "");
  CHECK(to_json(r.root.find("use").to_value()) == R"({"y":2,"x":9})");
  CHECK(to_json(r.root.find("both").to_value()) == R"({"x":1,"y":2,"z":4,"w":0})");
  CHECK(r.root.find("list").item(0).id() == r.root.find("list").item(1).id());
  CHECK(Read("a: {<<: 3}\n").codes() == "LF0101@1:5");
  CHECK(Read("a: *nothing\n").codes() == "LF0101@1:4");
  CHECK(Read("a: &a [1, *a]\n").codes() == "LF0101@1:11");
}

TEST_CASE("bombs", "[reader]") {
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 20; ++i) {
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 10; ++k) laughs += "*a" + std::to_string(i - 1) + (k < 9 ? ", " : "]\n");
  }
  const std::string once = laughs;
  while (laughs.size() < 10'000'000) laughs += "# padding, padding, padding, padding\n";
  const auto start = std::chrono::steady_clock::now();
  Read r(laughs);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(5));
  CHECK(r.codes().starts_with("LF0105@6:"));
  CHECK(Read(std::string(1'000'000, '[')).codes() == "LF0106@1:101");
  CHECK(Read("a: " + std::string(1'000'000, '{')).codes().starts_with("LF0106@1:"));
  std::string dashes;
  for (int i = 0; i < 5000; ++i) dashes += "- ";
  CHECK(Read(dashes + "x\n").codes().starts_with("LF0106@1:"));
  std::string merges = "m0: &m0 {k0: 1}\n";
  for (int i = 1; i < 3000; ++i) {
    const std::string n = std::to_string(i);
    merges += "m" + n + ": &m" + n + " {<<: *m" + std::to_string(i - 1) + ", k" + n + ": 1}\n";
  }
  CHECK(Read(merges).codes().starts_with("LF0105@"));
}

TEST_CASE("wide bombs are refused before they are parsed", "[reader]") {
  const auto list = [](std::string_view item, size_t times) {
    std::string out = "[";
    for (size_t i = 0; i < times; ++i) out.append(item).append(",");
    return out + "]";
  };
  const std::clock_t start = std::clock();  // not the wall's: the machine may be busy
  // A list that 50,000 aliases repeat: each repeats all its items.
  const std::string wide = "a: &a " + list("x", 300'000) + "\n";
  CHECK(Read(wide + "b: " + list("*a", 50'000) + "\n").codes() == "LF0105@2:14");
  const std::string long_items = "a: &a " + list(std::string(188, 'x'), 50'000) + "\n";
  CHECK(Read(long_items + "b: " + list("*a", 50'000) + "\n").codes() == "LF0105@2:62");
  // Nested ones count with what they repeat themselves.
  CHECK(Read("a: &a [1, 2]\nb: &b {x: *a, y: [*a]}\nc: [*b, *b]\n", {.alias_values_max = 26})
            .codes() == "");
  CHECK(Read("a: &a [1, 2]\nb: &b {x: *a, y: [*a]}\nc: [*b, *b]\n", {.alias_values_max = 25})
            .codes() == "LF0105@3:9");
  // A name that is given again means the new thing.
  CHECK(Read("a: &a [1, 2, 3]\nb: &a 1\nc: *a\n", {.alias_values_max = 1}).codes() == "");
  CHECK(Read("a: " + list("x", 2'100'000) + "\n").codes() == "LF0109@1:4000001");
  CHECK(Read("a: [1, 2]\n", {.values_max = 4}).codes() == "");
  CHECK(Read("a: [1, 2, 3]\n", {.values_max = 4}).codes() == "LF0109@1:11");
  CHECK(std::clock() - start < 8 * CLOCKS_PER_SEC);
}

TEST_CASE("long lines take linear time", "[reader]") {
  // Each of these was or could be quadratic: minutes instead of a moment.
  const auto repeat = [](std::string_view part, size_t times) {
    std::string out;
    for (size_t i = 0; i < times; ++i) out += part;
    return out;
  };
  const auto start = std::chrono::steady_clock::now();
  CHECK(Read("a: [" + repeat("x, ", 200'000) + "]\n").codes() == "");
  CHECK(Read("a: " + repeat("${", 200'000) + "\n").codes() == "");
  CHECK(Read("a: " + repeat("${", 50'000) + repeat("}", 50'000) + "\n").codes() == "");
  CHECK(Read("a: [" + repeat("\"x\", ", 200'000) + "]\n").codes() == "");
  Read same(repeat("a: 1\n", 100'000));
  CHECK(same.diagnostics.all().size() <= 50);
  Read quotes(repeat("a: \"\n", 100'000));
  CHECK(quotes.diagnostics.all().size() <= 50);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(20));
}

TEST_CASE("duplicate keys name both places", "[reader]") {
  Read r("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\na: 2\n");
  CHECK(r.codes() == "LF0103@5:3 LF0103@6:1");
  CHECK(render(r.diagnostics.sorted()[0], r.sources, {}) ==
        "error[LF0103]: the key `c` is here twice\n"
        " --> spec.yaml:5:3\n"
        "  |\n"
        "3 |   c: 1\n"
        "  |   - the first one\n"
        "4 |   d: 2\n"
        "5 |   c: 3\n"
        "  |   ^ the second one\n"
        "  = help: put what both hold under one, or take one out\n");
}

TEST_CASE("unquoted expressions", "[reader]") {
  Read flow("a: {b: ${vars.x}, c: 2}\n");
  CHECK(flow.codes() == "LF0104@1:8");
  CHECK(fixed(flow) == "a: {b: \"${vars.x}\", c: 2}\n");
  CHECK(flow.root.find("a").find("c").as_int() == 2);
  CHECK(flow.root.find("a").find("b").is_poisoned());
  CHECK(flow.shown() ==
        "error[LF0104]: an expression inside `{…}` or `[…]` needs quotes\n"
        " --> spec.yaml:1:8\n"
        "  |\n"
        "1 | a: {b: ${vars.x}, c: 2}\n"
        "  |        ^^^^^^^^^ without them YAML reads its braces as a map\n"
        "  = help: quote it\n"
        "  |\n"
        "1 | a: {b: \"${vars.x}\", c: 2}\n"
        "  |        +++++++++++\n");
  Read list("a: [${m[\"k\"]}/x, ${b}]\n");
  CHECK(list.codes() == "LF0104@1:5 LF0104@1:18");
  CHECK(fixed(list) == "a: ['${m[\"k\"]}/x', ${b}]\n");
  Read ternary("key: ${a ? b : c}\nother: 1\n");
  CHECK(ternary.codes() == "LF0104@1:6");
  CHECK(fixed(ternary) == "key: \"${a ? b : c}\"\nother: 1\n");
  CHECK(ternary.root.find("other").as_int() == 1);
  Read comment("key: ${size(x) # y} z\n");
  CHECK(fixed(comment) == "key: \"${size(x) # y} z\"\n");
  CHECK(Read("a: ${x} # comment\nb: ${m['a']}/y\nc: ${x ? 1:2}\nd: pre ${ {'a':1} }\n").codes() ==
        "");
  CHECK(Read("a: [\"${x}\", '${y}', \"$${z}\"]\n").codes() == "");
  CHECK(Read("a: {b: ${x, c: 2}\n").codes().starts_with("LF0104@1:8"));
}

TEST_CASE("numbers with leading zeros", "[reader]") {
  Read r("mode: 0755\nid: 012345678901\nok: '007'\nzero: 0\nf: 0.5\nneg: -01\n0123: key\n");
  CHECK(r.codes() == "LF0107@1:7 LF0107@2:5 LF0107@6:6");
  CHECK(fixed(r, 0).starts_with("mode: \"0755\"\n"));
  CHECK(fixed(r, 1).starts_with("mode: 0o755\n"));
  CHECK(r.diagnostics.all()[1].fixes.size() == 1);
}

TEST_CASE("what specs do not have", "[reader]") {
  CHECK(Read("a: 1\n---\nb: 2\n").codes() == "LF0110@2:1");
  CHECK(Read("a: 1\n...\nb: 2\n").codes() == "LF0110@3:1");
  CHECK(Read("a: !secret x\nb: !!str 5\n").codes() == "LF0110@1:4 LF0110@2:4");
  CHECK(Read("%TAG ! x\n---\na: 1\n").codes() == "LF0110@1:1");
  CHECK(Read("%YAML 1.2\n---\na: 1\n").codes() == "");
  CHECK(Read("|+\n%a\n").codes() == "LF0110@2:1");
  CHECK(Read("? a\n: b\n").codes() == "LF0108@1:1");
  CHECK(Read("[a]: b\n").codes() == "LF0108@1:1");
  CHECK(Read("{a: 1}: b\n").codes() == "LF0108@1:1");
  CHECK(Read("null: b\n").codes() == "LF0108@1:1");
}

TEST_CASE("bytes that are no text", "[reader]") {
  Read r("a: 1\nb: \"\xff\"\n");
  CHECK(r.codes() == "LF0102@2:5");
  CHECK(r.diagnostics.all()[0].message == "the byte 0xff at offset 9 is no valid UTF-8");
  CHECK(Read("\xff\xfe"
             "a\0")
            .diagnostics.all()
            .at(0)
            .help.at(0)
            .find("UTF-16") != std::string::npos);
  CHECK(Read("a: \x01\n").codes() == "LF0101@1:4");
  CHECK(Read(std::string("a: \0b\n", 6)).codes() == "LF0101@1:4");
  CHECK(Read("a: 'x\x04y'\nb: 1\n").codes() == "LF0101@1:6");
}

TEST_CASE("mistakes in people's words", "[reader]") {
  const auto first = [](const char* text) {
    Read r(text);
    const auto all = r.diagnostics.sorted();
    return all.empty() ? std::string("none") : r.codes() + ": " + all[0].message;
  };
  CHECK(first("a: \"x\nb: 1\n") == "LF0101@1:4: this `\"` is never closed");
  CHECK(first("a: 'x") == "LF0101@1:4: this `'` is never closed");
  CHECK(first("a: [{b: \"${c]\nd: {e: \"f\"}\ng: \"h\"\n") ==
        "LF0101@1:9: this `\"` is never closed");
  CHECK(first("a: [1, 2\nb: 3\n") == "LF0101@1:4: this `[` is never closed");
  CHECK(first("a: 1]\n") == "none");
  CHECK(first("a: [1}\n") == "LF0101@1:6: `}` closes `[`");
  CHECK(first("a: x: y\n") ==
        "LF0101@1:5: a value on its key's line cannot hold `: ` without quotes");
  CHECK(first("a: b\n  c: d\n") == "LF0101@2:3: `c` cannot be a key here");
  CHECK(first("a:\n    b: 1\n  c: 2\n") ==
        "LF0101@3:3: this line's indentation fits no line above");
  CHECK(first("a: 1\r\nb: 2\rc: 3\n") == "LF0101@2:5: a carriage return that ends no line");
  CHECK(first("a: 1\nb: 2\r") == "LF0101@2:5: a carriage return that ends no line");
  CHECK(first("a: 1\nb c\n d\n") == "LF0101@2:1: `b c` has no `:` and no value");
  CHECK(first("a: 1\nb\nc: 2\n") == "LF0101@2:1: `b` has no `:` and no value");
  CHECK(first("a: 1\nb:2\nc: 2\n") == "LF0101@2:2: a space is missing after `:`");
  CHECK(first("a:\n  x: 1\n  y\nc: 2\n") == "LF0101@3:3: `y` has no `:` and no value");
  CHECK(first("a:\n\tb: 1\n") == "LF0101@2:1: a tab cannot indent a line");
  CHECK(first("a: \"c:\\dir\"\n") == "LF0101@1:7: `\\d` is no escape that YAML has");
  CHECK(first("a: \"\\ud800\"\n") == "LF0101@1:5: `\\ud800` is no escape that YAML has");
  CHECK(first("a: \"${x}\"/y\n") == "LF0101@1:10: text after the closing `\"`");
  CHECK(first("a: 'it's'\n") == "LF0101@1:8: a `'` inside the quoted text ends it");
  CHECK(first("a: @x\n") == "LF0101@1:4: a value cannot begin with `@`");
  CHECK(first("a: %x\nb: `y`\n") == "LF0101@1:4 LF0101@2:4: a value cannot begin with `%`");
  CHECK(first("a: - b\n") == "LF0101@1:4: a list cannot begin on its key's line");
  CHECK(first("a: | x\n") == "LF0101@1:4: a value that begins with `|` is a block of lines");
  CHECK(first("a: [\"x\" \"y\"]\n") == "LF0101@1:8: a `,` is missing between two items");
  CHECK(first(": x\n") == "LF0101@1:1: a key is missing before `:`");
  CHECK(first("a: * b\n") == "LF0101@1:4: a value cannot begin with `*`");
}

TEST_CASE("several mistakes at once", "[reader]") {
  Read r("a: [${x}]\nb: 0755\nc: 1\nc: 2\nd: !t x\ne: \"\\q\"\n");
  CHECK(r.codes() == "LF0104@1:5 LF0107@2:4 LF0103@4:1 LF0110@5:4 LF0101@6:5");
}

TEST_CASE("the last report of many has its own place", "[reader]") {
  std::string text = "a: [";
  for (int i = 0; i < 60; ++i) text += "\"x\" `y ";
  for (const uint32_t most : {48u, 49u, 50u}) {
    Read r(text + "\n", {.errors_max = most});
    CHECK(r.diagnostics.all().size() <= most + 1);
    for (const Diagnostic& d : r.diagnostics.all()) {
      CHECK(d.primary.span.end <= text.size() + 1);
      for (const Fix& fix : d.fixes) CHECK(fix.span.begin <= fix.span.end);
    }
  }
}

TEST_CASE("any bytes give a tree or diagnostics", "[reader]") {
  // A small deterministic fuzz; the real one runs on its own.
  const std::string alphabet = "ab:- \n\t[]{},\"'|>&*!%#?$\\0~.<\r=@x";
  uint64_t seed = 1;
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    for (int i = 0; i < 24; ++i) {
      seed = seed * 6364136223846793005u + 1442695040888963407u;
      text += alphabet[(seed >> 33) % alphabet.size()];
    }
    Read r(text);
    INFO(text);
    const bool something = static_cast<bool>(r.root) || r.diagnostics.has_errors();
    CHECK(something);
    if (!something) break;
    r.shown();
    if (r.root && !r.diagnostics.has_errors()) {
      to_json(r.root.to_value());
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
#include "lang/text_template.h"

#include <catch2/catch.hpp>
#include <map>

#include "lang/expression.h"

namespace lf::cel {
namespace {

// Names and files of a spec, for expressions that call template() and zip().
class Folder : public Activation {
 public:
  std::map<std::string, Value, std::less<>> values;
  std::map<std::string, std::string> files;
  std::optional<Value> lookup(std::string_view name) const override {
    const auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional<Value>(found->second);
  }
  Value read_file(const std::string& path) const override {
    const auto found = files.find(path);
    return found == files.end() ? Value::error("`" + path + "` does not exist")
                                : Value(found->second);
  }
};

Value run(const Folder& folder, const std::string& text) {
  Diagnostics diagnostics;
  const auto expression = Expression::parse(text, TextMap(), diagnostics);
  REQUIRE(expression);
  return evaluate(*expression, folder);
}

Value render(const std::string& text, const std::string& vars, Folder folder = {}) {
  folder.files["t"] = text;
  return run(folder, "template('t', " + vars + ")");
}

std::string error(const std::string& text, const std::string& vars = "{}") {
  const Value value = render(text, vars);
  REQUIRE(value.is_error());
  return value.error_message();
}

}  // namespace

TEST_CASE("what is no tag stays as it is", "[template]") {
  const std::string text =
      "#!/bin/bash\nx=${HOME:-}\necho \"${{ github.sha }}\" '{{ .Values.a }}' $((1 % 2)) <%% %>\n";
  std::string expected = text;
  expected.replace(expected.find("<%%"), 3, "<%");
  CHECK(render(text, "{}").as_string() == expected);
}

TEST_CASE("values are written as the kind wants them", "[template]") {
  const std::string vars = R"({'a': "it's $x", 'n': 3, 'l': ['a b', 'c'], 'm': {'k': 'v'}})";
  CHECK(render("<%= a %>|<%= n %>", vars).as_string() == "it's $x|3");
  CHECK(
      render("<%# kind: shell %>\nx=<%= a %> <%= n %> (<%= l %>) <%== a %>\n", vars).as_string() ==
      "x='it'\\''s $x' '3' ('a b' 'c') it's $x\n");
  CHECK(render("<%# kind: json %>\n{\"a\": <%= a %>, \"l\": <%= l %>}", vars).as_string() ==
        R"({"a": "it's $x", "l": ["a b","c"]})");
  CHECK(render("<%# kind: yaml %>\na: <%= a %>\nm: <%= m %>\n", vars).as_string() ==
        "a: \"it's $x\"\nm: {\"k\":\"v\"}\n");
}

TEST_CASE("conditions and loops take their lines with them", "[template]") {
  const std::string text =
      "a\n"
      "  <% if n > 2 %>\n"
      "big\n"
      "<% elif n > 1 %>\n"
      "two\n"
      "<% else %>\n"
      "small\n"
      "  <% end %>\n"
      "<%# a comment %>\n"
      "<% for x in l %>\n"
      "- <%= x %>\n"
      "<% for k, v in m %>\n"
      "  <%= k %>=<%= v %><%= x %>\n"
      "<% end %>\n"
      "<% end %>\n"
      "z";
  const auto with = [](int n) {
    return "{'n': " + std::to_string(n) + ", 'l': ['p', 'q'], 'm': {'k': 1}}";
  };
  const std::string rest = "- p\n  k=1p\n- q\n  k=1q\nz";
  CHECK(render(text, with(3)).as_string() == "a\nbig\n" + rest);
  CHECK(render(text, with(2)).as_string() == "a\ntwo\n" + rest);
  CHECK(render(text, with(0)).as_string() == "a\nsmall\n" + rest);
  CHECK(render("<% for i, x in ['a'] %>\n<%= i %><%= x %>\n<% end %>", "{}").as_string() == "0a\n");
  CHECK(render("<% for k in {'a': 1} %>\n<%= k %>\n<% end %>", "{}").as_string() == "a\n");
}

TEST_CASE("errors name the template's line", "[template]") {
  CHECK(error("a\n<%= b %>").find("`t`, line 2: nothing is named `b`") == 0);
  CHECK(error("a\n\n<%= 1 + %>").find("`t`, line 3: ") == 0);
  CHECK(error("<% if true %>\nx\n").find("`t`, line 1: this line's block has no") == 0);
  CHECK(error("<% end %>\n").find("`t`, line 1: `<% end %>` closes nothing") == 0);
  CHECK(error("x <% end %>\n").find("must stand alone") != std::string::npos);
  CHECK(error("<% els %>\n").find("is no statement") != std::string::npos);
  CHECK(error("<% else %>\n").find("belongs to no") != std::string::npos);
  CHECK(error("<% if true %>\n<% else %>\n<% else %>\n<% end %>").find("line 3") !=
        std::string::npos);
  CHECK(error("<%# kind: bash %>\n").find("no kind is named `bash`") != std::string::npos);
  CHECK(error("<%= x").find("is not closed") != std::string::npos);
  CHECK(error("<%= {'a': 1} %>").find("cannot be written here") != std::string::npos);
  CHECK(error("<%= null %>").find("cannot be written here") != std::string::npos);
  CHECK(error("<% if 1 %>\n<% end %>").find("true or false") != std::string::npos);
  CHECK(error("<% for x in 1 %>\n<% end %>").find("list or a map") != std::string::npos);
  CHECK(error("<% for 1x in [1] %>\n<% end %>").find("no name") != std::string::npos);
  std::string deep;
  for (int i = 0; i < 60; ++i) deep += "<% if true %>\n";
  CHECK(error(deep).find("nested too deeply") != std::string::npos);
  Folder folder;
  CHECK(run(folder, "template('no', {})").error_message().find("does not exist") !=
        std::string::npos);
}

TEST_CASE("unknowns and secrets go through a template", "[template]") {
  Folder folder;
  folder.values["u"] = Value(Unknown{"string", {"net.id"}, false});
  folder.values["s"] = Value::secret("hush");
  const Value unknown = render("a <%= u %>", "{'u': u}", folder);
  REQUIRE(unknown.is_unknown());
  CHECK(unknown.as_unknown().origins == std::vector<std::string>{"net.id"});
  // What is wrong beside it is found now.
  CHECK(render("a <%= u %>\n<%= nothing %>", "{'u': u}", folder).is_error());
  CHECK(render("<% if u == 'x' %>\n<%= nothing %>\n<% end %>", "{'u': u}", folder).is_error());
  CHECK(render("a", "{'u': u}", folder).as_string() == "a");
  const Value secret = render("a <%= s %>", "{'s': s}", folder);
  REQUIRE(secret.is_secret());
  CHECK(secret.secret_value().as_string() == "a hush");
  CHECK(render("<% if s == 'hush' %>\na\n<% end %>", "{'s': s}", folder).is_secret());
  CHECK(render("a", "{'s': s}", folder).as_string() == "a");
}

TEST_CASE("a template's work is bounded", "[template]") {
  std::string text;
  const std::string ten = "[0,1,2,3,4,5,6,7,8,9]";
  for (int i = 0; i < 9; ++i) text += "<% for x in " + ten + " %>\n";
  text += "0123456789\n";
  for (int i = 0; i < 9; ++i) text += "<% end %>\n";
  CHECK(render(text, "{}").is_error());
}

TEST_CASE("an archive's bytes hang on its files alone", "[template]") {
  const Folder folder;
  const Value one = run(folder, "zip({'b.py': 'print(1)', 'a.txt': ''})");
  REQUIRE(one.is_bytes());
  CHECK(one.as_bytes() == run(folder, "zip({'a.txt': '', 'b.py': 'print(1)'})").as_bytes());
  CHECK(one.as_bytes().starts_with("PK\x03\x04"));
  // As python3's zipfile reads it: see tests/cli/offline_test.py.
  CHECK(run(folder, "zip({'../x': ''})").is_error());
  CHECK(run(folder, "zip({'/x': ''})").is_error());
  CHECK(run(folder, "zip({})").as_bytes().size() == 22);
}

}  // namespace lf::cel

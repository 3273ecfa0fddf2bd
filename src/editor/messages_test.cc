// SPDX-License-Identifier: Apache-2.0
#include "editor/messages.h"

#include <catch2/catch.hpp>

#include "editor/uri.h"

namespace lf::editor {

TEST_CASE("messages come whole, however their bytes arrive", "[editor]") {
  const std::string stream = framed("{\"a\":1}") + "Content-Type: x\r\nContent-Length: 2\r\n\r\n{}";
  MessageReader reader;
  std::vector<std::string> got;
  for (const char c : stream) {
    reader.add({&c, 1});
    while (const auto message = reader.next()) got.push_back(*message);
  }
  CHECK(got == std::vector<std::string>{"{\"a\":1}", "{}"});
}

TEST_CASE("headers that say nothing are passed over, announced floods refused", "[editor]") {
  MessageReader reader;
  reader.add("Nonsense: 1\r\n\r\n" + framed("[]"));
  CHECK(reader.next() == "[]");
  reader.add("Content-Length: 99999999999\r\n\r\n");
  CHECK_FALSE(reader.next());
  CHECK(reader.broken());
  MessageReader huge;
  huge.add("Content-Length: 99999999999999999999999999\r\n\r\n");
  CHECK_FALSE(huge.next());
  CHECK(huge.broken());
}

TEST_CASE("URIs and paths", "[editor]") {
  CHECK(path_of_uri("file:///a%20b/%C3%A4.yaml") == "/a b/\xc3\xa4.yaml");
  CHECK(uri_of_path("/a b/\xc3\xa4.yaml") == "file:///a%20b/%C3%A4.yaml");
  CHECK(path_of_uri("file://localhost/x/../y/./z/") == "/y/z");
  CHECK(path_of_uri("untitled:Untitled-1") == "untitled:Untitled-1");
  CHECK(path_of_uri("file:///a%2") == "/a%2");
  CHECK(folder_of("/a/b") == "/a");
  CHECK(folder_of("/a") == "/");
  CHECK(folder_of("a").empty());
}

}  // namespace lf::editor

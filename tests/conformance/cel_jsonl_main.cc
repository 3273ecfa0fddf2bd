// SPDX-License-Identifier: Apache-2.0
// Answers the line protocol of src/lang/jsonl.h on stdin and stdout, for the CEL suite.
#include <fstream>
#include <iostream>
#include <sstream>

#include "lang/jsonl.h"

int main() {
  lf::cel::JsonlOptions options;
  options.read_zone = [](const std::string& name) -> std::optional<std::string> {
    const std::ifstream file("/usr/share/zoneinfo/" + name, std::ios::binary);
    if (!file) return std::nullopt;
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  };
  std::string line;
  while (std::getline(std::cin, line)) {
    std::cout << lf::cel::answer_jsonl(line, options) << std::endl;
  }
  return 0;
}

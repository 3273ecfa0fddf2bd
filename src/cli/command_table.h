// SPDX-License-Identifier: Apache-2.0
// The command line as data, read off the definition that parses it (options.cc), for completion and
// the reference. Nothing here is written twice.
#pragma once

#include <string>
#include <vector>

namespace lf {

struct OptionInfo {
  std::vector<std::string> names;  // "-e", "--env"
  std::string doc;
  std::string value;                 // what it takes: "ENV", "FILE"; "" for a flag
  std::vector<std::string> choices;  // where only these may stand
  bool optional_value = false;       // `--sandbox` or `--sandbox=FOLDER`
  bool repeatable = false;
};

struct CommandInfo {
  std::string name, doc;
  std::vector<OptionInfo> options;
  std::vector<std::string> arguments;  // "SPEC", "ADDRESS": one each, the last one's name stays
  bool more_arguments = false;         // any number of the last one
  std::vector<CommandInfo> commands;
};

CommandInfo describe_commands();

}  // namespace lf

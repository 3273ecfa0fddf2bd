// SPDX-License-Identifier: Apache-2.0
// `init`: a first spec to change, from the examples that the build put into the binary.
#include "base/json.h"
#include "base/replace_file.h"
#include "base/strings.h"
#include "cli/command_tools.h"
#include "provider/package_files.h"

namespace lf {

namespace {

constexpr const char* kPath = "llmforge.yaml";
constexpr const char* kDefault = "bucket";
constexpr std::string_view kFolder = "examples/", kEnding = ".yaml";

std::vector<std::string> example_names() {
  std::vector<std::string> out;
  for (const std::string& path : embedded_packages().list(kFolder)) {
    std::string name = path.substr(kFolder.size(), path.size() - kFolder.size() - kEnding.size());
    // Below are the examples' tests, and the code that one of them builds.
    if (name.find('/') == std::string::npos) out.push_back(std::move(name));
  }
  return out;
}

}  // namespace

int run_init(CommandContext& context) {
  const Options& options = context.options;
  const std::string name = options.from.empty() ? kDefault : options.from;
  const auto text = embedded_packages().find(std::string(kFolder) + name + std::string(kEnding));
  if (!text) {
    const std::vector<std::string> names = example_names();
    Error error(ErrorCode::invalid, "there is no example `" + name + "`");
    if (const std::string near = nearest(name, names); !near.empty()) {
      error.help.push_back("did you mean `" + near + "`?");
    }
    error.help.push_back("there are: " + join(names, ", "));
    tell(context, error);
    return kUsage;
  }
  FileSystem& files = context.world.files;
  const auto there = files.stat(kPath);
  if (!there) return tell(context, there.error());
  if (there->exists) {
    Error error(ErrorCode::refused, std::string("`") + kPath + "` is there already");
    error.help.emplace_back("work in another folder, or remove it first");
    return tell(context, error);
  }
  if (const auto written = replace_file(files, kPath, *text, 0644); !written) {
    return tell(context, written.error());
  }
  if (options.json) {
    print(to_json(Value(Map{{"from", Value(name)}, {"path", Value(kPath)}})) + "\n");
  } else {
    print(std::string("wrote ") + kPath + " from the example `" + name +
          "`\n  llmforge plan --sandbox   shows what it would make, on a model cloud\n"
          "  llmforge apply            makes it\n");
  }
  return kDone;
}

}  // namespace lf

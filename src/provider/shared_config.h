// SPDX-License-Identifier: Apache-2.0
// The INI files that a cloud's own tools share (`config` and `credentials`). Source: AWS SDKs and
// Tools Reference Guide, "Shared config and credentials files", "Format of the config file".
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"

namespace lf {

// Keys in lower case. A nested key (an indented line below an empty value) is "parent.child".
using ConfigSection = std::map<std::string, std::string>;

struct SharedConfig {
  std::map<std::string, ConfigSection> profiles;
  std::map<std::string, ConfigSection> sso_sessions;
  std::map<std::string, ConfigSection> services;

  const ConfigSection* profile(const std::string& name) const;  // nullptr: no such profile
};

// The value, or "" if section or key are not there.
std::string config_value(const ConfigSection* section, const std::string& key);

// What differs between the two files: in `config` a profile's section is `[profile NAME]` (but
// `[default]`), in `credentials` it is `[NAME]`.
enum class ConfigKind { config, credentials };

// Adds the file's sections to `into`; what is there already is replaced key by key, so that reading
// `credentials` after `config` gives it the last word. corrupt names `path` and the line.
Result<void> parse_shared_config(std::string_view text, ConfigKind kind, const std::string& path,
                                 SharedConfig& into);

}  // namespace lf

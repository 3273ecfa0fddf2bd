// SPDX-License-Identifier: Apache-2.0
// Writes one JSON object member by member; members with their default value are left out.
#pragma once

#include <string>
#include <string_view>

#include "base/units.h"
#include "state/codec.h"

namespace lf {

class ObjectWriter {
 public:
  explicit ObjectWriter(std::string& out) : out_(out) { out_ += '{'; }
  std::string& key(std::string_view name) {
    out_ += first_ ? "\"" : ",\"";
    first_ = false;
    out_ += name;
    out_ += "\":";
    return out_;
  }
  void text(std::string_view name, std::string_view value) {
    if (!value.empty()) write_json_string(key(name), value);
  }
  void number(std::string_view name, uint64_t value) {
    if (value != 0) key(name) += std::to_string(value);
  }
  void flag(std::string_view name, bool value) {
    if (value) key(name) += "true";
  }
  void map(std::string_view name, const Map& value) {
    if (!value.empty()) write_map(key(name), value);
  }
  void time(std::string_view name, Timestamp value) {
    if (value != Timestamp{}) write_json_string(key(name), format_timestamp(value));
  }
  void texts(std::string_view name, const std::vector<std::string>& values) {
    if (values.empty()) return;
    key(name);
    char separator = '[';
    for (const std::string& value : values) {
      out_ += separator;
      write_json_string(out_, value);
      separator = ',';
    }
    out_ += ']';
  }
  void end() { out_ += '}'; }

 private:
  std::string& out_;
  bool first_ = true;
};

}  // namespace lf

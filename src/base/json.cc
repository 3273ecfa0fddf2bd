// SPDX-License-Identifier: Apache-2.0
// The reader drives nlohmann's parser by its SAX interface straight into Values: no second tree.
// The writer is our own: it knows all kinds of Value and keeps doubles as their shortest text.
#include "base/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/digest.h"
#include "base/strings.h"
#include "base/units.h"

namespace lf {

namespace {

constexpr size_t kDepthMax = 200;

class Reader : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool null() override { return put(Value()); }
  bool boolean(bool v) override { return put(Value(v)); }
  bool number_integer(int64_t v) override { return put(Value(v)); }
  bool number_unsigned(uint64_t v) override {
    return put(v <= INT64_MAX ? Value(static_cast<int64_t>(v)) : Value(v));
  }
  bool number_float(double v, const std::string& text) override {
    // A whole number beyond 64 bits would lose digits silently: it is kept as the nearest double,
    // as every peer does; an overflow to infinity is no number at all.
    (void)text;
    return put(Value(v));
  }
  bool string(std::string& v) override { return put(Value(std::move(v))); }
  bool binary(binary_t&) override { return false; }  // not in JSON text
  bool start_object(size_t) override { return open(true); }
  bool start_array(size_t) override { return open(false); }
  bool key(std::string& v) override {
    stack_.back().key = std::move(v);
    return true;
  }
  bool end_object() override {
    Value v(std::move(stack_.back().map));
    stack_.pop_back();
    return put(std::move(v));
  }
  bool end_array() override {
    Value v(std::move(stack_.back().list));
    stack_.pop_back();
    return put(std::move(v));
  }
  bool parse_error(size_t position, const std::string&, const nlohmann::json::exception&) override {
    if (error_.empty()) error_ = fmt::format("no valid JSON at byte {}", position);
    return false;
  }

  Value take() { return std::move(root_); }
  const std::string& error() const { return error_; }

 private:
  struct Frame {
    bool is_map;
    std::string key;
    Map map;
    List list;
  };
  bool open(bool is_map) {
    if (stack_.size() >= kDepthMax) {
      error_ = fmt::format("JSON nested deeper than {}", kDepthMax);
      return false;
    }
    stack_.push_back({is_map, {}, {}, {}});
    return true;
  }
  bool put(Value v) {
    if (stack_.empty()) {
      root_ = std::move(v);
    } else if (stack_.back().is_map) {
      stack_.back().map.set(Value(std::move(stack_.back().key)), std::move(v));
    } else {
      stack_.back().list.push_back(std::move(v));
    }
    return true;
  }

  std::vector<Frame> stack_;
  Value root_;
  std::string error_;
};

class Writer {
 public:
  explicit Writer(const JsonStyle& style) : style_(style) {}

  void write(const Value& value) {
    switch (value.kind()) {
      case Value::Kind::null:
      case Value::Kind::unknown: out_ += "null"; return;
      case Value::Kind::boolean: out_ += value.as_bool() ? "true" : "false"; return;
      case Value::Kind::integer:
        fmt::format_to(std::back_inserter(out_), "{}", value.as_int());
        return;
      case Value::Kind::uinteger:
        fmt::format_to(std::back_inserter(out_), "{}", value.as_uint());
        return;
      case Value::Kind::floating: number(value.as_double()); return;
      case Value::Kind::string: quote(value.as_string()); return;
      case Value::Kind::bytes: quote(base64(value.as_bytes())); return;
      case Value::Kind::list: list(value.as_list()); return;
      case Value::Kind::map: map(value.as_map()); return;
      case Value::Kind::optional:
        if (value.optional_value() == nullptr) {
          out_ += "null";
        } else {
          write(*value.optional_value());
        }
        return;
      case Value::Kind::object: {
        const auto identity = value.as_object()->identity();
        if (!identity) {
          quote(value.as_object()->type_name());
        } else {
          write(*identity);
        }
        return;
      }
      default: quote(to_text(value)); return;
    }
  }

  void quote(std::string_view text) {
    out_ += '"';
    size_t bad = 0;
    while (!valid_utf8(text, &bad)) {
      escape(text.substr(0, bad));
      out_ += "\xef\xbf\xbd";
      text.remove_prefix(bad + 1);
    }
    escape(text);
    out_ += '"';
  }

  std::string take() { return std::move(out_); }
  void tame() { tame_ = true; }

 private:
  void number(double v) {
    if (!std::isfinite(v)) {
      out_ += "null";
      return;
    }
    const size_t from = out_.size();
    fmt::format_to(std::back_inserter(out_), "{}", v);
    // A double stays one when it is read back.
    if (out_.find_first_of(".eE", from) == std::string::npos) out_ += ".0";
  }

  // What a terminal would obey or not show, by its UTF-8: DEL, C1, marks of direction, separators
  // of lines, spaces without width. 0: nothing of the kind, else how many bytes it has.
  static size_t hidden(std::string_view text, size_t at, unsigned& code) {
    const auto byte = [&](size_t i) {
      return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
    };
    const unsigned first = byte(0);
    if (first == 0x7f) {
      code = first;
      return 1;
    }
    if (first == 0xc2 || first == 0xd8) {
      code = ((first & 0x1f) << 6) | (byte(1) & 0x3f);
      return (code >= 0x80 && code < 0xa0) || code == 0x61c ? 2 : 0;
    }
    if (first != 0xe2 && first != 0xef) return 0;
    code = ((first & 0x0f) << 12) | ((byte(1) & 0x3f) << 6) | (byte(2) & 0x3f);
    const bool found = (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
                       (code >= 0x2060 && code <= 0x206f) || code == 0xfeff;
    return found ? 3 : 0;
  }

  void escape(std::string_view text) {
    size_t from = 0;
    for (size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      unsigned code = 0;
      const size_t length = tame_ && (c == 0x7f || (c & 0x80) != 0) ? hidden(text, i, code) : 0;
      if (length > 0) {
        out_ += text.substr(from, i - from);
        out_ += fmt::format("\\u{:04x}", code);
        from = i + length;
        i = from - 1;
        continue;
      }
      if (static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\') continue;
      out_ += text.substr(from, i - from);
      from = i + 1;
      switch (c) {
        case '"': out_ += "\\\""; break;
        case '\\': out_ += "\\\\"; break;
        case '\n': out_ += "\\n"; break;
        case '\r': out_ += "\\r"; break;
        case '\t': out_ += "\\t"; break;
        case '\b': out_ += "\\b"; break;
        case '\f': out_ += "\\f"; break;
        default: out_ += fmt::format("\\u{:04x}", static_cast<unsigned>(c)); break;
      }
    }
    out_ += text.substr(from);
  }

  void line_break() {
    if (style_.indent < 0) return;
    out_ += '\n';
    out_.append(static_cast<size_t>(style_.indent) * depth_, ' ');
  }

  void list(const List& values) {
    if (values.empty()) {
      out_ += "[]";
      return;
    }
    out_ += '[';
    ++depth_;
    bool first = true;
    for (const Value& v : values) {
      if (!first) out_ += ',';
      first = false;
      line_break();
      write(v);
    }
    --depth_;
    line_break();
    out_ += ']';
  }

  void map(const Map& values) {
    if (values.empty()) {
      out_ += "{}";
      return;
    }
    std::vector<std::pair<std::string, const Value*>> sorted;
    if (style_.sort_keys) {
      for (const auto& [k, v] : values) sorted.emplace_back(to_text(k), &v);
      std::sort(sorted.begin(), sorted.end(),
                [](const auto& a, const auto& b) { return a.first < b.first; });
    }
    out_ += '{';
    ++depth_;
    bool first = true;
    const auto entry = [&](std::string_view key, const Value& v) {
      if (!first) out_ += ',';
      first = false;
      line_break();
      quote(key);
      out_ += style_.indent < 0 ? ":" : ": ";
      write(v);
    };
    if (style_.sort_keys) {
      for (const auto& [k, v] : sorted) entry(k, *v);
    } else {
      for (const auto& [k, v] : values)
        k.is_string() ? entry(k.as_string(), v) : entry(to_text(k), v);
    }
    --depth_;
    line_break();
    out_ += '}';
  }

  JsonStyle style_;
  bool tame_ = false;  // `hidden` characters as escapes
  std::string out_;
  size_t depth_ = 0;
};

}  // namespace

Result<Value> parse_json(std::string_view text) {
  Reader reader;
  bool ok = false;
  try {
    ok = nlohmann::json::sax_parse(text.begin(), text.end(), &reader);
  } catch (const std::exception& e) {
    return fail(ErrorCode::corrupt, fmt::format("no valid JSON: {}", e.what()));
  }
  if (!ok) {
    return fail(ErrorCode::corrupt, reader.error().empty() ? "no valid JSON" : reader.error());
  }
  return reader.take();
}

std::string to_json(const Value& value, const JsonStyle& style) {
  Writer writer(style);
  if (!style.sort_keys) writer.tame();
  writer.write(value);
  return writer.take();
}

std::string json_quote(std::string_view text) {
  Writer writer({});
  writer.quote(text);
  return writer.take();
}

}  // namespace lf

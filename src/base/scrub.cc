// SPDX-License-Identifier: Apache-2.0
#include "base/scrub.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <initializer_list>

#include "base/digest.h"
#include "base/strings.h"

namespace lf {

namespace {

constexpr std::string_view kInstead = "(secret)";

std::string with(std::string text,
                 std::initializer_list<std::pair<std::string_view, std::string_view>> changes) {
  for (const auto& [from, to] : changes) text = replace_all(std::move(text), from, to);
  return text;
}

// The code point at `at` of well-formed UTF-8, which is moved behind it; any other byte as it is.
uint32_t next_code_point(std::string_view text, size_t& at) {
  const auto lead = static_cast<unsigned char>(text[at++]);
  const int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
  uint32_t point = more == 0 ? lead : lead & (0x3FU >> more);
  for (int i = 0; i < more && at < text.size(); ++i) {
    point = point << 6U | (static_cast<unsigned char>(text[at++]) & 0x3FU);
  }
  return point;
}

// Between a JSON text's quotes; `ascii`: with \u for all that is not ASCII, as many services write.
std::string in_json(std::string_view text, bool ascii) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t first = at;
    const uint32_t point = next_code_point(text, at);
    switch (point) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (point >= 0x10000 && ascii) {
          out += fmt::format("\\u{:04x}\\u{:04x}", 0xD800 + ((point - 0x10000) >> 10U),
                             0xDC00 + ((point - 0x10000) & 0x3FFU));
        } else if (point < 0x20 || (point >= 0x7F && ascii)) {
          out += fmt::format("\\u{:04x}", point);
        } else {
          out += text.substr(first, at - first);
        }
    }
  }
  return out;
}

std::string lower_escapes(std::string percent_encoded) {
  for (size_t at = 0; at + 2 < percent_encoded.size(); ++at) {
    if (percent_encoded[at] != '%') continue;
    for (size_t i = at + 1; i <= at + 2; ++i) {
      percent_encoded[i] = static_cast<char>(std::tolower(percent_encoded[i]));
    }
  }
  return percent_encoded;
}

std::string unpadded(std::string base64) {
  while (base64.ends_with('=')) base64.pop_back();
  return base64;
}

// With `word` replaced where no letter or digit touches it.
std::string without_word(std::string text, std::string_view word) {
  const auto part_of_word = [&](size_t at) {
    return at < text.size() && std::isalnum(static_cast<unsigned char>(text[at])) != 0;
  };
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at)) {
    if ((at > 0 && part_of_word(at - 1)) || part_of_word(at + word.size())) {
      ++at;
      continue;
    }
    text.replace(at, word.size(), kInstead);
    at += kInstead.size();
  }
  return text;
}

}  // namespace

void SecretTexts::add(const Value& value) {
  if (value.is_secret()) {
    const Value& inner = value.secret_value();
    if (inner.is_string()) add_text(inner.as_string());
    if (inner.is_bytes()) add_text(inner.as_bytes());
    if (inner.is_number()) short_.insert(to_text(inner));
    if (inner.is_list()) {
      for (const Value& one : inner.as_list()) add(Value::secret(one));
    }
    if (inner.is_map()) {
      for (const auto& [key, one] : inner.as_map()) add(Value::secret(one));
    }
  } else if (value.is_list()) {
    for (const Value& one : value.as_list()) add(one);
  } else if (value.is_map()) {
    for (const auto& [key, one] : value.as_map()) add(one);
  }
}

void SecretTexts::add_text(std::string_view secret) {
  if (secret.size() < kLengthMin && !secret.empty()) short_.emplace(secret);
  if (secret.size() < kLengthMin || !known_.emplace(secret).second) return;
  const std::string text(secret);
  const std::string in_base64 = unpadded(base64(text));
  const std::string percent = percent_encode(text);
  const std::string json = in_json(text, false), ascii = in_json(text, true);
  const std::string xml = with(text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}});
  for (const std::string& form :
       {text, in_base64, with(in_base64, {{"+", "-"}, {"/", "_"}}), percent, lower_escapes(percent),
        percent_encode(text, true), with(percent, {{"%20", "+"}}), hex(text), json, ascii,
        in_json(json, false), in_json(ascii, true), xml, with(xml, {{"\"", "&quot;"}})}) {
    if (form.size() >= kLengthMin) forms_.emplace(form.size(), form);
  }
}

std::string SecretTexts::scrub(std::string text) const {
  for (const auto& [length, form] : forms_) text = replace_all(std::move(text), form, kInstead);
  for (const auto& secret : short_) text = without_word(std::move(text), secret);
  return text;
}

}  // namespace lf

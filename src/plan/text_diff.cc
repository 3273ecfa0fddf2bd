// SPDX-License-Identifier: Apache-2.0
#include "plan/text_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "base/digest.h"
#include "base/json.h"
#include "base/strings.h"
#include "plan/render.h"

namespace lf {

namespace {

constexpr size_t kCellsMax = 1'000'000;  // of the table of longest common parts
constexpr int kDepthMax = 60;

// Kept, removed and added lines of two ranges, by the longest common subsequence.
void diff_middle(const std::vector<std::string>& a, size_t a0, size_t a1,
                 const std::vector<std::string>& b, size_t b0, size_t b1,
                 std::vector<DiffLine>& out) {
  const size_t n = a1 - a0, m = b1 - b0;
  if (n == 0 || m == 0 || n * m > kCellsMax) {
    for (size_t i = a0; i < a1; ++i) out.push_back({'-', a[i]});
    for (size_t j = b0; j < b1; ++j) out.push_back({'+', b[j]});
    return;
  }
  std::vector<uint32_t> table((n + 1) * (m + 1), 0);
  auto at = [&](size_t i, size_t j) -> uint32_t& { return table[i * (m + 1) + j]; };
  for (size_t i = n; i-- > 0;) {
    for (size_t j = m; j-- > 0;) {
      at(i, j) =
          a[a0 + i] == b[b0 + j] ? at(i + 1, j + 1) + 1 : std::max(at(i + 1, j), at(i, j + 1));
    }
  }
  size_t i = 0, j = 0;
  while (i < n || j < m) {
    if (i < n && j < m && a[a0 + i] == b[b0 + j]) {
      out.push_back({' ', a[a0 + i]});
      ++i;
      ++j;
    } else if (j == m || (i < n && at(i + 1, j) >= at(i, j + 1))) {
      out.push_back({'-', a[a0 + i++]});
    } else {
      out.push_back({'+', b[b0 + j++]});
    }
  }
}

std::vector<DiffLine> with_context(const std::vector<DiffLine>& all, size_t context) {
  std::vector<bool> keep(all.size(), false);
  for (size_t i = 0; i < all.size(); ++i) {
    if (all[i].mark == ' ') continue;
    const size_t from = i < context ? 0 : i - context;
    const size_t to = std::min(all.size() - 1, i + context);
    for (size_t k = from; k <= to; ++k) keep[k] = true;
  }
  std::vector<DiffLine> out;
  for (size_t i = 0; i < all.size();) {
    if (keep[i]) {
      out.push_back(all[i++]);
      continue;
    }
    size_t end = i;
    while (end < all.size() && !keep[end]) ++end;
    out.push_back({'@', fmt::format("{} same line{}", end - i, end - i == 1 ? "" : "s")});
    i = end;
  }
  return out;
}

void pretty(const Value& value, const Type& type, const std::string& indent,
            const std::string& prefix, const std::string& suffix, int depth,
            std::vector<std::string>& out) {
  const bool nested =
      (value.is_map() && !value.as_map().empty()) || (value.is_list() && !value.as_list().empty());
  if (!nested || depth > kDepthMax) {
    out.push_back(indent + prefix + show_value(value, SIZE_MAX, type) + suffix);
    return;
  }
  const std::string deeper = indent + "  ";
  out.push_back(indent + prefix + (value.is_map() ? "{" : "["));
  size_t left = value.is_map() ? value.as_map().size() : value.as_list().size();
  if (value.is_map()) {
    for (const auto& [key, element] : value.as_map()) {
      pretty(element, type_inside(type, key), deeper, printable(to_text(key)) + ": ",
             --left == 0 ? "" : ",", depth + 1, out);
    }
  } else {
    for (const auto& element : value.as_list()) {
      pretty(element, type.element(), deeper, "", --left == 0 ? "" : ",", depth + 1, out);
    }
  }
  out.push_back(indent + (value.is_map() ? "}" : "]") + suffix);
}

}  // namespace

std::vector<DiffLine> line_diff(const std::vector<std::string>& before,
                                const std::vector<std::string>& after, size_t context) {
  size_t head = 0;
  while (head < before.size() && head < after.size() && before[head] == after[head]) ++head;
  size_t tail = 0;
  while (tail < before.size() - head && tail < after.size() - head &&
         before[before.size() - 1 - tail] == after[after.size() - 1 - tail]) {
    ++tail;
  }
  std::vector<DiffLine> all;
  for (size_t i = 0; i < head; ++i) all.push_back({' ', before[i]});
  diff_middle(before, head, before.size() - tail, after, head, after.size() - tail, all);
  for (size_t i = before.size() - tail; i < before.size(); ++i) all.push_back({' ', before[i]});
  return with_context(all, context);
}

const Type& type_inside(const Type& type, const Value& key) {
  static const Type kAny;
  if (type.kind() == Type::Kind::map) return type.element();
  if (type.kind() != Type::Kind::object || !key.is_string()) return kAny;
  const Type::Field* field = type.field(key.as_string());
  return field == nullptr ? kAny : field->type;
}

std::vector<std::string> document_lines(const Value& value, size_t width, const Type& type) {
  std::vector<std::string> out;
  if (value.is_string()) {
    const std::string& text = value.as_string();
    const std::string_view inside = trim(text);
    if (inside.size() > 2 && (inside.front() == '{' || inside.front() == '[')) {
      const Result<Value> parsed = parse_json(text);
      if (parsed) {
        pretty(*parsed, Type(), "", "", "", 0, out);
        return out;
      }
    }
    if (text.find('\n') == std::string::npos) return out;
    for (const auto& line : split(text, '\n')) out.push_back(printable(line));
    if (out.size() > 1 && out.back().empty()) out.pop_back();
    return out;
  }
  if (!value.is_map() && !value.is_list()) return out;
  if (utf8_length(show_value(value, SIZE_MAX, type)) <= width) return out;
  pretty(value, type, "", "", "", 0, out);
  return out;
}

std::string digest_line(std::string_view text) {
  std::string size = std::to_string(text.size());
  for (size_t i = size.size(); i > 3; i -= 3) size.insert(i - 3, ",");
  const size_t lines = static_cast<size_t>(std::count(text.begin(), text.end(), '\n')) +
                       (text.empty() || text.back() == '\n' ? 0 : 1);
  return fmt::format("{} bytes, {} line{}, sha256 {}", size, lines, lines == 1 ? "" : "s",
                     hex(sha256(text)).substr(0, 12));
}

}  // namespace lf

// SPDX-License-Identifier: Apache-2.0
// The table of codes, the collection, and the nearest name. Rendering is in diagnostic_render.cc.
#include "base/diagnostic.h"

#include <algorithm>
#include <tuple>

#include "base/assert.h"
#include "base/strings.h"

namespace lf {

const std::vector<CodeInfo>& all_codes() {
  static const std::vector<CodeInfo> kCodes = {
#define LF_DIAGNOSTIC(number, severity, title) \
  {Code::LF##number, "LF" #number, Severity::severity, title},
#include "base/diagnostics.def"
#undef LF_DIAGNOSTIC
  };
  return kCodes;
}

const CodeInfo& info(Code code) {
  for (const CodeInfo& entry : all_codes()) {
    if (entry.code == code) return entry;
  }
  LF_ASSERT(!"a code outside the table");
  return all_codes().front();
}

const CodeInfo* find_code(std::string_view name) {
  for (const CodeInfo& entry : all_codes()) {
    if (iequals(entry.name, name)) return &entry;
  }
  return nullptr;
}

Diagnostic& Diagnostics::add(Code code, Span span, std::string message, std::string label) {
  Diagnostic& added = all_.emplace_back();
  added.code = code;
  added.message = std::move(message);
  added.primary = {span, std::move(label)};
  if (added.severity() == Severity::error) ++errors_;
  return added;
}

void Diagnostics::append(const Diagnostics& other) {
  if (&other == this) return;
  all_.insert(all_.end(), other.all_.begin(), other.all_.end());
  errors_ += other.errors_;
}

std::vector<Diagnostic> Diagnostics::sorted() const {
  const auto place = [](const Diagnostic& d) {
    return std::tuple(d.primary.span.source, d.primary.span.begin, d.code);
  };
  std::vector<Diagnostic> out = all_;
  std::stable_sort(out.begin(), out.end(),
                   [&](const Diagnostic& a, const Diagnostic& b) { return place(a) < place(b); });
  // Doubles differ in nothing that is shown first; the same message at the same place is one.
  // Those at one place under one code may be interleaved: look back over all of them.
  std::vector<Diagnostic> unique;
  for (Diagnostic& d : out) {
    bool seen = false;
    for (size_t i = unique.size(); i > 0 && place(unique[i - 1]) == place(d) && !seen; --i) {
      const Diagnostic& other = unique[i - 1];
      seen = other.message == d.message && other.primary.span == d.primary.span &&
             other.primary.text == d.primary.text;
    }
    if (!seen) unique.push_back(std::move(d));
  }
  return unique;
}

namespace {

// Optimal string alignment distance: insert, delete, replace and transpose cost one each.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1), previous(b.size() + 1), current(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) previous[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      current[j] = std::min({replaced, previous[j] + 1, current[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        current[j] = std::min(current[j], before[j - 2] + 1);
      }
    }
    std::swap(before, previous);
    std::swap(previous, current);
  }
  return previous[b.size()];
}

}  // namespace

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  if (word.empty() || word.size() > 200) return "";
  // A third of the word may be wrong, as in the best compilers; one letter always may.
  const std::string wanted = lower(word);
  size_t best_distance = std::max<size_t>(1, word.size() / 3) + 1;
  const std::string* best = nullptr;
  for (const std::string& candidate : candidates) {
    const size_t longer = std::max(candidate.size(), word.size());
    const size_t shorter = std::min(candidate.size(), word.size());
    if (candidate.empty() || longer - shorter >= best_distance) continue;
    // Case and the choice of separator count less than letters: they are looked at first.
    const size_t distance =
        edit_distance(replace_all(wanted, "_", "-"), replace_all(lower(candidate), "_", "-"));
    if (distance >= best_distance || distance >= longer) continue;
    best_distance = distance;
    best = &candidate;
  }
  return best == nullptr ? "" : *best;
}

}  // namespace lf

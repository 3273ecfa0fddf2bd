// SPDX-License-Identifier: Apache-2.0
#include "spec/credential_words.h"

#include <algorithm>

#include "base/strings.h"
#include "provider/regex.h"
#include "yaml/scan.h"

namespace lf {

void read_credentials(const Node& node, const PackageInfo& info, ProviderDecl& decl,
                      Diagnostics& diagnostics) {
  if (node.is_null()) return;
  std::vector<std::string> known;
  for (const CredentialWord& word : info.credential_words) known.push_back(word.name);
  if (!node.is_map()) {
    auto& d = diagnostics.add(Code::LF0203, node.span(), "`credentials` is a map");
    if (!known.empty()) d.help.push_back("its keys: " + join(known, ", "));
    return;
  }
  for (size_t i = 0; i < node.size(); ++i) {
    const Node::Entry entry = node.entry(i);
    const std::string name(entry.key.text());
    const auto word = std::find_if(info.credential_words.begin(), info.credential_words.end(),
                                   [&](const CredentialWord& one) { return one.name == name; });
    if (word == info.credential_words.end()) {
      auto& d = diagnostics.add(Code::LF0201, entry.key.span(),
                                "`" + name + "` is no key of `credentials` of " + decl.kind);
      const std::string near = nearest(name, known);
      if (!near.empty()) {
        d.fixes.push_back({"did you mean `" + near + "`?", entry.key.span(), near, false});
      } else if (!known.empty()) {
        d.help.push_back("its keys: " + join(known, ", ") +
                         "; keys and passwords never stand in a spec");
      }
      continue;
    }
    if (entry.value.is_null()) continue;  // as an overlay takes one out
    const auto value = entry.value.as_text();
    if (!value || value->empty() || !entry.value.to_value().is_string()) {
      auto& d = diagnostics.add(Code::LF0203, entry.value.span(), "`" + name + "` must be text");
      if (value && !value->empty())
        d.fixes.push_back({"quote it", entry.value.span(), yaml_quoted(*value), true});
    } else if (!word->pattern.empty() && !regex_full_match(word->pattern, *value)) {
      auto& d =
          diagnostics.add(Code::LF0213, entry.value.span(),
                          "`" + std::string(*value) + "` does not have the form of `" + name + "`");
      d.help.push_back(name + ": " + word->doc);
    } else {
      decl.credentials[name] = std::string(*value);
    }
  }
}

}  // namespace lf

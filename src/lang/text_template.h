// SPDX-License-Identifier: Apache-2.0
// Templates of scripts and documents, for `template(path, vars)`. What is generated is full of the
// shell's `${…}`, GitHub's `${{ … }}` and the `{{ … }}` of Helm and Jinja: all of these stay as
// they are. Of a template's own there are
//
//   <%= EXPRESSION %>        its value, escaped as the template's kind wants it
//   <%== EXPRESSION %>       its value as it is
//   <% if E %> … <% elif E %> … <% else %> … <% end %>      each alone on its line, which goes
//   <% for x in E %> … <% end %>    <% for key, value in E %> … <% end %>
//   <%# … %>                 a comment; alone on its line the line goes
//   <%%                      stands for `<%`
//
// and `<%# kind: shell %>` as its first line: none (the default), shell (a value becomes one word,
// a list several), json (a JSON value), yaml (a scalar, or a flow list or map).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "base/value.h"
#include "lang/functions.h"

namespace lf::cel {

class TextTemplate {
 public:
  // `path` is what messages call it. An error is a text such as "`run.sh`, line 3: …".
  static std::variant<TextTemplate, std::string> parse(std::string_view text,
                                                       const std::string& path);
  // The text; an error value that names the template's line; an unknown or a secret where what it
  // shows or hangs on is one. Names are `vars`' keys; files and zones are those of `outer`.
  Value render(const Map& vars, const Activation& outer, Budget& budget) const;

  struct Rep;

 private:
  std::shared_ptr<const Rep> rep_;
};

}  // namespace lf::cel

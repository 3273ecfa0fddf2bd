// SPDX-License-Identifier: Apache-2.0
// XML <-> Value without a schema. Reading:
//   element with text only                     string ("" if empty)
//   element with children                      map in document order
//   siblings of one name                       one list under that name
//   all children `item`, or all `member`       list, also of one
//   all children `entry` of one key and value  map
//   attributes (but xmlns)                     "@name"; the text beside them is "#text"
// A list of one without such a wrapper looks like a single value: who knows the type mends that.
// No DTD is expanded and no entity but XML's own five is known.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/value.h"

namespace lf {

struct XmlDocument {
  std::string root;  // the root element's name
  Map content;       // never folded into a list; a root with text only is {"#text": ..}
};
// corrupt with the byte offset: not well-formed, truncated, nested deeper than 200.
Result<XmlDocument> parse_xml(std::string_view text);

// A map's entries become elements in their order, a list under a key becomes that element repeated,
// "@name" an attribute, "#text" text, {"#map": ..} entries of key and value. Unset is left out.
// invalid: characters that XML cannot hold, a list in a list, a value without a wire form.
Result<std::string> write_xml(const std::string& root, const std::string& xmlns,
                              const Value& content);

}  // namespace lf

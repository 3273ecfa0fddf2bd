// SPDX-License-Identifier: Apache-2.0
#include "spec/words.h"

#include <catch2/catch.hpp>
#include <set>

#include "lang/type.h"

namespace lf {

TEST_CASE("every word has a doc and a type that reads", "[words]") {
  for (int i = 0; i <= static_cast<int>(SpecPart::import); ++i) {
    const auto part = static_cast<SpecPart>(i);
    CHECK_FALSE(words_of(part).empty());
    std::set<std::string_view> seen;
    for (const Word& word : words_of(part)) {
      INFO(i << " " << word.name);
      CHECK(seen.insert(word.name).second);
      CHECK(word.doc.ends_with('.'));
      if (!word.type.empty()) CHECK(Type::parse(word.type));
    }
  }
  CHECK(find_word(SpecPart::resource, "for_each") != nullptr);
  CHECK(find_word(SpecPart::output, "for_each") == nullptr);
}

}  // namespace lf

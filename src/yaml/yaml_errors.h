// SPDX-License-Identifier: Apache-2.0
// The parser's complaints in the words of people who write specs. The scan (scan.h) finds the usual
// mistakes first and knows more about them; this is for the rest.
#pragma once

#include <string_view>

#include "base/diagnostic.h"

namespace lf {

// `offset`: the parser's mark, without a byte order mark; beyond the text or negative: its end.
Span yaml_error_span(std::string_view text, SourceId source, int offset);
// `message`: the parser's own.
void report_yaml_error(std::string_view text, SourceId source, int offset, std::string_view message,
                       Diagnostics& diagnostics);

}  // namespace lf

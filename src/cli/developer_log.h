// SPDX-License-Identifier: Apache-2.0
// The log for who looks for a bug, beside what the user sees: LLMFORGE_LOG=debug (what happens to
// resources) or trace (each request too), to stderr or appended to LLMFORGE_LOG_PATH. Off without.
// One event a line, its members as with --json; no secret is in an event.
#pragma once

#include <memory>

#include "base/error.h"
#include "base/world.h"
#include "engine/events.h"

namespace lf {

// Null where the environment asks for none. Errors: invalid (no such level), io (the file cannot be
// opened).
Result<std::unique_ptr<EventSink>> make_developer_log(const Environment& environment);

}  // namespace lf

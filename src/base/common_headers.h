// SPDX-License-Identifier: Apache-2.0
// What most files include, to be read once in a clean build (LLMFORGE_PCH). No file names it:
// each includes what it uses, and a build without LLMFORGE_PCH proves it.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <coroutine>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "base/diagnostic.h"
#include "base/json.h"
#include "base/strings.h"
#include "base/units.h"
#include "base/value.h"
#include "base/world.h"

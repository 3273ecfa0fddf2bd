// SPDX-License-Identifier: Apache-2.0
#include "cli/state_place.h"

#include "base/json.h"

namespace lf {

StatePlace store_place(const LoadedSpec& spec) {
  StatePlace out;
  out.word = spec.spec.backend;
  out.settings = spec.backend_settings;
  for (const auto& provider : spec.spec.providers) {
    if (provider.name != spec.spec.backend_provider) continue;
    out.kind = provider.kind;
    out.region = provider.region;
    out.credentials = provider.credentials;
  }
  if (const Value* region = out.settings.find("region")) out.region = region->string_or();
  return out;
}

std::string write_place(const StatePlace& place) {
  Map out;
  if (place.is_file()) {
    out.set("file", Value(place.file));
  } else {
    out.set("kind", Value(place.kind));
    out.set("word", Value(place.word));
    out.set("region", Value(place.region));
    out.set("settings", Value(place.settings));
  }
  return to_json(Value(std::move(out)));
}

Result<StatePlace> read_place(std::string_view text) {
  const auto parsed = parse_json(text);
  if (!parsed) return fail(parsed.error());
  StatePlace out;
  if (!parsed->is_map()) return fail(ErrorCode::corrupt, "no place of a state");
  out.file = (*parsed)["file"].string_or();
  out.kind = (*parsed)["kind"].string_or();
  out.word = (*parsed)["word"].string_or();
  out.region = (*parsed)["region"].string_or();
  const Value& settings = (*parsed)["settings"];
  if (settings.is_map()) out.settings = settings.as_map();
  if (out.file.empty() && out.word.empty()) return fail(ErrorCode::corrupt, "no place of a state");
  return out;
}

}  // namespace lf

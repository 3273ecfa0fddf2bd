// SPDX-License-Identifier: Apache-2.0
// Where a state lies: a file, or a store that a package describes.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "spec/load.h"

namespace lf {

struct StatePlace {
  std::string file;  // the snapshot's path; "": a store
  // --- a store
  std::string kind, word, region;  // the package, its backends/<word>.yaml
  Map settings;
  // The words of its provider's `credentials`; nullopt: as the spec's own provider of that kind
  // has them. They are of whoever asks and are not written down.
  std::optional<std::map<std::string, std::string>> credentials;

  bool is_file() const { return !file.empty(); }
};

// As the spec says it; its `backend` names a store.
StatePlace store_place(const LoadedSpec& spec);
// One line of JSON, and back (corrupt).
std::string write_place(const StatePlace& place);
Result<StatePlace> read_place(std::string_view text);

}  // namespace lf

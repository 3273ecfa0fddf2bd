// SPDX-License-Identifier: Apache-2.0
// What a package says of things that exist already (adopt.yaml, docs/descriptors.md section 7):
// what other tools' states call them, and what a spec written for them leaves out.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/source.h"
#include "lang/expression.h"
#include "provider/template.h"

namespace lf {

// One resource type of a foreign state. Exactly one of `type`, `within` and `reason` is set.
struct ForeignType {
  std::string type;    // what it is here
  std::string within;  // it is a part of things of this type; "*": of whatever has the id
  std::string reason;  // why it stays where it is
  // Over `attributes`: the thing's id (of `within`: the whole's), a text or a list of texts.
  std::optional<cel::Interpolation> id;
  // Properties that no answer of the cloud shows -> over `attributes`: whether it was set there.
  std::vector<std::pair<std::string, cel::Interpolation>> unseen;
};

// How the spec of an existing thing is written.
struct WrittenSpec {
  std::vector<std::string> leave_out;                   // properties and fields (`volumes.iops`)
  std::vector<std::pair<std::string, Template>> usual;  // over account, region and partition
  std::vector<std::pair<std::string, Span>> places;     // of each name above
};

struct AdoptionFacts {
  std::vector<std::string> providers;                 // sources without the host: "hashicorp/aws"
  std::optional<cel::Interpolation> account, region;  // over `attributes`; null: it does not say
  std::map<std::string, ForeignType, std::less<>> types;
  std::map<std::string, WrittenSpec, std::less<>> specs;
};

}  // namespace lf

// SPDX-License-Identifier: Apache-2.0
// A state of Terraform or OpenTofu, version 4 of the format: which things it says that it manages.
// Nothing here knows a cloud; what a type means is the packages' (provider/adoption.h).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/value.h"

namespace lf {

// One instance of a resource.
struct TfInstance {
  std::string address;               // module.net["a"].aws_vpc.main[0]
  std::string type;                  // aws_vpc
  std::vector<std::string> names;    // what its key is made of: {"net", "a", "main", "0"}
  std::string provider;              // source without the host: "hashicorp/aws"
  Value attributes;                  // a map
  std::vector<std::string> secrets;  // texts that the state marks as sensitive
  bool data = false;                 // a data source: read, not managed
  bool deposed = false;              // replaced, waits for its deletion
  bool tainted = false;              // to be replaced by the next apply of the other tool
};

// In the order of the file. Errors: invalid, with what to give instead: another version, a plan, an
// encrypted state, the output of `show -json`, no state at all.
Result<std::vector<TfInstance>> read_tfstate(std::string_view text, const std::string& path);

}  // namespace lf

// SPDX-License-Identifier: Apache-2.0
// What is in the cloud before anybody makes anything: zones, images, offerings, parameters. Read
// from the package's sandbox/answers.yaml: for each `service.action` a tree of wire names in which
// scalars may hold `${…}` over account, region, partition, dns_suffix, `input` and `facts`.
#pragma once

#include <expected>
#include <map>
#include <optional>
#include <string>

#include "provider/package.h"
#include "sandbox/answer_writer.h"

namespace lf::sandbox {

class Seeds {
 public:
  Result<void> load(Package& package, Sources& sources);
  // nullopt: the file says nothing of this action.
  std::optional<std::expected<Reply, Refusal>> answer(const Service& service,
                                                      const std::string& action, const Value& input,
                                                      const Map& names) const;
  // Whether `id` is a thing of that type that the cloud has by itself (globs in `exists:`).
  bool exists(const std::string& type, const std::string& id) const;

 private:
  Value facts_, answers_, exists_;
};

// Whether an item meets EC2-like filters: [{Name, Value: [...]}], names being the item's own with
// dashes ("instance-state-name" is instanceState.name), values with `*` and `?`. `known` holds
// values for names that no item has ("tag:Name").
bool meets_filters(const Value& item, const Value& filters, const Map& known);

// A tree of scalars with `${…}` evaluated; texts that do not parse stay as they are.
Value evaluate_tree(const Value& tree, const Map& names);

}  // namespace lf::sandbox

// SPDX-License-Identifier: Apache-2.0
// The manual's pages, written from the descriptors alone.
#pragma once

#include <string>

#include "provider/descriptor.h"

namespace lf {

// Markdown that reads as plain text too: what it is, each property, what a change does, how it is
// created, found again and deleted, what is checked, which operations are called.
std::string manual_page(const ResourceType& type);
std::string manual_page(const DataType& data);
// "list<enum> (a, b)": the notation, with an enum's values behind it and without an object's
// fields.
std::string type_text(const Property& property);
// What holds of the property beyond its type, as short clauses: "required", "a change replaces".
std::vector<std::string> traits_of(const Property& property);
// Every operation that the type's calls may use, as "service:Action", sorted, without doubles.
std::vector<std::string> operations_of(const ResourceType& type);

}  // namespace lf

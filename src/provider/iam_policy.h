// SPDX-License-Identifier: Apache-2.0
// Policy documents in the IAM policy language: one meaning, one form.
#pragma once

#include "base/value.h"

namespace lf {

// A form of `document` (a parsed policy) in which two policies that mean the same are equal, as far
// as the language's reference says that services may rewrite them (IAM User Guide, "IAM JSON policy
// elements reference" and "Grammar of the IAM JSON policy language"):
// - a single Statement, Action, Resource, principal or condition value equals a list of one; the
//   order in these lists, and doubles, do not count;
// - names of actions and condition keys do not count case; condition values are text;
// - a Version or an empty Sid or Id that is left out equals its default;
// - the principal `arn:…:iam::123:root` equals the account number `123`.
// Kept apart although some services treat them alike: Principal "*" and {"AWS": "*"} (in a trust
// policy the first also admits anonymous and federated callers). What is no policy stays as it is.
Value canonical_iam_policy(const Value& document);

}  // namespace lf

#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Names each C++ file that .clang-format would change, and ends with 1 if there is one.
#   format.sh          check
#   format.sh --fix    rewrite them
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
mapfile -t files < <(find src include tests -name '*.cc' -o -name '*.h' 2>/dev/null | sort)
if [[ ${1:-} == --fix ]]; then
  printf '%s\0' "${files[@]}" | xargs -0 -n 16 clang-format -i
  exit 0
fi
bad=$(printf '%s\0' "${files[@]}" | xargs -0 -n 16 -P 2 clang-format --dry-run -Werror 2>&1 |
  sed -n 's/^\([^:]*\):[0-9].*/\1/p' | sort -u) || true  # xargs fails where clang-format does
[[ -z $bad ]] && exit 0
printf '%s: not as .clang-format has it\n' $bad
echo "tests/tidy/format.sh --fix rewrites them"
exit 1

#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs a test that needs a toolchain which Debian 12 does not have.
#   with.sh TOOLCHAIN COMMAND…
# Where it is lacking: says so and how to get it, notes it for tests/setup/test.sh, and ends with 77
# (ctest: not run), or with 1 under CI=true.
set -euo pipefail

toolchain=${1:?toolchain}
shift
version_at_least() { [[ $(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n1) == "$1" ]]; }
case $toolchain in
  go)
    PATH=$PATH:/usr/local/go/bin
    export PATH
    has() {
      local version
      version=$(go version 2>/dev/null | sed -n 's/.* go\([0-9.]*\).*/\1/p')
      [[ $version ]] && version_at_least 1.24 "$version"
    }
    how="Go 1.24 or newer (Debian 12's own 1.19 is too old): unpack go.dev/dl's linux archive into /usr/local"
    ;;
  node)
    has() {
      local version
      version=$(node --version 2>/dev/null | sed 's/^v//')
      [[ $version ]] && version_at_least 20 "$version"
    }
    how="Node.js 20 or newer: unpack nodejs.org/dist's linux archive into /usr/local"
    ;;
  *)
    echo "with.sh knows no toolchain $toolchain" >&2
    exit 2
    ;;
esac
has && exec "$@"

echo "NOT RUN, for want of $toolchain: $*" >&2
echo "To get it: $how" >&2
[[ -z ${LLMFORGE_NOT_RUN:-} ]] || echo "$*: wants $how" >>"$LLMFORGE_NOT_RUN"
[[ ${CI:-} == true ]] && exit 1
exit 77

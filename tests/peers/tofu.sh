#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The OpenTofu that benchmarks run beside llmforge: built from the Go module proxy, pinned.
#   tofu.sh               builds if needed and prints the program's path
#   tofu.sh --installed   prints the path only if it is there already
# Needs the Go toolchain that its go.mod names; the build takes many minutes. No provider comes with
# it: the built-in terraform_data is what is planned.
set -euo pipefail
version=1.12.6
cache=${PEERS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/llmforge-peers}
folder=$cache/tofu-$version
program=$folder/tofu

if [[ ${1:-} == --installed ]]; then
  [[ ! -x $program ]] || echo "$program"
  exit 0
fi
if [[ ! -x $program ]]; then
  mkdir -p "$folder/src"
  (
    flock 9
    [[ -x $program ]] && exit 0
    # `go install` refuses a module with a replace, so a module of ours repeats that one.
    cat > "$folder/src/go.mod" <<MOD
module tofubuild

go 1.26

require github.com/opentofu/opentofu v$version

replace github.com/hashicorp/hcl/v2 v2.20.1 => github.com/opentofu/hcl/v2 v2.20.2-0.20251021132045-587d123c2828
MOD
    cd "$folder/src"
    CGO_ENABLED=0 go build -mod=mod -ldflags "-s -w -X github.com/opentofu/opentofu/version.dev=no" \
      -o "$program.tmp" github.com/opentofu/opentofu/cmd/tofu >&2
    mv "$program.tmp" "$program"
  ) 9>"$folder/lock"
fi
echo "$program"

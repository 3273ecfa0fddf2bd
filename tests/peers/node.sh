#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The JavaScript packages that the tests use, pinned by node/package-lock.json, installed on first
# use outside the tree and named by the pins' digest (as python.sh does). Prints their node_modules.
# Needs Node.js 20 (tests/peers/with.sh node).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
pins=$here/node/package-lock.json
cache=${PEERS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/llmforge-peers}
folder=$cache/node-$(sha256sum "$pins" | cut -c1-12)

if [[ ! -e $folder/.done ]]; then
  mkdir -p "$cache"
  (
    flock 9  # two test programs may ask at the same time
    [[ -e $folder/.done ]] && exit 0
    rm -rf "$folder"
    mkdir "$folder"
    cp "$here"/node/package.json "$pins" "$folder"
    npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --loglevel=error >&2
    touch "$folder/.done"
  ) 9>"$cache/node.lock"
fi
echo "$folder/node_modules"

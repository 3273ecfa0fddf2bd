#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Mermaid itself, which draws what `graph --format mermaid` prints, as the one file for browsers.
# Pinned by version and digest, fetched on first use outside the tree (as python.sh does). Prints
# the file's path.
set -euo pipefail
version=12.3.0
sha512=4113TdXeLAsMruJ79OpFL5O8+LTFXhQqZ260rF3tgUmiNAtRm4Uume04I+65PRN6yZ69J4f8rVYWW8zRk65UYw==
cache=${PEERS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/llmforge-peers}
folder=$cache/mermaid-$version

if [[ ! -e $folder/.done ]]; then
  mkdir -p "$cache"
  (
    flock 9  # two test programs may ask at the same time
    [[ -e $folder/.done ]] && exit 0
    rm -rf "$folder"
    mkdir "$folder"
    npm pack "mermaid@$version" --pack-destination "$folder" --silent >/dev/null
    got=$(openssl dgst -sha512 -binary "$folder/mermaid-$version.tgz" | base64 -w0)
    if [[ $got != "$sha512" ]]; then
      echo "mermaid $version is not the one that is pinned: $got" >&2
      exit 1
    fi
    tar -xzf "$folder/mermaid-$version.tgz" -C "$folder" --strip-components=2 package/dist/mermaid.min.js
    rm "$folder/mermaid-$version.tgz"
    touch "$folder/.done"
  ) 9>"$cache/mermaid.lock"
fi
echo "$folder/mermaid.min.js"

#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Botocore's source distribution, whose tests hold AWS's signature suite and the protocol cases.
#   botocore_source.sh     fetches it on first use and prints the unpacked folder
# Pinned by version and digest; kept outside the tree, beside the Python that the tests use.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
version=1.44.5
digest=a988f39e3a4484def0b8010f41128f71157da0515a4804fccce4739aa8f216da
cache=${PEERS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/llmforge-peers}
folder=$cache/botocore-source-$version

if [[ ! -e $folder/.done ]]; then
  python=$("$here/../../peers/python.sh")
  mkdir -p "$cache"
  (
    flock 9
    [[ -e $folder/.done ]] && exit 0
    rm -rf "$folder"
    mkdir -p "$folder/download"
    echo "botocore==$version --hash=sha256:$digest" >"$folder/pin.txt"
    "$python" -m pip download --quiet --disable-pip-version-check --no-deps --no-binary botocore \
      --require-hashes -r "$folder/pin.txt" -d "$folder/download" >&2
    tar -xzf "$folder/download/botocore-$version.tar.gz" -C "$folder" --strip-components=1 \
      "botocore-$version/tests/unit/auth" "botocore-$version/tests/unit/protocols"
    rm -rf "$folder/download"
    touch "$folder/.done"
  ) 9>"$cache/botocore-source.lock"
fi
echo "$folder"

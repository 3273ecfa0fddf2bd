#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The Python that the tests use: a venv with pinned packages, made on first use.
#   python.sh             installs if needed and prints the path of the venv's python
#   python.sh FILE ARGS…  installs if needed and runs FILE with it
# The venv lies outside the tree (a fresh clone reuses it) and is named by the digest of the pins,
# so that two checkouts with different pins do not disturb each other. PEERS_CACHE moves it.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
pins=$here/requirements.txt
cache=${PEERS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/llmforge-peers}
venv=$cache/python-$(sha256sum "$pins" | cut -c1-12)

if [[ ! -e $venv/.done ]]; then
  mkdir -p "$cache"
  (
    flock 9  # two test programs may ask at the same time
    [[ -e $venv/.done ]] && exit 0
    rm -rf "$venv"
    "${PYTHON:-python3}" -m venv "$venv" >&2
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$pins" >&2
    touch "$venv/.done"
  ) 9>"$cache/python.lock"
fi
if (($#)); then
  exec env PYTHONDONTWRITEBYTECODE=1 "$venv/bin/python" "$@"
fi
echo "$venv/bin/python"

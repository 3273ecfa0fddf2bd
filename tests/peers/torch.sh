#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A Python with the packages of examples/finetune, pinned by its requirements.txt, made on first use
# outside the tree (as python.sh does). Prints its path.
# There is no CPU build of PyTorch for Linux in the registry that pip asks: it comes with CUDA's
# libraries, 3.1 GB to load and 5.7 GB on disk, and runs on a CPU all the same.
# Where it cannot be had: says so and ends with 77 (ctest: not run), or with 1 under CI=true.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
pins=$here/../../examples/finetune/requirements.txt
cache=${PEERS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/llmforge-peers}
venv=$cache/torch-$(sha256sum "$pins" | cut -c1-12)

if [[ ! -e $venv/.done ]]; then
  mkdir -p "$cache"
  (
    flock 9
    [[ -e $venv/.done ]] && exit 0
    rm -rf "$venv"
    "${PYTHON:-python3}" -m venv "$venv" >&2 &&
      "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$pins" >&2 &&
      touch "$venv/.done"
  ) 9>"$cache/torch.lock" || {
    echo "NOT RUN, for want of PyTorch: $pins could not be installed" >&2
    [[ -z ${LLMFORGE_NOT_RUN:-} ]] || echo "tests/finetune: wants the packages of $pins" >>"$LLMFORGE_NOT_RUN"
    [[ ${CI:-} == true ]] && exit 1
    exit 77
  }
fi
echo "$venv/bin/python"

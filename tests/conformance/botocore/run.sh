#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs a script of this folder with the pinned Python packages.
#   run.sh conformance.py|planted_test.py PACKAGE_FOLDER
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
python=$("$here/../../peers/python.sh")
export PYTHONDONTWRITEBYTECODE=1
exec "$python" "$here/$1" "${@:2}"
